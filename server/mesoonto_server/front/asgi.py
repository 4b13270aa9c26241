"""The application that granian calls, for what direct workers do not answer: queries go on to workers of the
pool, and all else to Flask.

Whatever a request holds, this process only moves its bytes: it reads a body up to a limit and a deadline, and
never parses what a stranger sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from mesoonto.errors import AbandonedError, MesoontoError
from mesoonto.federation.config import Endpoints
from mesoonto_server.front import malloc
from mesoonto_server.front.acceptor import Acceptor
from mesoonto_server.front.client_limits import Guard
from mesoonto_server.front.gateway import Exchange, Gateway
from mesoonto_server.front.relay import Origins
from mesoonto_server.front.wsgi import Bridge
from mesoonto_server.http import bodies, parameters, problems
from mesoonto_server.http.cache import Cache, encoded
from mesoonto_server.http.headers import FEDERATED, VERSION_HEADER, matches
from mesoonto_server.http.parameters import Headers
from mesoonto_server.http.problems import RequestError
from mesoonto_server.settings import Settings
from mesoonto_server.telemetry.report import Telemetry
from mesoonto_server.web.app import create_app
from mesoonto_server.web.tokens import Tokens

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

#: Largest part of a body that is handed to granian, in bytes.
_PART = 1 << 16

#: What the operator's own tools ask for; no client's limit holds for them.
_PROBES = frozenset(("/health/live", "/health/ready", "/health/network", "/metrics"))

#: Seconds between two looks at what is published on disk.
_LOOK = 1.0


class BrokenOffError(Exception):
    """Raised to granian, breaks the connection off, so that half an answer is not taken for a whole one."""


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a message of granian is more than the stack trace of a response that we broke off."""
    return BrokenOffError.__name__ not in record.getMessage()


