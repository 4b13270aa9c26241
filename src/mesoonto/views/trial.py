"""A trial: its design, arms, results, analyses, decisions and publications."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.characteristics import CharacteristicView, characteristics
from mesoonto.views.facts import DCTERMS, SKOS, TYPE, EntityLink, Facts, shown
from mesoonto.views.forest import Forest, forest
from mesoonto.views.publications import PublicationView, publication
from mesoonto.views.results import ResultView, result
from mesoonto.views.statements import StatementView, ordered, statement

OVERALL_SURVIVAL = f"{MESO}MESO_0004001"


@dataclass(frozen=True, slots=True)
class Component:
    """What is given in an arm."""

    agent: EntityLink | None
    dose: str
    schedule: str


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm with its regimen."""

    link: EntityLink
    role: str
    regimen: EntityLink | None
    size: str
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort with its arms."""

    link: EntityLink
    phase: str
    eligibility: str
    end_points: tuple[EntityLink, ...]
    arms: tuple[Arm, ...]
    characteristics: tuple[CharacteristicView, ...]  #: what describes its patients


@dataclass(frozen=True, slots=True)
class Analysis:
    """An analysis, and what it replaces."""

    link: EntityLink
    kind: str
    cutoff: str
    follow_up: str
    supersedes: tuple[EntityLink, ...]
    superseded_by: tuple[EntityLink, ...]
    reached: tuple[EntityLink, ...]  #: end points of which it says so as a whole
    missed: tuple[EntityLink, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Results of one end point."""

    end_point: str
    results: tuple[ResultView, ...]


@dataclass(frozen=True, slots=True)
class TrialPage:
    """All of one study."""

    link: EntityLink
    names: tuple[str, ...]
    registry: tuple[str, ...]
    phase: str
    design: str
    setting: str
    disease: tuple[EntityLink, ...]
    enrolment: str
    sponsor: str
    status: str
    status_date: str
    cohorts: tuple[Cohort, ...]
    verdicts: tuple[ResultView, ...]  #: figures of primary end points that were met or missed
    undecided: tuple[EntityLink, ...]  #: primary end points on which no source that was read has a verdict
    groups: tuple[Group, ...]
    forests: tuple[tuple[str, Forest], ...]  #: by end point: the newest hazard ratio of each population
    analyses: tuple[Analysis, ...]
    decisions: tuple[EntityLink, ...]
    statements: tuple[StatementView, ...]
    publications: tuple[PublicationView, ...]
    notes: tuple[str, ...]


def trial(facts: Facts, node: ox.NamedNode) -> TrialPage:
    """The study *node*."""

    def word(name: str) -> str:
        return ", ".join(link.label for link in facts.linked(node, MESO + name))

    cohorts = facts.subjects(f"{MESO}ofStudy", node)
    parts = [one for cohort in cohorts for one in facts.subjects(f"{MESO}ofCohort", cohort)]
    kinds = {part: {k.value for k in facts.entities(part, TYPE)} for part in parts}
    results = [result(facts, p) for p in parts if f"{MESO}Result" in kinds[p]]
    results.sort(key=lambda r: r.weight)
    sources = {s for p in [node, *parts] for s in facts.entities(p, f"{DCTERMS}source")}
    groups = _grouped(results)
    based = {s for p in [node, *cohorts, *parts] for s in facts.subjects(f"{MESO}basedOn", p)}
    return TrialPage(
        link=facts.link(node),
        names=tuple(facts.texts(node, f"{SKOS}altLabel")),
        registry=tuple(facts.texts(node, f"{MESO}registryId")),
        phase=word("hasPhase"),
        design=word("hasDesign"),
        setting=word("hasTreatmentSetting"),
        disease=facts.linked(node, f"{MESO}hasDisease"),
        enrolment=facts.text(node, f"{MESO}enrolment"),
        sponsor=facts.text(node, f"{MESO}sponsor"),
        status=word("hasRegistryStatus"),
        status_date=facts.text(node, f"{MESO}registryStatusDate"),
        cohorts=tuple(_cohort(facts, one) for one in cohorts),
        verdicts=tuple(r for r in results if r.met is not None),
        undecided=_undecided(facts, cohorts, parts, results),
        groups=groups,
        forests=_forests(groups),
        analyses=tuple(_analysis(facts, p) for p in parts if f"{MESO}Analysis" in kinds[p]),
        decisions=facts.links(s for s in based if facts.is_a(s, f"{MESO}Decision")),
        statements=ordered(statement(facts, s) for s in based if facts.is_a(s, f"{MESO}EvidenceStatement")),
        publications=tuple(
            publication(facts, s)
            for s in sorted(sources, key=lambda s: facts.label(s))
            if facts.is_a(s, f"{MESO}Publication")
        ),
        notes=facts.notes(node),
    )


