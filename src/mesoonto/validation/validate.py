"""Validates files against shapes and makes a report that leads to the mend."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.errors import InputError, ShapeError
from mesoonto.files.places import Locator, locate
from mesoonto.files.rdf import Source, find, from_path
from mesoonto.validation import shipped
from mesoonto.validation.advice import coverage, doubts
from mesoonto.validation.advice.suggest import Suggester
from mesoonto.validation.data import store as data_files
from mesoonto.validation.data.graph import Graph, shortened, told
from mesoonto.validation.data.literals import Term
from mesoonto.validation.data.store import Data
from mesoonto.validation.data.vocabulary import SH, TYPE, sh
from mesoonto.validation.engine.details import with_details
from mesoonto.validation.engine.plan import Engine, Outcome, prepare, run
from mesoonto.validation.report.findings import Coverage, Doubt, Finding, Report, Severity
from mesoonto.validation.report.results import Result
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.names import Names
from mesoonto.validation.shapes.paths import Path as PropertyPath
from mesoonto.validation.shapes.wording import expected

#: Findings of one cause that are given a place and a suggestion; the rest are counted and listed without.
PLACED = 1000

#: Number of the first file of shapes: its blank nodes are not to be taken for those of the data in a report.
_SHAPES = 1_000_000

_SEVERITIES = {SH + severity.value: severity for severity in Severity}


@dataclass(frozen=True, slots=True)
class Options:
    """How to validate."""

    engine: Engine = Engine.AUTO
    coverage: bool = False  #: measure what shapes looked at
    doubts: bool = False  #: look for reasons to distrust a report without findings
    placed: int = PLACED
    ontology: tuple[Path, ...] = ()  #: files that are known and not checked
    progress: Callable[[int], None] | None = None


def validate(
    data: Sequence[Path] = (), shapes: Sequence[Path] = (), options: Options | None = None
) -> Report:
    """Check *data* against *shapes*.

    Without *data*, the shipped modules and records are checked; without *shapes*, the shipped shapes are
    used. What *data* refers to in the shipped ontology and records is known by its classes and their
    superclasses, so that ``sh:class`` sees it; it is not itself checked.

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
    outcome = run(data, shapes, chosen.engine, only)
    by_key = {result.key: result for result in outcome.results}
    # Whatever order the store gave them in.
    results = with_details([by_key[key] for key in sorted(by_key)], outcome.evaluator)
    looked_at = Coverage()
    found: list[Doubt] = []
    if chosen.coverage:
        looked_at = coverage.measure(data, shapes, outcome)
    if chosen.doubts:
        vocabulary = shipped.Vocabulary(data, shipped.concerns(data, shapes))
        found += doubts.of_shapes(shapes, vocabulary)
        found += doubts.of_strays(shapes)
        if only is None:
            found += [
                Doubt("unseen-file", name, "no shape looked at any node of this file")
                for name in coverage.unseen_files(data, shapes, outcome)
            ]
    return Report(
        findings=tuple(_findings(results, data, shapes, outcome, chosen.placed)),
        triples=data.triples,
        shapes=len(_applied(shapes)),
        results=tuple(results),
        doubts=tuple(dict.fromkeys(found)),
        coverage=looked_at,
        files=len(data.sources),
        delegated=tuple((_name(shape.node), reason) for shape, reason in outcome.plan.delegated),
    )


def _applied(shapes: model.Shapes) -> set[Term]:
    declared = {n for n in shapes.by_node if sh("NodeShape") in shapes.graph.all(n, TYPE)}
    return declared | {shape.node for shape in shapes.targeted}


def _findings(
    results: Sequence[Result], data: Data, shapes: model.Shapes, outcome: Outcome, placed: int
) -> Iterator[Finding]:
    """The findings, by file and place; at most *placed* of one cause are looked up in the files."""
    counts: dict[tuple[Term, str], int] = defaultdict(int)
    chosen: list[Result] = []
    rest: list[Result] = []
    for result in results:
        counts[result.shape, result.component] += 1
        (chosen if counts[result.shape, result.component] <= placed else rest).append(result)
    nodes = {result.focus for result in chosen} | {data.owner(result.focus) for result in chosen}
    nodes |= {result.value for result in chosen if _is_inverse(result.path) and result.value is not None}
    places = locate(data.sources, nodes)
    names = Names(shapes)
    suggester = Suggester(outcome.evaluator, shipped.instances if shipped.concerns(data) else _nothing)
    unplaced = Locator()
    found = [_finding(result, data, shapes, places, names, suggester) for result in chosen]
    found += [_finding(result, data, shapes, unplaced, names, None) for result in rest]
    yield from sorted(found)


def _nothing(_: Term) -> Sequence[Term]:
    return ()


def _is_inverse(path: PropertyPath | None) -> bool:
    return path is not None and path.predicate is None


def _finding(
    result: Result,
    data: Data,
    shapes: model.Shapes,
    places: Locator,
    names: Names,
    suggester: Suggester | None,
) -> Finding:
    shape = shapes.by_node[result.shape]
    record = data.owner(result.focus)
    focus = places.focus(result.focus)
    if not focus.line and record != result.focus:
        focus = places.focus(record)
    spot = places.triple(result.focus, result.path, result.value)
    spot = spot if spot.line else focus
    asked = expected(shape, result.component)
    words = "; ".join(sorted(message.value for message in result.messages))
    return Finding(
        file=spot.file or focus.file,
        line=spot.line,
        column=spot.column,
        record=_name(record),
        focus=_name(result.focus),
        path=_path(result.path),
        message=words or (f"expected {asked}" if asked else "does not conform"),
        value="" if result.value is None or isinstance(result.value, ox.BlankNode) else _name(result.value),
        shape=_name(names.named(result.shape)),
        severity=_SEVERITIES.get(result.severity, Severity.VIOLATION),
        shape_label=names.label(result.shape),
        component=result.component.removeprefix(SH),
        expected=asked,
        suggestion=suggester.suggest(result, shape) if suggester else "",
        focus_line=focus.line,
        focus_column=focus.column,
        source=spot.text,
        because=tuple(dict.fromkeys(_reason(detail, record, shapes) for detail in result.details)),
    )


def _reason(detail: Result, record: Term, shapes: model.Shapes) -> str:
    """One detail in words: where it differs from the record, what, and what was expected."""
    asked = expected(shapes.by_node[detail.shape], detail.component)
    words = "; ".join(sorted(message.value for message in detail.messages))
    where = [] if detail.focus == record or isinstance(detail.focus, ox.BlankNode) else [told(detail.focus)]
    where += [shortened(_path(detail.path))] if detail.path is not None else []
    what = words or (f"expected {asked}" if asked else "does not conform")
    return f"{' '.join(where)}: {what}".removeprefix(": ")


def _name(term: Term) -> str:
    return term.value


def _path(path: PropertyPath | None) -> str:
    if path is None:
        return ""
    return path.predicate.value if path.predicate is not None else str(path)
