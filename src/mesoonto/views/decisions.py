"""Decisions of authorities, appraisal bodies and guideline panels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.evidence import RecordReading, reading
from mesoonto.views.facts import DCTERMS, RDFS, SUBCLASS, TYPE, EntityLink, Facts
from mesoonto.views.results import ResultView, headline, results_of


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision of a body."""

    link: EntityLink
    jurisdiction: str
    body: str
    date: str
    interventions: tuple[EntityLink, ...]
    outcome: str
    population: str
    restriction: str
    setting: str


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """A decision, what it rests on, and what others decided on the same."""

    link: EntityLink
    kind: str
    decision: DecisionView
    number: str
    grade: str
    tests: tuple[EntityLink, ...]  #: that it advises
    basis: tuple[tuple[EntityLink, tuple[ResultView, ...]], ...]  #: trial, current primary figures
    elsewhere: tuple[DecisionView, ...]  #: on the same interventions
    replaces: tuple[EntityLink, ...]
    replaced_by: tuple[EntityLink, ...]
    see_also: tuple[EntityLink, ...]
    notes: tuple[str, ...]
    reading: RecordReading


def decisions(facts: Facts) -> tuple[DecisionView, ...]:
    """All decisions, by jurisdiction, the newest first."""
    kinds = facts.subjects(SUBCLASS, ox.NamedNode(f"{MESO}Decision"))
    nodes = {n for kind in (*kinds, ox.NamedNode(f"{MESO}Decision")) for n in facts.subjects(TYPE, kind)}
    return ordered_decisions(decision_view(facts, node) for node in nodes)


def decision_view(facts: Facts, node: ox.NamedNode) -> DecisionView:
    """The decision *node* in one line."""
    outcome = facts.one(node, f"{MESO}hasDecisionOutcome")
    setting = facts.one(node, f"{MESO}hasTreatmentSetting")
    populations = [link.label for link in facts.linked(node, f"{MESO}hasPopulation")]
    return DecisionView(
        link=facts.link(node),
        jurisdiction=facts.text(node, f"{MESO}jurisdiction"),
        body=facts.text(node, f"{MESO}issuingBody"),
        date=facts.text(node, f"{DCTERMS}issued"),
        interventions=facts.linked(node, f"{MESO}hasIntervention"),
        outcome=outcome.label if outcome is not None else "",
        population="; ".join([*populations, *facts.texts(node, f"{MESO}populationText")]),
        restriction=facts.text(node, f"{MESO}restriction"),
        setting=setting.label if setting is not None else "",
    )


def decision_page(facts: Facts, node: ox.NamedNode) -> DecisionPage:
    """The decision *node*."""
    about = facts.entities(node, f"{MESO}hasIntervention")
    others = {d for i in about for d in facts.subjects(f"{MESO}hasIntervention", i)} - {node}
    kinds = [k for k in facts.linked(node, TYPE) if k.iri != f"{MESO}Decision"]
    return DecisionPage(
        link=facts.link(node),
        kind=kinds[0].label if kinds else "decision",
        decision=decision_view(facts, node),
        number=facts.text(node, f"{MESO}decisionNumber"),
        grade=facts.text(node, f"{MESO}grade"),
        tests=facts.linked(node, f"{MESO}advisesTestOf"),
        basis=tuple(
            (facts.link(study), headline(facts, results_of(facts, study)))
            for study in facts.entities(node, f"{MESO}basedOn")
        ),
        elsewhere=ordered_decisions(
            decision_view(facts, d) for d in others if facts.is_a(d, f"{MESO}Decision")
        ),
        replaces=facts.linked(node, f"{MESO}supersedes"),
        replaced_by=facts.links(facts.subjects(f"{MESO}supersedes", node)),
        see_also=facts.linked(node, f"{RDFS}seeAlso"),
        notes=facts.notes(node),
        reading=reading(facts, node),
    )


def ordered_decisions(found: Iterable[DecisionView]) -> tuple[DecisionView, ...]:
    """Decisions by jurisdiction, the newest first."""
    newest = sorted(found, key=lambda d: (d.date, d.link.label), reverse=True)
    return tuple(sorted(newest, key=lambda d: d.jurisdiction))
