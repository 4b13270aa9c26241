"""Tests the shapes themselves: breaks a good example in each constraint and expects to be told.

The good examples are the data: for each shape a focus node that conforms. A mutation that nobody reports
means a constraint that cannot fail, or an engine that does not evaluate it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox

from mesoonto.files.terms import TYPE, XSD, Term
from mesoonto.validation.data.graph import brief
from mesoonto.validation.data.literals import decode, encode
from mesoonto.validation.data.store import Data
from mesoonto.validation.data.vocabulary import NODE_KINDS
from mesoonto.validation.engine.evaluate import Evaluator
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.paths import Path
from mesoonto.validation.shapes.wording import in_words

_FRESH = "urn:mesoonto:self-test:"
_EXAMPLES = 12
_TRIES = 250


@dataclass(frozen=True, slots=True)
class Trial:
    """One constraint, and whether breaking it was told."""

    shape: str
    label: str
    constraint: str  #: in words
    outcome: str  #: "reported", "silent", or "untested"
    how: str = ""  #: what was done, or why nothing could be


@dataclass(frozen=True, slots=True)
class _Mutation:
    what: str
    remove: tuple[ox.Quad, ...] = ()
    add: tuple[ox.Quad, ...] = ()
    focus: Term | None = None  #: the node to look at, when it is not the example


def self_test(data: Data, shapes: model.Shapes) -> Iterator[Trial]:
    """Try every constraint of every targeted shape on conforming nodes of *data*, which is left as it was."""
    evaluator = Evaluator(shapes, data.store, data.by_value)
    for shape in shapes.targeted:
        if evaluator.obstacles(shape):
            for part, constraint in _constraints(shape, shapes):
                yield _trial(part, constraint, "untested", "the shape is evaluated by pySHACL")
            continue
        focus = evaluator.focus(shape)
        bad = evaluator.failing(shape.node, focus)
        good = sorted(evaluator.focus_nodes(shape) - bad, key=str)
        for part, constraint in _constraints(shape, shapes):
            yield _try(shape, part, constraint, _best(good, part, data.store), data, shapes)


def _constraints(shape: model.Shape, shapes: model.Shapes) -> Iterator[tuple[model.Shape, model.Constraint]]:
    """The constraints that report by themselves: those of the shape and of its property shapes."""
    waiting = [shape]
    seen = {shape.node}
    while waiting:
        part = waiting.pop()
        for constraint in part.constraints:
            if isinstance(constraint, model.Nested):
                if constraint.shape not in shapes.recursive or constraint.shape not in seen:
                    seen.add(constraint.shape)
                    waiting.append(shapes.by_node[constraint.shape])
            else:
                yield part, constraint


def _best(good: list[Term], part: model.Shape, store: ox.Store) -> list[Term]:
    """A few examples from all over, those that have the property first."""
    path = part.path
    spread = good[:: max(1, len(good) // _EXAMPLES)][:_EXAMPLES]
    if path is None or path.predicate is None:
        return spread
    having = [n for n in good[:2000] if not isinstance(n, ox.Literal) and _values(store, n, path.predicate)]
    return (having[:3] + spread)[:_EXAMPLES]


def _try(
    shape: model.Shape,
    part: model.Shape,
    constraint: model.Constraint,
    examples: list[Term],
    data: Data,
    shapes: model.Shapes,
) -> Trial:
    tried = 0
    for example in examples:
        for mutation in itertools.islice(_mutations(example, part, constraint, data.store, shapes), _TRIES):
            tried += 1
            if _is_reported(mutation, example, shape, part, constraint, data, shapes):
                return _trial(part, constraint, "reported", f"{mutation.what} of {brief(example)}")
    if not examples:
        return _trial(part, constraint, "untested", "no node of the data conforms to the shape")
    if not tried:
        return _trial(part, constraint, "untested", "no way to break it is known")
    return _trial(part, constraint, "silent", f"{tried} ways to break it were tried on {brief(examples[0])}")


def _trial(part: model.Shape, constraint: model.Constraint, outcome: str, how: str) -> Trial:
    return Trial(brief(part.node), part.label, in_words(constraint), outcome, how)


def _is_reported(
    mutation: _Mutation,
    example: Term,
    shape: model.Shape,
    part: model.Shape,
    constraint: model.Constraint,
    data: Data,
    shapes: model.Shapes,
) -> bool:
    """Whether the evaluation of *example* reports *constraint* of *part* while *mutation* is in force."""
    store = data.store
    for quad in mutation.remove:
        store.remove(quad)
    for quad in mutation.add:
        store.add(quad)
    try:
        by_value = Data(data.sources, store, data.triples, data.rewritten).by_value
        evaluator = Evaluator(shapes, store, by_value)
        results = evaluator.run_on(shape, {mutation.focus or example})
    finally:
        for quad in mutation.add:
            store.remove(quad)
        for quad in mutation.remove:
            store.add(quad)
    return any(
        result.shape == part.node and result.component.endswith(f"#{constraint.component}")
        for result in results
    )


# Mutations


def _mutations(
    example: Term, part: model.Shape, constraint: model.Constraint, store: ox.Store, shapes: model.Shapes
) -> Iterator[_Mutation]:
    """Ways to break *constraint* of *part* at *example*: the telling ones first, then anything nearby."""
    if isinstance(example, ox.Literal):
        return
    simple = isinstance(constraint, model.Logical | model.Qualified | model.ShapeQuery)
    if not simple and part.path is not None:
        yield from _direct(example, part.path, constraint, store)
    if not simple and part.path is None:
        yield from _own(example, constraint, store)
    pool = list(_nearby(example, part, store, shapes))
    yield from pool
    for first, second in itertools.combinations(pool[:25], 2):
        if not set(first.add) & set(second.remove) and not set(first.remove) & set(second.add):
            remove = tuple(dict.fromkeys(first.remove + second.remove))
            yield _Mutation(f"{first.what} and {second.what}", remove, first.add + second.add)


def _direct(example: Term, path: Path, constraint: model.Constraint, store: ox.Store) -> Iterator[_Mutation]:
    match constraint:
        case model.Count(component=component, limit=limit) if component.startswith("Max"):
            values = [ox.NamedNode(f"{_FRESH}{number}") for number in range(limit + 1)]
            yield _Mutation(f"{limit + 1} more values", add=_adding(example, path, values))
        case model.Count():
            yield _Mutation("no value", remove=tuple(_stated(example, path, store)))
        case model.HasValue(term=term):
            wanted = encode(term) if isinstance(term, ox.Literal) else term
            gone = tuple(q for q in _stated(example, path, store) if wanted in (q.object, q.subject))
            yield _Mutation(f"without {brief(term)}", remove=gone)
        case model.UniqueLang():
            twins = [ox.Literal(text, language="en") for text in ("self-test one", "self-test two")]
            yield _Mutation("two texts in one language", add=_adding(example, path, twins))
        case model.Pair(predicate=predicate):
            yield from _paired(example, path, predicate, store)
        case _:
            for value in _bad_values(constraint):
                yield _Mutation(f"the value {brief(decode(value))}", add=_adding(example, path, [value]))


def _own(example: Term, constraint: model.Constraint, store: ox.Store) -> Iterator[_Mutation]:
    """Ways to break a constraint on the node itself: another property, or the same record by another name."""
    if isinstance(constraint, model.Closed):
        quad = ox.Quad(example, ox.NamedNode(f"{_FRESH}property"), ox.Literal("x"))  # type: ignore[arg-type]
        yield _Mutation("a property that is not allowed", add=(quad,))
    names: list[Term] = [ox.BlankNode("mesoontoSelfTest"), ox.NamedNode(f"{_FRESH}record")]
    if isinstance(example, ox.NamedNode):
        names.append(ox.NamedNode(f"{example.value}~"))
    for name in names:
        copied = [
            ox.Quad(name, q.predicate, q.object)  # type: ignore[arg-type]
            for q in store.quads_for_pattern(example, None, None, ox.DefaultGraph())  # type: ignore[arg-type]
        ]
        yield _Mutation(f"the name {brief(name)} in place", add=tuple(copied), focus=name)


def _nearby(example: Term, part: model.Shape, store: ox.Store, shapes: model.Shapes) -> Iterator[_Mutation]:
    """Take away each property of the example; give it each property that the shape names, with odd values."""
    quads = list(store.quads_for_pattern(example, None, None, ox.DefaultGraph()))  # type: ignore[arg-type]
    by_predicate: dict[ox.NamedNode, list[ox.Quad]] = {}
    for quad in quads:
        if quad.predicate != TYPE:
            by_predicate.setdefault(quad.predicate, []).append(quad)
    for predicate, stated in by_predicate.items():
        yield _Mutation(f"without {brief(predicate)}", remove=tuple(stated))
    for inner in shapes.parts(part):
        for constraint in inner.constraints:
            if inner.path is not None:
                yield from _direct(example, inner.path, constraint, store)
    for inner in shapes.parts(part):
        if inner.path is not None:
            odd: list[Term] = [ox.NamedNode(f"{_FRESH}odd"), ox.Literal("self-test"), ox.Literal(True)]
            below = [c for deeper in shapes.parts(inner) for c in deeper.constraints]
            odd += [c.term for c in below if isinstance(c, model.HasValue)]
            odd += [t for c in below if isinstance(c, model.In) for t in c.terms[:2]]
            for value in odd:
                add = _adding(example, inner.path, [value])
                yield _Mutation(f"{brief(value)} in {inner.path}", add=add)
                yield _Mutation(
                    f"{brief(value)} alone in {inner.path}",
                    remove=tuple(_stated(example, inner.path, store)),
                    add=add,
                )


def _bad_values(constraint: model.Constraint) -> Iterator[Term]:
    """Values that violate a constraint on single values."""
    fresh: list[Term] = [ox.NamedNode(f"{_FRESH}value"), ox.Literal("self-test \N{SNOWMAN}")]
    match constraint:
        case model.NodeKind(kind=kind):
            if "isIRI" not in NODE_KINDS[kind]:
                yield fresh[0]
            if "isLiteral" not in NODE_KINDS[kind]:
                yield fresh[1]
            yield ox.BlankNode("mesoontoSelfTest")
        case model.Bound(operator=operator, literal=literal):
            yield from _beyond(operator, literal)
        case model.Length(component=component, limit=limit):
            yield ox.Literal("") if component.startswith("Min") else ox.Literal("x" * (limit + 1))
        case model.Pattern(pattern=pattern):
            for text in ("", "~", "self-test \N{SNOWMAN}"):
                if not re.search(pattern, text):
                    yield ox.Literal(text)
        case model.LanguageIn():
            yield ox.Literal("self-test", language="x-none")
        case _:
            yield from fresh


def _beyond(operator: model.Operator, literal: ox.Literal) -> Iterator[Term]:
    step = -1 if operator in (model.Operator.GREATER, model.Operator.GREATER_OR_EQUAL) else 1
    try:
        number = Decimal(literal.value) + step
    except InvalidOperation:
        yield ox.Literal("self-test")
        return
    whole = number == number.to_integral_value()
    yield ox.Literal(str(int(number)) if whole else str(number), datatype=ox.NamedNode(_number(whole)))


def _number(whole: bool) -> str:
    return XSD + ("integer" if whole else "decimal")


def _paired(example: Term, path: Path, predicate: ox.NamedNode, store: ox.Store) -> Iterator[_Mutation]:
    """For a constraint on two properties: give one the values of the other, and a value far off to either."""
    others = [quad.object for quad in _values(store, example, predicate)]
    for other in others:
        if not isinstance(other, ox.Triple):
            yield _Mutation(f"the value of {brief(predicate)}", add=_adding(example, path, [other]))
    far = [ox.Literal(number) for number in (10**9, -(10**9))]
    for value in far:
        yield _Mutation(f"the value {value.value}", add=_adding(example, path, [value]))
        both = _adding(example, path, [value]) + _adding(example, Path("", predicate), far)
        yield _Mutation(f"the value {value.value} beside others", add=both)


def _values(store: ox.Store, node: Term, predicate: ox.NamedNode) -> list[ox.Quad]:
    return list(store.quads_for_pattern(node, predicate, None, ox.DefaultGraph()))  # type: ignore[arg-type]


def _stated(example: Term, path: Path, store: ox.Store) -> Iterator[ox.Quad]:
    """The statements by which the first step of *path* leaves *example*."""
    if path.predicate is not None:
        yield from _values(store, example, path.predicate)
    elif path.kind == "inversePath" and path.parts[0].predicate is not None:
        yield from store.quads_for_pattern(None, path.parts[0].predicate, example, ox.DefaultGraph())
    elif path.kind == "alternativePath":
        for part in path.parts:
            yield from _stated(example, part, store)
    else:
        yield from _stated(example, path.parts[0], store)


def _adding(example: Term, path: Path, values: Sequence[Term]) -> tuple[ox.Quad, ...]:
    """Statements that give *example* the *values* by *path*."""
    encoded = [encode(v) if isinstance(v, ox.Literal) else v for v in values]
    if path.predicate is not None:
        return tuple(ox.Quad(example, path.predicate, value) for value in encoded)  # type: ignore[arg-type]
    if path.kind == "inversePath" and path.parts[0].predicate is not None:
        predicate = path.parts[0].predicate
        return tuple(ox.Quad(v, predicate, example) for v in encoded if not isinstance(v, ox.Literal))
    if path.kind != "sequence":
        return _adding(example, path.parts[0], list(encoded))
    middle = ox.NamedNode(f"{_FRESH}middle")
    rest = path.parts[1] if len(path.parts) == 2 else Path("sequence", parts=path.parts[1:])
    return _adding(example, path.parts[0], [middle]) + _adding(middle, rest, list(encoded))
