"""Asks one SPARQL endpoint over HTTP, as a client of the SPARQL 1.1 Protocol, within its limits."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin

import httpcore
import pyoxigraph as ox

from mesoonto.errors import EndpointError, EndpointTimeoutError
from mesoonto.federation.address import Backend
from mesoonto.federation.body import ACCEPTED, Body, header
from mesoonto.federation.config import Endpoint, Endpoints
from mesoonto.federation.solutions import Row, Solutions

_RESULT_TYPES = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "application/xml": ox.QueryResultsFormat.XML,
    "text/xml": ox.QueryResultsFormat.XML,
}
_ACCEPT = "application/sparql-results+json, application/sparql-results+xml;q=0.8"
_REDIRECTS = (301, 302, 307, 308)
#: Virtuoso labels its blank nodes nodeID://b1, which is no label in SPARQL or Turtle. Quotes within the
#: strings of JSON are escaped, and so are angle brackets in XML, so that no literal looks like this.
_VIRTUOSO_BLANK = {
    ox.QueryResultsFormat.JSON: re.compile(
        rb'((?<!\\)"bnode"\s{0,4},\s{0,4}"value"\s{0,4}:\s{0,4}")nodeID://'
    ),
    ox.QueryResultsFormat.XML: re.compile(rb"(<bnode>)nodeID://"),
}
#: More bytes than what the patterns above find.
_HELD = 64
#: How often a request may be sent elsewhere.
_MAX_REDIRECTS = 3
#: Bytes of the body of a refusal; only its first thousands are read.
_LONGEST_ERROR = 1 << 20
#: Characters of a query and of an answer that an error or a plan shows.
SHOWN = 300


@dataclass(frozen=True, slots=True)
class Fetched:
    """The solutions that an endpoint gave, or None when it said that those of the tag are still right."""

    solutions: Solutions | None
    bytes: int  #: of the body, as it came over the network
    size: int  #: of the body without compression
    etag: str | None


@dataclass(frozen=True, slots=True)
class RemoteAnswer:
    """The body of an endpoint's answer and its media type, without parameters."""

    body: bytes
    media_type: str


