"""Accepts connections, gives them to direct workers, and sees that a long query does not hold up the others.

A worker is looked at every few milliseconds. One that is still at the same request moves to the long lane of
the pool, which ends it at its deadline: its other connections go to other workers, and another worker is
forked if too few are left. What direct workers do not answer themselves is relayed to the server behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import mmap
import os
import resource
import select
import socket
import struct
import time
from collections import Counter
from collections.abc import Coroutine
from functools import partial

from mesoonto.errors import AbandonedError, MesoontoError, OverloadedError, ServeError
from mesoonto.processes.pool import Pool
from mesoonto.processes.worker_client import WorkerClient
from mesoonto_server import shared_page
from mesoonto_server.front.client_limits import Guard
from mesoonto_server.front.relay import Origins, relay
from mesoonto_server.http import problems
from mesoonto_server.http.headers import VERSION_HEADER
from mesoonto_server.http.problems import RequestError
from mesoonto_server.settings import Settings
from mesoonto_server.telemetry.counts import Tally
from mesoonto_server.telemetry.report import Telemetry
from mesoonto_server.worker import http1

_log = logging.getLogger(__name__)

#: Role of direct workers.
DIRECT = "direct"

#: Connections that are held at one time; idle ones cost some kilobytes each.
CONNECTIONS = 2048

#: Open files for each of them: one that is relayed takes three.
_FILES_EACH = 4

#: Open files that are enough for all.
FILES = _FILES_EACH * CONNECTIONS

#: Seconds between two looks at the workers, and how many looks find a long query at work.
_TICK = 0.025
_LOOKS = 3

#: Seconds after which a worker's claim to a connection is visible: stores of one core reach the others within
#: microseconds (see `direct`).
_SETTLE = 0.002

#: Looks in a row that find no long query before a worker that was needed beside one is ended.
_CALM = 20

#: Seconds that a connection waits for a worker before it is relayed.
_PATIENCE = 0.25

#: Seconds between two looks whether the client of a long query is still there.
_GLANCE = 0.1

#: Bytes that wait in the kernel for a client that does not read; it doubles the number.
_SEND_BUFFER = 1 << 18

_BACKLOG = 1024
_ACCEPT_AT_ONCE = 64


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at *host* and *port*; an OSError says why there can be none."""
    family, kind, protocol_, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol_)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


class _Connection:
    """A client's connection; a worker has a copy of the socket."""

    __slots__ = ("client", "number", "since", "sock")

    def __init__(self, number: int, client: str, sock: socket.socket) -> None:
        self.number = number
        self.client = client
        self.sock = sock
        self.since = 0.0  #: when it began to wait for a worker


class _DirectWorker:
    """A direct worker and its connections."""

    def __init__(self, worker: WorkerClient) -> None:
        self.worker = worker
        self.connections: dict[int, _Connection] = {}
        self.recalled = False  #: it is to give them up and gets no more
        self.retiring = False  #: it ends when it has given them up
        self.occupied = False  #: the pool watches its query
        self.requeue = False  #: it was ended so that its request is answered by another way
        self.client = ""  #: whose long query it has, as the guard counts it
        self.turn = 0
        self.looks = 0
        descriptor = os.memfd_create("page")
        try:
            os.ftruncate(descriptor, shared_page.PAGE)
            page = memoryview(mmap.mmap(descriptor, shared_page.PAGE))
            socket.send_fds(worker.sock, [shared_page.HANDED.pack(0, b"")], [descriptor])
        finally:
            os.close(descriptor)
        self.words = page[: shared_page.PAGE - Tally.SIZE].cast("Q")
        self.tally = Tally(page[shared_page.PAGE - Tally.SIZE :])