def _undecided(
    facts: Facts, cohorts: list[ox.NamedNode], parts: list[ox.NamedNode], results: list[ResultView]
) -> tuple[EntityLink, ...]:
    settled = {r.end_point for r in results if r.met is not None}
    for name in ("reachedEndPoint", "missedEndPoint"):
        settled |= {link for part in parts for link in facts.linked(part, MESO + name)}
    aimed = {link for cohort in cohorts for link in facts.linked(cohort, f"{MESO}hasPrimaryEndPoint")}
    return tuple(sorted(aimed - settled, key=lambda link: link.label))


@dataclass(frozen=True, slots=True)
class CohortPage:
    """A cohort of a study: who is in it, its arms, results and analyses."""

    link: EntityLink
    study: EntityLink | None
    cohort: Cohort
    enrols: tuple[EntityLink, ...]
    asks: tuple[EntityLink, ...]  #: treatment that patients must have had
    excludes: tuple[EntityLink, ...]  #: treatment that they must not have had
    lines: str  #: of earlier treatment, in words
    performance: str  #: the worst performance status
    groups: tuple[Group, ...]
    forests: tuple[tuple[str, Forest], ...]
    analyses: tuple[Analysis, ...]
    statements: tuple[StatementView, ...]
    notes: tuple[str, ...]


def cohort_page(facts: Facts, node: ox.NamedNode) -> CohortPage:
    """The cohort *node*."""
    parts = facts.subjects(f"{MESO}ofCohort", node)
    results = [result(facts, p) for p in parts if facts.is_a(p, f"{MESO}Result")]
    results.sort(key=lambda r: r.weight)
    groups = _grouped(results)
    based = {s for p in [node, *parts] for s in facts.subjects(f"{MESO}basedOn", p)}
    return CohortPage(
        link=facts.link(node),
        study=facts.one(node, f"{MESO}ofStudy"),
        cohort=_cohort(facts, node),
        enrols=facts.linked(node, f"{MESO}enrolsPopulation"),
        asks=facts.linked(node, f"{MESO}asksPriorTreatment"),
        excludes=facts.linked(node, f"{MESO}excludesPriorTreatment"),
        lines=_range(
            facts.text(node, f"{MESO}minimumPriorLines"), facts.text(node, f"{MESO}maximumPriorLines")
        ),
        performance=facts.text(node, f"{MESO}maximumPerformanceStatus"),
        groups=groups,
        forests=_forests(groups),
        analyses=tuple(_analysis(facts, p) for p in parts if facts.is_a(p, f"{MESO}Analysis")),
        statements=ordered(statement(facts, s) for s in based if facts.is_a(s, f"{MESO}EvidenceStatement")),
        notes=facts.notes(node),
    )


def _range(least: str, most: str) -> str:
    """Two bounds in words; either may be missing.

    >>> _range("1", "2"), _range("1", ""), _range("", "0"), _range("1", "1")
    ('1 to 2', 'at least 1', 'none', '1')
    """
    if most == "0":
        return "none"
    if least == most:
        return least
    if not most:
        return f"at least {least}" if least else ""
    return f"{least} to {most}" if least and least != "0" else f"at most {most}"


def _grouped(results: list[ResultView]) -> tuple[Group, ...]:
    names = sorted(
        {(r.end_point.label if r.end_point else "") for r in results},
        key=lambda name: (name != "overall survival", name != "progression-free survival", name),
    )
    return tuple(
        Group(name, tuple(r for r in results if (r.end_point.label if r.end_point else "") == name))
        for name in names
    )


def _forests(groups: tuple[Group, ...]) -> tuple[tuple[str, Forest], ...]:
    drawn = ((g.end_point, forest([r for r in g.results if not r.superseded])) for g in groups)
    return tuple((name, plot) for name, plot in drawn if plot is not None)


