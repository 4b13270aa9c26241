"""A pyoxigraph store that answers SPARQL queries and reports what went wrong in mesoonto's own errors."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, cast

import pyoxigraph as ox

from mesoonto.dataset import merged, query_features
from mesoonto.dataset.formats import Format, Kind
from mesoonto.dataset.query_features import Outline
from mesoonto.dataset.rdf_output import write_triples
from mesoonto.dataset.xml_output import ByteOutput, XmlOutput
from mesoonto.errors import (
    FormatError,
    InputError,
    MesoontoError,
    QueryFailedError,
    QueryFaultError,
    QuerySyntaxError,
    ServiceRefusedError,
    StoreError,
)
from mesoonto.namespaces import PREFIXES

_PARSER_MESSAGE = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)


#: What the parser need not say of a prefix that is not declared: where something else may stand too, as in an
#: expression, it says anything.
_OUR_PREFIX = re.compile(rf"(?<![\w.-])(?:{'|'.join(PREFIXES)}):")


#: What stands in a cell of a result.
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


#: What pyoxigraph raises while a result is taken; SyntaxError where it reads one.
_TAKING = (OSError, RuntimeError, ValueError, SyntaxError)


def _broke_off(error: Exception) -> MesoontoError:
    return QueryFailedError(f"the evaluation broke off: {error}")


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of a query, not yet evaluated to its end: serialise it once, in the thread that asked."""

    kind: Kind
    volatile: bool  #: whether another evaluation on the same data may give another result
    _result: ox.QueryBoolean | ox.QuerySolutions | Iterator[ox.Triple]
    #: what is raised for an error of pyoxigraph's, while the result is taken
    _broken: Callable[[Exception], MesoontoError] = _broke_off

    def here(self) -> QueryResult:
        """The result as one that is evaluated here, which it is."""
        return self

    def serialize(self, form: Format) -> bytes:
        """The whole result in *form*; a QueryFailedError when evaluation breaks off."""
        buffer = io.BytesIO()
        self.write(form, buffer)
        return buffer.getvalue()

    def write(self, form: Format, output: ByteOutput) -> None:
        """Write the result to *output* in *form* while it is evaluated; a QueryFailedError as above.

        A FormatError at the first triple that *form* cannot hold.
        """
        if self.kind not in form.kinds:
            raise FormatError(f"{form.name} does not fit the result of {self.kind.value}")
        try:
            if not isinstance(self._result, ox.QueryBoolean | ox.QuerySolutions):
                assert isinstance(form.syntax, ox.RdfFormat)  # noqa: S101  # as form.kinds says
                write_triples(self._result, form.syntax, output, _prefixes_for(form.syntax))
                return
            assert isinstance(form.syntax, ox.QueryResultsFormat)  # noqa: S101  # as form.kinds says
            is_xml = form.syntax == ox.QueryResultsFormat.XML
            valid = XmlOutput(output.write) if is_xml else output
            self._result.serialize(cast(IO[bytes], valid), format=form.syntax)  # which calls these two only
            valid.flush()
        except _TAKING as error:
            raise self._broken(error) from error

    @property
    def columns(self) -> tuple[str, ...]:
        """The variables of a table, in their order; of triples their three places; none of yes or no."""
        if isinstance(self._result, ox.QuerySolutions):
            return tuple(variable.value for variable in self._result.variables)
        return ("subject", "predicate", "object") if self.kind is Kind.TRIPLES else ()

    @property
    def yes(self) -> bool | None:
        """The answer to an ASK query; None of any other."""
        return bool(self._result) if isinstance(self._result, ox.QueryBoolean) else None

    def rows(self) -> Iterator[tuple[Term | None, ...]]:
        """The rows under `columns` while they are evaluated, once; a QueryFailedError as above."""
        if isinstance(self._result, ox.QueryBoolean):
            return
        try:
            for row in self._result:
                yield tuple(row)
        except _TAKING as error:
            raise self._broken(error) from error

    def serialize_triples(self, form: Format, most: int, most_bytes: int) -> tuple[bytes, int, bool]:
        """The first *most* triples in *form*, or those of *most_bytes*; how many, and whether there are more.

        Bytes are counted as N-Triples has them.
        """
        assert not isinstance(self._result, ox.QueryBoolean | ox.QuerySolutions)  # noqa: S101  # as self.kind says
        assert isinstance(form.syntax, ox.RdfFormat)  # noqa: S101  # as form.kinds says
        triples: list[ox.Triple] = []
        size, more = 0, False
        try:
            for triple in self._result:
                size += len(str(triple).encode())
                more = len(triples) == most or size > most_bytes
                if more:
                    break
                triples.append(triple)
        except _TAKING as error:
            raise self._broken(error) from error
        buffer = io.BytesIO()
        write_triples(triples, form.syntax, buffer, _prefixes_for(form.syntax))
        return buffer.getvalue(), len(triples), more


