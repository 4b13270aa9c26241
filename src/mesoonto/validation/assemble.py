"""Makes findings of results: where each stands in its file, in whose words, and how it may be mended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import pyoxigraph as ox

from mesoonto.files.places import Locator, locate
from mesoonto.files.terms import Term
from mesoonto.validation import shipped
from mesoonto.validation.advice.suggest import Suggester
from mesoonto.validation.data.graph import shortened, told
from mesoonto.validation.data.store import Data
from mesoonto.validation.data.vocabulary import SH
from mesoonto.validation.engine.plan import Outcome
from mesoonto.validation.engine.results import Result
from mesoonto.validation.report.findings import Finding, Severity
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.names import Names
from mesoonto.validation.shapes.paths import Path as PropertyPath
from mesoonto.validation.shapes.wording import expected

_SEVERITIES = {SH + severity.value: severity for severity in Severity}


def assemble(
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
