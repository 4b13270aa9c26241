"""The serving process's channel to the fork server: workers are asked for here, and their ends reported."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import socket
from collections import deque
from collections.abc import Callable

from mesoonto.errors import ForkServerLostError, ServeError
from mesoonto.processes import memory
from mesoonto.processes.fork_server import Link
from mesoonto.processes.worker_client import WorkerClient

_log = logging.getLogger(__name__)

#: Seconds to wait for the fork server to fork, and for the worker to open its data.
_FORK_TIMEOUT = 20.0

#: Messages that are read in one turn of the loop.
_AT_ONCE = 64


class ForkChannel:
    """Messages to the fork server and from it (see `fork_server`). Belongs to the running event loop."""

    def __init__(self, link: Link, on_loss: Callable[[], None]) -> None:
        self.workers: dict[int, WorkerClient] = {}  #: those that run, by process id
        self.lost = False  #: whether the fork server has ended
        self._on_loss = on_loss
        self._loop = asyncio.get_running_loop()
        self._forking: deque[asyncio.Future[WorkerClient]] = deque()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ends, self._lifeline = os.pipe()
        with theirs:
            socket.send_fds(link.door, [b"!"], [theirs.fileno(), ends])
        os.close(ends)
        self._control.setblocking(False)
        self._loop.add_reader(self._control.fileno(), self._receive)
        # Only the fork server holds the other end: it has ended when this one breaks.
        self._loop.add_reader(self._lifeline, self._lose)

    def close(self) -> None:
        """Let the fork server end the workers."""
        self._stop_reading()
        for worker in list(self.workers.values()):
            worker.close()
        self._control.close()
        os.close(self._lifeline)

    async def fork(self, role: str) -> WorkerClient:
        """A fresh worker of *role*; a ServeError says why there is none."""
        if self.lost:
            raise ForkServerLostError
        turn: asyncio.Future[WorkerClient] = self._loop.create_future()
        self._forking.append(turn)
        self._send(f"fork {role}")
        try:
            worker = await asyncio.wait_for(asyncio.shield(turn), _FORK_TIMEOUT)
        except TimeoutError:
            turn.add_done_callback(self._discard)  # the fork server's answers come in order, so it stays
            raise ServeError("no worker could be started in time") from None
        except asyncio.CancelledError:
            turn.add_done_callback(self._discard)
            raise
        try:
            _, version = await asyncio.wait_for(worker.frame(), _FORK_TIMEOUT)
        except (EOFError, TimeoutError):
            self.kill(worker)
            if self.lost:
                raise ForkServerLostError from None
            raise ServeError("a worker could not open the data") from None
        worker.version = version.decode()
        worker.memory = memory.anonymous(worker.pid)
        return worker

    def kill(self, worker: WorkerClient) -> None:
        """End *worker* at once."""
        self._send(f"kill {worker.pid}")
        worker.close()

    def renice(self, worker: WorkerClient) -> None:
        """Let *worker* run at low priority from now on."""
        self._send(f"renice {worker.pid}")

    def _send(self, message: str) -> None:
        # A full queue would need thousands of unread messages; the fork server reads them at once.
        with contextlib.suppress(OSError):  # it has ended, of which `_lose` hears, or has heard
            self._control.send(message.encode())

    def _discard(self, turn: asyncio.Future[WorkerClient]) -> None:
        """Nobody waits any more for the worker that *turn* brings."""
        if not turn.cancelled() and turn.exception() is None:
            self.kill(turn.result())

    def _stop_reading(self) -> None:
        self._loop.remove_reader(self._control.fileno())
        self._loop.remove_reader(self._lifeline)

    def _lose(self) -> None:
        """The fork server has ended, and its workers end with it: nobody may wait for any of them."""
        if self.lost:
            return
        self.lost = True
        self._stop_reading()
        _log.critical("the process that holds the data has ended: no query can be answered any more")
        for turn in self._forking:
            turn.set_exception(ForkServerLostError())
        self._forking.clear()
        for worker in list(self.workers.values()):
            worker.verdict = worker.verdict or ForkServerLostError()
            worker.close()
            if not worker.exited.done():
                worker.exited.set_result((-signal.SIGKILL, ""))
        self.workers.clear()
        self._on_loss()

    def _receive(self) -> None:
        for _ in itertools.repeat(None, _AT_ONCE):
            try:
                message, descriptors, _, _ = socket.recv_fds(self._control, 65536, 1)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # its other end has gone
                self._lose()
                return
            word, _, rest = message.decode("utf-8", "replace").partition(" ")
            if word == "worker":
                worker = WorkerClient(self._loop, socket.socket(fileno=descriptors[0]), int(rest))
                self.workers[worker.pid] = worker
                turn = self._forking.popleft()
                turn.set_result(worker)
            elif word == "failed":
                turn = self._forking.popleft()
                turn.set_exception(ServeError(f"no worker could be started: {rest}"))
            elif word == "exit":
                pid, status, *stderr = rest.split(" ", 2)
                ended = self.workers.pop(int(pid), None)
                if ended is not None and not ended.exited.done():
                    ended.exited.set_result((int(status), stderr[0] if stderr else ""))
