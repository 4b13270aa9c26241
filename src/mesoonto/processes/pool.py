"""Gives jobs to workers and sees that each ends in time; runs in the event loop of the serving process.

Short and long jobs travel in two lanes (see `lanes`); after `_HEAVY` seconds a job runs at low priority.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine

from mesoonto.errors import (
    AbandonedError,
    ForkServerLostError,
    MesoontoError,
    OutOfTimeError,
    OverloadedError,
    QueryFailedError,
    ServeError,
)
from mesoonto.processes import framing, memory
from mesoonto.processes.channel import ForkChannel
from mesoonto.processes.diagnosis import diagnosis
from mesoonto.processes.fork_server import Link
from mesoonto.processes.lanes import SHORT, Lanes, PoolCounts
from mesoonto.processes.limits import ProcessLimits
from mesoonto.processes.worker_client import Gone, WorkerClient

_log = logging.getLogger(__name__)

#: Seconds after which a job runs at low priority.
_HEAVY = 1.0

#: The share of the memory that a job may take which its worker may still hold after such a job.
_HELD = 1 / 8

#: Looks in a row that find no long job before an idle worker that was needed beside one is ended.
_CALM = 20

#: Seconds between two looks at the deadlines.
_TICK = 0.025

#: Seconds after newer data took over in which one idle worker will do: the next write would end it again.
SETTLING = 0.25

#: Jobs at one time that each have a worker forked for them.
_ALONE = 8

#: Seconds until the fork server reports the end of a worker whose socket has closed, on a busy machine.
_REPORT = 10.0

_QUERY = "query"

#: What a client may do whose query was ended.
_MORE_TIME = "make the query more selective or ask for more with the parameter timeout"
#: The same for writes and validations, whose time the server's settings give.
_LESS = "send less at a time, or have the server's settings allow more"


class JobAnswer:
    """The answer to one job, taken part by part. Close it when no more is wanted."""

    def __init__(self, pool: Pool, worker: WorkerClient) -> None:
        self._pool = pool
        self._worker: WorkerClient | None = worker
        self.version = worker.version  #: the state of the data that it answers from
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


async def _nothing() -> None:
    pass


class Pool:
    """Workers for queries, kept ready, and workers for other roles, forked on demand.

    All methods belong to the event loop that called `open`.
    """

    def __init__(self, link: Link, limits: ProcessLimits) -> None:
        self.limits = limits
        self.version = ""  #: the newest state of the data that workers have reported
        self.on_renewal: Callable[[], Awaitable[None]] = _nothing  #: called when newer data take over
        self.on_loss: Callable[[], None] = lambda: None  #: called when the fork server has ended
        self.counts = PoolCounts()
        self._link = link
        self._lanes = Lanes(limits, self.counts)
        self._channel: ForkChannel | None = None
        self._starting = 0
        self._renewed = float("-inf")
        self._calm = 0
        self._alone = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Open a channel to the fork server and start the workers that are kept ready."""
        self._channel = ForkChannel(self._link, self._lose)
        first = await self.fork(_QUERY)
        self.version = first.version
        self._lanes.idle.append(first)
        self._background(self._watch())
        self._top_up()

    async def close(self) -> None:
        """End all workers."""
        for task in self._tasks:
            task.cancel()
        if self._channel is not None:
            self._channel.close()

    @property
    def busy(self) -> int:
        """Jobs that run."""
        return len(self._lanes.busy)

    @property
    def waiting(self) -> int:
        """Jobs that wait for a worker."""
        return self._lanes.waiting

    @property
    def workers(self) -> int:
        """Worker processes."""
        return len(self._channel.workers) if self._channel is not None else 0

    async def run(self, job: bytes, timeout: float | None = None, gone: Gone | None = None) -> JobAnswer:
        """Give *job* to a query worker; *timeout* seconds are its share, the limit's where none are named.

        A long job ends when *gone* returns. Raises OverloadedError when too many jobs wait, or when no worker
        became free in time, and ForkServerLostError.
        """
        seconds = min(timeout or self.limits.timeout, self.limits.max_timeout)
        asked = time.monotonic()
        while True:
            worker = self._lanes.take() or await self._wait(asked + seconds)
            try:
                self._lanes.begin(worker, asked + seconds, seconds)
                worker.gone = gone
                await worker.send(job)
            except OSError:  # it ended while idle, which is nobody's fault
                self._finish(worker)
                worker.close()
                continue
            except BaseException:
                self.cancel(worker)
                raise
            return JobAnswer(self, worker)

    async def run_alone(self, role: str, job: bytes, timeout: float) -> JobAnswer:
        """Give *job* to a fresh worker of *role* that does nothing else.

        Raises OverloadedError when too many such jobs run, and ServeError.
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
        self._lanes.begin(worker, time.monotonic() + timeout, timeout)
        self._lengthen(worker)
        try:
            await worker.send(job)
        except OSError:
            pass  # the reason is given when its answer is asked for
        except BaseException:
            self.cancel(worker)
            raise
        return JobAnswer(self, worker)

    async def fork(self, role: str) -> WorkerClient:
        """A fresh worker of *role*, which the caller looks after; a ServeError says why there is none."""
        if self._channel is None:
            raise ServeError("the pool is not open")
        worker = await self._channel.fork(role)
        self.counts.forks += 1
        return worker

    async def renew(self) -> None:
        """Let workers of the newest state of the data take over; those at work finish first."""
        fresh = await self.fork(_QUERY)
        self.version = fresh.version
        if self._channel is not None:
            for worker in self._channel.workers.values():
                worker.stale = worker is not fresh
        idle, self._lanes.idle = self._lanes.idle, [fresh]
        for worker in idle:
            worker.close()
        self._lanes.hand_over()
        self._renewed = time.monotonic()
        self._top_up()
        await self.on_renewal()

    def occupy(self, worker: WorkerClient, timeout: float | None, gone: Gone) -> None:
        """Watch a long job that *worker* has taken on by itself, as those that were given to it.

        Raises OverloadedError when too many jobs run.
        """
        if self.busy >= self.limits.max_workers:
            self.counts.refused += 1
            raise OverloadedError("too many queries are running; ask again in a moment")
        seconds = min(timeout or self.limits.timeout, self.limits.max_timeout)
        self._lanes.begin(worker, time.monotonic() + seconds, seconds)
        worker.gone = gone
        self._lengthen(worker)

    def vacate(self, worker: WorkerClient) -> None:
        """The job that *worker* had taken on has ended."""
        self._finish(worker)
        self._lanes.hand_over()

    def release(self, worker: WorkerClient) -> None:
        """Take back a worker that has finished its job."""
        self._finish(worker)
        if worker.stale:
            worker.close()
            self._top_up()
        else:
            self._lanes.idle.append(worker)
        self._lanes.hand_over()

    def cancel(self, worker: WorkerClient) -> None:
        """End a worker in the middle of its job because nobody waits for the answer."""
        if worker in self._lanes.busy:
            self.counts.cancelled += 1
        self._end(worker)

    async def lost(self, worker: WorkerClient) -> MesoontoError:
        """Why *worker* ended in the middle of a job."""
        self._finish(worker)
        worker.close()
        self._top_up()
        self._lanes.hand_over()
        if worker.verdict is not None:
            return worker.verdict
        self.counts.crashed += 1
        status, stderr = 0, ""  # what is not known is not told: it need not have been the memory
        with contextlib.suppress(TimeoutError):
            status, stderr = await asyncio.wait_for(asyncio.shield(worker.exited), _REPORT)
        if worker.verdict is not None:  # the fork server's end was noticed after that of its worker
            return worker.verdict
        error = diagnosis(status, stderr, self.limits.memory)
        if type(error) is QueryFailedError:
            _log.error("worker %d ended with status %d: %s", worker.pid, status, stderr.strip())
        return error

    # Below: bookkeeping.

    async def _wait(self, deadline: float) -> WorkerClient:
        if self._channel is not None and self._channel.lost:
            raise ForkServerLostError
        self._top_up()
        return await self._lanes.wait(deadline, self.release)

    def _finish(self, worker: WorkerClient) -> None:
        if worker.alone:
            worker.alone = False
            self._alone -= 1
        # It stays with the pages that it has copied, which the next such job would copy anew elsewhere.
        worker.settled = worker.settled or worker.long
        if worker.lowered:
            worker.lowered = False
            held = memory.anonymous(worker.pid) - worker.memory
            worker.stale = worker.stale or held > self.limits.memory * _HELD
        worker.gone = None
        if worker.watching is not None:
            worker.watching.cancel()
            worker.watching = None
        self._lanes.finish(worker)

    def _end(self, worker: WorkerClient) -> None:
        if self._channel is not None:
            self._channel.kill(worker)
        self._finish(worker)
        self._top_up()
        self._lanes.hand_over()

    def _top_up(self) -> None:
        """See that enough idle workers stand ready for what may start next."""
        if self._channel is None or self._channel.lost:
            return
        self._lanes.idle = [worker for worker in self._lanes.idle if not worker.closed]
        ready = len(self._lanes.idle) + self._starting
        if ready > self._lanes.waiting and time.monotonic() - self._renewed < SETTLING:
            return
        for _ in range(self._lanes.wanted - ready):
            self._starting += 1
            self._background(self._start())

    async def _start(self) -> None:
        try:
            worker = await self.fork(_QUERY)
        except ServeError:
            await asyncio.sleep(0.2)  # the system has no room for a process; the next look tries again
            return
        finally:
            self._starting -= 1
        if worker.version != self.version and self.version:
            worker.stale = True
            worker.close()
            self._top_up()
            return
        self._lanes.idle.append(worker)
        self._lanes.hand_over()

    def _background(self, coroutine: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self) -> None:
        """Look at deadlines and lanes, again and again."""
        while True:
            await asyncio.sleep(_TICK)
            now = time.monotonic()
            for worker in list(self._lanes.busy):
                self._look_at(worker, now)
            self._lanes.refuse_late(now)
            self._shed()
            self._top_up()
            self._lanes.hand_over()

    def _shed(self) -> None:
        """End an idle worker that is not needed any more, one that has copied the least."""
        self._calm = 0 if self._lanes.long else self._calm + 1
        idle = self._lanes.idle
        if self._calm and self._calm % _CALM == 0 and len(idle) > self.limits.workers:
            worker = min(idle, key=lambda one: one.settled)
            idle.remove(worker)
            worker.close()

    def _look_at(self, worker: WorkerClient, now: float) -> None:
        """End *worker* at its deadline, or let its job run aside when it takes long."""
        if worker.deadline and now >= worker.deadline and not worker.closed:
            self.counts.killed += 1
            advice = _LESS if worker.alone else _MORE_TIME
            worker.verdict = OutOfTimeError(f"out of time: ended after {worker.timeout:g} seconds; {advice}")
            self._end(worker)
        elif not worker.long and worker.started and now - worker.started >= SHORT:
            self._lengthen(worker)
        elif worker.long and not (worker.lowered or worker.alone) and now - worker.started >= _HEAVY:
            worker.lowered = True
            if self._channel is not None:
                self._channel.renice(worker)

    def _lengthen(self, worker: WorkerClient) -> None:
        """Move a job to the long lane."""
        self._lanes.lengthen(worker)
        if worker.gone is not None:
            worker.watching = asyncio.get_running_loop().create_task(self._abandon(worker, worker.gone))

    async def _abandon(self, worker: WorkerClient, gone: Gone) -> None:
        await gone()
        worker.watching = None
        worker.verdict = AbandonedError("the client has gone")
        self.cancel(worker)

    def _lose(self) -> None:
        """The fork server has ended: nobody is left waiting."""
        self._lanes.refuse_all(ForkServerLostError())
        self.on_loss()
