"""Validates files against shapes and makes a report that leads to the mend."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from mesoonto import resources
from mesoonto.errors import InputError, ShapeError
from mesoonto.files.rdf import Source, find, from_path
from mesoonto.files.terms import TYPE, Term
from mesoonto.validation import shipped
from mesoonto.validation.advice import constructs, coverage, doubts
from mesoonto.validation.assemble import assemble
from mesoonto.validation.data import store as data_files
from mesoonto.validation.data.graph import Graph
from mesoonto.validation.data.store import Data
from mesoonto.validation.data.vocabulary import sh
from mesoonto.validation.engine.details import with_details
from mesoonto.validation.engine.plan import Engine, prepare, run
from mesoonto.validation.report.findings import Coverage, Doubt, Report
from mesoonto.validation.shapes import model

#: Findings of one cause that are given a place and a suggestion; the rest are counted and listed without.
PLACED = 1000

#: Number of the first file of shapes: its blank nodes are not to be taken for those of the data in a report.
_SHAPES = 1_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """How to validate."""

    engine: Engine = Engine.AUTO
    coverage: bool = False  #: measure what shapes looked at
    doubts: bool = False  #: look for reasons to distrust a report without findings
    placed: int = PLACED
    ontology: tuple[Path, ...] = ()  #: files that are known and not checked
    progress: Callable[[int], None] | None = None
    repeat_rules: bool = False  #: run rules until nothing new comes, not once


def validate(
    data: Sequence[Path] = (), shapes: Sequence[Path] = (), options: Options | None = None
) -> Report:
    """Check *data* against *shapes*.

    Without *data*, the shipped modules and records are checked; without *shapes*, the shipped shapes are
    used. What *data* refers to in the shipped ontology is known by its classes and their superclasses, so
    that ``sh:class`` sees it, and a shipped record is known whole; neither is itself checked.

    Raises InputError for a data file, and ShapeError for shapes, that cannot be used.
    """
    chosen = options or Options()
    if data:
        sources = find(data)
    else:
        sources = [from_path(path) for path in [*resources.module_files(), *resources.record_files()]]
    loaded = load(sources, chosen)
    return check(loaded, read_shape_files(shapes or resources.shape_files()), chosen)


def load(sources: Sequence[Source], options: Options) -> Data:
    """Read *sources*, and add what the shipped ontology and ``options.ontology`` know."""
    loaded = data_files.load(sources, options.progress, shipped.STEMS)
    for number, path in enumerate(options.ontology):
        loaded.add(data_files.read(from_path(path), len(sources) + number))
    if shipped.concerns(loaded):
        loaded.add(shipped.of(loaded))
    return loaded


def read_shape_files(files: Sequence[Path]) -> model.Shapes:
    """The shapes of *files* taken together; raises ShapeError with the place of a mistake."""
    graph = Graph()
    try:
        for number, source in enumerate(find(files), _SHAPES):
            for statement in data_files.read(source, number):
                graph.add(*statement)
    except InputError as error:
        raise ShapeError(error.message, error.place) from error
    return prepare(graph)


def check(
    data: Data, shapes: model.Shapes, options: Options | None = None, only: Collection[Term] | None = None
) -> Report:
    """Check loaded *data*, or the focus nodes *only* of it."""
    chosen = options or Options()
    outcome = run(data, shapes, chosen.engine, only, repeat_rules=chosen.repeat_rules)
    # Whatever order the store gave them in.
    results = with_details(sorted(outcome.results, key=attrgetter("order")), outcome.evaluator)
    looked_at = Coverage()
    found: list[Doubt] = []
    if chosen.coverage:
        looked_at = coverage.measure(data, shapes, outcome)
    if chosen.doubts:
        vocabulary = shipped.Vocabulary(data, shipped.concerns(data, shapes))
        found += doubts.of_shapes(shapes, vocabulary)
        found += doubts.of_strays(shapes)
        found += constructs.of_constructs(shapes)
        found += constructs.of_roles(shapes, data.store)
        if only is None:
            found += [
                Doubt("unseen-file", name, "no shape looked at any node of this file")
                for name in coverage.unseen_files(data, shapes, outcome)
            ]
    return Report(
        findings=tuple(assemble(results, data, shapes, outcome, chosen.placed)),
        triples=data.triples,
        shapes=len(_applied(shapes)),
        results=tuple(results),
        doubts=tuple(dict.fromkeys(found)),
        coverage=looked_at,
        files=len(data.sources),
        delegated=tuple((shape.node.value, reason) for shape, reason in outcome.plan.delegated),
    )


def _applied(shapes: model.Shapes) -> set[Term]:
    declared = {n for n in shapes.by_node if sh("NodeShape") in shapes.graph.all(n, TYPE)}
    return declared | {shape.node for shape in shapes.targeted}
