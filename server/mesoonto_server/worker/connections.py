"""A worker that holds connections of clients: it reads a query, evaluates it, and answers on the connection.

Nothing is handed from process to process for a small query, which costs as much as evaluating it. The worker
can be killed all the same, because whatever it knows of its connections the kernel knows, too:

- A request is looked at (MSG_PEEK) and stays in the socket until its answer has been sent.
- The front holds a copy of each connection. When a query takes long, it gives the other connections to
  another worker, and when it has to end the query, it finds the request and answers it.

What both share of the state is a page of memory, one machine word for each thing. Before it touches a
connection, the worker writes its number (CLAIM) and then reads whether it is to give its connections up
(RECALL). The front writes RECALL, waits for longer than a store takes to become visible to other cores,
and then reads CLAIM. So it either sees the claim, or the worker sees the recall.
"""

from __future__ import annotations

import contextlib
import mmap
import select
import socket
import time
from array import array
from collections.abc import Iterator
from functools import partial

from mesoonto.dataset.store import Engine
from mesoonto.errors import MesoontoError
from mesoonto.processes import framing
from mesoonto.processes.worker import Work
from mesoonto_server.engine_link import EngineLink
from mesoonto_server.http import http1, parameters
from mesoonto_server.http.cache import Cache
from mesoonto_server.http.client import origin_of, site_of
from mesoonto_server.http.headers import FEDERATED, completed
from mesoonto_server.http.messages import Head, Tail
from mesoonto_server.http.parameters import HttpRequest
from mesoonto_server.http.problems import RequestError
from mesoonto_server.settings import Settings
from mesoonto_server.shared_page import (
    ASKING,
    CLAIM,
    CLOSED,
    CROWDED,
    FREE,
    HANDED,
    NOTICE,
    PAGE,
    PASSED,
    RECALL,
    SERVICE,
    STARTED,
    TIMEOUT,
    TURN,
    WORDS,
)
from mesoonto_server.shared_rate import SharedRate
from mesoonto_server.telemetry.counts import SharedCounters
from mesoonto_server.telemetry.report import Recorder
from mesoonto_server.worker import query
from mesoonto_server.worker.federated import NOBODY
from mesoonto_server.worker.reply import WorkerResponse

#: Seconds for the rest of a request to come, and between two looks for it; later it is passed on.
_REST = 0.2
_LOOK = 0.005

#: Seconds after which an idle connection is closed: one that has asked something, and one that has not.
_IDLE = 75.0
_SILENT = 10.0
_SWEEP = 2.0


def work(
    settings: Settings, rate: SharedRate | None = None, *, federated: bool, link: EngineLink | None = None
) -> Work:
    """What a connection worker does; the requests that it answers are counted in *rate*.

    Queries go to the engine at the other end of *link*, where there is one.
    """

    def run(engine: Engine, channel: socket.socket) -> Iterator[None]:
        _, descriptors, _, _ = socket.recv_fds(channel, HANDED.size, 1)
        for page in descriptors:  # none when the front has gone meanwhile
            memory = memoryview(mmap.mmap(page, PAGE))
            yield from _ConnectionLoop(
                engine, channel, memory, settings, rate, federated=federated, link=link
            ).run()

    return run


class _HeldConnection:
    """A client's connection."""

    __slots__ = ("address", "asked", "number", "seen", "site", "sock")

    def __init__(self, number: int, address: str, sock: socket.socket, *, asked: bool) -> None:
        self.number = number
        self.address = address
        self.site = site_of(address)
        self.sock = sock
        self.asked = asked  #: whether a request was answered
        self.seen = time.monotonic()  #: when it last was, or when a part of the next one came


