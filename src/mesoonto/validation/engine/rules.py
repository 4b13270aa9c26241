"""Runs rules (SHACL Advanced Features, section 8) on the data store, before shapes are evaluated.

As pySHACL does: shapes in the order of ``sh:order``, and the rules of a shape in theirs; what a rule makes is
there for the next one. Each rule runs once, or until nothing new comes where that is asked for.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

import pyoxigraph as ox

from mesoonto.files.terms import XSD, Term
from mesoonto.validation.data import queries
from mesoonto.validation.data.graph import brief, unusable
from mesoonto.validation.data.literals import is_textual
from mesoonto.validation.data.store import Data
from mesoonto.validation.engine.dependence import of_rule, of_targets, touch
from mesoonto.validation.engine.evaluate import Evaluator, Watch
from mesoonto.validation.engine.prebinding import over_all
from mesoonto.validation.engine.sparql_constraints import as_written
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.paths import Path

#: A rule that still makes new statements after so many rounds is taken for one that never ends.
_ROUNDS = 100

#: Graphs that hold the focus nodes of a query; no two queries at once share one.
_NODES = "urn:mesoonto:rule:"
_NUMBERS = itertools.count(1)

_Statement = tuple[Term, ox.NamedNode, Term]


def strange(shapes: model.Shapes, evaluator: Evaluator) -> dict[model.ShapeRule, str]:
    """Those of the rules of *shapes* that cannot be run here, each with the reason."""
    found = {}
    for rule in shapes.rules:
        if rule.triple is None and not rule.construct:
            found[rule] = "a rule with a node expression that is more than a path"
        elif rule.construct and shapes.foreign:
            found[rule] = shapes.foreign[0]
        for condition in rule.conditions:
            if reasons := evaluator.obstacles(shapes.by_node[condition]):
                found[rule] = reasons[0]
    return found


def run(
    data: Data,
    shapes: model.Shapes,
    *,
    without: Collection[model.ShapeRule] = (),
    repeat: bool = False,
    watch: Watch | None = None,
) -> None:
    """Add to *data* what the rules of *shapes* but *without* make; a ShapeError for one that never ends."""
    running = _Running(data, shapes, watch)
    for node, group in itertools.groupby(shapes.rules, key=lambda rule: rule.shape):
        shape, rules = shapes.by_node[node], [rule for rule in group if rule not in without]
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
        self._evaluator = Evaluator(shapes, data.store, data.by_value, watch=watch)
        self._focus: dict[Term, set[Term]] = {}
        self._rules = 0  #: that made something
        self._last: dict[ox.NamedNode, int] = {}  #: the last of these that made statements of a property
        self._seen: dict[model.ShapeRule, int] = {}  #: which of these each rule could see when it ran

    def apply(self, rule: model.ShapeRule, shape: model.Shape) -> int:
        """Run *rule* once, unless nothing that it looks at is new since then; gives how much it made."""
        if rule in self._seen and not self._has_news(rule):
            return 0
        self._seen[rule] = self._rules
        with self._evaluator.noted(shape):
            new = self._data.infer(self._made(rule, shape))
        if new:
            self._rules += 1
            changed = frozenset(quad.predicate for quad in new)
            self._last.update(dict.fromkeys(changed, self._rules))
            self._evaluator.forget(changed)
            if touch(of_targets(shape), changed):
                del self._focus[shape.node]
        return len(new)

    def _has_news(self, rule: model.ShapeRule) -> bool:
        if rule.construct:
            from mesoonto.validation.engine.queried import is_steady  # most shapes hold no query

            if not is_steady(rule.construct):
                return True
        since = self._seen[rule]
        changed = frozenset(predicate for predicate, last in self._last.items() if last > since)
        return touch(of_rule(rule, self._shapes), changed)

    def _made(self, rule: model.ShapeRule, shape: model.Shape) -> Iterator[_Statement]:
        evaluator = self._evaluator
        if shape.node not in self._focus:
            self._focus = {shape.node: evaluator.focus_nodes(shape)}
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
    store = data.by_value()
    together = _for_all(rule, nodes, store)
    if together is not None and not (data.rewritten and any(_has_spellings(row.object) for row in together)):
        yield from _statements(together)
        return
    for node in nodes:
        for subject, predicate, found in _statements(_construct(rule, store, rule.construct, node)):
            for value in as_written(found, node, data.store):
                yield subject, predicate, value


def _for_all(rule: model.ShapeRule, nodes: set[Term], store: ox.Store) -> list[ox.Triple] | None:
    """What the query of *rule* makes of all *nodes* at once; None when it has to be asked for each."""
    name = ox.NamedNode(f"{_NODES}{next(_NUMBERS)}")
    # A subquery keeps Oxigraph from joining all there is before it looks at ``$this`` (pyoxigraph 0.5.13).
    text = over_all(rule.construct, f"{{ SELECT ?this {{ GRAPH {name} {{ {name} {name} ?this }} }} }}")
    if text is None:
        return None
    store.extend(ox.Quad(name, name, node, name) for node in nodes)
    found = _construct(rule, store, text)
    store.remove_graph(name)
    return found


def _construct(
    rule: model.ShapeRule, store: ox.Store, text: str, node: Term | None = None
) -> list[ox.Triple]:
    what = f"the rule of {brief(rule.shape)}"
    try:
        triples = queries.construct(store, text, node)
    except (SyntaxError, ValueError, RuntimeError, OSError) as error:
        raise unusable(f"the query of {what}: {error}") from error
    if triples is None:
        raise unusable(f"the query of {what} is not a CONSTRUCT query")
    return triples


def _statements(rows: Iterable[ox.Triple]) -> Iterator[_Statement]:
    for row in rows:
        if not isinstance(row.subject, ox.Triple) and not isinstance(row.object, ox.Triple):
            yield row.subject, row.predicate, row.object


def _has_spellings(term: Term | ox.Triple) -> bool:
    """Whether the data may have *term*, as a query knows it, in another spelling."""
    return isinstance(term, ox.Literal) and term.datatype.value.startswith(XSD) and not is_textual(term)
