"""Accepts connections, and decides who answers on each: a connection worker, or the front itself."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import resource
import select
import socket
import struct
import time
from collections import Counter
from collections.abc import Coroutine
from functools import partial

from mesoonto.errors import MesoontoError
from mesoonto.processes.pool import Pool
from mesoonto_server.front.connections import ClientConnection, has_unread
from mesoonto_server.front.http_protocol import Detachment, HttpProtocol, Service
from mesoonto_server.front.workforce import Workforce
from mesoonto_server.http import http1, problems
from mesoonto_server.http.client import origin_of
from mesoonto_server.http.headers import completed
from mesoonto_server.http.problems import RequestError
from mesoonto_server.settings import Settings
from mesoonto_server.telemetry.report import Telemetry

_log = logging.getLogger(__name__)

#: Connections that are held at one time; idle ones cost some kilobytes each.
CONNECTIONS = 2048

#: Open files for each of them: one on which the front answers takes two.
_FILES_EACH = 3

#: Open files that are enough for all.
FILES = _FILES_EACH * CONNECTIONS

#: Bytes that wait in the kernel for a client that does not read; it doubles the number.
_SEND_BUFFER = 1 << 18

#: Seconds and bytes to go on reading from a client after the last answer: one that still sends would be
#: reset, and might not see the answer.
_LINGER = 2.0
_LINGER_BYTES = 64 << 20

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


def has_connection_workers(settings: Settings) -> bool:
    """Whether connection workers answer queries; they need epoll, which Linux has."""
    return settings.direct and hasattr(select, "epoll")


class Acceptor:
    """All methods belong to the event loop of the front."""

    def __init__(
        self, listener: socket.socket, service: Service, pool: Pool, telemetry: Telemetry, settings: Settings
    ) -> None:
        self._listener = listener
        self._service = service
        self._pool = pool
        self._telemetry = telemetry
        self._settings = settings
        self._direct = has_connection_workers(settings)
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        unlimited = files == resource.RLIM_INFINITY
        self._most = CONNECTIONS if unlimited else min(CONNECTIONS, files // _FILES_EACH)
        self._numbers = itertools.count(1)
        self._held: Counter[str] = Counter()  #: connections of each client
        self._here: set[HttpProtocol] = set()  #: those on which the front answers
        self._accepting = False
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.workforce = Workforce(self, pool, telemetry, settings)

    async def open(self) -> None:
        """Start the workers and accept connections."""
        self._loop = asyncio.get_running_loop()
        milliseconds = int(self._settings.send_timeout * 1000)
        with contextlib.suppress(AttributeError):  # Linux only
            self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        if self._direct:
            await self.workforce.open()
        self._accept_more()

    async def renew(self) -> None:
        """Answer from the newest data."""
        if self._direct:
            await self.workforce.renew()

    async def close(self) -> None:
        """Accept no more, and return when the requests that were sent are answered."""
        self._closing = True
        self._stop_accepting()
        for protocol in list(self._here):
            protocol.shut()
        await self.workforce.close()
        await asyncio.sleep(0)  # so that what it gave back is among them
        while self._here:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()

    # For the workforce, which has the other connections.

    def answer_here(self, connection: ClientConnection) -> None:
        """Let the front answer on *connection*."""
        if self._closing and not has_unread(connection.sock):
            self.end(connection)
        else:
            self._background(self._attach(connection))

    def end(self, connection: ClientConnection, *, abort: bool = False) -> None:
        """Close *connection*; *abort* resets it."""
        connection.close(abort=abort)
        self._held[connection.site] -= 1
        if not self._held[connection.site]:
            del self._held[connection.site]
        self._accept_more()

    def refuse(self, connection: ClientConnection, error: MesoontoError) -> None:
        """Answer the request that a worker has died of."""
        message = connection.peek()
        if message is None:
            self.end(connection)
            return
        started = time.perf_counter()
        accept = message.headers.get(b"accept", b"").decode("latin-1")
        forwarded = message.headers.get(b"x-forwarded-for", b"").decode("latin-1")
        request_id = self._telemetry.request_id()
        status, head, body = self._refusal(error, accept, request_id, keep_alive=message.keep_alive)
        broken = False
        try:
            connection.sock.recv(message.size, socket.MSG_DONTWAIT)
            connection.sock.send(head + body, socket.MSG_DONTWAIT)
        except OSError:
            broken = True
        origin = origin_of(connection.peer, "http", forwarded, "", self._settings.trusted_proxy)
        self._telemetry.note(
            request_id=request_id, method=message.method, path=message.path, query=message.query,
            status=status, size=len(body), rows=-1, started=started, cached=False, broken=broken,
            client=origin.client,
        )  # fmt: skip
        if broken or not message.keep_alive:
            self.end(connection)
        else:
            self.workforce.assign(connection)

    def _refusal(
        self, error: MesoontoError | RequestError, accept: str, request_id: bytes, *, keep_alive: bool
    ) -> tuple[int, bytes, bytes]:
        status, headers, body = problems.refusal(error, accept)
        lines = http1.header_lines(completed(headers, self._pool.version))
        return status, http1.head(status, lines, request_id, len(body), keep_alive=keep_alive), body

    # Accepting.

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
            connection = ClientConnection(next(self._numbers), address[0], sock)
            self._held[connection.site] += 1
            if self._too_many(connection, self._settings.client_connections):
                self._turn_away(connection)
                continue
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._may_be_direct(connection):
                self._assign(connection)
            else:
                self.answer_here(connection)

    def _too_many(self, connection: ClientConnection, most: int) -> bool:
        """Whether the client has more than *most* connections. A proxy has those of many."""
        return connection.peer != self._settings.trusted_proxy and self._held[connection.site] > most

    def _may_be_direct(self, connection: ClientConnection) -> bool:
        # Beyond the limit of requests at one time, which the front counts, it has to see them.
        return self._direct and not self._too_many(connection, self._settings.client_limit)

    def _turn_away(self, connection: ClientConnection) -> None:
        most = self._settings.client_connections
        error = RequestError(429, f"more than {most} connections at one time", {"retry-after": "10"})
        _, head, body = self._refusal(error, "", self._telemetry.request_id(), keep_alive=False)
        with contextlib.suppress(OSError):
            connection.sock.send(head + body, socket.MSG_DONTWAIT)
            connection.sock.shutdown(socket.SHUT_WR)
        self.end(connection)

    def _assign(self, connection: ClientConnection) -> None:
        """Let a worker have *connection*."""
        seconds, rest = divmod(self._settings.send_timeout, 1)
        # For the worker, which blocks while it sends.
        limit = struct.pack("@ll", int(seconds), int(rest * 1e6))
        connection.sock.setblocking(True)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        self.workforce.assign(connection)

    # Answering here.

    async def _attach(self, connection: ClientConnection) -> None:
        connection.sock.setblocking(False)
        protocol = HttpProtocol(
            self._service, connection.peer, connection.sock, partial(self._detached, connection),
            may_return=self._direct, has_service=connection.has_service,
        )  # fmt: skip
        connection.has_service = False
        protocol.closing = self._closing
        self._here.add(protocol)
        copy = connection.sock.dup()
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, copy)
        except OSError:  # it has gone
            copy.close()
            self._here.remove(protocol)
            self.end(connection)

    def _detached(self, connection: ClientConnection, protocol: HttpProtocol, how: Detachment) -> None:
        self._here.discard(protocol)
        if how is Detachment.RETURNED:
            self._returned(connection)
        elif how is Detachment.UNREAD and not self._closing:
            self._background(self._linger(connection))
        else:
            self.end(connection)

    def _returned(self, connection: ClientConnection) -> None:
        if not self._closing and self._may_be_direct(connection):
            self._assign(connection)
        else:
            self.answer_here(connection)

    async def _linger(self, connection: ClientConnection) -> None:
        """Read on for a while."""
        size = 0
        with contextlib.suppress(OSError, TimeoutError):
            connection.sock.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(_LINGER):
                while size < _LINGER_BYTES and (part := await self._loop.sock_recv(connection.sock, 1 << 16)):
                    size += len(part)
        self.end(connection)

    def _background(self, coroutine: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[None] = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a task of the acceptor failed", exc_info=error)
