"""Tells why a value does not conform to a shape that another shape names: the details of a result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mesoonto.files.terms import Term
from mesoonto.validation.data.literals import encode_term
from mesoonto.validation.data.vocabulary import SH
from mesoonto.validation.engine.evaluate import Evaluator
from mesoonto.validation.engine.results import Result
from mesoonto.validation.shapes import model

#: Results of one cause that get details; the same mistake, made more often, needs no more of them.
ENOUGH = 20

#: Components whose shapes a value has to conform to: all of them, or one of them.
_TELLING = ("NodeConstraintComponent", "AndConstraintComponent", "OrConstraintComponent")


def with_details(results: Sequence[Result], evaluator: Evaluator) -> list[Result]:
    """*results* with details (SHACL, section 3.6.2.6), those of one cause for the first of them."""
    causes: dict[tuple[Term, str], list[int]] = defaultdict(list)
    for number, result in enumerate(results):
        if result.component.removeprefix(SH) in _TELLING:
            causes[result.shape, result.component].append(number)
    detailed = list(results)
    for (node, component), numbers in causes.items():
        shape = evaluator.shapes.by_node[node]
        inner = [evaluator.shapes.by_node[name] for name in _named(shape, component)]
        if any(evaluator.obstacles(part) for part in inner):
            continue
        some = numbers[:ENOUGH]
        failures: dict[Term, list[Result]] = defaultdict(list)
        for part in inner:
            for failure in evaluator.run_on(part, {encode_term(_value(results[number])) for number in some}):
                failures[failure.focus].append(failure)
        for number in some:
            reasons = tuple(failures[_value(results[number])])
            detailed[number] = replace(results[number], details=reasons)
    return detailed


def _named(shape: model.Shape, component: str) -> Iterator[Term]:
    for constraint in shape.constraints:
        if isinstance(constraint, model.Logical) and SH + constraint.component == component:
            yield from constraint.shapes


def _value(result: Result) -> Term:
    return result.focus if result.value is None else result.value
