"""Entities: found by their names, and described with the evidence for and against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.errors import InputError, MesoontoError
from mesoonto.mcp.answers import (
    ArmLine,
    CounterLine,
    DescribeAnswer,
    EvidenceCount,
    FoundEntity,
    NamedThing,
    RelationLine,
    ResultLine,
    SearchAnswer,
    StatementLine,
    TrialLine,
)
from mesoonto.mcp.data import ToolData
from mesoonto.namespaces import MESO, expand, in_query
from mesoonto.views import records, terms
from mesoonto.views import trial as trials
from mesoonto.views.facts import DEFINITION, LABEL, EntityLink, Facts
from mesoonto.views.mechanism import Countering, mechanism
from mesoonto.views.records import PropertyRow
from mesoonto.views.results import ResultView, result
from mesoonto.views.search import KINDS
from mesoonto.views.statements import StatementView, ordered, statement, tally
from mesoonto.views.terms import StudyLine

#: Statements, results and trials that are shown at one time; values of one property.
_MOST, _VALUES = 20, 10

#: Names that are offered for one that is not known, and characters that are shown of each.
_OFFERED, _LONGEST = 5, 100

#: Rows that stand elsewhere in a description.
_APART = frozenset(("definition", "also called"))


def search(data: ToolData, text: str, kind: str = "", count: int = 10) -> SearchAnswer:
    """The *count* likeliest entities for *text*, of one *kind* or of any; InputError without both."""
    if not (text.strip() or kind):
        raise InputError("nothing to look for: give text, or a kind to list all of it")
    found = data.index.search(text, {"kind": kind}, most=count)
    return SearchAnswer(
        tuple(
            FoundEntity(in_query(h.link.iri), h.link.label, h.kind, h.by, round(h.score, 1))
            for h in found.hits
        ),
        found.total,
        data.engine.version,
    )


def describe(data: ToolData, name: str, offset: int = 0, most: int = _MOST) -> DescribeAnswer:
    """What is on record of the entity called *name*, by label, synonym, registry number, CURIE or IRI.

    Statements, results and trials are shown from *offset* on, *most* of each. An InputError names what is
    near where nothing is called so.
    """
    facts = data.facts()
    node = _node(data, facts, name)
    page = records.record(facts, node)
    kind = next((kind for kind, iri in KINDS.items() if facts.is_a(node, iri)), page.kind)
    own = _own(facts, node, kind)
    count = tally(own.statements)
    until = offset + most
    return DescribeAnswer(
        id=in_query(node.value),
        iri=node.value,
        label=page.link.label,
        kind=kind,
        definition=facts.text(node, DEFINITION),
        synonyms=tuple(v.label for row in page.rows if row.property == "also called" for v in row.values),
        relations=(
            *(_relation(row, row.property) for row in page.rows if row.property not in _APART),
            *(_relation(row, f"{row.property}, the other way round") for row in page.named_by),
        ),
        evidence=EvidenceCount(count.supporting, count.refuting, count.inconclusive, count.certainty),
        statements=tuple(map(_statement, own.statements[offset:until])),
        more_statements=max(0, len(own.statements) - until),
        arms=own.arms,
        results=tuple(map(_result, own.results[offset:until])),
        more_results=max(0, len(own.results) - until),
        trials=tuple(map(_trial, own.trials[offset:until])),
        more_trials=max(0, len(own.trials) - until),
        countered_by=tuple(map(_counter, own.countered_by)),
        gaps=own.gaps,
        version=data.engine.version,
    )


@dataclass(frozen=True, slots=True)
class _Own:
    """What one kind of entity has beyond any record."""

    statements: Sequence[StatementView]
    results: Sequence[ResultView]
    arms: tuple[ArmLine, ...] = ()
    trials: Sequence[StudyLine] = ()
    countered_by: Sequence[Countering] = ()
    gaps: tuple[str, ...] = ()


def _own(facts: Facts, node: ox.NamedNode, kind: str) -> _Own:
    if kind == "trial":
        found = trials.trial(facts, node)
        arms = tuple(
            ArmLine(
                in_query(arm.link.iri),
                cohort.link.label,
                arm.link.label,
                arm.role,
                _label(arm.regimen),
                arm.size,
            )
            for cohort in found.cohorts
            for arm in cohort.arms
        )
        return _Own(found.statements, [r for group in found.groups for r in group.results], arms)
    naming = {subject for subjects in facts.inward(node).values() for subject in subjects}
    said = ordered(statement(facts, n) for n in naming if facts.is_a(n, f"{MESO}EvidenceStatement"))
    figures = sorted(
        (result(facts, n) for n in naming if facts.is_a(n, f"{MESO}Result")), key=lambda r: r.weight
    )
    if kind == "mechanism":
        page = mechanism(facts, node)
        return _Own(said, figures, countered_by=page.countered_by, gaps=page.gaps)
    if kind == "intervention":
        return _Own(said, figures, trials=terms.intervention(facts, node).trials)
    return _Own(said, figures)


def _node(data: ToolData, facts: Facts, name: str) -> ox.NamedNode:
    text = name.strip().removeprefix("<").removesuffix(">")
    known = data.index.identified(text)
    if known is not None:
        return ox.NamedNode(known.iri)
    hits = data.index.find(text, most=_OFFERED)
    wanted = text.casefold()
    for names in ([(h, h.link.label) for h in hits], [(h, h.by) for h in hits]):
        for hit, one in names:
            if one.casefold() == wanted:
                return ox.NamedNode(hit.link.iri)
    node = _by_identifier(text)
    if node is not None and facts.exists(node):
        return node
    called = _labelled(data, text)
    if len(called) == 1:
        return called[0]
    if called:
        raise InputError(
            f"several are called {name}: {', '.join(in_query(n.value) for n in called[:_OFFERED])}"
        )
    near = "; ".join(f"{h.link.label[:_LONGEST]} ({in_query(h.link.iri)})" for h in hits)
    raise InputError(f"nothing is called {name}" + (f"; near it: {near}" if near else ""))


def _labelled(data: ToolData, text: str) -> list[ox.NamedNode]:
    """What has exactly the label *text*, also where searches leave it out: upper classes, cohorts."""
    found = {
        quad.subject
        for label in (ox.Literal(text, language="en"), ox.Literal(text))
        for quad in data.engine.store.quads_for_pattern(None, ox.NamedNode(LABEL), label, None)
        if isinstance(quad.subject, ox.NamedNode)
    }
    return sorted(found, key=lambda node: node.value)


def _by_identifier(text: str) -> ox.NamedNode | None:
    """The IRI that *text* is or stands for."""
    try:
        return ox.NamedNode(text if "://" in text else expand(text))
    except (ValueError, MesoontoError):
        return None


def _relation(row: PropertyRow, name: str) -> RelationLine:
    values = tuple(NamedThing(in_query(v.iri) if v.iri else "", v.label) for v in row.values[:_VALUES])
    return RelationLine(name, values, row.more + max(0, len(row.values) - _VALUES))


def _statement(s: StatementView) -> StatementLine:
    return StatementLine(
        id=in_query(s.link.iri),
        text=s.link.label,
        direction=s.direction,
        level=s.level,
        design=s.design,
        context=s.context,
        population=s.population,
        source=_label(s.source),
        locator=s.locator,
        reading_depth=s.depth,
        trial=_label(s.trial),
        conflicts=len(s.conflicts),
        superseded=s.superseded,
    )


def _result(r: ResultView) -> ResultLine:
    return ResultLine(
        id=in_query(r.link.iri),
        trial=_label(r.study),
        end_point=_label(r.end_point),
        statistic=_label(r.statistic),
        population=r.population,
        comparison=r.comparison,
        value=r.value,
        interval=r.interval,
        level=r.level,
        p=r.p,
        at=r.at,
        role=r.role,
        met=r.met,
        superseded=r.superseded or r.earlier,
        second_hand=r.second_hand,
        source=_label(r.source),
    )


def _trial(line: StudyLine) -> TrialLine:
    figures = (
        f"{_label(r.end_point)}, {r.population}: {_label(r.statistic)} {r.value}"
        + (f" ({r.interval}, {r.level or 'level not read'})" if r.interval else "")
        for r in line.results
    )
    return TrialLine(
        in_query(line.link.iri), line.link.label, line.phase, line.design, line.setting, tuple(figures)
    )


def _counter(one: Countering) -> CounterLine:
    return CounterLine(
        id=in_query(one.link.iri),
        label=one.link.label,
        status=f"{one.status.stage} ({one.status.date})" if one.status is not None else "",
        best_statement=_label(one.best.link) if one.best is not None else "",
        supporting=one.tally.supporting,
        refuting=one.tally.refuting,
        inconclusive=one.tally.inconclusive,
    )


def _label(link: EntityLink | None) -> str:
    return link.label if link is not None else ""
