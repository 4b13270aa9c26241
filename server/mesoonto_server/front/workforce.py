"""The connection workers, and which of them has which connection.

A connection goes to the worker with the least to do. What a worker has to do is watched: how often it is
found at a request. Where one has more than it can do and another has little, its connections are shared out
again. Before an engine not all workers have connections: see `spread`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import mmap
import os
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Protocol

from mesoonto.errors import AbandonedError, MesoontoError, ServeError
from mesoonto.processes.pool import SETTLING, Pool
from mesoonto.processes.worker_client import WorkerClient
from mesoonto_server import shared_page
from mesoonto_server.front.connections import ClientConnection
from mesoonto_server.front.spread import Spread
from mesoonto_server.settings import Settings
from mesoonto_server.telemetry.counts import SharedCounters
from mesoonto_server.telemetry.report import Telemetry

_log = logging.getLogger(__name__)

#: Role of connection workers.
CONNECTION = "connection"

#: Seconds that a connection waits for a worker before the front answers on it.
_PATIENCE = 0.25

#: What a look counts for in the mean of many, and the share of a worker's time that a new connection takes.
_SHARE_OF_A_LOOK = 1 / 32
_NEW = 0.05

#: Steps of the share of time; within one step the number of connections decides.
_STEPS = 8

#: Shares of time at which a worker has too much and too little to do, and the looks that find it so in a row.
_FULL, _SPARE = 0.85, 0.4
_UNEVEN = 40

#: Looks in a row that find no long query before a worker that was needed beside one is ended.
_CALM = 20


class Owner(Protocol):
    """Has the connections that no worker has."""

    def answer_here(self, connection: ClientConnection) -> None: ...  # noqa: D102
    def end(self, connection: ClientConnection, *, abort: bool = False) -> None: ...  # noqa: D102
    def refuse(self, connection: ClientConnection, error: MesoontoError) -> None: ...  # noqa: D102


class ConnectionWorker:
    """The front's end of a connection worker, and its connections."""

    def __init__(self, worker: WorkerClient) -> None:
        self.worker = worker
        self.connections: dict[int, ClientConnection] = {}
        self.recalled = False  #: it is to give them up and gets no more
        self.retiring = False  #: it ends when it has given them up
        self.occupied = False  #: the pool watches its query
        self.requeue = False  #: it was ended so that its request is answered by another way
        self.client = ""  #: whose long query it has, as the limits count it
        self.load = 0.0  #: share of its time that it was at work
        descriptor = os.memfd_create("page")
        try:
            os.ftruncate(descriptor, shared_page.PAGE)
            page = memoryview(mmap.mmap(descriptor, shared_page.PAGE))
            socket.send_fds(worker.sock, [shared_page.HANDED.pack(0, False, b"")], [descriptor])
        finally:
            os.close(descriptor)
        self.words = page[: shared_page.WORDS].cast("Q")
        self.counters = SharedCounters(page[shared_page.WORDS :])

    def hand(self, connection: ClientConnection) -> bool:
        """Give it *connection*; False when it has ended or does not keep up."""
        message = shared_page.HANDED.pack(connection.number, connection.asked, connection.peer.encode())
        try:
            socket.send_fds(self.worker.sock, [message], [connection.sock.fileno()])
        except OSError:
            return False
        self.connections[connection.number] = connection
        self.load += connection.weight
        return True

    def take(self, number: int) -> ClientConnection | None:
        """The connection *number*, which is no longer the worker's."""
        connection = self.connections.pop(number, None)
        if connection is not None:
            self.load = max(0.0, self.load - connection.weight)
        return connection

    def wake(self) -> None:
        """Let it look at the page."""
        with contextlib.suppress(OSError):
            self.worker.sock.send(shared_page.HANDED.pack(0, False, b""))