def _prefixes_for(syntax: ox.RdfFormat) -> dict[str, str] | None:
    return None if syntax in (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS) else PREFIXES


class Engine:
    """A dataset that can be queried.

    With *union* its default graph is the union of all graphs, else the store's own default graph. Where
    graphs overlap, *store* is a merged store, and *own* another with the default graph as it was written.
    """

    def __init__(
        self, store: ox.Store, version: str, *, union: bool = True, own: ox.Store | None = None,
        stored: str = "",
    ) -> None:  # fmt: skip
        self.store = store
        self.version = version  #: names the state of the data
        self.stored = stored or version  #: that of what is in *store*, where there is more elsewhere
        self.union = union
        self.own = own
        #: what pyoxigraph is told where a query names no graphs
        self._default_graph: dict[str, Any] = {}
        if union and own is None:
            self._default_graph["use_default_graph_as_union"] = True

    def holder(self, graph: ox.NamedNode | None) -> ox.Store:
        """The store that has *graph* as it was written; None stands for the default graph."""
        return self.store if graph is not None or self.own is None else self.own

    def quads(self) -> Iterator[ox.Quad]:
        """All there is, as it was written, graph by graph."""
        for name in (ox.DefaultGraph(), *self.store.named_graphs()):
            store = self.holder(None) if isinstance(name, ox.DefaultGraph) else self.store
            yield from store.quads_for_pattern(None, None, None, name)

    def query(
        self,
        text: str,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        base: str = "",
        outline: Outline | None = None,
        told: dict[str, Any] | None = None,
    ) -> QueryResult:
        """Start to evaluate *text*.

        *default_graphs* and *named_graphs*, when either is given, make up the dataset in place of what FROM
        and FROM NAMED say (SPARQL 1.1 Protocol, section 2.1.4). mesoonto's prefixes are declared beforehand;
        relative IRIs are resolved against *base*. *outline*, where it is known, saves looking for it, which
        takes seconds in a text of megabytes; it is believed, so it must never come from a stranger. What had
        to be told beside the text is put into *told*: ``prefixes`` and ``base_iri``.

        Raises QuerySyntaxError with line and column, ServiceRefusedError, QueryFaultError, and
        QueryFailedError.
        """
        dataset: dict[str, Any] = {}
        if default_graphs or named_graphs:
            dataset = {"default_graph": _graphs(default_graphs), "named_graphs": _graphs(named_graphs)}
        options: dict[str, Any] = {} if told is None else told
        try:
            result, seen = self._evaluated(text, base, options, dataset, outline)
        except SyntaxError as error:
            if query_features.names_service(text):
                raise ServiceRefusedError(
                    "SERVICE is refused: no endpoint may be asked from here; those that may be are listed in "
                    "the configuration, as [federation.endpoints.NAME]"
                ) from error
            raise syntax_error(error, text) from error
        except RuntimeError as error:  # the engine's word for a query that it cannot plan
            raise QueryFaultError(f"the query cannot be evaluated: {error}") from error
        except (OSError, ValueError) as error:
            raise QueryFailedError(f"the query could not be evaluated: {error}") from error
        kind = _kind(result)
        # A template with blank nodes makes new ones each time.
        fresh = kind is Kind.TRIPLES and ("_:" in text or "[" in text)
        # What a relative IRI means depends on the address under which we were asked.
        relative = "base_iri" in options
        return QueryResult(kind, seen.volatile or fresh or relative, result)

    def _evaluated(
        self, text: str, base: str, options: dict[str, Any], dataset: dict[str, Any], outline: Outline | None
    ) -> tuple[ox.QueryBoolean | ox.QuerySolutions | ox.QueryTriples, Outline]:
        """The result of *text* and its outline; prefixes and base are put into *options* when needed.

        To hand them over takes as long as a small query.
        """
        while True:
            try:
                seen = outline or query_features.outline_without_service(text, options)
                if dataset or seen.has_dataset_clause:
                    store, meant = self._chosen(text, options, dataset)
                    return store.query(text, **meant, **options), seen
                return self.store.query(text, **self._default_graph, **options), seen
            except SyntaxError:
                if "prefixes" not in options and _OUR_PREFIX.search(text):
                    options["prefixes"] = PREFIXES
                elif base and "base_iri" not in options:
                    options["base_iri"] = base
                else:
                    raise

    def _chosen(
        self, text: str, options: dict[str, Any], dataset: dict[str, Any]
    ) -> tuple[ox.Store, dict[str, Any]]:
        """The store to ask *text*, and its dataset: *dataset*, or where that is empty, what FROM says.

        pyoxigraph matches a triple once for each graph that has it, and for each time that a graph is named.
        """
        disjoint = self.union and self.own is None
        if not dataset:
            if text.lower().count("from") < 2 or (disjoint and not query_features.may_repeat_a_graph(text)):
                return self.store, {}
            from mesoonto.sparql import dataset_clause
            from mesoonto.sparql.parser import NotSparqlError

            try:
                clause = dataset_clause.read(text, options)
            except NotSparqlError:
                return self.store, {}  # what it takes all the same is for the engine to say
            dataset = {"default_graph": clause.default, "named_graphs": clause.named}
        default, named = (list(dict.fromkeys(dataset[name])) for name in ("default_graph", "named_graphs"))
        if disjoint or len(default) < 2 or not merged.overlap_among(self.store, default):
            return self.store, {"default_graph": default, "named_graphs": named}
        made = merged.chosen(self.store, default, named)
        return made, {"default_graph": ox.DefaultGraph(), "named_graphs": named}

    def graph_names(self) -> list[str]:
        """The IRIs of the named graphs, sorted."""
        return sorted(g.value for g in self.store.named_graphs() if isinstance(g, ox.NamedNode))

    def select(self, text: str) -> list[dict[str, str]]:
        """The rows of the trusted SELECT query *text*, as plain strings; unbound variables are left out."""
        result = self.store.query(text, **self._default_graph, prefixes=PREFIXES)
        assert isinstance(result, ox.QuerySolutions)  # noqa: S101  # SELECT
        names = [variable.value for variable in result.variables]
        return [{name: _plain(row[name]) for name in names if row[name] is not None} for row in result]


