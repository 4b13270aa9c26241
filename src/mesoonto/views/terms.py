"""An intervention, or a biomarker or tumour state, with the evidence about it; what all terms have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.ontology.synonyms import SCOPES
from mesoonto.views.decisions import DecisionView, decision_view, ordered_decisions
from mesoonto.views.elsewhere import name_elsewhere
from mesoonto.views.facts import DCTERMS, DEFINITION, SKOS, SUBCLASS, TYPE, EntityLink, Facts
from mesoonto.views.results import ResultView, headline, result
from mesoonto.views.statements import StatementView, Tally, about, ordered, statement, tally
from mesoonto.views.tried import trials_of

MECHANISM, INTERVENTION, COMBINATION, BIOMARKER = (f"{MESO}MESO_000000{n}" for n in (1, 2, 5, 6))

#: "Disease has feature".
_FEATURE = f"{MESO}hasMarker"


@dataclass(frozen=True, slots=True)
class Term:
    """What every term has."""

    link: EntityLink
    definition: str
    synonyms: tuple[str, ...]  #: that mean the same
    related_names: tuple[str, ...]  #: that mean more, less or something near it
    parents: tuple[EntityLink, ...]  #: the nearest ones
    children: tuple[EntityLink, ...]
    matches: tuple[tuple[str, EntityLink], ...]  #: relation and identifier elsewhere
    sources: tuple[EntityLink, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """Where the development of an agent stands, on a day."""

    link: EntityLink
    stage: str
    date: str
    ended: bool  #: discontinued or withdrawn
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StudyLine:
    """A study in which an intervention is given."""

    link: EntityLink
    phase: str
    design: str
    setting: str
    results: tuple[ResultView, ...]  #: current ones of primary end points


@dataclass(frozen=True, slots=True)
class ClaimCount:
    """How many statements say one thing of an entity, and how many speak against it or leave it open."""

    relation: str
    object: EntityLink
    supporting: int
    opposing: int
    open: int


@dataclass(frozen=True, slots=True)
class KindMember:
    """An agent or kind below a kind of interventions."""

    link: EntityLink
    status: Status | None
    tally: Tally  #: of the statements about it
    trials: tuple[EntityLink, ...]  #: that tried it or one of its kind


@dataclass(frozen=True, slots=True)
class InterventionPage:
    """An agent, procedure or combination."""

    term: Term
    targets: tuple[EntityLink, ...]
    agents: tuple[EntityLink, ...]
    counters: tuple[EntityLink, ...]
    statuses: tuple[Status, ...]  #: the newest first
    trials: tuple[StudyLine, ...]  #: those with figures first
    combinations: tuple[EntityLink, ...]
    decisions: tuple[DecisionView, ...]  #: by jurisdiction
    claims: tuple[ClaimCount, ...]  #: what is said of it, counted
    combined_claims: tuple[tuple[EntityLink, int], ...]  #: combinations, with how many statements there are
    statements: tuple[StatementView, ...]
    members: tuple[KindMember, ...]  #: agents and kinds below it


@dataclass(frozen=True, slots=True)
class BiomarkerPage:
    """A biomarker or tumour state."""

    term: Term
    features: tuple[EntityLink, ...]  #: of a tumour state, by definition
    #: the tumour states that have it by definition, with how many statements there are about each
    feature_of: tuple[tuple[EntityLink, int], ...]
    claims: tuple[ClaimCount, ...]
    statements: tuple[StatementView, ...]
    results: tuple[ResultView, ...]  #: in patients who have it
    cohorts: tuple[EntityLink, ...]


def term(facts: Facts, node: ox.NamedNode) -> Term:
    """What is common to all terms."""
    above = {n for n in facts.entities(node, SUBCLASS) if n != node}
    far = {n for parent in above for n in facts.entities(parent, SUBCLASS) if n != parent}
    below = {n for n in facts.subjects(SUBCLASS, node) if n != node}
    nested = {n for child in below for n in facts.subjects(SUBCLASS, child) if n != child}
    return Term(
        link=facts.link(node),
        definition=facts.text(node, DEFINITION),
        synonyms=tuple(facts.texts(node, SCOPES["exact"])),
        related_names=tuple(
            name for scope, iri in SCOPES.items() if scope != "exact" for name in facts.texts(node, iri)
        ),
        parents=facts.links(above - far),
        children=facts.links(below - nested),
        matches=tuple(
            (name.removesuffix("Match"), EntityLink(name_elsewhere(other.value), other.value))
            for name in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")
            for other in facts.entities(node, SKOS + name)
        ),
        sources=facts.links(facts.definition_sources(node)),
        notes=tuple(facts.texts(node, f"{SKOS}editorialNote")),
    )


def intervention(facts: Facts, node: ox.NamedNode) -> InterventionPage:
    """The intervention *node*."""
    arms = set(facts.subjects(f"{MESO}hasIntervention", node))
    combined = facts.subjects(f"{MESO}hasAgent", node)
    for combination in combined:
        arms |= set(facts.subjects(f"{MESO}hasIntervention", combination))
    arms = {a for a in arms if facts.is_a(a, f"{MESO}Arm")}
    studies: dict[ox.NamedNode, set[ox.NamedNode]] = {}
    for arm in arms:
        for study in facts.entities(arm, f"{MESO}ofCohort", f"{MESO}ofStudy"):
            studies.setdefault(study, set()).add(arm)
    decisions = [
        d for d in facts.subjects(f"{MESO}hasIntervention", node) if facts.is_a(d, f"{MESO}Decision")
    ]
    own = about(facts, node)
    return InterventionPage(
        term=term(facts, node),
        targets=facts.linked(node, f"{MESO}targets"),
        agents=nearest(facts, facts.entities(node, f"{MESO}hasAgent")),
        counters=facts.linked(node, f"{MESO}counters"),
        statuses=statuses(facts, node),
        trials=tuple(
            sorted(
                (_study_line(facts, study, arms) for study, arms in studies.items()),
                key=lambda line: (
                    not line.results,
                    "comparative" not in line.design,
                    line.link.label.lower(),
                ),
            )
        ),
        combinations=nearest(facts, combined),
        decisions=ordered_decisions(decision_view(facts, d) for d in decisions),
        claims=claims(node, own),
        combined_claims=tuple(
            (facts.link(c), count)
            for c in sorted(combined, key=facts.label)
            if (count := len(about(facts, c)))
        ),
        statements=own,
        members=_members(facts, node),
    )


def _members(facts: Facts, kind: ox.NamedNode) -> tuple[KindMember, ...]:
    """What is below *kind*, what is known best first; combinations have pages that name their agents."""
    given = trials_of(facts)
    combined = set(facts.subjects(SUBCLASS, ox.NamedNode(COMBINATION)))
    found = [
        KindMember(
            link=facts.link(node),
            status=next(iter(statuses(facts, node)), None),
            tally=tally(about(facts, node)),
            trials=facts.links(given.get(node, ())),
        )
        for node in facts.subjects(SUBCLASS, kind)
        if node != kind and node not in combined
    ]
    return tuple(sorted(found, key=lambda m: (not m.trials, m.status is None, m.link.label.lower())))


def biomarker(facts: Facts, node: ox.NamedNode) -> BiomarkerPage:
    """The biomarker or tumour state *node*."""
    named = facts.subjects(f"{MESO}hasPopulation", node)
    results = [result(facts, r) for r in named if facts.is_a(r, f"{MESO}Result")]
    limited = [s for s in named if facts.is_a(s, f"{MESO}EvidenceStatement")]
    everything = {s.link.iri: s for s in (*about(facts, node), *(statement(facts, s) for s in limited))}
    found = ordered(everything.values())
    return BiomarkerPage(
        term=term(facts, node),
        features=nearest(facts, facts.entities(node, _FEATURE)),
        feature_of=tuple(
            (facts.link(state), len(_of_state(facts, state)))
            for state in sorted(facts.subjects(_FEATURE, node), key=facts.label)
        ),
        claims=claims(node, found),
        statements=found,
        results=tuple(sorted(results, key=lambda r: (r.study.label if r.study else "", r.weight))),
        cohorts=facts.links(c for c in named if facts.is_a(c, f"{MESO}Cohort")),
    )


def _of_state(facts: Facts, state: ox.NamedNode) -> set[ox.NamedNode]:
    """The statements about a tumour state, or in patients who have it."""
    names = ("hasClaimSubject", "hasClaimObject", "hasPopulation")
    found = (n for name in names for n in facts.subjects(MESO + name, state))
    return {n for n in found if facts.is_a(n, f"{MESO}EvidenceStatement")}


def given_in_trials(facts: Facts) -> tuple[EntityLink, ...]:
    """The interventions that an arm of a study gives."""
    arms = facts.subjects(TYPE, ox.NamedNode(f"{MESO}Arm"))
    return facts.links({i for arm in arms for i in facts.entities(arm, f"{MESO}hasIntervention")})


def statuses(facts: Facts, agent: ox.NamedNode) -> tuple[Status, ...]:
    """Where the development of *agent* stood, the newest first; what a later one replaces is left out."""
    found = []
    for node in facts.subjects(f"{MESO}hasIntervention", agent):
        if not facts.is_a(node, f"{MESO}DevelopmentStatus") or facts.subjects(f"{MESO}supersedes", node):
            continue
        stage = facts.one(node, f"{MESO}hasDevelopmentStage")
        name = stage.label if stage is not None else ""
        found.append(
            Status(
                link=facts.link(node),
                stage=name,
                date=facts.text(node, f"{DCTERMS}issued"),
                ended=any(word in name for word in ("discontinued", "withdrawn", "ended", "terminated")),
                notes=facts.notes(node),
            )
        )
    return tuple(sorted(found, key=lambda s: s.date, reverse=True))


def claims(node: ox.NamedNode, found: Iterable[StatementView]) -> tuple[ClaimCount, ...]:
    """What statements *found* say of *node* as the subject of their claim, the most often said first."""
    counted: dict[tuple[str, EntityLink], Counter[str]] = {}
    for one in found:
        if one.subject is None or one.object is None or one.subject.iri != node.value or one.superseded:
            continue
        relation = one.relation.label if one.relation is not None else ""
        counted.setdefault((relation, one.object), Counter())[one.direction] += 1
    return tuple(
        ClaimCount(relation, what, n["supports"], n["refutes"], n["inconclusive"])
        for (relation, what), n in sorted(
            counted.items(), key=lambda item: (-item[1].total(), item[0][0], item[0][1].label)
        )
    )


def _study_line(facts: Facts, study: ox.NamedNode, arms: Iterable[ox.NamedNode]) -> StudyLine:
    def word(name: str) -> str:
        return ", ".join(link.label for link in facts.linked(study, MESO + name))

    return StudyLine(
        link=facts.link(study),
        phase=word("hasPhase"),
        design=word("hasDesign"),
        setting=word("hasTreatmentSetting"),
        results=headline(facts, _results_of_arms(facts, arms)),
    )


def _results_of_arms(facts: Facts, arms: Iterable[ox.NamedNode]) -> set[ox.NamedNode]:
    return {r for arm in arms for n in ("hasExperimentalArm", "ofArm") for r in facts.subjects(MESO + n, arm)}


def nearest(facts: Facts, nodes: Iterable[ox.NamedNode]) -> tuple[EntityLink, ...]:
    """*nodes* without those that another of them is a kind of."""
    found = set(nodes)
    above = {n for one in found for n in facts.entities(one, SUBCLASS) if n != one}
    return facts.links(found - above)
