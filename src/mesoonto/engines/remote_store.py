"""What an engine holds, as far as a write needs to know it, with the changes of the write laid over.

It is asked of the engine by SPARQL, many nodes in one query. What the shipped graphs hold is known here, so
those of the engine are left out.

A blank node of an engine has no name that would be understood in a second query. So as soon as an answer has
one, all statements with blank nodes are asked for in a single query, in which they keep their labels, and are
taken from there from then on. Where labels have to go with other answers, too, that is a copy of the whole.
Both are bounded: an engine that holds more of that is told in a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import TypeVar

import pyoxigraph as ox

from mesoonto.dataset.delta import GraphName
from mesoonto.dataset.write import is_shipped
from mesoonto.engines import note
from mesoonto.errors import QueryRefusedError, TooLongError
from mesoonto.namespaces import GRAPH

#: Asks an engine a SELECT query, whose default graph is that of the engine, and no union.
Rows = Callable[[str], Iterable[ox.QuerySolution]]

#: Subject, predicate and object; None for any. Either the subject is named, or predicate and object are.
Pattern = tuple[ox.NamedNode | ox.BlankNode | None, ox.NamedNode | None, object]

_Item = TypeVar("_Item")

#: Nodes or quads that one query names.
_BATCH = 250

#: What keeps shipped graphs out of an answer, and what only the note.
OWN_GRAPHS = f'FILTER(!STRSTARTS(STR(?g), "{GRAPH}"))'
BUT_NOTE = f"FILTER(?g != <{note.GRAPH}>)"


class RemoteStore:
    """The statements of an engine, as a write leaves them."""

    def __init__(
        self, rows: Rows, known: ox.Store | None = None, most: int = 100_000, *, has_default: bool = True
    ) -> None:
        self._rows = rows
        self._known = known  #: the shipped graphs
        self.has_default = has_default  #: whether the default graph is one of its own, and no union
        self._most = most  #: statements that are held of the engine
        self._kept = BUT_NOTE if known is None else OWN_GRAPHS
        self._base = ox.Store()  #: what has been asked
        self._added = ox.Store()
        self._removed = ox.Store()
        self._as_added: set[ox.Quad] = set()  #: with literals as they were written
        self._as_removed: set[ox.Quad] = set()
        self._subjects: set[object] = set()  #: of which all is in the base
        self._pairs: set[tuple[object, object]] = set()  #: of predicate and object, likewise
        self._has_blank = False  #: whether all statements with blank nodes are in the base
        self._has_all = False
        self._graphs: dict[ox.NamedNode, bool] = {}  #: whether they are there

    @property
    def is_changed(self) -> bool:
        """Whether anything has been added or removed."""
        return bool(self._as_added or self._as_removed)

    @property
    def added(self) -> Collection[ox.Quad]:
        """What is there now and was not."""
        return self._as_added

    @property
    def removed(self) -> Collection[ox.Quad]:
        """What was there and is not now."""
        return self._as_removed

    def contains_named_graph(self, graph: ox.NamedNode) -> bool:
        """Whether *graph* is there; most engines know no empty one."""
        if graph not in self._graphs:
            found = self._rows(f"SELECT ?s {{ GRAPH {graph} {{ ?s ?p ?o }} }} LIMIT 1")
            self._graphs[graph] = next(iter(found), None) is not None
        return self._graphs[graph]

    def set_graph(self, graph: ox.NamedNode, *, there: bool) -> None:
        """Let *graph* be there, or not."""
        self._graphs[graph] = there

    def quads_for_pattern(
        self,
        subject: object,
        predicate: object,
        object_: object,
        graph: object = None,
    ) -> Iterator[ox.Quad]:
        """The quads that match, None being anything; see `Pattern` for what may be asked."""
        self.prefetch([(subject, predicate, object_)])  # type: ignore[list-item]
        place: tuple[object, ...] = (subject, predicate, object_, graph)
        for quad in self._base.quads_for_pattern(*place):  # type: ignore[arg-type]
            if quad not in self._removed:
                yield quad
        for store in (self._added, self._known):
            if store is not None:
                yield from store.quads_for_pattern(*place)  # type: ignore[arg-type]

    def prefetch(self, patterns: Iterable[Pattern]) -> None:
        """Ask the engine for what matches any of *patterns*, where that has not been done."""
        if self._has_all:
            return
        subjects: list[object] = []
        pairs: list[tuple[object, object]] = []
        for subject, predicate, value in patterns:
            if isinstance(subject, ox.NamedNode):
                if subject not in self._subjects:
                    self._subjects.add(subject)
                    subjects.append(subject)
            elif (
                subject is None
                and isinstance(value, ox.NamedNode | ox.Literal)
                and (predicate, value) not in self._pairs
            ):
                self._pairs.add((predicate, value))
                pairs.append((predicate, value))
        for some in _parts(subjects):
            self._fetch(f"VALUES ?s {{ {' '.join(map(str, some))} }}")
        for several in _parts(pairs):
            self._fetch(f"VALUES (?p ?o) {{ {' '.join(f'({p} {o})' for p, o in several)} }}")

    def content(self, graph: GraphName | None) -> set[ox.Quad]:
        """The quads of *graph*, or of all graphs that are not shipped."""
        if self._known is not None and graph is not None and is_shipped(graph):
            return set(self._known.quads_for_pattern(None, None, None, graph))
        if self._has_all:
            found = set(self._base)
        else:
            if graph is None:
                where = self._all()
            elif isinstance(graph, ox.NamedNode):
                where = f"{{ GRAPH {graph} {{ ?s ?p ?o }} }}"
            else:
                where = "{ ?s ?p ?o }"
            own = isinstance(graph, ox.DefaultGraph) and not self.has_default
            found = set() if own else set(self._ask(where, graph))
            if any(map(_is_blank, found)):
                self._fetch_blank()
                found = {quad for quad in found if not _is_blank(quad)}
                found.update(filter(_is_blank, self._base))
        now = (found - self._as_removed) | self._as_added
        return {quad for quad in now if graph is None or quad.graph_name == graph}

    def copy(self) -> ox.Store:
        """All of it, to evaluate in memory."""
        if not self._has_all:
            if any(_is_blank(quad) and quad in self._base for quad in (*self._as_added, *self._as_removed)):
                raise QueryRefusedError(
                    "the update comes back to blank nodes of the engine that it has changed; send its "
                    "operations as updates of their own"
                )
            everything = self._renamed(self._ask(self._all()))
            self._base = ox.Store()
            self._base.extend(everything)
            self._has_all = self._has_blank = True
        made = ox.Store()
        made.bulk_extend(quad for quad in self._base if quad not in self._removed)
        made.bulk_extend(self._added)
        if self._known is not None:
            made.bulk_extend(self._known)
        return made

    def solutions(self, query: str) -> list[ox.QuerySolution]:
        """The solutions of *query* on what the engine holds, which must be all there is to it."""
        found = list(islice(self._rows(f"{query} LIMIT {self._most + 1}"), self._most + 1))
        if len(found) > self._most:
            raise self._too_much("its pattern matches more than {} times")
        return found

    def apply(
        self, removed: Iterable[ox.Quad], added: Iterable[ox.Quad]
    ) -> tuple[set[ox.Quad], set[ox.Quad]]:
        """Remove quads, then add others; gives those that went, and those that are new."""
        old = self._present(removed)
        for quad in old:
            self._take(quad)
        wanted = set(added)
        new = wanted - self._present(wanted)
        for quad in new:
            self._put(quad)
        return old - new, new - old

    def _take(self, quad: ox.Quad) -> None:
        if quad in self._as_added:
            self._as_added.remove(quad)
            self._added.remove(quad)
        else:
            self._as_removed.add(quad)
            self._removed.add(quad)

    def _put(self, quad: ox.Quad) -> None:
        if quad in self._as_removed:
            self._as_removed.remove(quad)
            self._removed.remove(quad)
        else:
            self._as_added.add(quad)
            self._added.add(quad)
        if isinstance(quad.graph_name, ox.NamedNode):
            self._graphs[quad.graph_name] = True

    def _present(self, quads: Iterable[ox.Quad]) -> set[ox.Quad]:
        """Those of *quads* that are there."""
        found: set[ox.Quad] = set()
        unknown: list[ox.Quad] = []
        for quad in quads:
            if quad in self._as_added:
                found.add(quad)
            elif quad in self._as_removed:
                continue
            elif _is_blank(quad):
                if quad in self._base:  # where all with blank nodes of the engine are
                    found.add(quad)
            elif self._known is not None and is_shipped(quad.graph_name):
                if quad in self._known:
                    found.add(quad)
            else:
                unknown.append(quad)
        for some in _parts(unknown):
            found.update(self._present_there(some))
        return found

    def _present_there(self, quads: list[ox.Quad]) -> Iterator[ox.Quad]:
        """Those of *quads* that the engine holds; their number is asked for, not how it writes them."""
        parts: dict[bool, list[str]] = {False: [], True: []}
        for number, quad in enumerate(quads):
            named = isinstance(quad.graph_name, ox.NamedNode)
            graph = f"{quad.graph_name} " if named else ""
            parts[named].append(f"({number} {graph}{quad.subject} {quad.predicate} {quad.object})")
        wheres = []
        if parts[False]:
            wheres.append(f"{{ VALUES (?i ?s ?p ?o) {{ {' '.join(parts[False])} }} ?s ?p ?o }}")
        if parts[True]:
            rows = " ".join(parts[True])
            wheres.append(f"{{ VALUES (?i ?g ?s ?p ?o) {{ {rows} }} GRAPH ?g {{ ?s ?p ?o }} }}")
        for row in self._rows(f"SELECT DISTINCT ?i {{ {' UNION '.join(wheres)} }}"):
            number = row["i"]
            assert isinstance(number, ox.Literal)  # noqa: S101  # as the query says
            yield quads[int(number.value)]

    def _all(self, condition: str = "") -> str:
        return f"{{ {self._anywhere()} {condition} }}"

    def _anywhere(self, values: str = "") -> str:
        """A pattern for statements in any graph, with *values* for some of their places."""
        named = f"{{ {values} GRAPH ?g {{ ?s ?p ?o }} {self._kept} }}"
        return f"{{ {values} ?s ?p ?o }} UNION {named}" if self.has_default else named

    def _fetch(self, values: str) -> None:
        """Take into the base what matches *values*."""
        where = f"{{ {self._anywhere(values)} }}"
        found = list(self._ask(where))
        if any(map(_is_blank, found)):
            self._fetch_blank()
        self._base.extend(quad for quad in found if not _is_blank(quad))

    def _fetch_blank(self) -> None:
        if not self._has_blank:
            blank = self._ask(self._all("FILTER(isBlank(?s) || isBlank(?o))"))
            self._base.extend(self._renamed(blank))
            self._has_blank = True

    def _renamed(self, quads: Iterable[ox.Quad]) -> list[ox.Quad]:
        """*quads* with labels of blank nodes that nothing else has."""
        names: dict[ox.BlankNode, ox.BlankNode] = {}

        def renamed(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> object:
            return names.setdefault(term, ox.BlankNode()) if isinstance(term, ox.BlankNode) else term

        return [
            ox.Quad(renamed(q.subject), q.predicate, renamed(q.object), q.graph_name)  # type: ignore[arg-type]
            for q in quads
        ]

    def _ask(self, where: str, graph: GraphName | None = None) -> Iterator[ox.Quad]:
        """The quads that match *where*; those without a graph are in *graph*, or the default graph."""
        left = self._most - len(self._base)
        query = f"SELECT ?s ?p ?o ?g {where} LIMIT {left + 1}"  # the words are ours
        for count, row in enumerate(self._rows(query)):
            if count == left:
                raise self._too_much("more than {} statements of the engine have to be looked at")
            place = (row["g"] if graph is None else None) or graph or ox.DefaultGraph()
            yield ox.Quad(row["s"], row["p"], row["o"], place)

    def _too_much(self, what: str) -> TooLongError:
        return TooLongError(
            f"{what.format(self._most)} to know what the write does; write in smaller parts, or use "
            "`mesoonto load --engine`"
        )


def _parts(items: list[_Item]) -> Iterator[list[_Item]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def _is_blank(quad: ox.Quad) -> bool:
    return isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode)
