"""Decides which engine evaluates which shape, and runs them."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from functools import partial

import pyoxigraph as ox

from mesoonto.files.terms import Term
from mesoonto.validation.data.graph import Graph, brief, unusable
from mesoonto.validation.data.literals import encode_term
from mesoonto.validation.data.store import Data
from mesoonto.validation.engine import dependence, rules, sparql_constraints
from mesoonto.validation.engine.evaluate import Evaluator, Watch
from mesoonto.validation.engine.results import Result
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.reader import read_shapes


class EngineChoice(Enum):
    """Who evaluates: the compiled queries where they can, only they, or only pySHACL."""

    AUTO = "auto"
    OXIGRAPH = "oxigraph"
    PYSHACL = "pyshacl"


@dataclass(frozen=True, slots=True)
class Plan:
    """Which shapes are evaluated where, and why."""

    compiled: tuple[model.Shape, ...]
    delegated: tuple[tuple[model.Shape, str], ...]  #: each with the reason


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found."""

    results: tuple[Result, ...]
    plan: Plan
    evaluator: Evaluator


def prepare(graph: Graph, inferred: frozenset[str] = frozenset()) -> model.Shapes:
    """Read the shapes of *graph* and refuse what is not SHACL; *inferred* as for `read_shapes`."""
    shapes = read_shapes(graph, inferred)
    functions = shapes.functions
    for shape in shapes.by_node.values():
        for constraint in shape.constraints:
            if isinstance(constraint, model.ShapeQuery):
                sparql_constraints.check(constraint, shape, functions)
        for target in shape.targets:
            if target.kind == "query":
                sparql_constraints.check_target(target.query, shape, functions)
    sparql_constraints.check_others(shapes)
    return shapes


def run(
    data: Data,
    shapes: model.Shapes,
    engine: EngineChoice = EngineChoice.AUTO,
    only: Collection[Term] | None = None,
    *,
    repeat_rules: bool = False,
    watch: Watch | None = None,
) -> Outcome:
    """Validate *data*, or the focus nodes *only* of it; the results come in the order of the shapes.

    What rules make is added to *data* first: once, or with *repeat_rules* until nothing new comes.
    """
    wanted = None if only is None else frozenset(map(encode_term, only))
    by_value = partial(data.by_value, _queried(shapes))
    evaluator = Evaluator(shapes, data.store, by_value, wanted, watch, data.triples)
    strange = rules.strange(shapes, evaluator)
    elsewhere, made = dependence.tainted(shapes.rules, strange, shapes)
    plan = _plan(shapes, evaluator, engine, next(iter(strange.values()), ""), made)
    found: list[Result] = []
    # Rules that cannot be run here are run by pySHACL with all others, on the data as they were.
    first = bool(strange) or engine is EngineChoice.PYSHACL
    if first:
        found = _delegated(data, shapes, plan, evaluator, with_rules=True, repeat=repeat_rules)
    if (plan.compiled or not first) and len(elsewhere) < len(shapes.rules):
        rules.run(data, shapes, without=elsewhere, repeat=repeat_rules, watch=watch)
        evaluator = Evaluator(shapes, data.store, by_value, wanted, watch, data.triples)
    results = list(evaluator.run(plan.compiled))
    if not first:
        found = _delegated(data, shapes, plan, evaluator, with_rules=False, repeat=repeat_rules)
    results += [result for result in found if only is None or result.focus in only]
    return Outcome(tuple(result for result in results if result.focus not in data.known), plan, evaluator)


def _delegated(
    data: Data, shapes: model.Shapes, plan: Plan, evaluator: Evaluator, *, with_rules: bool, repeat: bool
) -> list[Result]:
    """The results of pySHACL for the shapes that *plan* sends there; *with_rules* it runs the rules, too."""
    if not plan.delegated:
        return []
    from mesoonto.validation.engine import pyshacl

    targeted = [shape for shape, _ in plan.delegated]
    with contextlib.ExitStack() as notes:
        for shape in targeted:
            notes.enter_context(evaluator.noted(shape))
        return pyshacl.run(data.statements(), shapes, targeted, rules=with_rules, repeat=repeat)


def _queried(shapes: model.Shapes) -> frozenset[ox.NamedNode] | None:
    """The properties of statements that queries of *shapes* can match; None where it may be any."""
    found: set[ox.NamedNode] = set()
    for text in sparql_constraints.queries_of(shapes):
        from mesoonto.validation.engine.queried import properties

        named = properties(text)
        if named is None:
            return None
        found |= named
    return frozenset(found)


def _plan(
    shapes: model.Shapes,
    evaluator: Evaluator,
    engine: EngineChoice,
    strange: str,
    made: dependence.Properties,
) -> Plan:
    """Who evaluates which shape; *strange* is why some rules are not run here, *made* what these make."""
    compiled: list[model.Shape] = []
    delegated: list[tuple[model.Shape, str]] = []
    for shape in shapes.targeted:
        reasons = ["--engine pyshacl"] if engine is EngineChoice.PYSHACL else evaluator.obstacles(shape)
        if strange and dependence.touch(dependence.of_shape(shape, shapes), made):
            reasons.append(strange)
        if not reasons:
            compiled.append(shape)
        elif engine is EngineChoice.OXIGRAPH:
            raise unusable(
                f"{brief(shape.node)} does not compile to SPARQL ({reasons[0]}); use --engine auto or pyshacl"
            )
        else:
            delegated.append((shape, reasons[0]))
    return Plan(tuple(compiled), tuple(delegated))
