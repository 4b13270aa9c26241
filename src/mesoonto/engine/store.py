"""A pyoxigraph store that answers SPARQL queries and reports what went wrong in mesoonto's own errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from mesoonto.engine import inspect
from mesoonto.engine.formats import Format, Kind
from mesoonto.errors import (
    FormatError,
    Place,
    QueryFailedError,
    QueryRefusedError,
    QuerySyntaxError,
    StoreError,
)
from mesoonto.namespaces import PREFIXES

_PARSER_MESSAGE = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a query, not yet evaluated to its end: serialise it once, in the thread that asked."""

    kind: Kind
    _result: ox.QueryBoolean | ox.QuerySolutions | ox.QueryTriples

    def serialize(self, form: Format) -> bytes:
        """The whole result in *form*; a QueryFailedError when evaluation breaks off."""
        if self.kind not in form.kinds:
            raise FormatError(f"{form.name} does not fit the result of {self.kind.value}")
        try:
            if isinstance(self._result, ox.QueryTriples):
                assert isinstance(form.syntax, ox.RdfFormat)  # noqa: S101  # as form.kinds says
                text = ox.serialize(self._result, format=form.syntax, prefixes=_prefixes_for(form.syntax))
            else:
                assert isinstance(form.syntax, ox.QueryResultsFormat)  # noqa: S101  # as form.kinds says
                text = self._result.serialize(format=form.syntax)
        except (OSError, RuntimeError, ValueError) as error:
            raise QueryFailedError(f"the evaluation broke off: {error}") from error
        return text or b""


def _prefixes_for(syntax: ox.RdfFormat) -> dict[str, str] | None:
    return PREFIXES if syntax in (ox.RdfFormat.TURTLE, ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD) else None


class Engine:
    """A dataset that can be queried. Its default graph is the union of its named graphs."""

    def __init__(self, store: ox.Store, version: str) -> None:
        self._store = store
        self.version = version  #: names the state of the data

    def query(
        self, text: str, default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = ()
    ) -> Answer:
        """Start to evaluate *text*.

        *default_graphs* and *named_graphs*, when either is given, make up the dataset in place of what FROM
        and FROM NAMED say (SPARQL 1.1 Protocol, section 2.1.4). mesoonto's prefixes are declared beforehand.

        Raises QuerySyntaxError with line and column, QueryRefusedError for SERVICE, and QueryFailedError.
        """
        seen = inspect.outline(text)
        if seen.has_service:
            raise QueryRefusedError(
                "SERVICE is refused: this endpoint does not contact other endpoints; ask them directly "
                "and join the answers"
            )
        try:
            if default_graphs or named_graphs:
                result = self._store.query(
                    text,
                    default_graph=[ox.NamedNode(iri) for iri in default_graphs],
                    named_graphs=[ox.NamedNode(iri) for iri in named_graphs],
                    prefixes=PREFIXES,
                )
            else:
                result = self._store.query(
                    text, use_default_graph_as_union=not seen.has_dataset_clause, prefixes=PREFIXES
                )
        except SyntaxError as error:
            raise syntax_error(error) from error
        except (OSError, RuntimeError, ValueError) as error:
            raise QueryFailedError(f"the query could not be evaluated: {error}") from error
        return Answer(_kind(result), result)

    def graph_names(self) -> list[str]:
        """The IRIs of the named graphs, sorted."""
        return sorted(g.value for g in self._store.named_graphs() if isinstance(g, ox.NamedNode))

    def select(self, text: str) -> list[dict[str, str]]:
        """The rows of the trusted SELECT query *text*, as plain strings; unbound variables are left out."""
        result = self._store.query(text, use_default_graph_as_union=True, prefixes=PREFIXES)
        assert isinstance(result, ox.QuerySolutions)  # noqa: S101  # SELECT
        names = [variable.value for variable in result.variables]
        return [{name: _plain(row[name]) for name in names if row[name] is not None} for row in result]


def _plain(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None) -> str:
    return getattr(term, "value", str(term))


def _kind(result: ox.QueryBoolean | ox.QuerySolutions | ox.QueryTriples) -> Kind:
    if isinstance(result, ox.QueryBoolean):
        return Kind.BOOLEAN
    return Kind.SOLUTIONS if isinstance(result, ox.QuerySolutions) else Kind.TRIPLES


def syntax_error(error: SyntaxError) -> QuerySyntaxError:
    """pyoxigraph's *error* on a query, with its place and in fewer words."""
    parts = _PARSER_MESSAGE.match(str(error))
    if parts is None:
        return QuerySyntaxError(str(error), Place("query"))
    return QuerySyntaxError(_readable(parts[3]), Place("query", int(parts[1]), int(parts[2])))


def _readable(message: str) -> str:
    """The parser's message without the long character classes that it lists beside the words it expected."""
    if "Prefix not found" in message:
        return "prefix not declared"
    head, expected, choices = message.partition("expected one of ")
    words = [c for c in choices.split(", ") if not c.startswith("[") or (c != "[_]" and len(c) < 15)]
    return f"{head}{expected}{', '.join(words)}" if words else message


def open_store(location: Path) -> ox.Store:
    """The store kept in the directory *location*, made when absent; a StoreError when it cannot be opened."""
    try:
        location.mkdir(parents=True, exist_ok=True)
        return ox.Store(str(location))
    except OSError as error:
        reason = str(error)
        if "lock" in reason.lower():
            reason = "in use by another process; stop that one or choose another directory"
        raise StoreError(reason, Place(str(location))) from error


def replace_graphs(target: ox.Store, source: ox.Store) -> None:
    """Put every named graph of *source* into *target*, in place of graphs of the same name, in one step.

    Other graphs of *target* stay. One update is one transaction in Oxigraph: all of it happens or nothing.
    """
    steps = [f"DROP SILENT GRAPH {graph}" for graph in source.named_graphs()]
    for graph in source.named_graphs():
        triples = ox.serialize(
            (quad.triple for quad in source.quads_for_pattern(None, None, None, graph)),
            format=ox.RdfFormat.N_TRIPLES,
        )
        assert triples is not None  # noqa: S101  # no output file was named
        steps.append(f"INSERT DATA {{ GRAPH {graph} {{\n{triples.decode()}}} }}")
    try:
        target.update(" ;\n".join(steps))
    except OSError as error:
        raise StoreError(f"the dataset could not be written: {error}") from error
