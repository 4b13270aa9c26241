"""What a write does to an engine: found out step by step, and written as operations of one update.

Data are named as they are. Where a blank node of the engine would have to be named, for which SPARQL has no
word, the operation is sent as it was written, and its pattern finds the node again.

Each operation has the condition that the note of the engine is that of this write (see `engines.note`), so
where the note was renewed by somebody else meanwhile, none of them does anything.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from mesoonto.dataset.delta import (
    Clearing,
    Copying,
    Creating,
    DataOperation,
    GraphName,
    Modify,
    Operation,
)
from mesoonto.dataset.write import is_shipped, shipped_refused
from mesoonto.engines import note
from mesoonto.engines.decimals import with_point
from mesoonto.engines.remote_store import BUT_NOTE, OWN_GRAPHS, RemoteStore
from mesoonto.engines.renewal import Renewal
from mesoonto.errors import QueryRefusedError
from mesoonto.namespaces import PREFIXES

_ANYTHING = "?s ?p ?o"

#: Functions whose value differs when the engine evaluates them once more.
_UNSURE = re.compile(r"(?<![^\W_])(?:rand|now|uuid|struuid)\s*\(", re.IGNORECASE)

_GRAPH_VARIABLE = re.compile(r"\bgraph\s*[?$]", re.IGNORECASE)


@dataclass(slots=True)
class _Named:
    """Quads that one operation names."""

    removed: set[ox.Quad] = field(default_factory=set)
    added: set[ox.Quad] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Matched:
    """An operation with a pattern; its condition stands between the two."""

    before: str
    after: str


class RemoteChange:
    """A write to *store*."""

    def __init__(self, store: RemoteStore, *, ships: bool, pointed: bool = False) -> None:
        self.store = store
        self.changed: set[ox.Quad] = set()  #: added or removed, but not both
        self._ships = ships  #: whether the shipped graphs are to stay as they are
        self._pointed = pointed  #: whether decimals are to be written with a point
        self._parts: list[_Named | _Matched] = []
        self._written: list[Modify] = []  #: whose words are among the parts

    def apply(self, step: Operation) -> None:
        """Do what *step* does.

        Raises QueryRefusedError where that cannot be known or sent; RuntimeError as the engine of an embedded
        store does, where a graph is there or not there.
        """
        match step:
            case DataOperation(adds=adds, quads=quads):
                self.change((), quads) if adds else self.change(quads, ())
            case Modify():
                self._modify(step)
            case Clearing():
                self._rehearse(step, step.graph)
                self.clear(step.graph, named_only=step.named_only)
            case Copying():
                self._rehearse(step, step.source, step.target)
                if step.source != step.target:
                    self._require_own(step.target)
                    if step.empties_source:
                        self._require_own(step.source)
                    self._copy(step)
            case Creating():
                self._create(step)
            case _:
                raise AssertionError(step)

    def change(self, removed: Iterable[ox.Quad], added: Iterable[ox.Quad]) -> None:
        """Remove some quads, then add others; none names a blank node of the engine."""
        old, new = self._apply(removed, added)
        last = self._parts[-1] if self._parts else None
        named = last if isinstance(last, _Named) else _Named()
        if named is not last:
            self._parts.append(named)
        named.removed |= old - named.added
        named.added -= old
        named.added |= new - named.removed
        named.removed -= new

    def clear(self, graph: GraphName | None, *, named_only: bool = False) -> None:
        """Empty *graph*, or all graphs."""
        if graph is None and self._ships:
            raise QueryRefusedError(
                "the shipped graphs are among them, which are renewed from the project's files; name a graph "
                "of your own"
            )
        self._require_own(graph)
        quads = self.store.content(graph)
        if named_only:
            quads = {quad for quad in quads if not isinstance(quad.graph_name, ox.DefaultGraph)}
        self._apply(quads, ())
        self._write_clearing(graph, named_only=named_only)

    def clear_own(self) -> None:
        """Empty all graphs but the shipped ones."""
        self._apply(self.store.content(None), ())
        self._write_clearing(None, named_only=False)

    def request(self, renewal: Renewal) -> str:
        """The one update request that does all of it, where *renewal* still finds the note as it was."""
        parts = [part for part in self._parts if isinstance(part, _Matched) or part.removed or part.added]
        if not parts:
            parts = [_Named()]
        if len(parts) == 1 and isinstance(parts[0], _Named):  # so that it is one operation
            removed, added = (self._block(quads) for quads in (parts[0].removed, parts[0].added))
            return _modifying(f"{renewal.removed}\n{removed}", f"{renewal.added}\n{added}", renewal.condition)
        operations = [_modifying(renewal.removed, f"{renewal.added} {renewal.begun}", renewal.condition)]
        for part in parts:
            if isinstance(part, _Matched):
                operations.append(f"{part.before} {renewal.guard} {part.after}")
            else:
                removed, added = self._block(part.removed), self._block(part.added)
                operations.append(_modifying(removed, added, renewal.guard))
        operations.append(_modifying(renewal.begun, "", f"{renewal.guard} {renewal.begun}"))
        return _prologue(self._written) + " ;\n".join(operations)

    def _block(self, quads: Iterable[ox.Quad]) -> str:
        return _block(map(with_point, quads) if self._pointed else quads)

    def _apply(
        self, removed: Iterable[ox.Quad], added: Iterable[ox.Quad]
    ) -> tuple[set[ox.Quad], set[ox.Quad]]:
        removed, added = list(removed), list(added)
        _require_writable(added)
        if not self.store.has_default and any(_is_in_default(quad) for quad in (*removed, *added)):
            raise _no_default()
        old, new = self.store.apply(removed, added)
        if any(quad.graph_name == ox.NamedNode(note.GRAPH) for quad in (*old, *new)):
            raise QueryRefusedError(f"{note.GRAPH} is what the server notes of the engine; leave it to it")
        self.changed ^= old | new
        return old, new

    def _require_own(self, graph: GraphName | None) -> None:
        """Raise QueryRefusedError where *graph* is one of the shipped ones, which stay as they are."""
        if self._ships and is_shipped(graph):
            raise shipped_refused(graph)
        if isinstance(graph, ox.DefaultGraph) and not self.store.has_default:
            raise _no_default()

    def _modify(self, step: Modify) -> None:
        select = None if self.store.is_changed else self._select(step)
        if select is not None:
            solutions = self.store.solutions(select)
            if not any(map(_has_blank, solutions)):
                self.change(*step.filled(solutions))
                return
        # The pattern sees what an earlier operation changed, or blank nodes whose labels are to be known.
        found = self.store.copy().query(step.select, **step.options)
        assert isinstance(found, ox.QuerySolutions)  # noqa: S101  # SELECT
        solutions = list(found)
        removed, added = step.filled(solutions)
        if not any(map(_has_blank, solutions)):
            self.change(removed, added)
            return
        self._apply(removed, added)
        self._written.append(step)
        self._parts.append(_as_written(step))

    def _select(self, step: Modify) -> str | None:
        """The query of *step* with all that an engine has to be told; None where there is no such query."""
        text, where, clauses = step.text, step.text.group, ""
        if text.using or isinstance(text.graph, ox.DefaultGraph):
            clauses = " ".join(f"FROM {graphs}" for graphs in text.using)
        elif "graph" not in text.group.lower():
            clauses = f"FROM {text.graph}"
        else:
            # FROM would keep it from other graphs; and GRAPH matches nothing in one that is not there.
            assert isinstance(text.graph, ox.NamedNode)  # noqa: S101  # as WITH has it
            if not self.store.contains_named_graph(text.graph):
                return None
            where = f"{{ GRAPH {text.graph} {text.group} }}"
        prologue = _prologue([step])
        return f"{prologue} SELECT {text.wanted} {clauses} WHERE {where}"  # taken apart above

    def _copy(self, step: Copying) -> None:
        if isinstance(step.source, ox.DefaultGraph) and not self.store.has_default:
            raise _no_default()
        source = self.store.content(step.source)
        copies = {ox.Quad(q.subject, q.predicate, q.object, step.target) for q in source}
        if step.empties_target:
            self._apply(self.store.content(step.target) - copies, copies)
            self._write_clearing(step.target, named_only=False)
        else:
            self._apply((), copies)
        if copies and isinstance(step.target, ox.NamedNode):
            self.store.set_graph(step.target, there=True)
        if step.empties_source:
            self._apply(source, ())
        self._parts.append(_Matched(f"INSERT {{ {_in(step.target)} }} WHERE {{", f"{_in(step.source)} }}"))
        if step.empties_source:
            self._write_clearing(step.source, named_only=False)

    def _write_clearing(self, graph: GraphName | None, *, named_only: bool) -> None:
        if graph is not None:
            self._parts.append(_Matched(f"DELETE {{ {_in(graph)} }} WHERE {{", f"{_in(graph)} }}"))
            return
        named = f"GRAPH ?g {{ {_ANYTHING} }}"
        kept = OWN_GRAPHS if self._ships else BUT_NOTE
        self._parts.append(_Matched(f"DELETE {{ {named} }} WHERE {{", f"{named} {kept} }}"))
        if not named_only and self.store.has_default:
            self._parts.append(_Matched(f"DELETE {{ {_ANYTHING} }} WHERE {{", f"{_ANYTHING} }}"))

    def _create(self, step: Creating) -> None:
        self._rehearse(step, *_graphs_named(step))

    def _rehearse(self, step: Clearing | Copying | Creating, *graphs: GraphName | None) -> None:
        """Let a store that has the same *graphs*, though empty, say whether *step* can be done."""
        scratch = ox.Store()
        named = [graph for graph in graphs if isinstance(graph, ox.NamedNode)]
        for graph in named:
            if self.store.contains_named_graph(graph):
                scratch.add_graph(graph)
        scratch.update(step.update, **step.options)
        for graph in named:
            self.store.set_graph(graph, there=scratch.contains_named_graph(graph))


def _as_written(step: Modify) -> _Matched:
    """*step* with room for a condition in its pattern."""
    text = step.text
    if _UNSURE.search(text.group):
        raise QueryRefusedError(
            "the update has to do with blank nodes of the engine, so the engine evaluates its pattern once "
            "more; leave out RAND, NOW, UUID and STRUUID"
        )
    if text.using and _GRAPH_VARIABLE.search(text.group):
        raise QueryRefusedError(
            "the update has to do with blank nodes of the engine; name the graphs in its pattern, or leave "
            "out USING"
        )
    parts = [f"WITH {text.graph}"] if isinstance(text.graph, ox.NamedNode) else []
    parts += [
        f"DELETE {text.deleted}" if text.deleted else "",
        f"INSERT {text.inserted}" if text.inserted else "",
    ]
    if text.using:
        parts += [f"USING {graphs}" for graphs in (*text.using, f"NAMED <{note.GRAPH}>")]
    return _Matched("\n".join([*filter(None, parts), "WHERE {"]), f"{text.group} }}")


def _prologue(steps: Sequence[Modify]) -> str:
    """The declarations before *steps* of one update, and those that an embedded store is told of."""
    if not steps:
        return ""
    base = steps[0].options.get("base_iri")
    lines = [f"BASE <{base}>"] if base else []
    texts = [step.text for step in steps]
    body = " ".join(f"{t.deleted} {t.inserted} {t.group} {' '.join(t.using)}" for t in texts)
    named = [name for name in PREFIXES if re.search(rf"(?<![\w.-]){name}:", body)]
    lines += [f"PREFIX {name}: <{PREFIXES[name]}>" for name in named]
    # Declarations stand before the first operation only, where many engines take them.
    return "\n".join([*lines, max((text.prologue for text in texts), key=len), ""])


def _graphs_named(step: Creating) -> Iterable[ox.NamedNode]:
    """The graph that *step* makes."""
    scratch = ox.Store()
    try:
        scratch.update(step.update, **step.options)
    except RuntimeError:  # it cannot be in an empty store
        return ()
    return [graph for graph in scratch.named_graphs() if isinstance(graph, ox.NamedNode)]


def _modifying(removed: str, added: str, where: str) -> str:
    deletion = f"DELETE {{ {removed} }}\n" if removed.strip() else ""
    insertion = f"INSERT {{ {added} }}\n" if added.strip() else ""
    return f"{deletion}{insertion}WHERE {{ {where} }}"


def _block(quads: Iterable[ox.Quad]) -> str:
    """*quads* as a template has them."""
    by_graph: dict[GraphName, list[str]] = defaultdict(list)
    for quad in quads:
        by_graph[quad.graph_name].append(f"{quad.subject} {quad.predicate} {quad.object} .")
    parts = []
    for graph, lines in by_graph.items():
        text = "\n".join(lines)
        parts.append(text if isinstance(graph, ox.DefaultGraph) else f"GRAPH {graph} {{\n{text}\n}}")
    return "\n".join(parts)


def _in(graph: GraphName) -> str:
    return _ANYTHING if isinstance(graph, ox.DefaultGraph) else f"GRAPH {graph} {{ {_ANYTHING} }}"


def _is_in_default(quad: ox.Quad) -> bool:
    return isinstance(quad.graph_name, ox.DefaultGraph)


def _no_default() -> QueryRefusedError:
    return QueryRefusedError("the engine has no default graph of its own, but the union of all; name a graph")


def _has_blank(solution: ox.QuerySolution) -> bool:
    return any(isinstance(term, ox.BlankNode) for term in solution)


def _require_writable(quads: Iterable[ox.Quad]) -> None:
    for quad in quads:
        if isinstance(quad.graph_name, ox.BlankNode):
            raise QueryRefusedError("a graph that is named by a blank node cannot be written to an engine")
        if isinstance(quad.object, ox.Triple):
            raise QueryRefusedError("a triple term cannot be written to an engine")
