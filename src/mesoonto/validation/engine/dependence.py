"""Which properties shapes and rules look at, and which of them rules make statements with.

From this follows which shapes a rule can touch, and which rules have nothing new to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from mesoonto.files.terms import SUBCLASS, TYPE
from mesoonto.validation.engine import sparql_constraints
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.paths import Path

#: Properties of statements; None stands for any.
Properties = frozenset[ox.NamedNode] | None

_CLASSES: Properties = frozenset((TYPE, SUBCLASS))
_NONE: Properties = frozenset()


def touch(one: Properties, other: Properties) -> bool:
    """Whether a statement can have a property of both.

    >>> touch(frozenset(), None), touch(None, None)
    (False, True)
    """
    if one is None or other is None:
        return one != frozenset() != other
    return not one.isdisjoint(other)


def union(parts: Iterable[Properties]) -> Properties:
    """The properties of any of *parts*."""
    found: set[ox.NamedNode] = set()
    for part in parts:
        if part is None:
            return None
        found |= part
    return frozenset(found)


def of_shape(shape: model.Shape, shapes: model.Shapes) -> Properties:
    """What *shape* looks at to find its focus nodes and to judge them."""
    return union([of_targets(shape), _of_judgement(shape, shapes)])


def of_rule(rule: model.ShapeRule, shapes: model.Shapes) -> Properties:
    """What *rule* looks at: for its focus nodes, its conditions, and what it makes of them."""
    conditions = [_of_judgement(shapes.by_node[node], shapes) for node in rule.conditions]
    return union([of_targets(shapes.by_node[rule.shape]), *conditions, _of_body(rule)])


def made_by(rule: model.ShapeRule) -> Properties:
    """The properties of what *rule* makes."""
    if rule.construct:
        from mesoonto.validation.engine.queried import made

        return made(rule.construct)
    return None if rule.predicate is None else frozenset((rule.predicate,))


def of_targets(shape: model.Shape) -> Properties:
    """What decides which nodes the targets of *shape* name."""
    return union(map(_of_target, shape.targets))


def _of_target(target: model.Target) -> Properties:
    match target.kind, target.term:
        case "class", _:
            return _CLASSES
        case "subjects" | "objects", ox.NamedNode() as term:
            return frozenset((term,))
        case "query", _:
            return _of_query(target.query)
    return _NONE


def _of_body(rule: model.ShapeRule) -> Properties:
    if rule.construct:
        return _of_query(rule.construct)
    if rule.triple is None:
        return None
    return frozenset(name for part in rule.triple if isinstance(part, Path) for name in part.predicates())


def _of_judgement(shape: model.Shape, shapes: model.Shapes) -> Properties:
    return union(part for each in shapes.parts(shape) for part in _of_part(each))


def _of_part(shape: model.Shape) -> Iterator[Properties]:
    if shape.path is not None:
        yield frozenset(shape.path.predicates())
    for constraint in shape.constraints:
        match constraint:
            case model.Class():
                yield _CLASSES
            case model.Pair(predicate=predicate):
                yield frozenset((predicate,))
            case model.Closed() | model.Foreign():
                yield None
            case model.ShapeQuery():
                yield _of_query(sparql_constraints.text_of(constraint, shape))


def _of_query(text: str) -> Properties:
    # Most shapes hold no query, and the grammar takes its time to import.
    from mesoonto.validation.engine.queried import properties

    return properties(text)


def tainted(
    rules: Iterable[model.ShapeRule], strange: Iterable[model.ShapeRule], shapes: model.Shapes
) -> tuple[frozenset[model.ShapeRule], Properties]:
    """Those of *rules* that may depend on what the rules *strange* make, with these, and what all make."""
    found = set(strange)
    made = union(map(made_by, found))
    waiting = {rule: of_rule(rule, shapes) for rule in rules if rule not in found} if found else {}
    while more := [rule for rule, looked_at in waiting.items() if touch(looked_at, made)]:
        for rule in more:
            del waiting[rule]
        found.update(more)
        made = union([made, *map(made_by, more)])
    return frozenset(found), made