class _Sender:
    """Sends a response, remembers what was sent, and gives it the name of the request."""

    __slots__ = ("_request_id", "_send", "_timeout", "broken", "cached", "rows", "size", "status")

    def __init__(self, send: Send, request_id: bytes, timeout: float) -> None:
        self._send = send
        self._request_id = request_id
        self._timeout = timeout
        self.status = 0
        self.size = 0
        self.rows = -1
        self.cached = False
        self.broken = False

    async def start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.status = status
        headers = [*headers, (b"x-request-id", self._request_id)]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def part(self, body: bytes, *, more: bool) -> None:
        """Send a part of the body; a client that takes none for too long is given up."""
        self.size += len(body)
        message = {"type": "http.response.body", "body": body, "more_body": more}
        if not more:
            await self._send(message)
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._send(message)
        except TimeoutError:
            raise AbandonedError("the client does not read") from None

    async def whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Send a response whose body is there already."""
        if len(body) <= _PART:
            await self.start(status, headers)
            await self.part(body, more=False)
            return
        # In parts, so that a client that does not read holds a part and not the whole in the server's memory.
        await self.start(status, [*headers, (b"content-length", str(len(body)).encode())])
        last = (len(body) - 1) // _PART * _PART
        for position in range(0, last, _PART):
            await self.part(body[position : position + _PART], more=True)
        await self.part(body[last:], more=False)


class Front:
    """An ASGI application."""

    def __init__(
        self, gateway: Gateway, settings: Settings, tokens: Tokens | None, endpoints: Endpoints,
        listener: socket.socket, behind: tuple[str, int], origins: Origins,
    ) -> None:  # fmt: skip
        self._gateway = gateway
        self._settings = settings
        self._telemetry = Telemetry(gateway.pool, settings)
        self._guard = Guard(settings)
        self._cache: Cache[list[tuple[bytes, bytes]]] = Cache(settings.cache << 20)
        self._origins = origins
        self._acceptor = Acceptor(
            listener, behind, origins, gateway.pool, self._guard, self._telemetry, settings
        )
        self._flask = Bridge(create_app(gateway, settings, tokens, endpoints, self._telemetry), settings)
        self._max_query = settings.max_query << 10
        self._tasks: list[asyncio.Task[None]] = []
        for handler in logging.getLogger("_granian").handlers:
            handler.addFilter(_is_news)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and stop with the server."""
        if scope["type"] != "http":
            await self._live(receive, send)
            return
        started = time.perf_counter()
        headers: Headers = {}
        for name, value in scope["headers"]:
            # Repeated headers make one list (RFC 9110, section 5.3).
            headers[name] = headers[name] + b", " + value if name in headers else value
        address = self._origins.of(int(scope["client"][1]))
        scope = {**scope, "client": (address, 0)}
        client = self._guard.client(address, headers.get(b"x-forwarded-for"))
        request_id = self._telemetry.request_id()
        sender = _Sender(send, request_id, self._settings.send_timeout)
        path = scope["path"]
        entered = False
        try:
            if path not in _PROBES:
                self._guard.enter(client)
                entered = True
            if parameters.is_query_address(path) and parameters.may_be_query(
                scope["method"], scope["query_string"], headers
            ):
                await self._sparql(scope, headers, receive, sender)
            else:
                await self._flask(scope, headers, receive, sender)
        except (MesoontoError, RequestError) as error:
            if sender.status:
                sender.broken = True
                raise BrokenOffError from error
            if isinstance(error, AbandonedError):
                return
            accept = headers.get(b"accept", b"").decode("latin-1")
            status, lines, body = problems.refusal(error, accept)
            lines = [*lines, ("access-control-allow-origin", "*"), self._version()]
            await sender.whole(status, encoded(lines), body)
        finally:
            if entered:
                self._guard.leave(client)
            self._telemetry.note(
                request_id=request_id, method=scope["method"], path=scope["path"],
                query=scope["query_string"], status=sender.status, size=sender.size, rows=sender.rows,
                started=started, cached=sender.cached, broken=sender.broken, client=client,
            )  # fmt: skip

    async def _sparql(self, scope: Scope, headers: Headers, receive: Receive, sender: _Sender) -> None:
        """Answer the query operation here; everything else at this address is Flask's."""
        method, path, query = scope["method"], scope["path"], scope["query_string"]
        body = b""
        if method == "POST":
            length = headers.get(b"content-length", b"")
            with await bodies.read(receive, length, self._max_query, self._settings.body_timeout) as file:
                body = file.read()
        if not parameters.is_query(query, headers, body):
            await self._flask(scope, headers, _again(body, receive), sender)
            return
        if len(query) > self._max_query:
            raise RequestError(414, "the address is too long; send the query with POST")
        key = parameters.cache_key(path, query, headers, body)
        found = self._cache.get(key)
        if found is not None:
            sender.cached = True
            sender.rows = found.rows
            wanted = headers.get(b"if-none-match")
            if wanted is not None and matches(wanted.decode("latin-1"), found.etag):
                await sender.whole(304, found.headers, b"")
            else:
                await sender.whole(found.status, found.headers, found.body)
            return
        request = parameters.request_of(
            "query", method, scope["scheme"], path, query, headers, body, self._max_query
        )
        timeout = parameters.timeout_of(query, body)
        exchange = await self._gateway.read(request, timeout, partial(_left, receive))
        head = exchange.head
        if head.status == FEDERATED:
            await self._flask(scope, headers, _again(body, receive), sender)
            return
        try:
            refused = head.status >= 400
            lines = encoded([*head.headers, self._version()] if refused else head.headers)
            whole = head.status == 200 and not exchange.more
            if whole and head.cacheable and exchange.version == self._gateway.pool.version:
                self._cache.put(key, head, lines, len(query) + len(body))
            sender.rows = exchange.rows
            if not exchange.more:
                await sender.whole(head.status, lines, head.body)
                return
            await sender.start(head.status, lines)
            await self._relay(exchange, sender)
        finally:
            exchange.close()

    def _version(self) -> tuple[str, str]:
        """The header that names the data, for responses that do not come from them."""
        return (VERSION_HEADER, self._gateway.pool.version)

    async def _relay(self, exchange: Exchange, sender: _Sender) -> None:
        """Send the body as fast as the client takes it."""
        await sender.part(exchange.head.body, more=True)
        while exchange.more:
            part = await exchange.part()
            await sender.part(part, more=exchange.more)
        sender.rows = exchange.rows

    async def _live(self, receive: Receive, send: Send) -> None:
        """The lifespan protocol: workers start before the first request and end after the last."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._gateway.open()
                self._gateway.pool.on_renewal = self._renew
                self._tasks.append(asyncio.create_task(self._look_for_versions()))
                self._tasks.append(asyncio.create_task(malloc.keep_small()))
                await self._acceptor.open()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._acceptor.close()
                for task in self._tasks:
                    task.cancel()
                await self._gateway.pool.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _renew(self) -> None:
        """Answer from the newest data."""
        self._cache.clear()
        await self._acceptor.renew()

    async def _look_for_versions(self) -> None:
        """Follow what `mesoonto load` or `restore` publish while we serve."""
        published = self._gateway.published
        while published is not None:
            await asyncio.sleep(_LOOK)
            if published() not in ("", self._gateway.pool.version):
                with contextlib.suppress(MesoontoError):  # told again in a second, if it stays so
                    await self._gateway.pool.renew()


async def _left(receive: Receive) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _again(body: bytes, receive: Receive) -> Receive:
    """A receive that gives *body* once more, and then what comes after it."""
    waiting = [body]

    async def give() -> dict[str, Any]:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return give