def _cohort(facts: Facts, node: ox.NamedNode) -> Cohort:
    arms = (a for a in facts.subjects(f"{MESO}ofCohort", node) if facts.is_a(a, f"{MESO}Arm"))
    phase = facts.one(node, f"{MESO}hasPhase")
    return Cohort(
        link=facts.link(node),
        phase=phase.label if phase is not None else "",
        eligibility=facts.text(node, f"{MESO}eligibility"),
        end_points=facts.linked(node, f"{MESO}hasPrimaryEndPoint"),
        arms=tuple(
            sorted((_arm(facts, a) for a in arms), key=lambda a: ("experimental" not in a.role, a.link.label))
        ),
        characteristics=characteristics(facts, node),
    )


def _arm(facts: Facts, node: ox.NamedNode) -> Arm:
    role = facts.one(node, f"{MESO}hasArmRole")
    parts = [o for o in facts.objects(node, f"{MESO}hasComponent") if not isinstance(o, ox.Literal)]
    parts.sort(key=lambda part: facts.number(part, f"{MESO}order") or 0)
    return Arm(
        link=facts.link(node),
        role=role.label if role is not None else "",
        regimen=facts.one(node, f"{MESO}hasIntervention"),
        size=facts.text(node, f"{MESO}armSize"),
        components=tuple(_component(facts, part) for part in parts),
    )


def _component(facts: Facts, node: ox.NamedNode | ox.BlankNode) -> Component:
    (amount,) = shown(facts.number(node, f"{MESO}dose"))
    dose = facts.text(node, f"{MESO}doseText") or f"{amount} {facts.text(node, f'{MESO}doseUnit')}".strip()
    return Component(facts.one(node, f"{MESO}administers"), dose, facts.text(node, f"{MESO}schedule"))


def _analysis(facts: Facts, node: ox.NamedNode) -> Analysis:
    kind = facts.one(node, f"{MESO}hasAnalysisKind")
    follow_up = facts.number(node, f"{MESO}medianFollowUp")
    return Analysis(
        link=facts.link(node),
        kind=kind.label if kind is not None else "",
        cutoff=facts.text(node, f"{MESO}dataCutoff"),
        follow_up=f"{follow_up.normalize():f} months" if follow_up is not None else "",
        supersedes=facts.linked(node, f"{MESO}supersedes"),
        superseded_by=facts.links(facts.subjects(f"{MESO}supersedes", node)),
        reached=facts.linked(node, f"{MESO}reachedEndPoint"),
        missed=facts.linked(node, f"{MESO}missedEndPoint"),
    )


@dataclass(frozen=True, slots=True)
class Brief:
    """A line of the list of trials."""

    link: EntityLink
    registry: tuple[str, ...]
    phase: str
    design: str
    setting: str
    enrolment: str
    status: str
    regimens: tuple[EntityLink, ...]  #: of experimental arms
    verdicts: tuple[str, ...]  #: end points that were met or missed
    results: int


def overview(facts: Facts) -> tuple[Brief, ...]:
    """Every study, by name."""
    nodes = facts.subjects(TYPE, ox.NamedNode(f"{MESO}Study"))
    return tuple(sorted((_brief(facts, node) for node in nodes), key=lambda b: b.link.label.lower()))


def _brief(facts: Facts, node: ox.NamedNode) -> Brief:
    cohorts = facts.subjects(f"{MESO}ofStudy", node)
    parts = [one for cohort in cohorts for one in facts.subjects(f"{MESO}ofCohort", cohort)]
    arms = [p for p in parts if facts.is_a(p, f"{MESO}Arm")]
    tried = [
        a for a in arms if not any("Comparator" in r.value for r in facts.entities(a, f"{MESO}hasArmRole"))
    ]
    results = [p for p in parts if facts.is_a(p, f"{MESO}Result")]
    verdicts = set()
    for one in results:
        met, end_point = facts.flag(one, f"{MESO}endPointMet"), facts.one(one, f"{MESO}hasEndPoint")
        if met is not None and end_point is not None:
            verdicts.add(f"{end_point.label} {'met' if met else 'not met'}")

    def word(name: str) -> str:
        return ", ".join(link.label for link in facts.linked(node, MESO + name))

    return Brief(
        link=facts.link(node),
        registry=tuple(facts.texts(node, f"{MESO}registryId")),
        phase=word("hasPhase"),
        design=word("hasDesign"),
        setting=word("hasTreatmentSetting"),
        enrolment=facts.text(node, f"{MESO}enrolment"),
        status=word("hasRegistryStatus"),
        regimens=facts.links({i for a in tried for i in facts.entities(a, f"{MESO}hasIntervention")}),
        verdicts=tuple(sorted(verdicts)),
        results=len(results),
    )
