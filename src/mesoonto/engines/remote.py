"""An engine elsewhere as `mesoonto.dataset.store.Engine`: asked by the same calls, its results the same.

A query is looked at here first, as for our own engine: mistakes are told in the same words, SERVICE is not
sent on, and mesoonto's prefixes are declared. A result that comes in the format that is wanted is passed on
as it comes; any other is read, and written anew.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, Any, cast

import msgspec
import pyoxigraph as ox

from mesoonto.dataset.formats import Format, Kind, format_named
from mesoonto.dataset.query_features import Outline
from mesoonto.dataset.store import Engine, QueryResult
from mesoonto.dataset.xml_output import ByteOutput
from mesoonto.engines.adapter import EngineQuery
from mesoonto.engines.client import EngineAnswer, EngineClient
from mesoonto.errors import EngineError, FormatError, MesoontoError, Place, QueryFaultError, QuerySyntaxError
from mesoonto.namespaces import PREFIXES
from mesoonto.sparql import dataset_clause
from mesoonto.sparql.parser import NotSparqlError, parse_query

#: Bytes of a result up to which it is looked at as a whole, and of the end of a larger one.
_WHOLE = 1 << 16
_END = 1 << 10

#: Bytes of an answer that is none of what was asked for, to tell of it.
_SHOWN = 300

#: Queries, and characters of one, whose look is remembered: it takes as long as a small query.
_REMEMBERED, _LONGEST = 256, 4096

_KINDS = {
    "SelectQuery": Kind.SOLUTIONS, "AskQuery": Kind.BOOLEAN, "ConstructQuery": Kind.TRIPLES,
    "DescribeQuery": Kind.TRIPLES,
}  # fmt: skip


class RemoteEngine:
    """The data of an engine elsewhere, asked by *client*; for one thread, one result at a time.

    *version* names the state of its data. Where it is not *noted* in the engine, an answer may be another one
    the next time. Each query has *seconds*.
    """

    def __init__(
        self, client: EngineClient, version: str, *, union: bool = True, noted: bool = True,
        seconds: float = 30.0,
    ) -> None:  # fmt: skip
        self._client = client
        self.version = version
        self.union = union
        self._noted = noted
        self._seconds = seconds

    def query(
        self,
        text: str,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        base: str = "",
        outline: Outline | None = None,
    ) -> RemoteResult:
        """As `Engine.query`. The engine is asked when the result is taken, which raises what `EngineClient`
        does.
        """
        graphs = tuple(default_graphs), tuple(named_graphs)
        look = _look if outline is not None or len(text) > _LONGEST else _look_again
        seen = look(text, *graphs, base, outline)
        if any(graphs):
            text = _without_dataset(text)
        asked = EngineQuery(seen.head + text, "", self.union, *graphs, self._seconds)
        return RemoteResult(seen.kind, seen.volatile or not self._noted, self._client, asked, len(seen.head))


@dataclass(frozen=True, slots=True)
class _Look:
    """What was seen of a query."""

    kind: Kind
    volatile: bool
    head: str  #: to stand before it, in the same line: what of prefixes and base it does not declare


def _look(
    text: str, default_graphs: tuple[str, ...], named_graphs: tuple[str, ...], base: str,
    outline: Outline | None,
) -> _Look:  # fmt: skip
    """Let our own engine take *text*, on no data; raises what `Engine.query` does."""
    told: dict[str, Any] = {}
    try:
        found = Engine(_NO_DATA, "").query(text, default_graphs, named_graphs, base, outline, told)
        kind, volatile = found.kind, found.volatile
    except QueryFaultError:  # such as a function that the other engine may have
        kind, volatile = _kind(text), True
    head = f"BASE <{base}> " if "base_iri" in told else ""
    if "prefixes" in told:
        named = set(_NAMED.findall(text))
        head += "".join(f"PREFIX {name}: <{iri}> " for name, iri in PREFIXES.items() if name in named)
    return _Look(kind, volatile, head)


_look_again = lru_cache(_REMEMBERED)(_look)
_NO_DATA = ox.Store()
_NAMED = re.compile(rf"(?<![\w.-])({'|'.join(PREFIXES)}):")


def _without_dataset(text: str) -> str:
    """*text* without a dataset of its own, which some engines take beside that of the request."""
    if "from" not in text.lower():
        return text
    try:
        return dataset_clause.without(text)
    except NotSparqlError:
        return text  # what our own engine takes all the same is for the other one to say


def _kind(text: str) -> Kind:
    return next(_KINDS[node.kind] for node in parse_query(text).children if node.kind in _KINDS)


@dataclass(frozen=True, slots=True)
class RemoteResult:
    """The result of a query that is still to be sent; see `QueryResult`."""

    kind: Kind
    volatile: bool
    _client: EngineClient
    _asked: EngineQuery
    _shift: int  #: characters before the first line of the query

    def here(self) -> QueryResult:
        """The result read here as it comes, in place of passed on as the engine writes it."""
        form = format_named("ntriples" if self.kind is Kind.TRIPLES else "json", self.kind)
        reader = _ResultReader(self._client, form, self.kind, self._opened(form))
        found: ox.QueryBoolean | ox.QuerySolutions | Iterator[ox.Triple]
        try:
            if isinstance(form.syntax, ox.RdfFormat):
                parsed = ox.parse(cast(IO[bytes], reader), format=form.syntax)
                found = (quad.triple for quad in parsed)
            else:
                found = ox.parse_query_results(cast(IO[bytes], reader), format=form.syntax)
        except (OSError, RuntimeError, ValueError, SyntaxError) as error:
            raise reader.reason(error) from error
        if isinstance(found, ox.QueryBoolean) != (self.kind is Kind.BOOLEAN):
            raise EngineError(f"the engine {self._url} sent another kind of result than {self.kind.value}")
        return QueryResult(self.kind, self.volatile, found, reader.reason)

    def serialize(self, form: Format) -> bytes:
        """As `QueryResult.serialize`."""
        buffer = io.BytesIO()
        self.write(form, buffer)
        return buffer.getvalue()

    def write(self, form: Format, output: ByteOutput) -> None:
        """Write the result to *output* in *form* while it comes.

        Raises what `EngineClient.query` does, and FormatError as `QueryResult.write`.
        """
        if self.kind not in form.kinds:
            raise FormatError(f"{form.name} does not fit the result of {self.kind.value}")
        if not self._client.adapter.is_native(form.name, self.kind):
            self.here().write(form, output)
            return
        for piece in _whole(self._client, form, self.kind, self._opened(form)):
            output.write(piece)

    @property
    def columns(self) -> tuple[str, ...]:
        """As `QueryResult.columns`; the engine is asked for it."""
        return self.here().columns

    @property
    def _url(self) -> str:
        return self._client.address.query.url

    def _opened(self, form: Format) -> EngineAnswer:
        """The answer in *form*, and no other."""
        try:
            answer = self._client.query(self._asked.accepting(form.media_types[0]))
        except QuerySyntaxError as error:
            raise self._moved(error) from error
        if answer.media_type in form.media_types:
            return answer
        start = next(answer.chunks, b"")[:_SHOWN].decode("utf-8", "replace")
        answer.close()
        shown = " ".join(self._client.address.redact(start).split()) or "(nothing)"
        raise EngineError(
            f"the engine {self._url} sent {answer.media_type or 'no media type'} where "
            f"{form.media_types[0]} was asked for: {shown}"
        )

    def _moved(self, error: QuerySyntaxError) -> QuerySyntaxError:
        """*error* with the place in the query as it came to us."""
        place = error.place
        if place is None or place.line != 1 or place.column is None or not self._shift:
            return error
        moved = Place(place.source, 1, max(1, place.column - self._shift))
        return QuerySyntaxError(error.message, moved, error.excerpt)


def _whole(client: EngineClient, form: Format, kind: Kind, answer: EngineAnswer) -> Iterator[bytes]:
    """The body of *answer* as it comes; an EngineError where it cannot be the whole of a result."""
    begun, size, end = [], 0, b""
    try:
        for chunk in answer.chunks:
            size += len(chunk)
            if size <= _WHOLE:
                begun.append(chunk)
            end = chunk[-_END:] if len(chunk) >= _END else (end + chunk)[-_END:]
            yield chunk
    finally:
        answer.close()
    good = client.adapter.is_whole(form.name, kind, end)
    if good and size <= _WHOLE and form.name == "json":
        try:
            msgspec.json.decode(b"".join(begun), type=msgspec.Raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            good = False
    if not good:
        raise EngineError(
            f"the engine {client.address.query.url} sent half a result, or none: "
            f"it does not end as {form.name} does"
        )


class _ResultReader:
    """The body of an answer as a file; it sees that its end is that of a whole result."""

    def __init__(self, client: EngineClient, form: Format, kind: Kind, answer: EngineAnswer) -> None:
        self._client = client
        self._form = form
        self._answer = answer
        self._pieces = _whole(client, form, kind, answer)  # which does not know of this, so that both end
        self._rest = b""
        self._next = b""  #: the piece behind it
        self._ended = False  #: whether there is none
        self._problem: MesoontoError | None = None

    def read(self, size: int = -1) -> bytes:
        """For pyoxigraph: the next bytes, *size* at most; none at the end.

        The last of them come when the end was seen, for which a parser need not ask.
        """
        while not self._rest and not self._ended:
            try:
                piece = next(self._pieces, b"")
            except MesoontoError as error:
                self._problem = error  # it reaches whoever reads changed
                raise OSError(str(error)) from error
            self._ended = not piece
            self._rest, self._next = self._next, piece
        if size < 0:
            size = len(self._rest)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def __del__(self) -> None:
        """A result that nobody took to its end needs its connection no more."""
        self._answer.close()

    def reason(self, error: Exception) -> MesoontoError:
        """What an error of pyoxigraph's means that reads from here."""
        self._answer.close()
        if self._problem is not None:
            return self._problem
        line = " ".join(str(error).split())
        return EngineError(
            f"the engine {self._client.address.query.url} sent what is not {self._form.name}: {line[:_SHOWN]}"
        )