def shorten(text: str, limit: int = SHOWN) -> str:
    """*text* on one line without control characters, cut behind *limit* characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else f"{line[:limit]} ..."


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
        headers = [("If-None-Match", etag)] if etag else []
        with self._asked(endpoint, query, _ACCEPT, headers) as response:
            if response.status == 304 and etag:
                return Fetched(None, 0, 0, etag)
            body = Body(response, endpoint.max_bytes)
            solutions = _solutions(body, response, variables, max_rows)
            return Fetched(solutions, body.received, body.size, header(response, b"etag"))

    def ask(self, endpoint: Endpoint, query: str, accept: str) -> RemoteAnswer:
        """The whole answer to *query*, whatever its kind."""
        with self._asked(endpoint, query, accept, []) as response:
            body = Body(response, endpoint.max_bytes)
            return RemoteAnswer(b"".join(iter(body.next, b"")), _media_type(response))

    @contextmanager
    def _asked(
        self, endpoint: Endpoint, query: str, accept: str, headers: list[tuple[str, str]]
    ) -> Iterator[httpcore.Response]:
        """The successful response to *query*; every failure becomes an EndpointError that tells all."""
        deadline = time.monotonic() + endpoint.timeout
        try:
            with self._followed(endpoint, query, [("Accept", accept), *headers], deadline) as response:
                yield response
        except httpcore.TimeoutException as error:
            late = f"gave no whole answer within {endpoint.timeout:g} s"
            raise EndpointTimeoutError(_told(endpoint, query, late)) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            failed = f"cannot be reached, the connection failed: {error or type(error).__name__}"
            raise EndpointError(_told(endpoint, query, failed)) from error
        except EndpointError as error:
            raise EndpointError(_told(endpoint, query, error.message)) from error

    @contextmanager
    def _followed(
        self, endpoint: Endpoint, query: str, headers: list[tuple[str, str]], deadline: float
    ) -> Iterator[httpcore.Response]:
        target = endpoint
        for _ in range(_MAX_REDIRECTS + 1):
            with self._sent(target, query, headers, deadline) as response:
                if response.status == 200 or response.status == 304:
                    yield response
                    return
                if response.status not in _REDIRECTS:
                    start = Body(response, _LONGEST_ERROR).start() or "(nothing)"
                    raise EndpointError(f"answered {response.status}: {start}")
                location = urljoin(target.url, header(response, b"location") or "")
            listed = self._endpoints.get(location)
            if listed is None:
                raise EndpointError(f"redirects to {location}, which is not in the configuration")
            target = listed
        raise EndpointError(f"redirects more than {_MAX_REDIRECTS} times")

    @contextmanager
    def _sent(
        self, endpoint: Endpoint, query: str, headers: list[tuple[str, str]], deadline: float
    ) -> Iterator[httpcore.Response]:
        form = urlencode({"query": query})
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


class _Results:
    """A body as the file that pyoxigraph reads results from, its blank nodes given labels that it reads."""

    def __init__(self, body: Body, syntax: ox.QueryResultsFormat) -> None:
        self._body = body
        self._pattern = _VIRTUOSO_BLANK[syntax]
        self._rest = b""
        self._held = b""  # the end of what was read, since what is to be changed may go on in the next chunk
        self._ended = False

    def read(self, size: int) -> bytes:
        """The next bytes, *size* at most; none at the end."""
        while not self._rest and not self._ended:
            chunk = self._body.next()
            self._ended = not chunk
            text = self._pattern.sub(rb"\1nodeID_", self._held + chunk)
            keep = _HELD if chunk else 0
            self._rest, self._held = text[: max(0, len(text) - keep)], text[max(0, len(text) - keep) :]
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


def _solutions(
    body: Body, response: httpcore.Response, variables: tuple[str, ...], max_rows: int
) -> Solutions:
    media_type = _media_type(response)
    syntax = _RESULT_TYPES.get(media_type)
    if syntax is None:
        raise EndpointError(f"sent {media_type or 'no media type'}: {body.start() or '(nothing)'}")
    found: ox.QuerySolutions | ox.QueryBoolean | None = None
    try:
        found = ox.parse_query_results(_Results(body, syntax), format=syntax)  # type: ignore[arg-type]  # any file that reads
        if not isinstance(found, ox.QuerySolutions):
            raise EndpointError("sent a truth value where solutions were asked for")
        names = [variable.value for variable in found.variables]
        if set(names) != set(variables):
            raise EndpointError(
                f"sent the variables {', '.join(names) or '(none)'} where "
                f"{', '.join(variables)} were asked for"
            )
        rows: list[Row] = []
        for solution in found:
            if len(rows) == max_rows:
                raise EndpointError(f"sent more than {max_rows} rows")
            rows.append(tuple(solution[name] for name in variables))
    except (SyntaxError, OSError, ValueError, RuntimeError) as error:
        if body.problem is not None:
            raise body.problem from error
        beginning = body.beginning.decode("utf-8", "replace")
        raise EndpointError(f"sent what is not {syntax.name}: {beginning}") from error
    finally:
        # pyoxigraph's results must die in the thread that made them; a traceback would keep them longer.
        found = None
    return Solutions(variables, rows)


def _media_type(response: httpcore.Response) -> str:
    return (header(response, b"content-type") or "").partition(";")[0].strip().lower()


def _told(endpoint: Endpoint, query: str, what: str) -> str:
    """That *what* came of *query*, for an error."""
    # Credentials are taken out before the text is cut, so that no half of one stays.
    what = shorten(endpoint.redact(what), 2 * SHOWN)
    return f"endpoint {endpoint.name} <{endpoint.url}> {what}; it was sent: {shorten(query)}"
