"""The statements of a part that a report on its results needs: why they came, and what was likely meant."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from operator import attrgetter

import pyoxigraph as ox

from mesoonto.files.terms import LABEL, SUBCLASS, TYPE, Term
from mesoonto.validation.advice import suggest
from mesoonto.validation.data.literals import encode_term
from mesoonto.validation.data.store import Data, leading
from mesoonto.validation.data.vocabulary import SH
from mesoonto.validation.engine import details
from mesoonto.validation.engine.evaluate import Evaluator
from mesoonto.validation.engine.reach import Reach
from mesoonto.validation.engine.results import Result
from mesoonto.validation.shapes import model

#: Results of one cause for which details and suggestions are looked for.
_EXPLAINED = max(details.ENOUGH, suggest.ENOUGH)

_WITH_INSTANCES = tuple(f"{SH}{name}ConstraintComponent" for name in ("Class", "Or", "Xone"))


def support(
    results: Sequence[Result], data: Data, shapes: model.Shapes, far: Reach, evaluator: Evaluator, placed: int
) -> tuple[set[ox.Triple], set[Term]]:
    """The statements of *data*, and the nodes, of which a report on *results* asks.

    A report explains the first results of each cause; the first in the whole are among the first here.
    """
    counts: Counter[tuple[Term, str]] = Counter()
    explained: set[Term] = set()
    nodes: set[Term] = set()
    found: set[ox.Triple] = set()
    classes: set[Term] = set()
    for result in sorted(results, key=attrgetter("order")):
        cause = result.shape, result.component
        counts[cause] += 1
        nodes.add(result.focus)
        found.update(_owners(result.focus, data))
        is_long = result.path is not None and result.path.predicate is None and result.value is not None
        if counts[cause] <= _EXPLAINED or (is_long and counts[cause] <= placed):
            explained.add(encode_term(result.focus))
        if result.component in _WITH_INSTANCES:
            parts = shapes.parts(shapes.by_node[result.shape])
            classes |= {c.term for part in parts for c in part.constraints if isinstance(c, model.Class)}
    found.update(far.described(explained, data.store))
    found.update(_instances(classes, evaluator))
    return found, nodes | {data.owner(node) for node in nodes}


def _owners(node: Term, data: Data) -> Iterator[ox.Triple]:
    """The statements that lead to the blank node *node*, as `Data.owner` goes."""
    passed: set[Term] = set()
    while isinstance(node, ox.BlankNode) and node not in passed:
        passed.add(node)
        statement = leading(data.store, node)
        if statement is None:
            return
        yield statement
        node = statement.subject  # type: ignore[assignment]


def _instances(classes: set[Term], evaluator: Evaluator) -> Iterator[ox.Triple]:
    """The instances of *classes*, as many as a suggestion considers, with their labels."""
    if not classes:
        return
    for quad in evaluator.store.quads_for_pattern(None, SUBCLASS, None, ox.DefaultGraph()):
        yield quad.triple
    below = {inner for term in classes for inner in evaluator.subclasses(term)}
    for term in below:
        quads = evaluator.store.quads_for_pattern(None, TYPE, term, ox.DefaultGraph())
        for quad in itertools.islice(quads, suggest.MOST + 2):
            yield quad.triple
            for label in (LABEL, suggest.PREF_LABEL):
                for named in evaluator.store.quads_for_pattern(quad.subject, label, None, ox.DefaultGraph()):
                    yield named.triple
