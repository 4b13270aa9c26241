"""Gives jobs to workers and sees that each ends in time; runs in the event loop of the serving process.

Short and long jobs travel in two lanes. As many jobs as there are cores run in the short lane; a job that is
still running after `_SHORT` seconds moves to the long lane, where it no longer keeps others from starting,
and after `_HEAVY` seconds it runs at low priority. So a few endless queries delay nobody by more than that
time, and many short ones do not crowd each other on the cores.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field

from mesoonto.errors import (
    AbandonedError,
    MesoontoError,
    NestingError,
    OutOfMemoryError,
    OutOfTimeError,
    OverloadedError,
    QueryFailedError,
    ServeError,
)
from mesoonto.processes import fork_server, framing
from mesoonto.processes.limits import Limits

_log = logging.getLogger(__name__)

#: Seconds after which a job counts as long.
_SHORT = 0.05

#: Seconds after which a job runs at low priority, and its worker is replaced when it has ended.
_HEAVY = 1.0

#: Seconds between two looks at the deadlines.
_TICK = 0.025

#: Bytes of parts that are taken in ahead of the reader of an answer.
_AHEAD = 1 << 18

_READ = 1 << 18

#: Jobs at one time that each have a worker forked for them.
_ALONE = 8

#: Seconds to wait for the keeper to fork.
_FORK_TIMEOUT = 20.0

_QUERY = "query"


#: Returns when whoever asked has gone.
Gone = Callable[[], Awaitable[None]]


class Worker:
    """The serving process's end of one worker process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, pid: int) -> None:
        self.loop = loop
        self.sock = sock
        self.pid = pid
        self.version = ""
        self.stale = False  #: to be ended after its job: the data have a newer state, or it has grown
        self.started = 0.0
        self.deadline = 0.0
        self.timeout = 0.0
        self.long = False
        self.alone = False  #: forked for one job only
        self.verdict: MesoontoError | None = None  #: why we ended it
        self.gone: Gone | None = None
        self.watching: asyncio.Task[None] | None = None  #: waits for `gone`
        self._frames: deque[tuple[framing.Mark, bytes]] = deque()
        self._held = 0
        self._waiter: asyncio.Future[None] | None = None
        self._reader = framing.FrameReader()
        self._reading = False
        self.closed = False
        self.exited: asyncio.Future[tuple[int, str]] = loop.create_future()
        sock.setblocking(False)
        self._resume()

    async def send(self, payload: bytes) -> None:
        """Send one frame."""
        data = framing.frame(payload)
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            await self.loop.sock_sendall(self.sock, data[sent:])

    async def frame(self) -> tuple[framing.Mark, bytes]:
        """The next frame; EOFError when the worker has ended without one."""
        while not self._frames:
            if self.closed:
                raise EOFError
            if not self._reading:
                self._resume()
            self._waiter = self.loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        mark, payload = self._frames.popleft()
        self._held -= len(payload)
        return mark, payload

    def close(self) -> None:
        """Want nothing more of it; it ends when it has finished its job."""
        if not self.closed:
            self.closed = True
            self._pause()
            self.sock.close()
            self._wake()

    def _resume(self) -> None:
        self._reading = True
        self.loop.add_reader(self.sock.fileno(), self._readable)

    def _pause(self) -> None:
        if self._reading:
            self._reading = False
            self.loop.remove_reader(self.sock.fileno())

    def _readable(self) -> None:
        try:
            data = self.sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        frames = self._reader.feed(data)
        for _, payload in frames:
            self._held += len(payload)
        self._frames.extend(frames)
        if self._held > _AHEAD:
            self._pause()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Answer:
    """The answer to one job, taken part by part. Close it when no more is wanted."""

    def __init__(self, pool: Pool, worker: Worker) -> None:
        self._pool = pool
        self._worker: Worker | None = worker
        self.version = worker.version  #: the state of the data that it tells of
        self.more = True  #: whether another part follows

    async def part(self) -> bytes:
        """The next part; raises the error that ended the evaluation."""
        worker = self._worker
        assert worker is not None, "no part is left"  # noqa: S101
        try:
            mark, payload = await worker.frame()
        except EOFError:
            self._worker, self.more = None, False
            raise await self._pool.lost(worker) from None
        except BaseException:
            self.close()
            raise
        if mark is not framing.Mark.MORE:
            self._worker, self.more = None, False
            self._pool.release(worker)
        if mark is framing.Mark.FAILED:
            raise QueryFailedError(f"the evaluation broke off: {payload.decode()}")
        return payload

    def close(self) -> None:
        """End the evaluation if it still goes on."""
        if self._worker is not None:
            worker, self._worker, self.more = self._worker, None, False
            self._pool.cancel(worker)


