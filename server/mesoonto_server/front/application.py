"""Answers what connection workers do not: queries go on to workers of the pool, and all else to Flask.

Whatever a request holds, this process only moves its bytes: it reads a body up to a limit and a deadline, and
never parses what a stranger sent beyond HTTP.
"""

from __future__ import annotations

import io
import logging
import time
from typing import IO

import msgspec

from mesoonto.errors import AbandonedError, MesoontoError
from mesoonto_server.front.client_limits import ClientLimits
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.front.http_protocol import Transaction
from mesoonto_server.front.wsgi import Bridge
from mesoonto_server.http import bodies, http1, parameters, problems
from mesoonto_server.http.cache import Cache
from mesoonto_server.http.headers import ResponseHeaders, completed
from mesoonto_server.http.problems import RequestError
from mesoonto_server.settings import Settings
from mesoonto_server.telemetry.report import Telemetry

_log = logging.getLogger(__name__)

#: What the operator's own tools ask for; no client's limit holds for them.
_PROBES = frozenset(("/health", "/health/live", "/health/ready", "/health/network", "/metrics"))


class Application:
    """Answers the requests of all connections that the front has."""

    def __init__(
        self, gateway: Gateway, settings: Settings, limits: ClientLimits, telemetry: Telemetry,
        flask: Bridge,
    ) -> None:  # fmt: skip
        self._gateway = gateway
        self._settings = settings
        self._limits = limits
        self._telemetry = telemetry
        self._flask = flask
        self._max_query = settings.max_query << 10
        self._max_body = settings.max_body << 20
        self.cache = Cache(settings.cache << 20)

    async def answer(self, transaction: Transaction) -> None:
        """Answer one request."""
        started = time.perf_counter()
        request = transaction.request
        transaction.request_id = self._telemetry.request_id()
        reply = _Reply(transaction, self._gateway)
        entered = False
        try:
            if transaction.fault is not None:
                raise transaction.fault
            if request.path not in _PROBES:
                self._limits.enter(request.client)
                entered = True
                self._gateway.require_data()
            if parameters.may_be_query(request):
                await self._sparql(transaction, reply)
            else:
                with await self._body(transaction, self._max_body) as body:
                    await self._flask.answer(request, body, reply.flask)
        except AbandonedError:
            reply.broken = transaction.status != 0
            transaction.break_off()
        except (MesoontoError, RequestError) as error:
            await reply.refuse(error)
        except Exception:  # noqa: BLE001  # the boundary of a request: logged, and told without details
            _log.exception("%s %s could not be answered", request.method, request.path[:200])
            await reply.refuse(RequestError(500, "internal error; the log of the server has the details"))
        finally:
            if entered:
                self._limits.leave(request.client)
            self._telemetry.note(
                request_id=transaction.request_id, method=request.method, path=request.path,
                query=request.query, status=transaction.status, size=transaction.size, rows=reply.rows,
                started=started, cached=reply.cached, broken=reply.broken, client=request.client,
            )  # fmt: skip

    async def _body(self, transaction: Transaction, limit: int) -> IO[bytes]:
        if transaction.received and not transaction.held:
            return io.BytesIO()
        length = transaction.request.headers.get(b"content-length", b"")
        return await bodies.read(transaction.body(), length, limit, self._settings.body_timeout)

    async def _sparql(self, transaction: Transaction, reply: _Reply) -> None:
        """Answer the query operation here; everything else at this address is Flask's."""
        request = transaction.request
        with await self._body(transaction, self._max_query) as file:
            body = file.read()
            if not parameters.is_query(request, body):
                await self._flask.answer(request, file, reply.flask)
                return
            if len(request.query) > self._max_query:
                raise RequestError(414, "the address is too long; send the query with POST")
            size = len(request.query) + len(body)
            transaction.plain = http1.is_plain(request.version, request.headers, size)
            key = parameters.cache_key(request, body)
            found = self.cache.get(key)
            if found is not None:
                reply.cached = True
                reply.rows = found.rows
                await transaction.whole(*found.response(request.headers.get(b"if-none-match")))
                return
            asked = parameters.request_of("query", request, body, self._max_query)
            if transaction.has_service:
                asked = msgspec.structs.replace(asked, has_service=True)
            timeout = parameters.timeout_of(request.query, body)
            exchange = await self._gateway.read(asked, timeout, transaction.gone)
            head = exchange.head
        try:
            lines = http1.header_lines(completed(head.headers, exchange.version))
            if exchange.more:
                transaction.start(head.status, lines)
                await transaction.part(head.body)
                while exchange.more:
                    await transaction.part(await exchange.part())
                transaction.finish()
            else:
                if head.status == 200 and head.cacheable and exchange.version == self._gateway.pool.version:
                    self.cache.put(key, head, lines, size)
                await transaction.whole(head.status, lines, head.body)
            reply.rows = exchange.rows
        finally:
            exchange.close()


class _Reply:
    """What is sent for one request, and what is noted of it."""

    def __init__(self, transaction: Transaction, gateway: Gateway) -> None:
        self._transaction = transaction
        self._gateway = gateway
        self.rows = -1
        self.cached = False
        self.broken = False

    def _lines(self, headers: ResponseHeaders) -> bytes:
        if any(name.lower() == "connection" for name, _ in headers):  # only ever to close it
            self._transaction.keep_alive = False
            headers = [pair for pair in headers if pair[0].lower() != "connection"]
        return http1.header_lines(completed(headers, self._gateway.pool.version))

    async def flask(self, status: int, headers: ResponseHeaders, part: bytes, last: bool) -> None:
        """Send a part of what Flask answers."""
        transaction = self._transaction
        if last and not transaction.status:
            await transaction.whole(status, self._lines(headers), part)
            return
        if not transaction.status:
            transaction.start(status, self._lines(headers))
        await transaction.part(part)
        if last:
            transaction.finish()

    async def refuse(self, error: MesoontoError | RequestError) -> None:
        """Tell why there is no other response, or break off the one that has begun."""
        transaction = self._transaction
        if transaction.status:
            self.broken = True
            transaction.break_off()
            return
        accept = transaction.request.headers.get(b"accept", b"").decode("latin-1")
        status, headers, body = problems.refusal(error, accept)
        try:
            await transaction.whole(status, self._lines(headers), body)
        except AbandonedError:
            transaction.break_off()
