"""Makes findings of results: where each stands in its file, in whose words, and how it may be mended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyoxigraph as ox

from mesoonto.files.places import Locator, Spot, homes, locate
from mesoonto.files.rdf import Source
from mesoonto.files.terms import Term
from mesoonto.validation import shipped
from mesoonto.validation.advice.suggest import Suggester
from mesoonto.validation.data.graph import brief, shortened
from mesoonto.validation.data.literals import decode
from mesoonto.validation.data.store import Data
from mesoonto.validation.data.vocabulary import SH
from mesoonto.validation.engine.plan import Outcome
from mesoonto.validation.engine.results import Result
from mesoonto.validation.report.findings import Finding, Severity
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.names import Names
from mesoonto.validation.shapes.paths import Path as PropertyPath
from mesoonto.validation.shapes.wording import expected
from mesoonto.validation.trace import Statement, last_statement

_SEVERITIES = {SH + severity.value: severity for severity in Severity}
#: Milder ones of the drafts of SHACL 1.2. Those that somebody made up are as grave as can be.
_SEVERITIES |= {SH + name: Severity.INFO for name in ("Debug", "Trace")}


class Places(Protocol):
    """Where one finds the places of nodes."""

    def locate(self, nodes: Collection[Term]) -> Locator:
        """The places of *nodes*."""

    def homes(self, nodes: Collection[Term]) -> dict[Term, str]:
        """The file that describes each of *nodes*."""


@dataclass(frozen=True, slots=True)
class FilePlaces:
    """The places in files, which are read for them."""

    sources: Sequence[Source]

    def locate(self, nodes: Collection[Term]) -> Locator:
        """The places of *nodes*."""
        return locate(self.sources, nodes)

    def homes(self, nodes: Collection[Term]) -> dict[Term, str]:
        """The file that describes each of *nodes*."""
        return homes(self.sources, nodes)


def assemble(
    results: Sequence[Result],
    data: Data,
    shapes: model.Shapes,
    outcome: Outcome,
    placed: int,
    files: Places,
) -> Iterator[Finding]:
    """The findings, by file and place; at most *placed* of one cause are looked up in the *files*."""
    counts: dict[tuple[Term, str], int] = defaultdict(int)
    chosen: list[Result] = []
    rest: list[Result] = []
    for result in results:
        counts[result.shape, result.component] += 1
        (chosen if counts[result.shape, result.component] <= placed else rest).append(result)
    ends = [_end(result, data) for result in chosen]
    nodes = {result.focus for result in chosen} | {data.owner(result.focus) for result in chosen}
    nodes |= {end[0] for end in ends if end is not None}
    places = files.locate(nodes)
    names = Names(shapes)
    suggester = Suggester(outcome.evaluator, shipped.instances if shipped.concerns(data) else _nothing)
    found = [
        _finding(result, data, shapes, places, names, suggester, end)
        for result, end in zip(chosen, ends, strict=True)
    ]
    if rest:
        owners = {data.owner(result.focus) for result in rest} | {result.focus for result in rest}
        unplaced = Locator(homes=files.homes(owners))
        found += [_finding(result, data, shapes, unplaced, names, None, None) for result in rest]
    # Those without a place come last, so that lists that are cut short show places.
    yield from sorted(found, key=lambda finding: (not finding.file, finding.file, not finding.line, finding))


def _nothing(_: Term) -> Sequence[Term]:
    return ()


def _end(result: Result, data: Data) -> Statement | None:
    """The statement that holds the value, with literals as they are written."""
    if result.path is None or result.value is None:
        return None
    found = last_statement(data, result.focus, result.path, result.value)
    return found and (found[0], found[1], decode(found[2]))


def _spot(result: Result, places: Locator, end: Statement | None) -> Spot | None:
    """Where the value of a result is written, or else its property; None when neither is."""
    if end is not None and places.has(end[0], end[1]):
        return places.statement(*end)
    if result.path is None:
        return places.value(result.focus, result.value) if result.value is not None else None
    first = result.path
    while first.predicate is None and first.kind != "inversePath":
        first = first.parts[0]
    if first.predicate is not None and places.has(result.focus, first.predicate):
        return places.statement(result.focus, first.predicate, result.value)
    return None


def _finding(
    result: Result,
    data: Data,
    shapes: model.Shapes,
    places: Locator,
    names: Names,
    suggester: Suggester | None,
    end: Statement | None,
) -> Finding:
    shape = shapes.by_node[result.shape]
    record = data.owner(result.focus)
    focus = places.focus(result.focus)
    if not focus.line and record != result.focus:
        focus = places.focus(record)
    spot = _spot(result, places, end) or focus
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
        focus_file=focus.file,
        focus_line=focus.line,
        focus_column=focus.column,
        source=spot.text,
        because=tuple(dict.fromkeys(_reason(detail, record, shapes) for detail in result.details)),
    )


def _reason(detail: Result, record: Term, shapes: model.Shapes) -> str:
    """One detail in words: where it differs from the record, what, and what was expected."""
    asked = expected(shapes.by_node[detail.shape], detail.component)
    words = "; ".join(sorted(message.value for message in detail.messages))
    where = [] if detail.focus == record or isinstance(detail.focus, ox.BlankNode) else [brief(detail.focus)]
    where += [shortened(_path(detail.path))] if detail.path is not None else []
    what = words or (f"expected {asked}" if asked else "does not conform")
    return f"{' '.join(where)}: {what}".removeprefix(": ")


def _name(term: Term) -> str:
    return term.value


def _path(path: PropertyPath | None) -> str:
    if path is None:
        return ""
    return path.predicate.value if path.predicate is not None else str(path)