class _ConnectionLoop:
    def __init__(
        self, engine: Engine, channel: socket.socket, page: memoryview, settings: Settings,
        rate: SharedRate | None = None, *, federated: bool, link: EngineLink | None = None,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._channel = channel
        self._words = page[:WORDS].cast("Q")
        self._recorder = Recorder(settings, SharedCounters(page[WORDS:]))
        self._cache = Cache((settings.cache << 20) // settings.query_workers)
        self._answer = partial(
            query.answer, max_rows=settings.max_rows, others=None if federated else NOBODY, link=link
        )
        self._largest_query = settings.max_query << 10
        self._proxy = settings.trusted_proxy
        self._rate = rate
        self._acknowledged = 0
        self._connections: dict[int, _HeldConnection] = {}  #: by file descriptor
        self._incomplete: set[int] = set()
        self._epoll = select.epoll()
        self._epoll.register(channel.fileno(), select.EPOLLIN)
        self._swept = time.monotonic()

    def run(self) -> Iterator[None]:
        """Serve until the front has gone."""
        channel = self._channel.fileno()
        while True:
            for descriptor, _ in self._epoll.poll(_LOOK if self._incomplete else _SWEEP):
                if descriptor == channel:
                    if not self._hear():
                        return
                    if self._words[RECALL]:
                        self._give_up()
                elif (connection := self._connections.get(descriptor)) is not None:
                    self._claim(connection)
            for descriptor in list(self._incomplete):
                if descriptor in self._incomplete:  # unless all were given up meanwhile
                    self._claim(self._connections[descriptor])
            self._sweep()
            yield

    def _claim(self, connection: _HeldConnection) -> None:
        words = self._words
        words[CLAIM] = connection.number
        words[TURN] += 1
        if words[RECALL]:
            words[CLAIM] = 0
            self._give_up()
            return
        # What is raised here ends the process, with the claim as it is: it tells whose request it was.
        self._serve(connection)
        words[CLAIM] = words[STARTED] = words[TIMEOUT] = 0
        if words[RECALL]:
            self._give_up()

    def _serve(self, connection: _HeldConnection) -> None:
        """Answer the request that *connection* has, or leave it to others."""
        started = time.perf_counter()
        try:
            data = connection.sock.recv(http1.LARGEST, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(connection)
            return
        try:
            message = http1.parse(data)
        except http1.NotPlainError:
            self._pass_on(connection)
            return
        if message is None:
            self._wait_for_rest(connection)
            return
        request = self._request(connection, message)
        query, body = request.query, message.body
        if not (
            self._engine.version  # without one there are no data yet, which the front tells
            and parameters.may_be_query(request)
            and parameters.is_query(request, body)
            and max(len(query), len(body)) <= self._largest_query
        ):
            self._pass_on(connection)
            return
        self._forget_rest(connection)
        request_id = self._recorder.request_id()
        reply = _DirectReply(self._words, connection.sock, request_id, self._engine.version, message)
        cached = False
        try:
            cached = self._reply_to(request, body, reply)
        except OSError:  # the client has gone, or takes nothing
            reply.broken = True
        if reply.passed_on:
            if self._rate is not None:
                self._rate.take_back(request.client)
            self._pass_on(connection, SERVICE if reply.has_service else PASSED)
            return
        connection.asked = True
        connection.seen = time.monotonic()
        self._recorder.note(
            request_id=request_id, method=request.method, path=request.path, query=query,
            status=reply.status, size=reply.size, rows=reply.rows, started=started,
            cached=cached, broken=reply.broken, client=request.client,
        )  # fmt: skip
        # All of it is there, and this is what lets the next one come up.
        connection.sock.recv(message.size, socket.MSG_DONTWAIT)
        if reply.broken or not message.keep_alive:
            self._close(connection)

    def _request(self, connection: _HeldConnection, message: http1.Message) -> HttpRequest:
        headers = message.headers
        if self._proxy and connection.address == self._proxy:
            origin = origin_of(
                connection.address, "http", headers.get(b"x-forwarded-for", b"").decode("latin-1"),
                headers.get(b"x-forwarded-proto", b"").decode("latin-1"), self._proxy,
            )  # fmt: skip
            client, scheme = origin.client, origin.scheme
        else:
            client, scheme = connection.site, "http"
        return HttpRequest(
            message.method, message.path, message.query, headers, connection.address, client, scheme
        )

    def _reply_to(self, request: HttpRequest, body: bytes, reply: _DirectReply) -> bool:
        """Answer *request*; whether the answer came from the cache."""
        if self._rate is not None:
            try:
                self._rate.check(request.client)
            except RequestError as error:
                WorkerResponse(parameters.request_of("query", request, b"", 0), reply).refuse(error)
                return False
        key = parameters.cache_key(request, body)
        found = self._cache.get(key)
        if found is not None:
            reply.rows = found.rows
            reply.send(*found.response(request.headers.get(b"if-none-match")))
            return True
        timeout = parameters.timeout_of(request.query, body)
        if timeout:
            self._words[TIMEOUT] = int(timeout * 1000)
        asked = parameters.request_of("query", request, body, self._largest_query)
        response = WorkerResponse(asked, reply)
        try:
            self._answer(self._engine, asked, response)
        except (MesoontoError, RequestError) as error:
            response.refuse(error)
        if reply.cacheable is not None:
            self._cache.put(key, reply.cacheable, reply.lines, len(request.query) + len(body))
        return False

    def _wait_for_rest(self, connection: _HeldConnection) -> None:
        """Look again soon; the event would come again and again for the part that is there."""
        descriptor = connection.sock.fileno()
        if descriptor not in self._incomplete:
            self._incomplete.add(descriptor)
            self._epoll.modify(descriptor, 0)
            connection.seen = time.monotonic()
        elif time.monotonic() - connection.seen > _REST:
            self._pass_on(connection)

    def _forget_rest(self, connection: _HeldConnection) -> None:
        descriptor = connection.sock.fileno()
        if descriptor in self._incomplete:
            self._incomplete.remove(descriptor)
            self._epoll.modify(descriptor, select.EPOLLIN)

    def _pass_on(self, connection: _HeldConnection, why: bytes = PASSED) -> None:
        self._let_go(connection)
        self._tell(why, connection.number)

    def _close(self, connection: _HeldConnection) -> None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)  # the front's copy is open still
        self._let_go(connection)
        self._tell(CLOSED, connection.number)

    def _let_go(self, connection: _HeldConnection) -> None:
        descriptor = connection.sock.fileno()
        del self._connections[descriptor]
        self._incomplete.discard(descriptor)
        self._epoll.unregister(descriptor)
        connection.sock.close()

    def _give_up(self) -> None:
        """Touch no connection any more until new ones come."""
        recall = self._words[RECALL]
        if recall == self._acknowledged:
            return
        while self._hear(wait=False):  # what was on its way before the recall
            pass
        for connection in list(self._connections.values()):
            self._let_go(connection)
        self._acknowledged = recall
        self._tell(FREE, recall)

    def _hear(self, *, wait: bool = True) -> bool:
        """Take in what the front sends; False when there is nothing, or nobody any more."""
        # Not recv_fds, which forgets the flags.
        space = socket.CMSG_LEN(array("i").itemsize)
        try:
            data, ancillary, _, _ = self._channel.recvmsg(
                HANDED.size, space, 0 if wait else socket.MSG_DONTWAIT
            )
        except BlockingIOError:
            return False
        if not data:
            return False
        number, asked, address = HANDED.unpack(data)
        for _, _, content in ancillary:
            descriptor = array("i", content)[0]
            sock = socket.socket(fileno=descriptor)
            client = address.rstrip(b"\0").decode()
            self._connections[descriptor] = _HeldConnection(number, client, sock, asked=asked)
            self._epoll.register(descriptor, select.EPOLLIN)
        return True

    def _sweep(self) -> None:
        """Close idle connections."""
        now = time.monotonic()
        if now - self._swept < _SWEEP:
            return
        self._swept = now
        for connection in list(self._connections.values()):
            if now - connection.seen > (_IDLE if connection.asked else _SILENT):
                self._words[CLAIM] = connection.number
                if not self._words[RECALL]:
                    self._close(connection)
                self._words[CLAIM] = 0

    def _tell(self, what: bytes, number: int) -> None:
        framing.send(self._channel, NOTICE.pack(what, number))


class _DirectReply:
    """The response to one message, on its connection."""

    def __init__(
        self, words: memoryview, sock: socket.socket, request_id: bytes, version: str, message: http1.Message
    ) -> None:
        self._words = words
        self._sock = sock
        self._version = version
        self._keep_alive = message.keep_alive
        self.request_id = request_id
        self.status = 0
        self.size = 0
        self.rows = -1
        self.broken = False
        self.passed_on = False
        self.has_service = False
        self.cacheable: Head | None = None
        self.lines = b""  #: the headers of a cacheable answer

    def send(self, status: int, lines: bytes, body: bytes) -> None:
        """Send a whole response."""
        self._begin()
        self.status = status
        self.size = len(body)
        head = http1.head(status, lines, self.request_id, len(body), keep_alive=self._keep_alive)
        self._sock.sendall(head + body)

    def _begin(self) -> None:
        """The answer begins; not in the middle of a word of the front's, which takes it a millisecond."""
        words = self._words
        words[STARTED] = 1
        while words[ASKING]:
            words[STARTED] = 0  # nothing was sent yet, should this be the end of the process
            time.sleep(_LOOK)
            words[STARTED] = 1

    def whole(self, head: Head) -> None:
        if head.status == FEDERATED:
            self.passed_on = self.has_service = True
            return
        lines = http1.header_lines(completed(head.headers, self._version))
        if head.cacheable and head.status == 200:
            self.cacheable, self.lines = head, lines
        self.rows = head.rows
        self.send(head.status, lines, head.body)

    def start(self, head: Head) -> None:
        if self._words[CROWDED]:
            self.passed_on = True
            raise OSError("not now")
        self._begin()
        self.status = head.status
        lines = http1.header_lines(completed(head.headers, self._version))
        start = http1.head(head.status, lines, self.request_id, None, keep_alive=self._keep_alive)
        self._sock.sendall(start)
        self.part(head.body)

    def part(self, body: bytes) -> None:
        if body:
            self.size += len(body)
            self._sock.sendall(http1.chunk(body))

    def end(self, tail: Tail) -> None:
        self.part(tail.body)
        self.rows = tail.rows
        self._sock.sendall(http1.chunk(b""))

    def fail(self, reason: str) -> None:  # noqa: ARG002  # the client is told by breaking off
        self.broken = True
