"""Measures what the shapes looked at, and what no shape looked at."""

from __future__ import annotations

from collections import Counter

import pyoxigraph as ox

from mesoonto.files.terms import TYPE, Term
from mesoonto.validation.data.graph import brief
from mesoonto.validation.data.store import Data
from mesoonto.validation.data.store import read as read_statements
from mesoonto.validation.engine.evaluate import Evaluator
from mesoonto.validation.engine.plan import Outcome
from mesoonto.validation.report.findings import Coverage, ShapeCoverage
from mesoonto.validation.shapes import model

_MOST = 50


def measure(data: Data, shapes: model.Shapes, outcome: Outcome) -> Coverage:
    """What the shapes of *outcome* looked at in *data*."""
    delegated = {shape.node: reason for shape, reason in outcome.plan.delegated}
    rows: list[ShapeCoverage] = []
    seen: set[Term] = set()
    for shape in shapes.targeted:
        nodes = outcome.evaluator.focus_nodes(shape) - data.known
        seen |= nodes | values_of(shape, outcome.evaluator, shapes)
        rows.append(
            ShapeCoverage(
                shape=brief(shape.node),
                label=shape.label,
                focus_nodes=len(nodes),
                engine="pyshacl" if shape.node in delegated else "oxigraph",
                reason=delegated.get(shape.node, ""),
            )
        )
    named = {p for shape in shapes.targeted for part in shapes.parts(shape) for p in _predicates(part)}
    return _coverage(data, rows, seen, named)


def unseen_files(data: Data, shapes: model.Shapes, outcome: Outcome) -> list[str]:
    """The files that describe no focus node of any shape, and no node that a shape asks something of."""
    evaluator = outcome.evaluator
    if len(data.sources) == 1:
        for shape in shapes.targeted:
            if any(data.describes(node) and node not in data.known for node in evaluator.some_focus(shape)):
                return []
    seen: set[Term] = set()
    for shape in shapes.targeted:
        seen |= evaluator.focus_nodes(shape) | values_of(shape, evaluator, shapes)
    if len(data.sources) == 1:
        here = any(data.describes(node) and node not in data.known for node in seen)
        return [] if here else [data.sources[0].name]
    return [
        source.name
        for number, source in enumerate(data.sources)
        if not any(subject in seen for subject, _, _ in read_statements(source, number))
    ]


def _coverage(data: Data, rows: list[ShapeCoverage], seen: set[Term], named: set[Term]) -> Coverage:
    nodes: set[Term] = set()
    predicates: Counter[Term] = Counter()
    for quad in data.store.quads_for_pattern(None, None, None, ox.DefaultGraph()):
        if isinstance(quad.subject, ox.Triple) or quad.subject in data.known:
            continue
        nodes.add(quad.subject)
        predicates[quad.predicate] += 1
    classes: Counter[str] = Counter()
    for node in nodes - seen:
        kinds = [brief(q.object) for q in data.store.quads_for_pattern(node, TYPE, None)]  # type: ignore[arg-type]
        classes.update(kinds or ["(no class)"])
    unnamed = Counter({brief(p): n for p, n in predicates.items() if p not in named and p != TYPE})
    return Coverage(
        shapes=tuple(rows),
        nodes=len(nodes),
        nodes_seen=len(nodes & seen),
        unseen_classes=tuple(classes.most_common(_MOST)),
        unseen_predicates=tuple(unnamed.most_common(_MOST)),
    )


def values_of(shape: model.Shape, evaluator: Evaluator, shapes: model.Shapes) -> set[Term]:
    """Nodes that the shape leads to and asks something of, by a shape of their own."""
    found: set[Term] = set()
    focus = evaluator.focus(shape)
    waiting = [(shape, focus)]
    entered: set[Term] = set()
    while waiting:
        current, at = waiting.pop()
        inner = at if current.path is None else at.values(current.path)
        for constraint in current.constraints:
            for node in model.named_shapes(constraint):
                part = shapes.by_node[node]
                if node in shapes.recursive:
                    if node not in entered:
                        entered.add(node)
                        found |= evaluator.recursion.reached(
                            node, (row[0] for row in evaluator.ask(inner.select()))
                        )
                    continue
                if current.path is not None:
                    found |= {row[0] for row in evaluator.ask(inner.select())}
                waiting.append((part, inner))
    return found


def _predicates(shape: model.Shape) -> set[Term]:
    found: set[Term] = set(shape.path.predicates()) if shape.path else set()
    for constraint in shape.constraints:
        if isinstance(constraint, model.Pair):
            found.add(constraint.predicate)
        if isinstance(constraint, model.Closed):
            found |= set(constraint.allowed)
    return found
