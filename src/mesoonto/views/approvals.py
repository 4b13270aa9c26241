"""What was decided where: regimens against jurisdictions, and each decision in full."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.decisions import DecisionView, decisions
from mesoonto.views.facts import TYPE, EntityLink, Facts

#: Jurisdictions that are shown first; the others follow in the order of their codes.
_FIRST = ("US", "EU", "GB-ENG", "JP")

#: Kinds of decision in the order in which they bind.
_KINDS = tuple(
    MESO + name
    for name in (
        "MarketingAuthorisation",
        "RegulatoryOpinion",
        "HealthTechnologyAppraisal",
        "GuidelineRecommendation",
    )
)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as the grid and the lists show it."""

    decision: DecisionView
    kind: str
    tone: str  #: "good", "warn" with a restriction, "bad"
    histology: str  #: tumour states that it names as data, or nothing
    population: str  #: in the words of the record
    replaced_by: tuple[EntityLink, ...]
    trials: tuple[EntityLink, ...]  #: that it is based on


@dataclass(frozen=True, slots=True)
class RegimenRow:
    """An intervention, and what was decided on it in each jurisdiction."""

    intervention: EntityLink
    cells: tuple[tuple[Decided, ...], ...]


@dataclass(frozen=True, slots=True)
class Approvals:
    """Interventions against jurisdictions."""

    places: tuple[str, ...]
    rows: tuple[RegimenRow, ...]
    decided: tuple[Decided, ...]  #: all of them, by place and kind, the newest first
    kinds: tuple[str, ...]  #: that one may choose from


def approvals(facts: Facts, *, kind: str = "") -> Approvals:
    """Decisions of one *kind* or of any, on each intervention and in each jurisdiction."""
    every = sorted((_decided(facts, one) for one in decisions(facts)), key=lambda d: _rank(facts, d))
    kept = [d for d in every if kind in ("", d.kind)]
    places = sorted({d.decision.jurisdiction for d in kept}, key=_place)
    cells: dict[EntityLink, dict[str, list[Decided]]] = defaultdict(lambda: defaultdict(list))
    for one in kept:
        for link in one.decision.interventions:
            cells[link][one.decision.jurisdiction].append(one)
    by_reach = sorted(cells, key=lambda link: (-len(cells[link]), link.label.lower()))
    return Approvals(
        places=tuple(places),
        rows=tuple(
            RegimenRow(link, tuple(tuple(cells[link][place]) for place in places)) for link in by_reach
        ),
        decided=tuple(sorted(kept, key=lambda d: _place(d.decision.jurisdiction))),
        kinds=tuple(dict.fromkeys(d.kind for d in every)),
    )


def _decided(facts: Facts, one: DecisionView) -> Decided:
    node = ox.NamedNode(one.link.iri)
    own = {k.value for k in facts.entities(node, TYPE)}
    kind = next((k for k in _KINDS if k in own), f"{MESO}Decision")
    return Decided(
        decision=one,
        kind=facts.label(ox.NamedNode(kind)),
        tone="bad" if one.outcome.startswith("not ") else "warn" if "restriction" in one.outcome else "good",
        histology="; ".join(link.label for link in facts.linked(node, f"{MESO}hasPopulation")),
        population="; ".join(facts.texts(node, f"{MESO}populationText")),
        replaced_by=facts.links(facts.subjects(f"{MESO}supersedes", node)),
        trials=_trials(facts, node),
    )


def _trials(facts: Facts, node: ox.NamedNode) -> tuple[EntityLink, ...]:
    found = {
        study
        for base in facts.entities(node, f"{MESO}basedOn")
        for path in ((), (f"{MESO}ofStudy",), (f"{MESO}ofCohort", f"{MESO}ofStudy"))
        for study in facts.entities(base, *path)
        if facts.is_a(study, f"{MESO}Study")
    }
    return facts.links(found)


def _place(code: str) -> tuple[int, str]:
    return (_FIRST.index(code) if code in _FIRST else len(_FIRST), code)


def _rank(facts: Facts, one: Decided) -> int:
    names = [facts.label(ox.NamedNode(iri)) for iri in _KINDS]
    return names.index(one.kind) if one.kind in names else len(names)
