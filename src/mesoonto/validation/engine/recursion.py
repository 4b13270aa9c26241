"""Judges nodes by shapes that lead back to themselves, which SHACL leaves to its processors (section 3.4.3).

The pairs of a shape and a node that depend on one another are a graph, as the data have it. Where it has no
cycle, the recursion ends, and the standard's own definitions decide. A pair that is reached again while it is
under way counts as conforming, as in TopBraid and pySHACL; where a negation lies on such a cycle, each
answer would refute itself, and the run fails.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mesoonto.errors import ShapeError
from mesoonto.files.terms import Term
from mesoonto.validation.data.graph import brief, unusable
from mesoonto.validation.data.literals import decode
from mesoonto.validation.shapes import model

if TYPE_CHECKING:
    from mesoonto.validation.engine.evaluate import Evaluator

#: Steps that are walked from property shape to property shape, to count the ways that lead to a node.
_MOST_STEPS = 200_000

#: A shape and a node.
_Pair = tuple[Term, Term]


@dataclass
class Recursion:
    """What is known of the recursive shapes of *evaluator* over its data."""

    evaluator: Evaluator
    _values: dict[_Pair, tuple[Term, ...]] = field(default_factory=dict)  #: value nodes of a pair
    _fails: dict[_Pair, bool] = field(default_factory=dict)  #: pairs that are judged
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def failing(self, node: Term, focus: Iterable[Term]) -> set[Term]:
        """Those of *focus* that do not conform to the recursive shape *node*."""
        asked = set(focus)
        with self._lock:
            self._extend(node, asked)
            self._judge(self._closure(node, asked, self._named, self._fails))
            return {this for this in asked if self._fails[node, this]}

    def visits(self, node: Term, starts: Mapping[Term, int]) -> dict[Term, Counter[Term]]:
        """How often each property shape that *node* leads to, itself included, looks at which node.

        A focus node is looked at once for each way that leads to it without meeting a pair twice; where there
        are more than can be walked, once.
        """
        with self._lock:
            self._extend(node, starts)
        found: dict[Term, Counter[Term]] = defaultdict(Counter)
        left = _MOST_STEPS
        for start, times in starts.items():
            for shape, this in self._walk((node, start)):
                found[shape][this] += times
                left -= 1
                if left < 0:
                    return self._once(node, starts)
        return found

    def reached(self, node: Term, focus: Iterable[Term]) -> set[Term]:
        """The nodes that the recursive shape *node* looks at on its way from *focus*."""
        begun = set(focus)
        with self._lock:
            self._extend(node, begun)
        return {this for nodes in self._closure(node, begun, self._named).values() for this in nodes}

    def _walk(self, start: _Pair) -> Iterator[_Pair]:
        stack = [(start, self._nested(start))]
        on_way = {start}
        yield start
        while stack:
            pair, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                on_way.discard(pair)
            elif following not in on_way:
                yield following
                on_way.add(following)
                stack.append((following, self._nested(following)))

    def _once(self, node: Term, starts: Iterable[Term]) -> dict[Term, Counter[Term]]:
        found = self._closure(node, starts, self._nested)
        return {shape: Counter(nodes) for shape, nodes in found.items()}

    def _closure(
        self,
        node: Term,
        focus: Iterable[Term],
        follow: Callable[[_Pair], Iterator[_Pair]],
        known: Container[_Pair] = (),
    ) -> dict[Term, set[Term]]:
        """The pairs that *node* on *focus* leads to, by shape, but for those *known*."""
        found: dict[Term, set[Term]] = defaultdict(set)
        waiting = [(node, this) for this in focus]
        while waiting:
            pair = waiting.pop()
            if pair[1] not in found[pair[0]] and pair not in known:
                found[pair[0]].add(pair[1])
                waiting += follow(pair)
        return found

    def _nested(self, pair: _Pair) -> Iterator[_Pair]:
        """The pairs to which ``sh:property`` leads."""
        return self._named(pair, model.Nested)

    def _named(self, pair: _Pair, kind: type[model.Constraint] = model.Constraint) -> Iterator[_Pair]:
        """The pairs to which the constraints of *kind* lead."""
        shapes = self.evaluator.shapes
        shape = shapes.by_node[pair[0]]
        for constraint in () if shape.deactivated else shape.constraints:
            if isinstance(constraint, kind):
                for named in model.named_shapes(constraint):
                    if named in shapes.recursive:
                        yield from ((named, value) for value in self._values[pair])

    # The pairs, with their value nodes

    def _extend(self, node: Term, focus: Iterable[Term]) -> None:
        """Find the pairs that *node* on *focus* leads to, with their value nodes."""
        shapes = self.evaluator.shapes
        waiting: dict[Term, set[Term]] = {node: {this for this in focus if (node, this) not in self._values}}
        while waiting:
            current, nodes = waiting.popitem()
            if not nodes:
                continue
            shape = shapes.by_node[current]
            values = self._value_nodes(shape, nodes)
            reached: set[Term] = set()
            for this in nodes:
                found = values(this)
                self._values[current, this] = found
                reached.update(found)
            for constraint in () if shape.deactivated else shape.constraints:
                for named in set(model.named_shapes(constraint)) & shapes.recursive:
                    new = {value for value in reached if (named, value) not in self._values}
                    waiting.setdefault(named, set()).update(new)

    def _value_nodes(self, shape: model.Shape, nodes: set[Term]) -> Callable[[Term], tuple[Term, ...]]:
        path = shape.path
        if path is None:
            return lambda this: (this,)
        if path.predicate is not None:
            store, predicate = self.evaluator.store, path.predicate
            return lambda this: _objects(store, this, predicate)
        pairs: dict[Term, list[Term]] = defaultdict(list)
        for this, value in self.evaluator.pairs(self.evaluator.node_set(nodes), path):
            pairs[this].append(value)
        return lambda this: tuple(pairs.get(this, ()))

    def _leads_back(self, constraint: model.Constraint) -> bool:
        recursive = self.evaluator.shapes.recursive
        return any(node in recursive for node in model.named_shapes(constraint))

    # Judging

    def _judge(self, fresh: Mapping[Term, set[Term]]) -> None:
        """Judge all pairs of *fresh*, those first on which others depend."""
        bad = {node: self._fail_by_themselves(node, nodes) for node, nodes in fresh.items()}
        others = {
            node: self.evaluator.failing(node, self.evaluator.node_set(nodes))
            for node, nodes in self._beside(fresh).items()
        }
        judging = _Judging(self.evaluator.shapes, self._values, self._fails, bad, others)
        for node, nodes in fresh.items():
            for this in nodes:
                if (node, this) not in self._fails:
                    judging.settle((node, this))

    def _beside(self, fresh: Mapping[Term, set[Term]]) -> dict[Term, set[Term]]:
        """The shapes that are not recursive and stand beside such in a constraint, with their nodes."""
        shapes = self.evaluator.shapes
        found: dict[Term, set[Term]] = defaultdict(set)
        for node, nodes in fresh.items():
            for constraint in filter(self._leads_back, shapes.by_node[node].constraints):
                for named in set(model.named_shapes(constraint)) - shapes.recursive:
                    for this in nodes:
                        found[named].update(self._values[node, this])
        return found

    def _fail_by_themselves(self, node: Term, nodes: set[Term]) -> set[Term]:
        """The nodes that fail a constraint of the shape that leads to no recursive shape."""
        shape = self.evaluator.shapes.by_node[node]
        rest = tuple(c for c in shape.constraints if not self._leads_back(c))
        return self.evaluator.failed_by(replace(shape, constraints=rest), nodes)


@dataclass(frozen=True)
class _Judging:
    """Judges pairs; what is true of a constraint is told by those that it depends on."""

    shapes: model.Shapes
    values: Mapping[_Pair, tuple[Term, ...]]
    fails: dict[_Pair, bool]
    bad: Mapping[Term, set[Term]]  #: nodes that fail a shape for other reasons than recursion
    others: Mapping[Term, set[Term]]  #: nodes that fail shapes that are not recursive

    def settle(self, start: _Pair) -> None:
        """Judge *start* and all that it depends on (Tarjan's strongly connected components)."""
        index = {start: 0}
        low = {start: 0}
        open_pairs = [start]
        is_open = {start}
        stack = [(start, self._depends(start))]
        while stack:
            pair, rest = stack[-1]
            following = next(rest, None)
            if following is not None:
                if following in self.fails:
                    continue
                if following not in index:
                    index[following] = low[following] = len(index)
                    open_pairs.append(following)
                    is_open.add(following)
                    stack.append((following, self._depends(following)))
                elif following in is_open:
                    low[pair] = min(low[pair], index[following])
                continue
            stack.pop()
            if stack:
                low[stack[-1][0]] = min(low[stack[-1][0]], low[pair])
            if low[pair] == index[pair]:
                together: list[_Pair] = []
                while not together or together[-1] != pair:
                    together.append(open_pairs.pop())
                    is_open.discard(together[-1])
                self._settle_together(together)

    def _depends(self, pair: _Pair) -> Iterator[_Pair]:
        for constraint in self._recursive(pair):
            for named in model.named_shapes(constraint):
                if named in self.shapes.recursive:
                    yield from ((named, value) for value in self.values[pair])

    def _recursive(self, pair: _Pair) -> Iterator[model.Constraint]:
        shape = self.shapes.by_node[pair[0]]
        if shape.deactivated or pair[1] in self.bad.get(pair[0], ()):
            return
        for constraint in shape.constraints:
            if any(node in self.shapes.recursive for node in model.named_shapes(constraint)):
                yield constraint

    def _settle_together(self, pairs: list[_Pair]) -> None:
        """Judge pairs that depend on one another: all conform but for what fails for a reason."""
        inside = set(pairs)
        users: dict[_Pair, set[_Pair]] = defaultdict(set)
        for pair in pairs:
            for constraint in self._recursive(pair):
                self._note_users(pair, constraint, inside, users)
        self.fails.update(dict.fromkeys(pairs, False))
        waiting = list(pairs)
        while waiting:
            pair = waiting.pop()
            if not self.fails[pair] and self._is_bad(pair):
                self.fails[pair] = True
                waiting += users.get(pair, ())

    def _note_users(
        self,
        pair: _Pair,
        constraint: model.Constraint,
        inside: set[_Pair],
        users: dict[_Pair, set[_Pair]],
    ) -> None:
        for named in model.named_shapes(constraint):
            for value in self.values[pair]:
                if (named, value) not in inside:
                    continue
                if not _grows(constraint, named):
                    raise _denial(pair, inside)
                users[named, value].add(pair)

    def _is_bad(self, pair: _Pair) -> bool:
        if pair[1] in self.bad.get(pair[0], ()):
            return True
        return any(self._breaks(constraint, self.values[pair]) for constraint in self._recursive(pair))

    def _breaks(self, constraint: model.Constraint, values: tuple[Term, ...]) -> bool:
        match constraint:
            case model.Nested(shape=shape):
                return any(self._fails_at(shape, value) for value in values)
            case model.Qualified(shape=shape, limit=limit, siblings=siblings):
                number = sum(
                    not self._fails_at(shape, value) and all(self._fails_at(s, value) for s in siblings)
                    for value in values
                )
                most = constraint.component.startswith("QualifiedMax")
                return number > limit if most else number < limit
            case model.Logical(component=component, shapes=shapes):
                numbers = (sum(not self._fails_at(s, value) for s in shapes) for value in values)
                return not all(_is_enough(component, number, len(shapes)) for number in numbers)
        return False

    def _fails_at(self, shape: Term, value: Term) -> bool:
        if shape in self.shapes.recursive:
            return self.fails[shape, value]
        return value in self.others[shape]


def _denial(pair: _Pair, inside: set[_Pair]) -> ShapeError:
    """The error for pairs that refute one another; it names a shape that has a name where there is one."""
    shape, this = next((other for other in inside if isinstance(other[0], ox.NamedNode)), pair)
    return unusable(
        f"the shape {brief(shape)} denies itself at {brief(decode(this))}: the data lead back to the same "
        "shape and node through a negation, which has no answer",
        shape,
    )


def _is_enough(component: str, conforming: int, number: int) -> bool:
    """Whether a value may conform to *conforming* of the *number* shapes that a constraint names."""
    match component.removesuffix("ConstraintComponent"):
        case "Or":
            return conforming > 0
        case "Not":
            return conforming == 0
        case "Xone":
            return conforming == 1
    return conforming == number


def _grows(constraint: model.Constraint, named: Term) -> bool:
    """Whether *constraint* can only come to fail, never to hold, when more values fail the shape *named*."""
    match constraint:
        case model.Logical(component=component):
            return not component.startswith(("Not", "Xone"))
        case model.Qualified(component=component, shape=shape, siblings=siblings):
            return component.startswith("QualifiedMin") and named == shape and named not in siblings
    return True


def _objects(store: ox.Store, this: Term, predicate: ox.NamedNode) -> tuple[Term, ...]:
    if isinstance(this, ox.Literal):
        return ()
    found = store.quads_for_pattern(this, predicate, None, ox.DefaultGraph())
    return tuple(quad.object for quad in found)  # type: ignore[misc]
