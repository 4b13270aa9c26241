"""Runs rules (SHACL Advanced Features, section 8) on the data store, before shapes are evaluated.

As pySHACL does: shapes in the order of ``sh:order``, and the rules of a shape in theirs; what a rule makes is
there for the next one. Each rule runs once, or until nothing new comes where that is asked for.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

import pyoxigraph as ox

from mesoonto.files.terms import Term
from mesoonto.validation.data import queries
from mesoonto.validation.data.graph import brief, unusable
from mesoonto.validation.data.store import Data
from mesoonto.validation.engine.evaluate import Evaluator, Watch
from mesoonto.validation.engine.sparql_constraints import as_written
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.paths import Path

#: A rule that still makes new statements after so many rounds is taken for one that never ends.
_ROUNDS = 100

_Statement = tuple[Term, ox.NamedNode, Term]


def obstacle(shapes: model.Shapes, evaluator: Evaluator) -> str | None:
    """Why the rules of *shapes* cannot be run here; None when they can."""
    for rule in shapes.rules:
        if rule.triple is None and not rule.construct:
            return "a rule with a node expression that is more than a path"
        for condition in rule.conditions:
            if found := evaluator.obstacles(shapes.by_node[condition]):
                return found[0]
    return None


def run(data: Data, shapes: model.Shapes, *, repeat: bool = False, watch: Watch | None = None) -> None:
    """Add to *data* what the rules of *shapes* make of it; a ShapeError for one that never ends."""
    running = _Running(data, shapes, watch)
    for node, group in itertools.groupby(shapes.rules, key=lambda rule: rule.shape):
        shape, rules = shapes.by_node[node], list(group)
        if shape.deactivated:
            continue
        for _ in range(_ROUNDS if repeat else 1):
            if not sum(running.apply(rule, shape) for rule in rules):
                break
        else:
            if repeat:
                raise unusable(f"the rules of {brief(node)} make new statements without end")


class _Running:
    """Runs rules on *data*; what it knows of the data is kept until a rule has changed them."""

    def __init__(self, data: Data, shapes: model.Shapes, watch: Watch | None) -> None:
        self._data = data
        self._shapes = shapes
        self._watch = watch
        self._evaluator = Evaluator(shapes, data.store, data.by_value, watch=watch)
        self._focus: dict[Term, set[Term]] = {}

    def apply(self, rule: model.ShapeRule, shape: model.Shape) -> int:
        """Run *rule* once; gives the number of new statements."""
        with self._evaluator.noted(shape):
            number = self._data.infer([*self._made(rule, shape)])
        if number:
            self._evaluator = Evaluator(
                self._shapes, self._data.store, self._data.by_value, watch=self._watch
            )
            self._focus.clear()
        return number

    def _made(self, rule: model.ShapeRule, shape: model.Shape) -> Iterator[_Statement]:
        evaluator = self._evaluator
        if shape.node not in self._focus:
            self._focus[shape.node] = evaluator.focus_nodes(shape)
        nodes = set(self._focus[shape.node])
        for condition in rule.conditions:
            nodes -= evaluator.failing(condition, evaluator.node_set(nodes)) if nodes else set()
        if nodes and rule.construct:
            yield from _constructed(rule, nodes, self._data)
        elif nodes:
            yield from _combined(rule, nodes, evaluator)


def _combined(rule: model.ShapeRule, nodes: set[Term], evaluator: Evaluator) -> Iterator[_Statement]:
    """The statements of a TripleRule: its three expressions, combined for each node."""
    if rule.triple is None:
        return
    columns = [_values(part, nodes, evaluator) for part in rule.triple]
    for node in nodes:
        for subject, predicate, value in itertools.product(*(column[node] for column in columns)):
            if isinstance(predicate, ox.NamedNode) and not isinstance(subject, ox.Literal):
                yield subject, predicate, value


def _values(part: Term | Path | None, nodes: set[Term], evaluator: Evaluator) -> dict[Term, list[Term]]:
    """What a node expression gives for each node; None stands for the node itself."""
    if part is None:
        return {node: [node] for node in nodes}
    if not isinstance(part, Path):
        return {node: [part] for node in nodes}
    found: dict[Term, list[Term]] = defaultdict(list)
    for node, value in evaluator.pairs(evaluator.node_set(nodes), part):
        found[node].append(value)
    return found


def _constructed(rule: model.ShapeRule, nodes: set[Term], data: Data) -> Iterator[_Statement]:
    """The statements of a SPARQLRule; literals as they are written in the data."""
    what = f"the rule of {brief(rule.shape)}"
    for node in nodes:
        try:
            triples = queries.construct(data.by_value(), rule.construct, node)
        except (SyntaxError, ValueError, RuntimeError, OSError) as error:
            raise unusable(f"the query of {what}: {error}") from error
        if triples is None:
            raise unusable(f"the query of {what} is not a CONSTRUCT query")
        for triple in triples:
            if isinstance(triple.subject, ox.Triple) or isinstance(triple.object, ox.Triple):
                continue
            for value in as_written(triple.object, node, data.store):
                yield triple.subject, triple.predicate, value
