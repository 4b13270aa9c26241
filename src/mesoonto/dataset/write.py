"""Changes a dataset on disk: a write makes a new version, is checked by what it changed, and is published."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import pyoxigraph as ox

from mesoonto.dataset import delta, query_features, upload
from mesoonto.dataset.delta import GraphName, Operation
from mesoonto.dataset.operations import operations
from mesoonto.dataset.store import syntax_error
from mesoonto.dataset.upload import Document, ParsedDocuments
from mesoonto.dataset.versions import Draft, Location
from mesoonto.errors import (
    NoGraphError,
    PreconditionError,
    QueryFailedError,
    QueryFaultError,
    QueryRefusedError,
)
from mesoonto.namespaces import GRAPH, PREFIXES
from mesoonto.sparql.messages import explained, mistake
from mesoonto.sparql.parser import NotSparqlError, parse_update

#: Looks at a draft and at what a write has added to it or removed, and raises what speaks against it.
Check = Callable[[ox.Store, Collection[ox.Quad]], None]


class HoldsGraphs(Protocol):
    """What tells whether it has a graph, as a store does."""

    def contains_named_graph(self, graph: ox.NamedNode, /) -> bool:
        """Whether *graph* is there."""


#: Asked with the version that a write meets and its store: whether the write may go on.
Condition = Callable[[str, HoldsGraphs], bool]

#: None stands for the default graph.
Graph = ox.NamedNode | None

#: Seconds to wait for another writer.
_PATIENCE = 60.0

#: Quads that are removed one by one; for more of them the graph is emptied and filled again.
_SINGLY = 1000


@dataclass(frozen=True, slots=True)
class WriteOutcome:
    """What a write came to."""

    version: str  #: the version that it made
    created: bool  #: whether it made a graph that was not there


class Writer:
    """Writes to one location."""

    def __init__(
        self,
        location: Location,
        check: Check | None = None,
        room: int = upload.ROOM,
        longest: int = query_features.LONGEST,
    ) -> None:
        self._location = location
        self._check = check
        self._room = room  #: bytes of triples that one upload may have, written out
        self._longest = longest  #: characters of what has to be taken apart of an update

    def update(
        self,
        text: str,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        *,
        only_if: Condition | None = None,
        base: str | None = None,
    ) -> WriteOutcome:
        """Apply the SPARQL update *text*; *default_graphs* and *named_graphs* stand for USING.

        Raises PreconditionError where *only_if* says no, QuerySyntaxError, QueryRefusedError for LOAD and
        SERVICE, QueryFaultError, QueryFailedError, and whatever the check raises; nothing is changed then.
        """
        options = options_for(base)
        text = prepared(text, default_graphs, named_graphs, options, self._longest)
        steps = self._steps(text, options)

        def change(draft: Draft) -> _Change:
            try:
                if steps is None:
                    draft.data.update(text, **options)
                    return _Change(False, None)
                changed: set[ox.Quad] = set()
                for step in steps:
                    changed ^= step.apply(draft.data)
            except SyntaxError as error:
                raise syntax_error(error, text, "update") from error
            except RuntimeError as error:
                raise QueryFaultError(f"the update cannot be evaluated: {error}") from error
            except (OSError, ValueError) as error:
                raise QueryFailedError(f"the update could not be evaluated: {error}") from error
            return _Change(False, changed)

        return self._write(change, only_if)

    def _steps(self, text: str, options: dict[str, Any]) -> list[Operation] | None:
        """What *text* does, where anybody wants to know; before the turn of writing it has been parsed."""
        steps = None
        if self._check is not None or len(text) > self._longest:
            steps = operations(text, options, self._longest)
        if steps is None:
            require_update(text, options)
        return steps if self._check is not None else None

    def put(
        self,
        graph: Graph,
        documents: Iterable[Document],
        *,
        only_if: Condition | None = None,
        keep: bool = False,
    ) -> WriteOutcome:
        """Let *documents* be the content of *graph*, or with *keep* add to it.

        They are parsed before the turn of writing is asked for. Raises InputError for a broken document.
        """
        self._location.prepare()
        with upload.parsed(documents, self._location.path, self._room) as parsed:
            return self._write(lambda draft: self._put(draft.data, graph, parsed, keep=keep), only_if)

    def put_dataset(
        self, documents: Iterable[Document], *, only_if: Condition | None = None, keep: bool = False
    ) -> WriteOutcome:
        """Let *documents* be the whole dataset, or with *keep* add to it; shipped graphs stay as they are.

        Raises InputError for a broken document, and QueryRefusedError for one that adds to a shipped graph.
        """

        self._location.prepare()
        with upload.parsed(documents, self._location.path, self._room, whole=True) as parsed:
            return self._write(lambda draft: self._put_dataset(draft.data, parsed, keep=keep), only_if)

    def delete(self, graph: Graph, *, only_if: Condition | None = None) -> WriteOutcome:
        """Remove *graph*; a NoGraphError when there is none."""

        def change(draft: Draft) -> _Change:
            if not exists(draft.data, graph):
                raise no_graph(graph)
            target = graph or ox.DefaultGraph()
            changed = self._content(draft.data, target)
            if graph is None:
                draft.data.clear_graph(ox.DefaultGraph())
            else:
                draft.data.remove_graph(graph)
            return _Change(False, changed)

        return self._write(change, only_if)

    def _write(self, change: Callable[[Draft], _Change], only_if: Condition | None) -> WriteOutcome:
        with self._location.draft(wait=_PATIENCE) as draft:
            if only_if is not None and not only_if(draft.base, draft.data):
                raise PreconditionError("the data have changed since; read them again, then write")
            done = change(draft)
            if self._check is not None:
                changed = self._difference(draft) if done.quads is None else done.quads
                self._check(draft.data, changed)
                draft.changed = changed
            version = draft.name
        return WriteOutcome(version, done.created)

    def _put(self, store: ox.Store, graph: Graph, parsed: ParsedDocuments, *, keep: bool) -> _Change:
        """Let *parsed* be what is in *graph*, or with *keep* what is added to it."""
        created = not exists(store, graph)
        target = graph or ox.DefaultGraph()
        if graph is not None:
            store.add_graph(graph)
        if self._check is None:
            if not keep:
                store.clear_graph(target)
            parsed.load(store, target)
            return _Change(created, set())
        old = set() if keep else self._content(store, target)
        new = (
            {quad for quad in parsed.quads(target) if quad not in store}
            if keep
            else set(parsed.quads(target))
        )
        removed = old - new
        if len(removed) > _SINGLY:
            store.clear_graph(target)
            parsed.load(store, target)
        else:
            for quad in removed:  # before others are added: the store writes "1.50" as 1.5
                store.remove(quad)
            store.bulk_extend(new - old)
        return _Change(created, old ^ new)

    def _put_dataset(self, store: ox.Store, parsed: ParsedDocuments, *, keep: bool) -> _Change:
        """Let *parsed* be all but the shipped graphs, or with *keep* what is added."""
        shipped = {graph for graph in parsed.graphs if is_shipped(graph)}
        for quad in parsed.quads() if shipped else ():
            if quad.graph_name in shipped and quad not in store:
                raise shipped_refused(quad.graph_name)
        old: set[ox.Quad] = set()
        for graph in () if keep else (ox.DefaultGraph(), *store.named_graphs()):
            if isinstance(graph, ox.DefaultGraph):
                old |= self._content(store, graph)
                store.clear_graph(graph)
            elif not is_shipped(graph):
                old |= self._content(store, graph)
                store.remove_graph(graph)
        if self._check is None:
            parsed.load(store)
            return _Change(False, set())
        new = {quad for quad in parsed.quads() if quad not in store}
        store.bulk_extend(new)
        return _Change(False, old ^ new)

    def _content(self, store: ox.Store, graph: GraphName) -> set[ox.Quad]:
        """The quads of *graph*; none where nobody asks for them."""
        return set() if self._check is None else set(store.quads_for_pattern(None, None, None, graph))

    def _difference(self, draft: Draft) -> set[ox.Quad]:
        before = ox.Store.read_only(str(self._location.directory(draft.base))) if draft.base else ox.Store()
        return delta.difference(before, draft.data)


@dataclass(frozen=True, slots=True)
class _Change:
    created: bool  #: whether a graph is there that was not
    quads: set[ox.Quad] | None  #: added or removed; None where only the versions can tell


def options_for(base: str | None) -> dict[str, Any]:
    """What the engine is told with an update: our prefixes, and *base* for relative IRIs."""
    return {"prefixes": PREFIXES, "base_iri": base}


def prepared(
    text: str,
    default_graphs: Sequence[str],
    named_graphs: Sequence[str],
    options: dict[str, Any],
    longest: int = query_features.LONGEST,
) -> str:
    """The update *text* with USING for the graphs, as it may be carried out; see `Writer.update`."""
    try:
        if default_graphs or named_graphs:
            text = query_features.with_dataset(text, default_graphs, named_graphs, longest)
        if query_features.has_load(text, options):
            text = query_features.without_silent_loads(text, longest)
        if query_features.reaches_out(text, options):
            query_features.require_short(text, "update", longest)
            _refuse(text)
    except NotSparqlError as error:
        raise mistake(error, text, "update") from error
    return text


def require_update(text: str, options: dict[str, Any]) -> None:
    """Raise QuerySyntaxError where *text* is no update."""
    if query_features.is_update(text, options):
        return
    try:
        ox.Store().update(text, **options)  # says what is wrong with it, and does nothing
    except SyntaxError as error:
        raise syntax_error(error, text, "update") from error
    except (OSError, RuntimeError, ValueError):
        pass  # it is told when it is carried out


def _refuse(update: str) -> NoReturn:
    """Raise what there is to say of *update*, which the engine does not parse without SERVICE and LOAD."""
    if any(node.kind in ("SERVICE", "LOAD") for node in parse_update(update).walk()):
        raise QueryRefusedError(
            "SERVICE and LOAD are refused in updates: this endpoint does not contact other hosts; "
            "send the data with POST to the graph store"
        )
    raise explained(update, "update")


def exists(store: HoldsGraphs, graph: Graph) -> bool:
    """Whether *graph* is in *store*; the default graph always is."""
    return graph is None or store.contains_named_graph(graph)


def is_shipped(graph: GraphName | None) -> bool:
    """Whether *graph* is renewed from the project's files, so that nobody else writes to it."""
    return isinstance(graph, ox.NamedNode) and graph.value.startswith(GRAPH)


def shipped_refused(graph: GraphName | None) -> QueryRefusedError:
    """The error that says that a write would change the shipped *graph*."""
    return QueryRefusedError(
        f"{graph} is renewed from the project's files; leave it out, or write to a graph of your own"
    )


def no_graph(graph: Graph) -> NoGraphError:
    """The error that says that *graph* is not there."""
    return NoGraphError(f"there is no graph {graph.value if graph else 'default'}")
