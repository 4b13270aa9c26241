"""How far shapes look: which focus nodes a change can reach, and what has to be known to judge them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.files.terms import SUBCLASS, TYPE, Term
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.paths import Path

_REPEATED = ("zeroOrMorePath", "oneOrMorePath")
_Node = ox.NamedNode | ox.BlankNode


@dataclass(frozen=True, slots=True)
class Reach:
    """The predicates along which shapes look from a focus node, and how many steps at most."""

    forward: frozenset[ox.NamedNode]
    inverse: frozenset[ox.NamedNode]
    free: frozenset[ox.NamedNode]  #: those that a path may repeat, so that they cost no step
    steps: int
    anything: bool  #: whether some constraint looks at every property, as ``sh:closed`` does

    def affected(self, changed: Iterable[ox.Quad], store: ox.Store) -> set[Term]:
        """The nodes of *store* whose judgement may differ since *changed* was added or removed."""
        alone: set[Term] = set()
        starts: set[Term] = set()
        for quad in changed:
            subject, predicate, value = quad.subject, quad.predicate, quad.object
            if isinstance(subject, ox.Triple) or isinstance(value, ox.Triple):
                continue
            (starts if self.anything or predicate in self.forward else alone).add(subject)
            if predicate in self.inverse:
                starts.add(value)
        return self._walk(starts, store, self.inverse, self.forward) | alone

    def described(self, nodes: Collection[Term], store: ox.Store) -> Iterator[ox.Triple]:
        """The statements of *store* that decide on *nodes*."""
        for node in self._walk(nodes, store, self.forward, self.inverse):
            if isinstance(node, _Node):
                for quad in store.quads_for_pattern(node, None, None, None):
                    yield quad.triple
            for predicate in self.inverse:
                for quad in store.quads_for_pattern(None, predicate, node, None):
                    yield quad.triple

    def _walk(
        self,
        starts: Iterable[Term],
        store: ox.Store,
        along: frozenset[ox.NamedNode],
        against: frozenset[ox.NamedNode],
    ) -> set[Term]:
        """*starts* and the nodes that are at most `steps` steps away."""
        near: dict[Term, int] = dict.fromkeys(starts, 0)
        waiting = list(near)
        while waiting:
            node = waiting.pop()
            for predicate, other in self._neighbours(node, store, along, against):
                cost = near[node] + (predicate not in self.free)
                if cost <= self.steps and cost < near.get(other, self.steps + 1):
                    near[other] = cost
                    waiting.append(other)
        return set(near)

    def _neighbours(
        self,
        node: Term,
        store: ox.Store,
        along: frozenset[ox.NamedNode],
        against: frozenset[ox.NamedNode],
    ) -> Iterator[tuple[ox.NamedNode, Term]]:
        if isinstance(node, _Node):
            for quad in store.quads_for_pattern(node, None, None, None):
                if quad.predicate in along and not isinstance(quad.object, ox.Triple):
                    yield quad.predicate, quad.object
        for predicate in against:
            for quad in store.quads_for_pattern(None, predicate, node, None):
                if not isinstance(quad.subject, ox.Triple):
                    yield predicate, quad.subject


def of(shapes: model.Shapes) -> Reach | None:
    """How far *shapes* look; None when one holds a query, or what only pySHACL knows."""
    forward: set[ox.NamedNode] = {TYPE, SUBCLASS}
    inverse: set[ox.NamedNode] = set()
    free: set[ox.NamedNode] = {SUBCLASS}
    anything = False
    for shape in shapes.by_node.values():
        if shape.path is not None:
            _collect(shape.path, False, forward, inverse, free)
        for constraint in shape.constraints:
            if isinstance(constraint, model.ShapeQuery | model.Foreign):
                return None
            if isinstance(constraint, model.Pair):
                forward.add(constraint.predicate)
            anything = anything or isinstance(constraint, model.Closed)
        for target in shape.targets:
            if isinstance(target.term, ox.NamedNode) and target.kind in ("subjects", "objects"):
                (forward if target.kind == "subjects" else inverse).add(target.term)
    if shapes.foreign:
        return None
    steps = max((_steps(shape, shapes) for shape in shapes.targeted), default=0)
    return Reach(frozenset(forward), frozenset(inverse), frozenset(free), steps, anything)


def _collect(
    path: Path,
    turned: bool,
    forward: set[ox.NamedNode],
    inverse: set[ox.NamedNode],
    free: set[ox.NamedNode],
) -> None:
    if path.predicate is not None:
        (inverse if turned else forward).add(path.predicate)
    if path.kind in _REPEATED:
        free.update(path.predicates())
    for part in path.parts:
        _collect(part, turned is not (path.kind == "inversePath"), forward, inverse, free)


def _steps(shape: model.Shape, shapes: model.Shapes) -> int:
    """The longest way that *shape* looks, what is repeated counted once; one more for a class."""
    here = 0 if shape.path is None else _length(shape.path)
    inner = [1]
    for constraint in shape.constraints:
        inner += [_steps(shapes.by_node[node], shapes) for node in model.named_shapes(constraint)]
    return here + max(inner)


def _length(path: Path) -> int:
    if path.predicate is not None:
        return 1
    lengths = [_length(part) for part in path.parts]
    return sum(lengths) if path.kind == "sequence" else max(lengths)