def _plain(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None) -> str:
    return getattr(term, "value", str(term))


def _graphs(iris: Sequence[str]) -> list[ox.NamedNode]:
    try:
        return [ox.NamedNode(iri) for iri in iris]
    except ValueError as error:
        raise InputError(f"a graph of the dataset is not named by an IRI: {error}") from error


def _kind(result: ox.QueryBoolean | ox.QuerySolutions | ox.QueryTriples) -> Kind:
    if isinstance(result, ox.QueryBoolean):
        return Kind.BOOLEAN
    return Kind.SOLUTIONS if isinstance(result, ox.QuerySolutions) else Kind.TRIPLES


def syntax_error(error: SyntaxError, text: str, source: str = "query") -> QuerySyntaxError:
    """What is wrong with *text*, called *source*, in words, with the place; *error* is the engine's."""
    from mesoonto.sparql.messages import explained

    parts = _PARSER_MESSAGE.match(str(error))
    place = (int(parts[1]), int(parts[2])) if parts else None
    return explained(text, source, parts[3] if parts else str(error), place)


def replace_graphs(target: ox.Store, source: ox.Store) -> None:
    """Put every named graph of *source* into *target*, a draft, in place of graphs of the same name.

    Other graphs of *target* stay. Raises StoreError in the middle where the disk is full.
    """
    try:
        for graph in source.named_graphs():
            target.remove_graph(graph)
        target.bulk_extend(source)
    except OSError as error:
        raise StoreError(f"the dataset could not be written: {error}") from error
