"""The operations of an update (SPARQL 1.1 Update, section 3), each of which tells what it changes.

So a write is checked by what it has written, and a triple costs the same at any size of the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import pyoxigraph as ox

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
GraphName = ox.NamedNode | ox.BlankNode | ox.DefaultGraph


class Operation(Protocol):
    """One operation of an update."""

    def apply(self, store: ox.Store) -> set[ox.Quad]:
        """Carry it out in *store*; the quads that are in it now and were not, or the other way round.

        Raises OSError, RuntimeError or ValueError, as the engine does; *store* may be changed in part then.
        """


@dataclass(frozen=True, slots=True)
class DataOperation:
    """INSERT DATA, or DELETE DATA (sections 3.1.1 and 3.1.2)."""

    adds: bool
    quads: tuple[ox.Quad, ...]

    def apply(self, store: ox.Store) -> set[ox.Quad]:
        """See Operation."""
        return _add(self.quads, store) if self.adds else _remove(self.quads, store)


@dataclass(frozen=True, slots=True)
class ModifyText:
    """The parts of DELETE and INSERT with WHERE as they were written."""

    prologue: str
    graph: GraphName  #: that WITH names
    deleted: str  #: the template in its braces; "" where there is none
    inserted: str  #: likewise
    using: tuple[str, ...]  #: what stands behind each USING
    wanted: str  #: the variables of the templates, or *
    group: str  #: the pattern in its braces


@dataclass(frozen=True, slots=True)
class Modify:
    """DELETE and INSERT with WHERE, and DELETE WHERE (section 3.1.3)."""

    select: str  #: asks for what the pattern binds the variables of the templates to
    options: Mapping[str, Any]  #: of the engine for this query
    removed: QuadTemplate
    added: QuadTemplate
    text: ModifyText

    def apply(self, store: ox.Store) -> set[ox.Quad]:
        """See Operation; all of it is removed before any of it is added."""
        solutions = store.query(self.select, **self.options)
        assert isinstance(solutions, ox.QuerySolutions)  # noqa: S101  # SELECT
        old, new = self.filled(solutions)
        return _remove(old, store) ^ _add(new, store)

    def filled(self, solutions: Iterable[ox.QuerySolution]) -> tuple[set[ox.Quad], set[ox.Quad]]:
        """What *solutions* say is to be removed, and what is to be added then."""
        old: set[ox.Quad] = set()
        new: set[ox.Quad] = set()
        for solution in solutions:
            old.update(self.removed.filled(solution))
            new.update(self.added.filled(solution))
        return old, new


@dataclass(frozen=True, slots=True)
class QuadTemplate:
    """Quads in which some IRIs stand for variables."""

    quads: tuple[ox.Quad, ...]
    variables: Mapping[str, str]  #: from IRI to the name of its variable

    def filled(self, solution: ox.QuerySolution) -> Iterable[ox.Quad]:
        """The quads that *solution* makes; those with an unbound variable and illegal ones are left out.

        Each solution has blank nodes of its own.
        """
        blank: dict[ox.BlankNode, ox.BlankNode] = {}
        for quad in self.quads:
            terms = [
                self._term(term, solution, blank)
                for term in (quad.subject, quad.predicate, quad.object, quad.graph_name)
            ]
            if None not in terms:
                with suppress(TypeError):  # a term that does not go there
                    yield ox.Quad(*terms)  # type: ignore[arg-type]

    def _term(
        self,
        term: Term | ox.DefaultGraph,
        solution: ox.QuerySolution,
        blank: dict[ox.BlankNode, ox.BlankNode],
    ) -> Term | ox.DefaultGraph | None:
        if isinstance(term, ox.NamedNode):
            name = self.variables.get(term.value)
            return term if name is None else solution[name]
        if isinstance(term, ox.BlankNode):
            return blank.setdefault(term, ox.BlankNode())
        if isinstance(term, ox.Triple):
            parts = [self._term(t, solution, blank) for t in (term.subject, term.predicate, term.object)]
            try:
                return ox.Triple(*parts)  # type: ignore[arg-type]
            except TypeError:
                return None
        return term


@dataclass(frozen=True, slots=True)
class Clearing:
    """CLEAR and DROP (sections 3.1.5 and 3.2.2): what becomes empty, and the engine's text."""

    update: str
    options: Mapping[str, Any]
    graph: GraphName | None  #: None for all
    named_only: bool = False

    def apply(self, store: ox.Store) -> set[ox.Quad]:
        """See Operation."""
        quads = set(store.quads_for_pattern(None, None, None, self.graph))
        if self.named_only:
            quads = {quad for quad in quads if not isinstance(quad.graph_name, ox.DefaultGraph)}
        store.update(self.update, **self.options)
        return quads


@dataclass(frozen=True, slots=True)
class Creating:
    """CREATE (section 3.2.1), which adds no quads."""

    update: str
    options: Mapping[str, Any]

    def apply(self, store: ox.Store) -> set[ox.Quad]:
        """See Operation."""
        store.update(self.update, **self.options)
        return set()


@dataclass(frozen=True, slots=True)
class Copying:
    """ADD, COPY and MOVE (sections 3.2.3 to 3.2.5): from where to where, and the engine's text."""

    update: str
    options: Mapping[str, Any]
    source: GraphName
    target: GraphName
    empties_target: bool
    empties_source: bool

    def apply(self, store: ox.Store) -> set[ox.Quad]:
        """See Operation."""
        changed: set[ox.Quad] = set()
        if self.source != self.target:
            source = set(store.quads_for_pattern(None, None, None, self.source))
            copies = {ox.Quad(q.subject, q.predicate, q.object, self.target) for q in source}
            if self.empties_target:
                changed = copies ^ set(store.quads_for_pattern(None, None, None, self.target))
            else:
                changed = {quad for quad in copies if quad not in store}
            if self.empties_source:
                changed |= source
        store.update(self.update, **self.options)
        return changed


def _add(quads: Iterable[ox.Quad], store: ox.Store) -> set[ox.Quad]:
    """Put *quads* into *store*; gives those that were not there."""
    new = {quad for quad in quads if quad not in store}
    store.extend(new)
    return new


def _remove(quads: Iterable[ox.Quad], store: ox.Store) -> set[ox.Quad]:
    """Take *quads* out of *store*; gives those that were there."""
    old = {quad for quad in quads if quad in store}
    for quad in old:
        store.remove(quad)
    return old


def difference(before: ox.Store, after: ox.Store) -> set[ox.Quad]:
    """The quads that are in one of the two and not in the other; takes as long as both are large."""
    lines = [set((store.dump(format=ox.RdfFormat.N_QUADS) or b"").splitlines()) for store in (before, after)]
    return set(ox.parse(b"\n".join(lines[0] ^ lines[1]), format=ox.RdfFormat.N_QUADS))
