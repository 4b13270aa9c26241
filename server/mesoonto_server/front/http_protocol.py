"""HTTP/1.1 on the connections that the front answers itself (RFC 9112): one `HttpProtocol` for each.

It reads requests within limits of size and time, hands them one after the other to whoever answers, and sends
what is answered as fast as the client takes it. Nothing is parsed beyond HTTP. A connection whose last
request was a plain query can be given back between two requests, as none of its bytes was read ahead then.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import select
import socket
import urllib.parse
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import cast

import httptools

from mesoonto.errors import AbandonedError
from mesoonto_server.front.connections import has_unread
from mesoonto_server.http import http1
from mesoonto_server.http.client import origin_of
from mesoonto_server.http.parameters import HttpRequest, RequestHeaders
from mesoonto_server.http.problems import RequestError

_log = logging.getLogger(__name__)

#: Seconds for the head of a request, from its first byte or the opening of the connection.
_HEAD_TIMEOUT = 10.0

#: Seconds after which an idle connection is closed.
_IDLE = 75.0

#: Bytes of the header fields of one request.
_MOST_FIELDS = 1 << 16

#: Bytes of a body that are held for whoever reads it.
_AHEAD = 1 << 16

#: Bytes around the chunks of a body for each byte in them: a chunk of one byte has six.
_FRAMING = 8

#: Bytes that are parsed at one time.
_SLICE = 1 << 14

#: Largest part of a body that is written at one time, in bytes.
_PART = 1 << 16

#: Seconds between two looks whether a client that has closed its side is still there, or has read all.
_GLANCE = 0.1
_FLUSHED = 0.005


class Transaction:
    """One request and its response."""

    __slots__ = (
        "_event", "_held", "_parts", "_protocol", "_received", "_truncated", "expects", "fault",
        "has_service", "keep_alive", "plain", "request", "request_id", "size", "status",
    )  # fmt: skip

    def __init__(
        self, protocol: HttpProtocol, request: HttpRequest, *, keep_alive: bool, expects: bool = False,
        fault: RequestError | None = None,
    ) -> None:  # fmt: skip
        self._protocol = protocol
        self._parts: deque[bytes] = deque()
        self._held = 0
        self._received = fault is not None
        self._truncated = False
        self._event = asyncio.Event()
        self.request = request
        self.keep_alive = keep_alive
        self.expects = expects  #: it waits for a word before it sends its body
        self.fault = fault  #: what is wrong with the request, which is no request then
        self.plain = False  #: a connection worker could have answered it
        self.has_service = False  #: a worker has found SERVICE in its query
        self.request_id = b""  #: for the response and the log
        self.status = 0  #: of the response, once it has begun
        self.size = 0  #: bytes of its body

    async def body(self) -> AsyncIterator[bytes]:
        """The body, part by part; RequestError 400 where it breaks off."""
        if self.expects and not self._received:
            self.expects = False
            self._protocol.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while True:
            while self._parts:
                part = self._parts.popleft()
                self._held -= len(part)
                self._protocol.balance()
                yield part
            if self._received:
                return
            if self._truncated:
                raise RequestError(400, "the body broke off before its end", {"connection": "close"})
            self._event.clear()
            await self._event.wait()

    async def gone(self) -> None:
        """Returns when the client has left. One that has only closed its side of the connection has not."""
        await self._protocol.departure(self)

    async def whole(self, status: int, lines: bytes, body: bytes) -> None:
        """Send a response with header *lines* whose body is there already."""
        without = self.request.method == "HEAD"
        self._begin(status, lines, None if without and not body else len(body), chunked=False)
        if without:
            return
        for position in range(0, len(body), _PART):
            if position:
                await self._protocol.drained()
            self._send(body[position : position + _PART])

    def start(self, status: int, lines: bytes) -> None:
        """Begin a response whose body comes in parts; `finish` ends it."""
        if self.request.version == "1.0":
            self.keep_alive = False  # the end of the connection is the end of the body
        self._begin(status, lines, None, chunked=True)

    async def part(self, data: bytes) -> None:
        """Send a part of the body; AbandonedError for a client that has left or does not read."""
        if data and self.request.method != "HEAD":
            await self._protocol.drained()
            self._send(http1.chunk(data) if self.request.version != "1.0" else data, len(data))

    def finish(self) -> None:
        """The body is complete."""
        if self.request.version != "1.0" and self.request.method != "HEAD":
            self._send(http1.chunk(b""), 0)

    def break_off(self) -> None:
        """End the connection here, so that half an answer is not taken for a whole one."""
        self._protocol.abort()

    def _begin(self, status: int, lines: bytes, length: int | None, *, chunked: bool) -> None:
        if not self._received or self._protocol.closing:
            self.keep_alive = False  # what is left of the body would be taken for a request
        self.status = status
        self._protocol.write(
            http1.head(
                status, lines, self.request_id, length, keep_alive=self.keep_alive,
                chunked=chunked and self.request.version != "1.0",
            )
        )  # fmt: skip

    def _send(self, data: bytes, size: int | None = None) -> None:
        self.size += len(data) if size is None else size
        self._protocol.write(data)

    # For the protocol.

    @property
    def received(self) -> bool:
        """Whether the request is there as a whole."""
        return self._received

    @property
    def held(self) -> int:
        """Bytes of the body that nobody has read yet."""
        return self._held

    def feed(self, data: bytes) -> None:
        """Take in a part of the body."""
        if self.status and not self.keep_alive:
            return  # it was answered without it
        self._parts.append(data)
        self._held += len(data)
        self._event.set()

    def complete(self) -> None:
        """The request has come to its end."""
        self._received = True
        self._event.set()

    def truncate(self) -> None:
        """Nothing more will come."""
        self._truncated = True
        self._event.set()


@dataclass(frozen=True, slots=True)
class Service:
    """What all connections have in common."""

    answer: Callable[[Transaction], Awaitable[None]]
    most_target: int  #: bytes of the address in a request
    send_timeout: float  #: seconds without progress after which a client that does not read is left
    proxy: str  #: address of the trusted proxy


class Detachment(Enum):
    """How a protocol left its connection."""

    ENDED = "ended"
    UNREAD = "unread"  #: the client may still be sending
    RETURNED = "returned"  #: between two requests


class HttpProtocol(asyncio.Protocol):
    """One connection, whose client has the address *peer*; *sock* is another copy of its socket.

    *detached* is called when this one is closed; where it *may_return*, a connection worker may have it then.
    """

    def __init__(
        self, service: Service, peer: str, sock: socket.socket,
        detached: Callable[[HttpProtocol, Detachment], None], *, may_return: bool, has_service: bool = False,
    ) -> None:  # fmt: skip
        self._service = service
        self._peer = peer
        self._sock = sock
        self._detached = detached
        self._may_return = may_return
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._current: Transaction | None = None
        self._waiting: deque[Transaction] = deque()
        self._newest: Transaction | None = None
        self._task: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._departed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._reading = True
        self._in_head = False
        self._fed = 0  #: bytes since a request began, and some before it
        self._body_size = 0
        self._target = b""
        self._headers: RequestHeaders = {}
        self._fields_size = 0
        self._muted = False  #: a head is parsed for the sake of the body that follows
        self._half_closed = False
        self._has_service = has_service
        self._lost = False
        self._how = Detachment.ENDED
        self._fault: RequestError | None = None
        self._connected = False
        self.closing = False  #: the response under way, if any, is the last one

    # For the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request."""
        self._transport = cast(asyncio.Transport, transport)  # that of uvloop only looks like one
        self._connected = True
        self._arm(_HEAD_TIMEOUT)
        if self.closing:
            self.shut()

    def data_received(self, data: bytes) -> None:
        """Read what the client sends."""
        for position in range(0, len(data), _SLICE):
            if self._fault is None:
                self._feed(data[position : position + _SLICE])
        self.balance()

    def _feed(self, data: bytes) -> None:
        size = len(data)
        while data:
            try:
                self._parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as upgrade:
                # Another protocol is offered, and may be left alone (RFC 9110, section 7.8).
                self._resume()
                data = data[upgrade.args[0] :]
            except httptools.HttpParserError:
                self._refuse(self._fault or RequestError(400, "this is no HTTP request"))
                return
        self._fed += size
        if self._in_head:
            if self._fed > self._service.most_target + 2 * _MOST_FIELDS:
                self._refuse(RequestError(431, "the head of the request is too large"))
        elif self._newest is not None and not self._newest.received:
            framing = self._fed - len(self._target) - self._fields_size - self._body_size
            if framing > _MOST_FIELDS + _FRAMING * self._body_size:
                self._refuse(RequestError(400, "there is more around the chunks of the body than in them"))

    def eof_received(self) -> bool:
        """The client sends no more, and may wait for the answer to what it has sent."""
        self._half_closed = True
        if self._newest is not None and not self._newest.received:
            self._newest.truncate()
        self._departed.set()
        return self._current is not None

    def pause_writing(self) -> None:
        """The client does not keep up."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The client has read most of it."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # whatever the reason is
        """Let go."""
        self._lost = True
        self._disarm()
        del self._parser  # which holds this protocol
        self._departed.set()
        self._writable.set()
        for transaction in (self._current, *self._waiting):
            if transaction is not None:
                transaction.truncate()
        self._waiting.clear()
        self._detached(self, self._how)

    # For the parser.

    def on_message_begin(self) -> None:
        """A request begins."""
        if self._muted:
            return
        self._in_head = True
        self._fed = 0
        self._body_size = 0
        self._target = b""
        self._headers = {}
        self._fields_size = 0
        if self._current is None:
            self._arm(_HEAD_TIMEOUT)

    def on_url(self, part: bytes) -> None:
        """A part of the target."""
        if self._muted:
            return
        self._target += part
        if len(self._target) > self._service.most_target:
            raise self._faulty(RequestError(414, "the address is too long; send the query with POST"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field."""
        if self._muted:
            return
        self._fields_size += len(name) + len(value) + len(": \r\n")
        if self._fields_size > _MOST_FIELDS:
            raise self._faulty(RequestError(431, "the header fields are too large"))
        http1.add_field(self._headers, name, value)

    def on_headers_complete(self) -> None:
        """The head is there: a transaction begins."""
        if self._muted:
            return
        self._in_head = False
        self._disarm()
        version = self._parser.get_http_version()
        headers = self._headers
        host = headers.get(b"host", b"" if version == "1.0" else None)
        if not http1.is_host(host):
            raise self._faulty(RequestError(400, "a request names one host, in a header Host"))
        path, query = self._split(self._target)
        request = self._request(self._parser.get_method().decode("ascii"), path, query, version, headers)
        transaction = Transaction(
            self, request,
            keep_alive=version != "1.0" and self._parser.should_keep_alive(),
            expects=headers.get(b"expect", b"").lower() == b"100-continue",
        )  # fmt: skip
        transaction.has_service, self._has_service = self._has_service, False
        self._take(transaction)

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        self._body_size += len(data)
        if self._newest is not None:
            self._newest.feed(data)

    def on_message_complete(self) -> None:
        """The request is there as a whole."""
        offer = not self._muted and self._parser.should_upgrade()
        if self._newest is not None and not offer:
            self._newest.complete()

    # For transactions.

    def write(self, data: bytes) -> None:
        """Send *data*; AbandonedError when nobody is there any more."""
        if self._lost:
            raise AbandonedError("the client has gone")
        self._transport.write(data)

    async def drained(self) -> None:
        """Returns when the client has read nearly all; AbandonedError when it does not."""
        if not self._writable.is_set():
            try:
                async with asyncio.timeout(self._service.send_timeout):
                    await self._writable.wait()
            except TimeoutError:
                raise AbandonedError("the client does not read") from None
        if self._lost:
            raise AbandonedError("the client has gone")

    async def departure(self, transaction: Transaction) -> None:
        """Returns when the client has left.

        One that has closed its side is asked by an interim response (RFC 9110, section 15.2): a client that
        waits skips it, and the system of one that has left answers with a reset.
        """
        await self._departed.wait()
        if self._lost:
            return
        if not transaction.status and transaction.request.version != "1.0":
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        poll = select.poll()
        poll.register(self._sock.fileno(), 0)
        while not self._lost and not poll.poll(0):
            await asyncio.sleep(_GLANCE)

    def balance(self) -> None:
        """Read on, or do not, as what was read already is taken."""
        held = self._newest.held if self._newest is not None else 0
        wanted = not (self._waiting or self._half_closed or self._fault) and held <= _AHEAD
        if self._lost or wanted == self._reading or self._half_closed:
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def abort(self) -> None:
        """Break the connection off: what was sent of the answer is not the whole."""
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.closing = True
        self._transport.abort()

    # For whoever owns it.

    def shut(self) -> None:
        """Answer what is under way or has been sent, and close."""
        self.closing = True
        if self._connected and self._current is None and not has_unread(self._sock):
            self._transport.close()

    # Inside.

    def _resume(self) -> None:
        """Read the body of a request that offers another protocol, for which the parser takes it."""
        framing = [
            b"%b: %b\r\n" % (name, self._headers[name])
            for name in (b"content-length", b"transfer-encoding")
            if name in self._headers
        ]
        self._parser = httptools.HttpRequestParser(self)
        if framing:
            self._muted = True
            self._parser.feed_data(b"".join([b"POST / HTTP/1.1\r\n", *framing, b"\r\n"]))
            self._muted = False
        elif self._newest is not None:
            self._newest.complete()

    def _faulty(self, error: RequestError) -> RequestError:
        """Remember *error*, because the parser tells of no exception but its own."""
        self._fault = error
        return error

    def _refuse(self, error: RequestError) -> None:
        """Answer what is no request with *error*, after the requests before it, and then close."""
        self._fault = error
        self._in_head = False
        self._disarm()
        if self._newest is not None and not self._newest.received:
            self._newest.truncate()  # its chunks are no chunks
            self.closing = True
            return
        request = self._request("", "", b"", "1.1", self._headers)
        self._how = Detachment.UNREAD
        self._take(Transaction(self, request, keep_alive=False, fault=error))

    def _request(
        self, method: str, path: str, query: bytes, version: str, headers: RequestHeaders
    ) -> HttpRequest:
        def text(name: bytes) -> str:
            return headers.get(name, b"").decode("latin-1")

        origin = origin_of(
            self._peer, "http", text(b"x-forwarded-for"), text(b"x-forwarded-proto"), self._service.proxy,
            forwarded=b"forwarded" in headers,
        )  # fmt: skip
        return HttpRequest(method, path, query, headers, self._peer, origin.client, origin.scheme, version)

    def _split(self, target: bytes) -> tuple[str, bytes]:
        """Path, decoded, and query of *target*."""
        if not target.startswith((b"/", b"*")):  # the absolute form of a proxy's client
            parsed = httptools.parse_url(target)
            target = (parsed.path or b"/") + b"?" + (parsed.query or b"")
        path, _, query = target.partition(b"?")
        return urllib.parse.unquote(path.decode("ascii"), errors="surrogateescape"), query

    def _take(self, transaction: Transaction) -> None:
        self._newest = transaction
        if self._current is None:
            self._begin(transaction)
        else:
            self._waiting.append(transaction)

    def _begin(self, transaction: Transaction) -> None:
        self._current = transaction
        if not transaction.keep_alive:
            self.closing = True
        self._task = self._loop.create_task(self._answer(transaction))

    async def _answer(self, transaction: Transaction) -> None:
        try:
            await self._service.answer(transaction)
        except AbandonedError:
            self.abort()
        except Exception:  # noqa: BLE001  # the boundary of a request
            _log.exception("a request could not be answered")
            self.abort()
        self._answered(transaction)

    def _answered(self, transaction: Transaction) -> None:
        self._current = None
        if self._lost:
            return
        if not transaction.received:
            self._how = Detachment.UNREAD
        if self._waiting and transaction.keep_alive:
            self._begin(self._waiting.popleft())
            self.balance()
            return
        if self.closing or self._half_closed or not transaction.keep_alive:
            self._transport.close()
            self._arm(self._service.send_timeout)
            return
        self._arm(_HEAD_TIMEOUT if self._in_head else _IDLE)
        self.balance()
        if transaction.plain and self._may_return:
            self._loop.call_soon(self._give_back)

    def _give_back(self) -> None:
        """Let a connection worker have the connection, if nothing of another request was read."""
        ending = self.closing or self._half_closed or self._lost
        if ending or self._current is not None or self._in_head:
            return
        if self._transport.get_write_buffer_size():
            self._loop.call_later(_FLUSHED, self._give_back)
            return
        self._how = Detachment.RETURNED
        self._transport.abort()

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._deadline = self._loop.call_later(seconds, self._expire)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self) -> None:
        """Nothing has come for too long, or nothing was taken."""
        if self._current is None:
            self._transport.abort()
