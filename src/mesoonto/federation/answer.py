"""What an endpoint sent, from raw bytes to solutions: it is read here and nowhere else, within limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.errors import EndpointError
from mesoonto.federation.body import Body
from mesoonto.federation.solutions import Row, Solutions

_RESULT_TYPES = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "application/xml": ox.QueryResultsFormat.XML,
    "text/xml": ox.QueryResultsFormat.XML,
}
#: The media types of solutions, for the header Accept.
SOLUTIONS = "application/sparql-results+json, application/sparql-results+xml;q=0.8"
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
#: Bytes of the body of a refusal; only its first thousands are read.
_LONGEST_ERROR = 1 << 20


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came over the network, of which nothing but HTTP was read."""

    status: int
    media_type: str  #: without parameters, in lower case
    coding: str | None  #: content coding
    etag: str | None
    chunks: Iterator[bytes]  #: of the body as it was sent; an EndpointError tells why it broke off


@dataclass(frozen=True, slots=True)
class Fetched:
    """The solutions that an endpoint gave, or None when it said that those of the tag are still right."""

    solutions: Solutions | None
    bytes: int  #: of the body, as it came over the network
    size: int  #: of the body without compression
    etag: str | None
    source: str = "endpoint"  #: as in `report.SubRequest`
    age: float = 0.0  #: seconds since a cached answer was fetched or confirmed


def successful_body(answer: RawAnswer, limit: int) -> Body:
    """The body of *answer*, of at most *limit* bytes; an EndpointError quotes one that is a refusal."""
    if answer.status != 200:
        start = Body(answer.chunks, answer.coding, _LONGEST_ERROR).start() or "(nothing)"
        raise EndpointError(f"answered {answer.status}: {start}")
    return Body(answer.chunks, answer.coding, limit)


def solutions_of(answer: RawAnswer, variables: tuple[str, ...], *, max_rows: int, max_bytes: int) -> Fetched:
    """The solutions over exactly *variables* in *answer*.

    Raises EndpointError for whatever else it is, and for more than *max_rows* or *max_bytes*.
    """
    if answer.status == 304:
        return Fetched(None, 0, 0, answer.etag)
    body = successful_body(answer, max_bytes)
    solutions = _solutions(body, answer.media_type, variables, max_rows)
    while body.next():  # what a parser does not ask for; the answer is whole when its end was seen
        pass
    return Fetched(solutions, body.received, body.size, answer.etag)


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


def _solutions(body: Body, media_type: str, variables: tuple[str, ...], max_rows: int) -> Solutions:
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
    except MemoryError as error:  # also what the parser says of one value of more than 16 MiB
        raise EndpointError(f"sent more than can be read into memory: {error}") from error
    finally:
        # pyoxigraph's results must die in the thread that made them; a traceback would keep them longer.
        found = None
    return Solutions(variables, rows)