class Acceptor:
    """All methods belong to the event loop of the serving process."""

    def __init__(
        self, listener: socket.socket, behind: tuple[str, int], origins: Origins, pool: Pool, guard: Guard,
        telemetry: Telemetry, settings: Settings,
    ) -> None:  # fmt: skip
        self._listener = listener
        self._behind = behind
        self._origins = origins
        self._pool = pool
        self._guard = guard
        self._telemetry = telemetry
        self._settings = settings
        # A rate is counted in one place, which is the server behind.
        self._direct = not settings.rate_limit and hasattr(select, "epoll")
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most = (
            CONNECTIONS if files == resource.RLIM_INFINITY else min(CONNECTIONS, files // _FILES_EACH)
        )
        self._numbers = itertools.count(1)
        self._recalls = itertools.count(1)
        self._workers: list[_DirectWorker] = []
        self._homeless: list[_Connection] = []
        self._held: Counter[str] = Counter()  #: connections of each client
        self._starting = 0
        self._accepting = False
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Start the workers and accept connections."""
        self._loop = asyncio.get_running_loop()
        milliseconds = int(self._settings.send_timeout * 1000)
        with contextlib.suppress(AttributeError):  # Linux only
            self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        if self._direct:
            await asyncio.gather(*(self._hire() for _ in range(self._settings.workers)))
            self._background(self._watch())
        self._accept_more()

    async def renew(self) -> None:
        """Let workers with the newest data take over: who asks from now on is told of them."""
        if not self._direct:
            return
        old = list(self._workers)
        with contextlib.suppress(ServeError, TimeoutError):
            await self._hire()
        for holder in old:
            self._retire(holder)
        self._top_up()

    async def close(self) -> None:
        """Accept no more, let the workers finish, and close what is left."""
        self._closing = True
        self._stop_accepting()
        for holder in list(self._workers):
            self._retire(holder)
        while self._workers:
            await asyncio.sleep(_TICK)
        for task in self._tasks:
            task.cancel()
        for connection in self._homeless:
            self._end(connection)

    # Connections.

    def _accept_more(self) -> None:
        if not self._accepting and not self._closing:
            self._accepting = True
            self._loop.add_reader(self._listener.fileno(), self._accept)

    def _stop_accepting(self) -> None:
        if self._accepting:
            self._accepting = False
            self._loop.remove_reader(self._listener.fileno())

    def _accept(self) -> None:
        for _ in range(_ACCEPT_AT_ONCE):
            if self._held.total() >= self._most:
                self._stop_accepting()
                return
            try:
                sock, address = self._listener.accept()
            except OSError:  # none left, or it has gone again
                return
            connection = _Connection(next(self._numbers), address[0], sock)
            self._held[connection.client] += 1
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            mine = connection.client != self._settings.trusted_proxy
            if not self._direct or (mine and self._held[connection.client] > self._settings.client_limit):
                self._relay(connection)
                continue
            seconds, rest = divmod(self._settings.send_timeout, 1)
            # For the worker, which blocks while it sends.
            limit = struct.pack("@ll", int(seconds), int(rest * 1e6))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
            self._assign(connection)

    def _assign(self, connection: _Connection) -> None:
        """Give *connection* to the worker that has the fewest."""
        able = [holder for holder in self._workers if not holder.recalled]
        if not able:
            connection.since = time.monotonic()
            self._homeless.append(connection)
            return
        holder = min(able, key=lambda one: len(one.connections))
        message = shared_page.HANDED.pack(connection.number, connection.client.encode())
        try:
            socket.send_fds(holder.worker.sock, [message], [connection.sock.fileno()])
        except OSError:  # it has ended, or does not keep up
            self._relay(connection)
            return
        holder.connections[connection.number] = connection

    def _relay(self, connection: _Connection) -> None:
        """Let the server behind have *connection*, for good."""
        self._background(self._relayed(connection))

    async def _relayed(self, connection: _Connection) -> None:
        try:
            await relay(connection.sock, connection.client, self._behind, self._origins)
        finally:
            self._forget(connection)

    def _end(self, connection: _Connection, *, abort: bool = False) -> None:
        if abort:
            # Reset: what was sent of the answer is not the whole.
            with contextlib.suppress(OSError):
                connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sock.close()
        self._forget(connection)

    def _forget(self, connection: _Connection) -> None:
        self._held[connection.client] -= 1
        if not self._held[connection.client]:
            del self._held[connection.client]
        self._accept_more()

    # Workers.

    async def _hire(self) -> None:
        self._starting += 1
        try:
            process = await self._pool.fork(DIRECT)
        finally:
            self._starting -= 1
        if process.version != self._pool.version or self._closing:
            process.close()
            return
        holder = _DirectWorker(process)
        self._telemetry.include(holder.tally)
        self._workers.append(holder)
        self._background(self._attend(holder))
        for other in self._workers:
            if len(other.connections) > len(holder.connections) + 1:
                self._recall(other)  # to be shared out among all
        self._house()

    def _top_up(self) -> None:
        able = sum(not (holder.retiring or holder.occupied) for holder in self._workers)
        if not self._closing:
            for _ in range(self._settings.workers - able - self._starting):
                self._background(self._replace())

    async def _replace(self) -> None:
        with contextlib.suppress(ServeError, TimeoutError):  # the next look tries again
            await self._hire()

    def _house(self) -> None:
        homeless, self._homeless = self._homeless, []
        for connection in homeless:
            self._assign(connection)

    def _recall(self, holder: _DirectWorker) -> None:
        """Ask for all connections; they are shared out when FREE comes."""
        if holder.recalled:
            return
        holder.recalled = True
        holder.words[shared_page.RECALL] = next(self._recalls)
        with contextlib.suppress(OSError):
            holder.worker.sock.send(shared_page.HANDED.pack(0, b""))  # wakes it up

    def _retire(self, holder: _DirectWorker) -> None:
        """Let *holder* end when it has finished what it is at."""
        holder.retiring = True
        self._recall(holder)

    async def _attend(self, holder: _DirectWorker) -> None:
        """Hear what *holder* tells, until it has ended."""
        try:
            while True:
                _, payload = await holder.worker.frame()
                what, number = shared_page.NOTICE.unpack(payload)
                if what == shared_page.FREE:
                    self._freed(holder)
                elif (connection := holder.connections.pop(number, None)) is not None:
                    if what == shared_page.CLOSED:
                        self._end(connection)
                    else:
                        self._relay(connection)
        except EOFError:
            await self._bury(holder)

    def _freed(self, holder: _DirectWorker) -> None:
        holder.words[shared_page.RECALL] = 0
        holder.recalled = False
        if holder.occupied:
            holder.occupied = False
            self._pool.vacate(holder.worker)
            self._leave(holder)
        connections, holder.connections = holder.connections, {}
        if holder.retiring or holder.worker.stale:
            self._dismiss(holder)
        for connection in connections.values():
            self._assign(connection)
        self._house()
        self._top_up()

    def _dismiss(self, holder: _DirectWorker) -> None:
        self._workers.remove(holder)
        self._telemetry.keep(holder.tally)
        holder.worker.close()

    async def _bury(self, holder: _DirectWorker) -> None:
        """See to what a worker leaves that has ended."""
        if holder not in self._workers:
            return
        claim, started = holder.words[shared_page.CLAIM], holder.words[shared_page.STARTED]
        self._dismiss(holder)
        connection = holder.connections.pop(claim, None)
        for other in holder.connections.values():
            self._assign(other)
        self._top_up()
        error = await self._pool.lost(holder.worker)
        self._leave(holder)
        if connection is None:
            return
        if started or isinstance(error, AbandonedError):
            self._end(connection, abort=True)
        elif holder.requeue:
            self._relay(connection)
        else:
            self._refuse(connection, error)

    def _leave(self, holder: _DirectWorker) -> None:
        if holder.client:
            self._guard.leave(holder.client)
            holder.client = ""

    # Long queries.

    async def _watch(self) -> None:
        calm = 0
        while True:
            await asyncio.sleep(_TICK)
            calm = 0 if any(holder.occupied for holder in self._workers) else calm + 1
            if calm and calm % _CALM == 0 and len(self._workers) > self._settings.workers:
                self._retire(min(self._workers, key=lambda one: len(one.connections)))
            for holder in list(self._workers):
                turn = holder.words[shared_page.TURN]
                if holder.occupied or not holder.words[shared_page.CLAIM] or turn != holder.turn:
                    holder.turn, holder.looks = turn, 0
                    continue
                holder.looks += 1
                if holder.looks == _LOOKS - 1:
                    self._background(self._detach(holder, turn))
            now = time.monotonic()
            waiting, self._homeless = self._homeless, []
            for connection in waiting:
                if now - connection.since > _PATIENCE:
                    self._relay(connection)
                else:
                    self._homeless.append(connection)
            self._top_up()
            # Room is left for what those that serve now may turn out to have.
            free = sum(not holder.occupied for holder in self._workers)
            crowded = self._pool.busy + free > self._pool.limits.max_workers
            for holder in self._workers:
                holder.words[shared_page.CROWDED] = crowded

    async def _detach(self, holder: _DirectWorker, turn: int) -> None:
        """Leave *holder* to its long query, and let others have its other connections."""
        self._recall(holder)
        await asyncio.sleep(_SETTLE)
        claim = holder.words[shared_page.CLAIM]
        if holder not in self._workers or holder.words[shared_page.TURN] != turn or not claim:
            return  # it has just finished
        connection = holder.connections.get(claim)
        others = [other for other in holder.connections.values() if other is not connection]
        holder.connections = {claim: connection} if connection is not None else {}
        if connection is not None:
            self._occupy(holder, connection)
        self._top_up()
        for other in others:
            self._assign(other)

    def _occupy(self, holder: _DirectWorker, connection: _Connection) -> None:
        message = _peek(connection.sock)
        forwarded = message.headers.get(b"x-forwarded-for") if message is not None else None
        client = self._guard.client(connection.client, forwarded)
        timeout = holder.words[shared_page.TIMEOUT] / 1000
        try:
            self._guard.enter(client)
            holder.client = client
            self._pool.occupy(holder.worker, timeout, partial(_gone, connection.sock))
            holder.occupied = True
        except (OverloadedError, RequestError) as error:
            # In the queue of the server behind it waits for its turn, or is told that there are too many.
            holder.requeue = True
            holder.worker.verdict = OverloadedError(str(error))
            self._pool.cancel(holder.worker)

    def _refuse(self, connection: _Connection, error: MesoontoError) -> None:
        """Answer the request that a worker has died of."""
        message = _peek(connection.sock)
        if message is None:
            self._end(connection)
            return
        started = time.perf_counter()
        accept = message.headers.get(b"accept", b"").decode("latin-1")
        status, headers, body = problems.refusal(error, accept)
        lines = http1.header_lines(
            [*headers, (VERSION_HEADER, self._pool.version), ("access-control-allow-origin", "*")]
        )
        request_id = self._telemetry.request_id()
        head = http1.head(status, lines, request_id, len(body), keep_alive=message.keep_alive)
        broken = False
        try:
            connection.sock.recv(message.size, socket.MSG_DONTWAIT)
            connection.sock.send(head + body, socket.MSG_DONTWAIT)
        except OSError:
            broken = True
        forwarded = message.headers.get(b"x-forwarded-for")
        self._telemetry.note(
            request_id=request_id, method=message.method, path=message.path, query=message.query,
            status=status, size=len(body), rows=-1, started=started, cached=False, broken=broken,
            client=self._guard.client(connection.client, forwarded),
        )  # fmt: skip
        if broken or not message.keep_alive:
            self._end(connection)
        else:
            self._assign(connection)

    def _background(self, coroutine: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[None] = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a task of the acceptor failed", exc_info=error)


def _peek(sock: socket.socket) -> http1.Message | None:
    """The request that waits on *sock*."""
    with contextlib.suppress(OSError, http1.OtherError):
        return http1.parse(sock.recv(http1.LARGEST, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    return None


async def _gone(sock: socket.socket) -> None:
    """Returns when the client has closed the connection, or its side of it."""
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLRDHUP)
    while not poll.poll(0):
        await asyncio.sleep(_GLANCE)
