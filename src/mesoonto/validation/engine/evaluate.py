"""Evaluates shapes over a data store, one query per constraint, whatever the number of focus nodes."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import pyoxigraph as ox

from mesoonto.files.terms import SUBCLASS, Term
from mesoonto.validation.data.graph import brief, unusable
from mesoonto.validation.data.literals import decode, encode_term
from mesoonto.validation.data.queries import in_sparql, select
from mesoonto.validation.data.vocabulary import SH
from mesoonto.validation.engine import sparql_constraints
from mesoonto.validation.engine import to_sparql as to_sparql
from mesoonto.validation.engine.recursion import Recursion
from mesoonto.validation.engine.results import Result
from mesoonto.validation.engine.to_sparql import Focus
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.paths import Path


class Watch(Protocol):
    """Whoever is told which shapes are under way."""

    def begin(self, name: str) -> None:
        """The shape *name* is under way."""

    def end(self, name: str) -> None:
        """One evaluation of the shape *name* has ended."""


#: Queries that run at once; pyoxigraph lets other threads go on while it evaluates.
_THREADS = 2

#: Statements below which to hand queries to threads costs more than these save.
_SMALL = 5000

_FOCUS_SET = "urn:mesoonto:focus:"

#: Numbers of focus sets: no two evaluators of one store may share a set.
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Row:
    """One violation: what of which constraint, in terms of the data store."""

    focus: Term
    value: Term | None
    constraint: model.Constraint
    path: Path | None = None  #: the path to report, when it is not that of the shape
    note: str = ""  #: what tells two violations of one focus apart, such as a language tag
    messages: tuple[ox.Literal, ...] = ()


@dataclass
class Evaluator:
    """Evaluates the compiled part of *shapes*."""

    shapes: model.Shapes
    store: ox.Store  #: the data, with literals encoded
    by_value: Callable[[], ox.Store]  #: the data as SPARQL knows them, for queries that users wrote
    only: frozenset[Term] | None = None  #: look at these focus nodes alone
    watch: Watch | None = None  #: told which shape is under way
    size: int = _SMALL  #: statements of the data, without what is known beside them

    _failing: dict[tuple[Term, str], set[Term]] = field(default_factory=dict)

    def obstacles(self, shape: model.Shape) -> list[str]:
        """Why *shape*, or a shape that it names, cannot be evaluated here; empty when it can."""
        found = [
            reason
            for part in self.shapes.parts(shape)
            for constraint in part.constraints
            if (reason := _obstacle(constraint)) is not None
        ]
        return [*self.shapes.foreign, *found]

    def run(self, shapes: Sequence[model.Shape]) -> Iterator[Result]:
        """The results of *shapes*, each on all its focus nodes."""
        # Most shapes have nothing to say of a small file: one question for each in place of all its queries.
        shapes = [shape for shape in shapes if self._has_focus(shape)]
        parts = [part for shape in shapes for part in self.shapes.parts(shape)]
        if any(isinstance(constraint, model.ShapeQuery) for part in parts for constraint in part.constraints):
            self.by_value()  # made once, before several threads ask for it
        jobs = [(shape, rows) for shape in shapes for rows in self._parts(shape)]
        if self.size < _SMALL:
            yield from itertools.chain.from_iterable(map(self._collect, jobs))
            return
        with ThreadPoolExecutor(_THREADS) as pool:
            for found in pool.map(self._collect, jobs):
                yield from found

    def _has_focus(self, shape: model.Shape) -> bool:
        with self.noted(shape):
            return any(True for _ in self.some_focus(shape))

    def _collect(self, job: tuple[model.Shape, Iterator[Result]]) -> list[Result]:
        shape, rows = job
        with self.noted(shape):
            return list(rows)

    @contextlib.contextmanager
    def noted(self, shape: model.Shape) -> Iterator[None]:
        """Say to the watch, if there is one, that *shape* is under way."""
        if self.watch is None:
            yield
            return
        name = brief(shape.node)
        self.watch.begin(name)
        try:
            yield
        finally:
            self.watch.end(name)

    def run_on(self, shape: model.Shape, nodes: set[Term]) -> list[Result]:
        """The results of *shape* on nodes of the data store, whether or not its targets name them."""
        return list(self._all_results(shape, self.node_set(nodes)))

    def _parts(self, shape: model.Shape) -> Iterator[Iterator[Result]]:
        """The results of *shape*, those of each of its property shapes apart, so that these run at once."""
        focus = self.focus(shape)
        if shape.path is not None or shape.node in self.shapes.recursive:
            yield self._all_results(shape, focus)
            return
        yield (_result(shape, row) for row in self._rows(shape, focus))
        for node in _nested(shape):
            yield self._all_results(self.shapes.by_node[node], focus)

    def _all_results(
        self, shape: model.Shape, focus: Focus, times: Mapping[Term, int] | None = None
    ) -> Iterator[Result]:
        """The results of *shape*; those of a focus node that a path leads to several times come as often.

        *times* tells how often, where it can be more than once.
        """
        if shape.node not in self.shapes.recursive:
            yield from self._results(shape, focus, times)
            return
        starts = dict.fromkeys((row[0] for row in self.ask(focus.select())), 1) if times is None else times
        for node, visits in self.recursion.visits(shape.node, starts).items():
            yield from self._results(self.shapes.by_node[node], self.node_set(set(visits)), visits)

    def _results(
        self, shape: model.Shape, focus: Focus, times: Mapping[Term, int] | None = None
    ) -> Iterator[Result]:
        """As `_all_results`, but for property shapes that lead back to themselves."""
        if shape.deactivated:
            return
        for row in self._rows(shape, focus):
            for _ in range(1 if times is None else times[row.focus]):
                yield _result(shape, row)
        nested = _nested(shape)
        if shape.node in self.shapes.recursive:
            nested = [node for node in nested if node not in self.shapes.recursive]
        if not nested:
            return
        if shape.path is not None:
            counts: Counter[Term] = Counter()
            for this, value in self.pairs(focus, shape.path):
                counts[value] += 1 if times is None else times[this]
            focus, times = focus.values(shape.path), counts
        for node in nested:
            yield from self._all_results(self.shapes.by_node[node], focus, times)

    def forget(self, changed: Collection[ox.NamedNode]) -> None:
        """Forget what was known of the data, to which statements with the properties *changed* were added."""
        self._failing.clear()
        self._focus.clear()
        if SUBCLASS in changed:
            self.__dict__.pop("_children", None)
        self.__dict__.pop("recursion", None)

    # Focus nodes

    def focus(self, shape: model.Shape) -> Focus:
        """The focus nodes that the targets of *shape* name."""
        if shape.node not in self._focus:
            self._focus[shape.node] = self._of_targets(shape)
        return self._focus[shape.node]

    @cached_property
    def _focus(self) -> dict[Term, Focus]:
        return {}

    def focus_nodes(self, shape: model.Shape) -> set[Term]:
        """The focus nodes of *shape*, as they are in the data store."""
        return {row[0] for row in self.ask(self.focus(shape).select())}

    def some_focus(self, shape: model.Shape) -> Iterator[Term]:
        """The focus nodes of *shape* one by one, the first at once."""
        for row in self.ask(f"SELECT ?this WHERE {{ {self.focus(shape).pattern} }}"):
            yield row[0]

    def _of_targets(self, shape: model.Shape) -> Focus:
        branches: list[Focus] = []
        classes: list[Term] = []
        nodes: set[Term] = set()
        for target in shape.targets:
            match target.kind, target.term:
                case "class", ox.NamedNode() as term:
                    classes += [c for c in self.subclasses(term) if c not in classes]
                case "subjects", ox.NamedNode() as term:
                    branches.append(to_sparql.of_subjects(term))
                case "objects", ox.NamedNode() as term:
                    branches.append(to_sparql.of_objects(term))
                case "query", _:
                    nodes |= sparql_constraints.target_nodes(target.query, self.by_value(), self.store)
                case _, term if term is not None:
                    nodes.add(encode_term(term))
        if classes:
            branches.append(to_sparql.of_classes(classes))
        if nodes:
            branches.append(self.node_set(nodes))
        focus = _either(branches)
        if self.only is not None:
            found = {row[0] for row in self.ask(focus.select())}
            focus = self.node_set(found & self.only)
        return focus

    def node_set(self, nodes: set[Term]) -> Focus:
        """A set of nodes as a pattern: they go into a graph of their own, where blank nodes are at home."""
        if nodes and len(nodes) < 20 and not any(isinstance(node, ox.BlankNode) for node in nodes):
            return to_sparql.of_nodes(sorted(nodes, key=str))
        name = ox.NamedNode(f"{_FOCUS_SET}{next(_NUMBERS)}")
        self.store.extend(ox.Quad(name, name, node, name) for node in nodes)
        return Focus(f"GRAPH {name} {{ {name} {name} ?this }}")

    def subclasses(self, term: Term) -> list[Term]:
        """*term* and the classes that the data place below it."""
        found = {term: None}
        waiting = [term]
        while waiting:
            for below in self._children.get(waiting.pop(), ()):
                if below not in found:
                    found[below] = None
                    waiting.append(below)
        return list(found)

    @cached_property
    def _children(self) -> dict[Term, list[Term]]:
        below: dict[Term, list[Term]] = defaultdict(list)
        for quad in self.store.quads_for_pattern(None, SUBCLASS, None, ox.DefaultGraph()):
            if isinstance(quad.subject, ox.NamedNode) and not isinstance(quad.object, ox.Triple):
                below[quad.object].append(quad.subject)
        return below

    # Constraints

    def ask(self, query: str) -> Iterator[tuple[Term, ...]]:
        """The rows of a query over the data store."""
        return select(self.store, query)

    def _rows(self, shape: model.Shape, focus: Focus) -> Iterator[Row]:
        """The violations of the constraints of *shape* itself, not those of its property shapes."""
        yield from self._singles(shape, focus)
        path = shape.path
        for constraint in shape.constraints:
            match constraint:
                case model.HasValue(term=term):
                    for (this,) in set(self.ask(to_sparql.without_value(focus, path, term))):
                        yield Row(this, None, constraint)
                case model.UniqueLang() if path is not None:
                    for this, tag in self.ask(to_sparql.repeated_language(focus, path)):
                        yield Row(this, None, constraint, note=str(tag))
                case model.Pair():
                    for query in to_sparql.pair(constraint, focus, path):
                        for row in set(self.ask(query)):
                            yield Row(row[0], row[1] if len(row) > 1 else row[0], constraint)
                case model.Closed(allowed=allowed):
                    for this, predicate, value in set(self.ask(to_sparql.closed(focus, path, allowed))):
                        if isinstance(predicate, ox.NamedNode):
                            yield Row(this, value, constraint, Path("", predicate))
                case model.Logical() if self._violates(constraint, to_sparql.value_of(path)) is None:
                    for this, value in self._logical(constraint, focus, path):
                        yield Row(this, value, constraint)
                case model.Qualified():
                    for this in self._qualified(constraint, focus, path):
                        yield Row(this, None, constraint)
                case model.ShapeQuery():
                    for found in sparql_constraints.violations(
                        constraint, shape, focus, self.store, self.by_value(), self.ask
                    ):
                        yield Row(found.focus, found.value, constraint, found.path, messages=found.messages)

    def _singles(self, shape: model.Shape, focus: Focus) -> Iterator[Row]:
        """The constraints on single values and on their number, in one query where that is possible."""
        tests: list[tuple[model.Constraint, str]] = []
        for constraint in shape.constraints:
            expression = self._violates(constraint, to_sparql.value_of(shape.path))
            if expression is not None:
                tests.append((constraint, expression))
            elif isinstance(constraint, model.In):
                for row in set(self.ask(to_sparql.not_in(focus, shape.path, constraint.terms))):
                    yield Row(row[0], row[-1], constraint)
        low, high = _limits(shape)
        together = shape.path is not None and shape.path.predicate is not None and (tests or high is not None)
        if not (together and _is_one(low) and _is_one(high)):
            yield from self._counts(shape, focus, low, high)
            low = high = None
        if tests or low is not None or high is not None:
            yield from self._filters(shape.path, focus, tests, low, high)

    def _filters(
        self,
        path: Path | None,
        focus: Focus,
        tests: Sequence[tuple[model.Constraint, str]],
        low: model.Count | None,
        high: model.Count | None,
    ) -> Iterator[Row]:
        first = 1 if path is None else 2
        query = to_sparql.filtered(
            focus, path, [expression for _, expression in tests], low is not None, high is not None
        )
        several: Counter[Term] = Counter()
        for row in set(self.ask(query)):
            if row[first - 1] is None and low is not None:
                yield Row(row[0], None, low)
                continue
            for (constraint, _), flag in zip(tests, row[first:], strict=False):
                if flag is not None and flag.value == "true":
                    yield Row(row[0], row[first - 1], constraint)
            if high is not None and row[-1].value == "true":
                several[row[0]] += 1
        if high is not None:
            yield from (Row(this, None, high, note=str(number)) for this, number in several.items())

    def _violates(self, constraint: model.Constraint, value: str) -> str | None:
        """The expression that is true of a value that violates, if *constraint* can be judged by itself."""
        if isinstance(constraint, model.Logical):
            expression = to_sparql.choice(constraint, value, self.shapes, self.subclasses)
            return None if expression is None else f"!{expression}"
        classes = self.subclasses(constraint.term) if isinstance(constraint, model.Class) else ()
        return to_sparql.violates(constraint, value, classes)

    def _counts(
        self, shape: model.Shape, focus: Focus, low: model.Count | None, high: model.Count | None
    ) -> Iterator[Row]:
        if shape.path is None or (low is None and high is None):
            return
        query = to_sparql.counted(focus, shape.path, low.limit if low else None, high.limit if high else None)
        for row in set(self.ask(query)):
            number = int(row[1].value) if len(row) > 1 else None  # None where only one limit is asked for
            if low is not None and (number is None or number < low.limit):
                yield Row(row[0], None, low, note=str(number))
            if high is not None and (number is None or number > high.limit):
                yield Row(row[0], None, high, note=str(number))

    # Shapes inside shapes: sets of nodes that fail

    def failing(self, node: Term, focus: Focus) -> set[Term]:
        """Those of *focus* that do not conform to the shape *node*."""
        key = (node, focus.pattern)
        if key not in self._failing:
            if node in self.shapes.recursive:
                self._failing[key] = self.recursion.failing(
                    node, (row[0] for row in self.ask(focus.select()))
                )
            else:
                self._failing[key] = set(self._fail(self.shapes.by_node[node], focus))
        return self._failing[key]

    def failed_by(self, shape: model.Shape, nodes: set[Term]) -> set[Term]:
        """Those of *nodes* that do not conform to *shape*, which need not be one of the shapes graph."""
        return set(self._fail(shape, self.node_set(nodes))) if nodes else set()

    @cached_property
    def recursion(self) -> Recursion:
        """What is known of shapes that lead back to themselves."""
        return Recursion(self)

    def _fail(self, shape: model.Shape, focus: Focus) -> Iterator[Term]:
        if shape.deactivated:
            return
        for row in self._rows(shape, focus):
            yield row.focus
        for constraint in shape.constraints:
            if not isinstance(constraint, model.Nested):
                continue
            if shape.path is None:
                yield from self.failing(constraint.shape, focus)
            elif bad := self.failing(constraint.shape, focus.values(shape.path)):
                for this, value in self.pairs(focus, shape.path):
                    if value in bad:
                        yield this

    def pairs(self, focus: Focus, path: Path | None) -> Iterator[tuple[Term, Term]]:
        """Every focus node with each of its values."""
        for row in self.ask(focus.pairs(path)):
            yield row[0], row[-1]

    def _logical(
        self, constraint: model.Logical, focus: Focus, path: Path | None
    ) -> Iterator[tuple[Term, Term]]:
        values = focus if path is None else focus.values(path)
        failed = [self.failing(shape, values) for shape in constraint.shapes]
        match constraint.component.removesuffix("ConstraintComponent"):
            case "Node" | "And":
                bad: set[Term] = set().union(*failed)
            case "Or":
                bad = set.intersection(*failed) if failed else set()
            case "Not":
                yield from ((t, v) for t, v in self.pairs(focus, path) if v not in failed[0])
                return
            case _:  # Xone
                for this, value in self.pairs(focus, path):
                    if sum(value not in fails for fails in failed) != 1:
                        yield this, value
                return
        if bad and path is None:
            yield from ((node, node) for node in bad)
        elif bad:
            yield from ((this, value) for this, value in self.pairs(focus, path) if value in bad)

    def _qualified(self, constraint: model.Qualified, focus: Focus, path: Path | None) -> Iterator[Term]:
        if path is None:
            raise unusable("sh:qualifiedValueShape needs a sh:path beside it")
        values = focus.values(path)
        failed = self.failing(constraint.shape, values)
        others = [self.failing(sibling, values) for sibling in constraint.siblings]
        counts: dict[Term, int] = defaultdict(int)
        for this, value in self.pairs(focus, path):
            if value not in failed and all(value in fails for fails in others):
                counts[this] += 1
        if constraint.component.startswith("QualifiedMax"):
            yield from (this for this, count in counts.items() if count > constraint.limit)
        elif constraint.limit > 0:
            for (this,) in self.ask(focus.select()):
                if counts.get(this, 0) < constraint.limit:
                    yield this


def _nested(shape: model.Shape) -> list[Term]:
    """The shapes that ``sh:property`` names."""
    return [c.shape for c in shape.constraints if isinstance(c, model.Nested)]


def _limits(shape: model.Shape) -> tuple[model.Count | None, model.Count | None]:
    """What ``sh:minCount``, unless it is 0, and ``sh:maxCount`` ask for."""
    counts = [c for c in shape.constraints if isinstance(c, model.Count)]
    low = next((c for c in counts if c.component.startswith("Min") and c.limit > 0), None)
    return low, next((c for c in counts if c.component.startswith("Max")), None)


def _is_one(count: model.Count | None) -> bool:
    return count is None or count.limit == 1


def _either(branches: Sequence[Focus]) -> Focus:
    if not branches:
        return Focus("VALUES ?this {}")
    if len(branches) == 1:
        return branches[0]
    union = " UNION ".join(f"{{ {branch.pattern} }}" for branch in branches)
    return Focus(f"{{ SELECT DISTINCT ?this WHERE {{ {union} }} }}")


def _result(shape: model.Shape, row: Row) -> Result:
    constraint = row.constraint
    query = constraint if isinstance(constraint, model.ShapeQuery) else None
    return Result(
        focus=decode(row.focus),
        path=row.path or shape.path,
        value=None if row.value is None else decode(row.value),
        component=SH + constraint.component,
        shape=shape.node,
        severity=shape.severity,
        messages=row.messages or shape.messages,
        constraint=query.node if query else None,
    )


def _obstacle(constraint: model.Constraint) -> str | None:
    """Why *constraint* cannot be compiled, or None when it can."""
    match constraint:
        case model.ShapeQuery():
            return sparql_constraints.obstacle(constraint)
        case model.Foreign(what=what):
            return f"{what} is evaluated by pySHACL only"
        case model.Pattern(pattern=pattern, flags=flags):
            if not in_sparql(pattern, flags):
                return f"the regular expression {pattern!r} is not one of SPARQL"
        case model.In(terms=terms) if any(isinstance(term, ox.BlankNode) for term in terms):
            return "sh:in lists a blank node"
        case model.HasValue(term=ox.BlankNode()) | model.Class(term=ox.BlankNode()):
            return "the constraint names a blank node"
    return None
