"""Asks one SPARQL endpoint over HTTP, as a client of the SPARQL 1.1 Protocol, within its limits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin

import httpcore

from mesoonto.errors import EndpointError, EndpointTimeoutError
from mesoonto.federation.address import Backend
from mesoonto.federation.answer import SOLUTIONS, Fetched, RawAnswer, solutions_of, successful_body
from mesoonto.federation.body import ACCEPTED
from mesoonto.federation.config import Endpoint, Endpoints

_REDIRECTS = (301, 302, 307, 308)
#: How often a request may be sent elsewhere.
_MAX_REDIRECTS = 3
#: Characters of a query and of an answer that an error or a plan shows.
SHOWN = 300


@dataclass(frozen=True, slots=True)
class RemoteAnswer:
    """The body of an endpoint's answer and its media type, without parameters."""

    body: bytes
    media_type: str


def shorten(text: str, limit: int = SHOWN) -> str:
    """*text* on one line without control characters, cut behind *limit* characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else f"{line[:limit]} ..."


@contextmanager
def telling_all(endpoint: Endpoint, query: str) -> Iterator[None]:
    """Let an EndpointError tell which endpoint was sent what, beside what came of it."""
    try:
        yield
    except EndpointError as error:
        # Credentials are taken out before the text is cut, so that no half of one stays.
        what = shorten(endpoint.redact(error.message), 2 * SHOWN)
        told = f"endpoint {endpoint.name} <{endpoint.url}> {what}; it was sent: {shorten(query)}"
        raise type(error)(told) from error


class Client:
    """Keeps connections to the endpoints of one list. Safe to use from several threads."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._backends = {private: Backend(allow_private=private) for private in (False, True)}
        self._pools = {
            private: httpcore.ConnectionPool(max_connections=64, keepalive_expiry=30, network_backend=backend)
            for private, backend in self._backends.items()
        }

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()

    def select(
        self, endpoint: Endpoint, query: str, variables: tuple[str, ...], *, max_rows: int, etag: str | None
    ) -> Fetched:
        """The solutions of the SELECT *query* over exactly *variables*.

        With *etag*, the endpoint is asked whether the answer of that tag is still right. An EndpointError
        names the endpoint, what was sent and what came back; an EndpointTimeoutError says that nothing did.
        """
        with telling_all(endpoint, query), self.opened(endpoint, query, SOLUTIONS, etag) as answer:
            return solutions_of(answer, variables, max_rows=max_rows, max_bytes=endpoint.max_bytes)

    def ask(self, endpoint: Endpoint, query: str, accept: str) -> RemoteAnswer:
        """The whole answer to *query*, whatever its kind."""
        with telling_all(endpoint, query), self.opened(endpoint, query, accept) as answer:
            body = successful_body(answer, endpoint.max_bytes)
            return RemoteAnswer(b"".join(iter(body.next, b"")), answer.media_type)

    def update(self, endpoint: Endpoint, text: str) -> None:
        """Let *endpoint* carry out the update *text*; an EndpointError quotes a refusal."""
        with telling_all(endpoint, text), self.opened(endpoint, text, "*/*", parameter="update") as answer:
            if answer.status // 100 != 2:
                successful_body(answer, endpoint.max_bytes)

    @contextmanager
    def opened(
        self, endpoint: Endpoint, query: str, accept: str, etag: str | None = None, parameter: str = "query"
    ) -> Iterator[RawAnswer]:
        """The answer to *query*, whatever its status; its body is there within this context.

        It is sent as *parameter*, which is ``update`` for updates (SPARQL 1.1 Protocol, section 2.2).
        Raises EndpointTimeoutError, and EndpointError for what is no HTTP, for what leads elsewhere, and for
        an answer of 304 where no *etag* was sent.
        """
        deadline = time.monotonic() + endpoint.timeout
        headers = [("Accept", accept), *([("If-None-Match", etag)] if etag else [])]
        try:
            with self._followed(endpoint, {parameter: query}, headers, deadline) as response:
                if response.status == 304 and not etag:
                    raise EndpointError("answered 304, that nothing has changed, to what is new to it")
                yield _raw(response)
        except httpcore.TimeoutException as error:
            raise EndpointTimeoutError(f"gave no whole answer within {endpoint.timeout:g} s") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            what = f"cannot be reached, the connection failed: {error or type(error).__name__}"
            raise EndpointError(what) from error

    @contextmanager
    def _followed(
        self, endpoint: Endpoint, asked: dict[str, str], headers: list[tuple[str, str]], deadline: float
    ) -> Iterator[httpcore.Response]:
        target = endpoint
        for _ in range(_MAX_REDIRECTS + 1):
            with self._sent(target, asked, headers, deadline) as response:
                if response.status not in _REDIRECTS:
                    yield response
                    return
                location = urljoin(target.url, _header(response, b"location") or "")
            listed = self._endpoints.get(location)
            if listed is None:
                raise EndpointError(f"redirects to {location}, which is not in the configuration")
            target = listed
        raise EndpointError(f"redirects more than {_MAX_REDIRECTS} times")

    @contextmanager
    def _sent(
        self, endpoint: Endpoint, asked: dict[str, str], headers: list[tuple[str, str]], deadline: float
    ) -> Iterator[httpcore.Response]:
        form = urlencode(asked)
        url, content = endpoint.url, form.encode()
        sent = [("User-Agent", "mesoonto"), ("Accept-Encoding", ACCEPTED), *headers]
        if endpoint.method == "GET":
            url, content = f"{url}{'&' if '?' in url else '?'}{form}", b""
        else:
            sent.append(("Content-Type", "application/x-www-form-urlencoded"))
        if authorization := endpoint.authorization():
            sent.append(("Authorization", authorization))
        clock = self._backends[endpoint.allow_private].clock
        clock.deadline = deadline
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), endpoint.timeout)
        try:
            with self._pools[endpoint.allow_private].stream(
                endpoint.method, url, headers=sent, content=content, extensions={"timeout": timeouts}
            ) as response:
                yield response
        finally:
            clock.deadline = None


def _raw(response: httpcore.Response) -> RawAnswer:
    media_type = (_header(response, b"content-type") or "").partition(";")[0].strip().lower()
    coding, etag = (_header(response, name) for name in (b"content-encoding", b"etag"))
    return RawAnswer(response.status, media_type, coding, etag, _chunks(response))


def _chunks(response: httpcore.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_stream()
    except httpcore.ProtocolError as error:
        raise EndpointError(f"broke off its answer: {error}") from error


def _header(response: httpcore.Response, name: bytes) -> str | None:
    """The value of the header called *name*, or None."""
    return next((v.decode("latin-1") for k, v in response.headers if k.lower() == name), None)