@dataclass(slots=True)
class Counts:
    """What the pool has seen, for metrics."""

    killed: int = 0  #: workers ended at a deadline
    cancelled: int = 0  #: workers ended because the client had gone
    crashed: int = 0  #: workers that ended by themselves in the middle of a job
    refused: int = 0  #: jobs refused because too many waited
    forks: int = 0


async def _nothing() -> None:
    pass


@dataclass(slots=True)
class Pool:
    """Workers for queries, kept ready, and workers for other roles, forked on demand.

    All methods belong to the event loop that called `open`.
    """

    link: fork_server.Link
    limits: Limits
    version: str = ""  #: the newest state of the data that workers have reported
    counts: Counts = field(default_factory=Counts)
    on_renewal: Callable[[], Awaitable[None]] = field(default=_nothing)  #: called when newer data take over
    on_loss: Callable[[], None] = field(default=lambda: None)  #: called when the keeper has ended
    _loop: asyncio.AbstractEventLoop = field(init=False, repr=False)
    _idle: list[Worker] = field(default_factory=list)
    _busy: set[Worker] = field(default_factory=set)
    _waiting: deque[tuple[asyncio.Future[Worker], float]] = field(default_factory=deque)  #: with deadlines
    _forking: deque[asyncio.Future[Worker]] = field(default_factory=deque)
    _all: dict[int, Worker] = field(default_factory=dict)
    _starting: int = 0
    _long: int = 0
    _alone: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _control: socket.socket = field(init=False, repr=False)
    _lifeline: int = field(init=False, repr=False)

    async def open(self) -> None:
        """Open a channel to the keeper and start the workers that are kept ready."""
        self._loop = asyncio.get_running_loop()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ends, self._lifeline = os.pipe()
        with theirs:
            socket.send_fds(self.link.door, [b"!"], [theirs.fileno(), ends])
        os.close(ends)
        self._control.setblocking(False)
        self._loop.add_reader(self._control.fileno(), self._hear)
        # Only the keeper holds the other end: it has gone when this one breaks.
        self._loop.add_reader(self._lifeline, self._bereaved)
        first = await self.fork(_QUERY)
        self.version = first.version
        self._idle.append(first)
        self._background(self._watch())
        self._top_up()

    async def close(self) -> None:
        """End all workers."""
        for task in self._tasks:
            task.cancel()
        self._loop.remove_reader(self._control.fileno())
        self._loop.remove_reader(self._lifeline)
        for worker in list(self._all.values()):
            worker.close()
        self._control.close()
        os.close(self._lifeline)

    @property
    def busy(self) -> int:
        """Jobs that run."""
        return len(self._busy)

    @property
    def waiting(self) -> int:
        """Jobs that wait for a worker."""
        return len(self._waiting)

    @property
    def workers(self) -> int:
        """Worker processes."""
        return len(self._all)

    async def run(self, job: bytes, timeout: float | None = None, gone: Gone | None = None) -> Answer:
        """Give *job* to a query worker; *timeout* seconds are its share, the limit's where none are named.

        A long job ends when *gone* returns. Raises OverloadedError when too many jobs wait, or when no worker
        became free in time.
        """
        seconds = min(timeout or self.limits.timeout, self.limits.max_timeout)
        asked = time.monotonic()
        while True:
            worker = self._take() or await self._wait(asked + seconds)
            try:
                self._begin(worker, asked + seconds, seconds)
                worker.gone = gone
                await worker.send(job)
            except OSError:  # it ended while idle, which is nobody's fault
                self._finish(worker)
                worker.close()
                continue
            except BaseException:
                self.cancel(worker)
                raise
            return Answer(self, worker)

    async def run_alone(self, role: str, job: bytes, timeout: float) -> Answer:
        """Give *job* to a fresh worker of *role* that does nothing else.

        Raises OverloadedError when too many such jobs run.
        """
        if self._alone >= _ALONE:
            self.counts.refused += 1
            raise OverloadedError("too many writes and validations at once; ask again in a moment")
        self._alone += 1
        try:
            worker = await self.fork(role)
        except BaseException:
            self._alone -= 1
            raise
        worker.alone = True
        worker.stale = True
        self._begin(worker, time.monotonic() + timeout, timeout)
        self._lengthen(worker)
        try:
            await worker.send(job)
        except OSError:
            pass  # what it was is told when its answer is asked for
        except BaseException:
            self.cancel(worker)
            raise
        return Answer(self, worker)

    async def renew(self) -> None:
        """Let workers of the newest state of the data take over; those at work finish first."""
        fresh = await self.fork(_QUERY)
        self.version = fresh.version
        for worker in self._all.values():
            if worker is not fresh:
                worker.stale = True
        idle, self._idle = self._idle, [fresh]
        for worker in idle:
            worker.close()
        self._hand_over()
        self._top_up()
        await self.on_renewal()

    def occupy(self, worker: Worker, timeout: float | None, gone: Gone) -> None:
        """Watch a long job that *worker* has taken on by itself, as those that were given to it.

        Raises OverloadedError when too many jobs run.
        """
        if len(self._busy) >= self.limits.max_workers:
            self.counts.refused += 1
            raise OverloadedError("too many queries are running; ask again in a moment")
        seconds = min(timeout or self.limits.timeout, self.limits.max_timeout)
        self._begin(worker, time.monotonic() + seconds, seconds)
        worker.gone = gone
        self._lengthen(worker)

    def vacate(self, worker: Worker) -> None:
        """The job that *worker* had taken on has ended."""
        self._finish(worker)
        self._hand_over()

    def release(self, worker: Worker) -> None:
        """Take back a worker that has finished its job."""
        retire = worker.stale
        self._finish(worker)
        if retire:
            worker.close()
            self._top_up()
        else:
            self._idle.append(worker)
        self._hand_over()

    def cancel(self, worker: Worker) -> None:
        """End a worker in the middle of its job because nobody waits for the answer."""
        if worker in self._busy:
            self.counts.cancelled += 1
        self._end(worker)

    async def lost(self, worker: Worker) -> MesoontoError:
        """Why *worker* ended in the middle of a job."""
        self._finish(worker)
        worker.close()
        self._top_up()
        self._hand_over()
        if worker.verdict is not None:
            return worker.verdict
        self.counts.crashed += 1
        status, words = -signal.SIGKILL, ""
        with contextlib.suppress(TimeoutError):
            status, words = await asyncio.wait_for(asyncio.shield(worker.exited), 2)
        error = _diagnosis(status, words, self.limits)
        if type(error) is QueryFailedError:
            _log.error("worker %d ended with status %d: %s", worker.pid, status, words.strip())
        return error

    # Below: bookkeeping.

    def _begin(self, worker: Worker, deadline: float, seconds: float) -> None:
        worker.started = time.monotonic()
        worker.deadline = deadline
        worker.timeout = seconds
        self._busy.add(worker)

    def _finish(self, worker: Worker) -> None:
        if worker.alone:
            worker.alone = False
            self._alone -= 1
        self._busy.discard(worker)
        worker.started = worker.deadline = 0.0
        worker.gone = None
        if worker.watching is not None:
            worker.watching.cancel()
            worker.watching = None
        if worker.long:
            worker.long = False
            self._long -= 1

    def _end(self, worker: Worker) -> None:
        self._tell(f"kill {worker.pid}")
        self._finish(worker)
        worker.close()
        self._top_up()
        self._hand_over()

    def _room(self) -> bool:
        return (
            len(self._busy) - self._long < self.limits.workers and len(self._busy) < self.limits.max_workers
        )

    def _take(self) -> Worker | None:
        if self._waiting or not self._room():
            return None
        while self._idle:
            worker = self._idle.pop()
            if not worker.closed:  # it may have ended since the last look
                return worker
        return None

    async def _wait(self, deadline: float) -> Worker:
        if len(self._waiting) >= self.limits.queue:
            self.counts.refused += 1
            raise OverloadedError("too many queries are waiting; ask again in a moment")
        turn: asyncio.Future[Worker] = self._loop.create_future()
        self._waiting.append((turn, deadline))
        self._top_up()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.release(turn.result())
            raise

    def _hand_over(self) -> None:
        """Give idle workers to those who wait."""
        while self._waiting and self._idle and self._room():
            worker = self._idle.pop()
            if worker.closed:
                continue
            turn, _ = self._waiting.popleft()
            if turn.done():
                self._idle.append(worker)
                continue
            self._busy.add(worker)  # so that its place is taken until the waiter runs
            turn.set_result(worker)

    def _top_up(self) -> None:
        """See that enough idle workers stand ready for what may start next."""
        self._idle = [worker for worker in self._idle if not worker.closed]
        short = len(self._busy) - self._long
        wanted = min(self.limits.workers - short, self.limits.max_workers - len(self._busy))
        missing = wanted - len(self._idle) - self._starting
        for _ in range(missing):
            self._starting += 1
            self._background(self._start())

    async def _start(self) -> None:
        try:
            worker = await self.fork(_QUERY)
        except (ServeError, TimeoutError):
            await asyncio.sleep(0.2)  # the system has no room for a process; the next look tries again
            return
        finally:
            self._starting -= 1
        if worker.version != self.version and self.version:
            worker.stale = True
            worker.close()
            self._top_up()
            return
        self._idle.append(worker)
        self._hand_over()

    def _background(self, coroutine: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[None] = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self) -> None:
        """Look at deadlines and lanes, again and again."""
        while True:
            await asyncio.sleep(_TICK)
            now = time.monotonic()
            for worker in list(self._busy):
                if worker.deadline and now >= worker.deadline and not worker.closed:
                    self.counts.killed += 1
                    worker.verdict = OutOfTimeError(
                        f"out of time: ended after {worker.timeout:g} seconds; make the query more selective "
                        "or ask for more with the parameter timeout"
                    )
                    self._end(worker)
                elif not worker.long and worker.started and now - worker.started >= _SHORT:
                    self._lengthen(worker)
                elif worker.long and not worker.stale and now - worker.started >= _HEAVY:
                    # A process may lower its priority and not raise it again, and it may have grown.
                    worker.stale = True
                    self._tell(f"renice {worker.pid}")
            self._give_up_waiting(now)
            self._top_up()
            self._hand_over()

    def _lengthen(self, worker: Worker) -> None:
        """Move a job to the long lane."""
        worker.long = True
        self._long += 1
        if worker.gone is not None:
            worker.watching = self._loop.create_task(self._abandon(worker, worker.gone))

    def _give_up_waiting(self, now: float) -> None:
        """Refuse the jobs for which no worker became free in time."""
        for turn, deadline in self._waiting:
            if now >= deadline and not turn.done():
                self.counts.refused += 1
                turn.set_exception(OverloadedError("no worker became free in time; ask again in a moment"))
        if any(turn.done() for turn, _ in self._waiting):
            self._waiting = deque(pair for pair in self._waiting if not pair[0].done())

    async def _abandon(self, worker: Worker, gone: Gone) -> None:
        await gone()
        worker.watching = None
        worker.verdict = AbandonedError("the client has gone")
        self.cancel(worker)

    # Below: talk with the keeper.

    def _tell(self, message: str) -> None:
        # A full queue would need thousands of unread messages; the keeper never evaluates and reads at once.
        with contextlib.suppress(ConnectionError):  # the keeper has ended, which `_bereaved` hears of
            self._control.send(message.encode())

    async def fork(self, role: str) -> Worker:
        """A fresh worker of *role*; a ServeError says why there is none."""
        turn: asyncio.Future[Worker] = self._loop.create_future()
        self._forking.append(turn)
        self._tell(f"fork {role}")
        worker = await asyncio.wait_for(asyncio.shield(turn), _FORK_TIMEOUT)
        try:
            _, version = await asyncio.wait_for(worker.frame(), _FORK_TIMEOUT)
        except (EOFError, TimeoutError):
            self._tell(f"kill {worker.pid}")
            worker.close()
            raise ServeError("a worker could not open the data") from None
        worker.version = version.decode()
        self.counts.forks += 1
        return worker

    def _bereaved(self) -> None:
        self._loop.remove_reader(self._lifeline)
        _log.critical("the keeper of the data has ended: no query can be answered any more")
        self.on_loss()

    def _hear(self) -> None:
        for _ in itertools.repeat(None, 64):
            try:
                message, descriptors, _, _ = socket.recv_fds(self._control, 65536, 1)
            except (BlockingIOError, InterruptedError):
                return
            word, _, rest = message.decode("utf-8", "replace").partition(" ")
            if word == "worker":
                worker = Worker(self._loop, socket.socket(fileno=descriptors[0]), int(rest))
                self._all[worker.pid] = worker
                turn = self._forking.popleft()
                if not turn.done():
                    turn.set_result(worker)
            elif word == "failed":
                turn = self._forking.popleft()
                if not turn.done():
                    turn.set_exception(ServeError(f"no worker could be started: {rest}"))
            elif word == "exit":
                pid, status, *words = rest.split(" ", 2)
                gone = self._all.pop(int(pid), None)
                if gone is not None and not gone.exited.done():
                    gone.exited.set_result((int(status), words[0] if words else ""))


#: What Rust, C++, Python, a thread that cannot be started, and RocksDB say when they get no memory.
_NO_MEMORY = ("memory allocation", "bad_alloc", "MemoryError", "system_error", "mmap for")


def _diagnosis(status: int, words: str, limits: Limits) -> MesoontoError:
    """What the end of a worker means for the one whose job it had."""
    if "overflowed its stack" in words or status in (-signal.SIGSEGV, -signal.SIGBUS):
        return NestingError("nested too deeply for the engine; write it with fewer levels")
    if status == -signal.SIGKILL or any(sign in words for sign in _NO_MEMORY):
        return OutOfMemoryError(
            f"out of memory: it needed more than {limits.memory >> 20} MiB; make it more selective"
        )
    return QueryFailedError("the evaluation ended unexpectedly")