class Workforce:
    """All methods belong to the event loop of the front."""

    def __init__(self, owner: Owner, pool: Pool, telemetry: Telemetry, settings: Settings) -> None:
        self.workers: list[ConnectionWorker] = []
        self.on_leave: Callable[[ConnectionWorker], None] = lambda _: None  #: its long query has ended
        self._owner = owner
        self._pool = pool
        self._telemetry = telemetry
        self._wanted = settings.query_workers
        self._spread = Spread(self._wanted) if settings.engine else None
        self._recalls = itertools.count(1)
        self._waiting: list[ClientConnection] = []
        self._starting = 0
        self._renewed = float("-inf")
        self._calm = 0
        self._uneven = 0
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Start the workers."""
        await asyncio.gather(*(self._hire() for _ in range(self._wanted)))

    async def close(self) -> None:
        """Let the workers finish what they are at, and end them."""
        self._closing = True
        for worker in list(self.workers):
            self.retire(worker)
        while self.workers:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        for connection in self._waiting:
            self._owner.answer_here(connection)

    async def renew(self) -> None:
        """Let workers with the newest data take over: who asks from now on is answered from them."""
        old = list(self.workers)
        with contextlib.suppress(ServeError, TimeoutError):
            await self._hire()
        for worker in old:
            self.retire(worker)
        self._renewed = time.monotonic()
        self.top_up()

    # Connections.

    def assign(self, connection: ClientConnection) -> None:
        """Give *connection* to the worker that has the least to do."""
        able = self._sharing()
        if not able:
            connection.waits = time.monotonic()
            self._waiting.append(connection)
            return
        connection.weight = connection.weight or _NEW
        worker = min(
            able, key=lambda one: (int(one.load * _STEPS), len(one.connections), not one.worker.settled)
        )
        if not worker.hand(connection):
            self._owner.answer_here(connection)

    def _sharing(self) -> list[ConnectionWorker]:
        """The workers that may be given connections."""
        able = [worker for worker in self.workers if not worker.recalled]
        if self._spread is None:
            return able
        return [worker for worker in self._chosen(self._spread) if not worker.recalled] or able

    def _chosen(self, spread: Spread) -> list[ConnectionWorker]:
        """Those that are to have the connections, before an engine."""
        return [one for one in self.workers if not (one.retiring or one.occupied)][: spread.number]

    def share_out(
        self, worker: ConnectionWorker, connections: list[ClientConnection], *, stay: bool = False
    ) -> None:
        """Give *connections* of *worker* to whoever has the least to do, or let them *stay*."""
        weight = worker.load / max(1, len(connections))
        worker.load = 0.0
        for connection in connections:
            connection.weight = weight
            if not (stay and worker.hand(connection)):
                self.assign(connection)

    def _give_up_waiting(self) -> None:
        now = time.monotonic()
        waiting, self._waiting = self._waiting, []
        for connection in waiting:
            if now - connection.waits > _PATIENCE:
                self._owner.answer_here(connection)
            else:
                self._waiting.append(connection)

    def _assign_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for connection in waiting:
            self.assign(connection)

    # Workers.

    async def _hire(self) -> None:
        self._starting += 1
        try:
            process = await self._pool.fork(CONNECTION)
        finally:
            self._starting -= 1
        if process.version != self._pool.version or self._closing:
            process.close()
            return
        worker = ConnectionWorker(process)
        self._telemetry.include(worker.counters)
        self.workers.append(worker)
        self.background(self._attend(worker))
        if worker in self._sharing():
            for other in self.workers:
                if len(other.connections) > len(worker.connections) + 1:
                    self.recall(other)  # to be shared out among all
        self._assign_waiting()

    def top_up(self) -> None:
        """Start workers in place of those that end or have a long query; when data are new, one will do."""
        able = [worker for worker in self.workers if not (worker.retiring or worker.occupied)]
        settling = time.monotonic() - self._renewed < SETTLING and any(one.load < _FULL for one in able)
        if not (self._closing or settling):
            for _ in range(self._wanted - len(able) - self._starting):
                self.background(self._replace())

    async def _replace(self) -> None:
        with contextlib.suppress(ServeError, TimeoutError):  # the next look tries again
            await self._hire()

    def recall(self, worker: ConnectionWorker) -> None:
        """Ask for all connections; they are shared out when FREE comes."""
        if not worker.recalled:
            worker.recalled = True
            worker.words[shared_page.RECALL] = next(self._recalls)
            worker.wake()

    def retire(self, worker: ConnectionWorker) -> None:
        """Let *worker* end when it has finished what it is at."""
        worker.retiring = True
        self.recall(worker)

    def look(self) -> None:
        """See, every few milliseconds, what each worker has to do, and that it is about the same."""
        for worker in self.workers:
            busy = bool(worker.words[shared_page.CLAIM])
            worker.load += (busy - worker.load) * _SHARE_OF_A_LOOK
        self._calm = 0 if any(worker.occupied for worker in self.workers) else self._calm + 1
        if self._calm and self._calm % _CALM == 0 and len(self.workers) > self._wanted:
            self.retire(min(self.workers, key=lambda one: (one.worker.settled, len(one.connections))))
        if self._spread is not None:
            self._keep_together(self._spread)
        self._even_out()
        self._give_up_waiting()
        self.top_up()

    def _keep_together(self, spread: Spread) -> None:
        """Let as many workers have the connections as are to have them, and no others."""
        chosen = self._chosen(spread)
        changed = spread.look([one.load for one in chosen], [one.worker.pid for one in self.workers])
        chosen = self._chosen(spread)
        each = sum(len(worker.connections) for worker in chosen) / max(1, len(chosen))
        for worker in self.workers:
            few = worker in chosen and (not changed or len(worker.connections) <= each)
            if worker.connections and not (few or worker.occupied):
                self.recall(worker)

    def _even_out(self) -> None:
        able = self._sharing()
        if len(able) < 2:
            self._uneven = 0
            return
        most = max(able, key=lambda one: one.load)
        least = min(able, key=lambda one: one.load)
        uneven = most.load > _FULL and least.load < _SPARE and len(most.connections) > 1
        self._uneven = self._uneven + 1 if uneven else 0
        if self._uneven >= _UNEVEN:
            self._uneven = 0
            self.recall(most)

    async def _attend(self, worker: ConnectionWorker) -> None:
        """Hear what *worker* tells, until it has ended."""
        try:
            while True:
                _, payload = await worker.worker.frame()
                what, number = shared_page.NOTICE.unpack(payload)
                if what == shared_page.FREE:
                    self._freed(worker)
                elif (connection := worker.take(number)) is not None:
                    if what == shared_page.CLOSED:
                        self._owner.end(connection)
                    else:
                        connection.asked = True
                        connection.has_service = what == shared_page.SERVICE
                        self._owner.answer_here(connection)
        except EOFError:
            await self._lost(worker)

    def _freed(self, worker: ConnectionWorker) -> None:
        worker.words[shared_page.RECALL] = 0
        worker.recalled = False
        had_long, worker.occupied = worker.occupied, False
        if had_long:
            self._pool.vacate(worker.worker)
        self.on_leave(worker)
        connections, worker.connections = worker.connections, {}
        for connection in connections.values():
            connection.asked = connection.asked or had_long
        ends = worker.retiring or worker.worker.stale
        if ends:
            self._dismiss(worker)
        # Who asked a long query may well ask another: it has copied what that reads.
        self.share_out(worker, list(connections.values()), stay=had_long and not ends)
        self._assign_waiting()
        self.top_up()

    def _dismiss(self, worker: ConnectionWorker) -> None:
        self.workers.remove(worker)
        self._telemetry.keep(worker.counters)
        worker.worker.close()

    async def _lost(self, worker: ConnectionWorker) -> None:
        """See to what a worker leaves that has ended."""
        if worker not in self.workers:
            return
        claim, started = worker.words[shared_page.CLAIM], worker.words[shared_page.STARTED]
        self._dismiss(worker)
        connection = worker.connections.pop(claim, None)
        self.share_out(worker, list(worker.connections.values()))
        self.top_up()
        error = await self._pool.lost(worker.worker)
        self.on_leave(worker)
        if connection is None:
            return
        if isinstance(error, AbandonedError):
            self._owner.end(connection, abort=True)
        elif started:  # its client gets what was sent, and sees that the end is missing, if it is
            connection.discard_request()
            self._owner.end(connection)
        elif worker.requeue:
            self._owner.answer_here(connection)
        else:
            self._owner.refuse(connection, error)

    def background(self, coroutine: Coroutine[None, None, None]) -> None:
        """Run *coroutine* as long as there are workers."""
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a task of the connection workers failed", exc_info=error)
