"""Sees that a long query of one client does not hold up the others of its connection worker.

A worker is looked at every few milliseconds. One that is still at the same request moves to the long lane of
the pool, which ends it at its deadline: its other connections go to other workers, and another worker is
forked if too few are left.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from functools import partial

from mesoonto.errors import OverloadedError
from mesoonto.processes.pool import Pool
from mesoonto_server import shared_page
from mesoonto_server.front.client_limits import ClientLimits
from mesoonto_server.front.connections import ClientConnection
from mesoonto_server.front.workforce import ConnectionWorker, Workforce
from mesoonto_server.http.client import origin_of
from mesoonto_server.http.problems import RequestError

#: Seconds between two looks at the workers, and how many looks find a long query at work.
_TICK = 0.025
_LOOKS = 3

#: Seconds after which what one process writes to the shared page is visible to the other: stores of one core
#: reach the others within microseconds (see `worker.connections`).
_SETTLE = 0.002

#: A client that waits skips it (RFC 9110, section 15.2); the system of one that has left resets.
_INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


class LongQueries:
    """Watches the workers of *workforce*; all methods belong to the event loop of the front."""

    def __init__(self, workforce: Workforce, pool: Pool, limits: ClientLimits, proxy: str) -> None:
        self._workforce = workforce
        self._pool = pool
        self._limits = limits
        self._proxy = proxy
        self._looks: dict[ConnectionWorker, tuple[int, int]] = {}  #: request, and looks that found it
        workforce.on_leave = self._leave

    async def watch(self) -> None:
        """Look at the workers again and again."""
        while True:
            await asyncio.sleep(_TICK)
            workers = self._workforce.workers
            self._workforce.look()
            looks: dict[ConnectionWorker, tuple[int, int]] = {}
            for worker in workers:
                turn = worker.words[shared_page.TURN]
                if worker.occupied or not worker.words[shared_page.CLAIM]:
                    continue
                before, number = self._looks.get(worker, (turn, 0))
                number = number + 1 if before == turn else 1
                looks[worker] = (turn, number)
                if number == _LOOKS:
                    self._workforce.background(self._detach(worker, turn))
            self._looks = looks
            # Room is left for what those that serve now may turn out to have.
            free = sum(not worker.occupied for worker in workers)
            crowded = self._pool.busy + free > self._pool.limits.max_workers
            for worker in workers:
                worker.words[shared_page.CROWDED] = crowded

    async def _detach(self, worker: ConnectionWorker, turn: int) -> None:
        """Leave *worker* to its long query, and let others have its other connections."""
        self._workforce.recall(worker)
        await asyncio.sleep(_SETTLE)
        claim = worker.words[shared_page.CLAIM]
        if worker not in self._workforce.workers or worker.words[shared_page.TURN] != turn or not claim:
            return  # it has just finished
        connection = worker.connections.get(claim)
        others = [other for other in worker.connections.values() if other is not connection]
        worker.connections = {claim: connection} if connection is not None else {}
        if connection is not None:
            self._occupy(worker, connection)
        self._workforce.top_up()
        self._workforce.share_out(worker, others)

    def _occupy(self, worker: ConnectionWorker, connection: ClientConnection) -> None:
        message = connection.peek()
        forwarded = message.headers.get(b"x-forwarded-for", b"") if message is not None else b""
        client = origin_of(connection.peer, "http", forwarded.decode("latin-1"), "", self._proxy).client
        timeout = worker.words[shared_page.TIMEOUT] / 1000
        try:
            self._limits.enter(client, counted=True)
            worker.client = client
            self._pool.occupy(worker.worker, timeout, partial(self._gone, worker, connection))
            worker.occupied = True
        except (OverloadedError, RequestError) as error:
            # In the queue of the pool it waits for its turn, or it is told that there are too many.
            self._limits.take_back(client)
            worker.requeue = True
            worker.worker.verdict = OverloadedError(str(error))
            self._pool.cancel(worker.worker)

    def _leave(self, worker: ConnectionWorker) -> None:
        if worker.client:
            self._limits.leave(worker.client)
            worker.client = ""

    async def _gone(self, worker: ConnectionWorker, connection: ClientConnection) -> None:
        """Returns when the client has left. One that has only closed its side of the connection has not."""
        await connection.closed()
        words = worker.words
        words[shared_page.ASKING] = 1  # the worker does not begin its answer now
        try:
            await asyncio.sleep(_SETTLE)
            if not words[shared_page.STARTED] and words[shared_page.CLAIM] == connection.number:
                with contextlib.suppress(OSError):
                    connection.sock.send(_INTERIM, socket.MSG_DONTWAIT)
        finally:  # also where the query has ended meanwhile: the worker's next answer would wait for ever
            words[shared_page.ASKING] = 0
        await connection.left()
