"""Pages of what is on record of one figure, one statement, one publication."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import DCTERMS, DEFINITION, EntityLink, Facts
from mesoonto.views.publications import PublicationView, publication
from mesoonto.views.results import ResultView, result, same_in_other_analyses
from mesoonto.views.statements import StatementView, beside, ordered, statement


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """What a second reader, who had not seen the first notes, found of a record on one page."""

    link: EntityLink  #: the second reading
    page: EntityLink | None
    read_on: str
    basis: str  #: whether the page is another source or the same one
    outcome: str
    resolution: str  #: of a difference
    printed_there: str
    recorded_before: str


@dataclass(frozen=True, slots=True)
class RecordReading:
    """Where something was read."""

    source: PublicationView | None
    locator: str  #: where in the source
    read_at: tuple[EntityLink, ...]  #: where the curator found the text
    confirmed_by: tuple[EntityLink, ...]  #: other accounts that say the same
    again: tuple[ReadAgain, ...]  #: second readings


@dataclass(frozen=True, slots=True)
class ResultPage:
    """A figure of a trial, and what rests on it."""

    link: EntityLink
    result: ResultView
    arms: tuple[tuple[str, EntityLink, EntityLink | None, str], ...]  #: role, arm, regimen, patients
    events: str
    cutoff: str  #: of the data, where it was read
    follow_up: str
    others: tuple[ResultView, ...]  #: the same in other analyses
    replaces: tuple[EntityLink, ...]
    replaced_by: tuple[EntityLink, ...]
    statements: tuple[StatementView, ...]
    reading: RecordReading


@dataclass(frozen=True, slots=True)
class StatementPage:
    """An evidence statement, with what it stands on and what stands beside it."""

    link: EntityLink
    statement: StatementView
    meaning: str  #: of its level of evidence
    evidence_type: EntityLink | None
    models: tuple[EntityLink, ...]
    patients: str
    results: tuple[ResultView, ...]  #: that it is based on
    based_on: tuple[EntityLink, ...]  #: what else it is based on
    conflicts: tuple[StatementView, ...]
    dependent: tuple[StatementView, ...]  #: that rest on the same patients or samples
    same_claim: tuple[StatementView, ...]  #: other statements on the same two things
    replaces: tuple[EntityLink, ...]
    replaced_by: tuple[EntityLink, ...]
    reading: RecordReading


@dataclass(frozen=True, slots=True)
class PublicationPage:
    """A publication, and what rests on it."""

    link: EntityLink
    publication: PublicationView
    trials: tuple[EntityLink, ...]
    results: tuple[ResultView, ...]
    statements: tuple[StatementView, ...]
    decisions: tuple[EntityLink, ...]
    terms: tuple[EntityLink, ...]  #: whose definition names it
    others: tuple[EntityLink, ...]  #: other records that name it


def result_page(facts: Facts, node: ox.NamedNode) -> ResultPage:
    """The result *node*."""
    analysis = facts.entities(node, f"{MESO}hasAnalysis")
    months = facts.number(analysis[0], f"{MESO}medianFollowUp") if analysis else None
    return ResultPage(
        link=facts.link(node),
        result=result(facts, node),
        arms=tuple(_arms(facts, node)),
        events=facts.text(node, f"{MESO}events"),
        cutoff=facts.text(analysis[0], f"{MESO}dataCutoff") if analysis else "",
        follow_up=f"{months.normalize():f} months" if months is not None else "",
        others=same_in_other_analyses(facts, node),
        replaces=facts.linked(node, f"{MESO}supersedes"),
        replaced_by=facts.links(facts.subjects(f"{MESO}supersedes", node)),
        statements=_statements(facts, facts.subjects(f"{MESO}basedOn", node)),
        reading=reading(facts, node),
    )


def statement_page(facts: Facts, node: ox.NamedNode) -> StatementPage:
    """The statement *node*."""
    base = facts.entities(node, f"{MESO}basedOn")
    results = [b for b in base if facts.is_a(b, f"{MESO}Result")]
    level = facts.entities(node, f"{MESO}hasEvidenceLevel")
    return StatementPage(
        link=facts.link(node),
        statement=statement(facts, node),
        meaning=facts.text(level[0], DEFINITION) if level else "",
        evidence_type=facts.one(node, f"{MESO}hasEvidenceType"),
        models=facts.linked(node, f"{MESO}usesModel"),
        patients=facts.text(node, f"{MESO}populationSize"),
        results=tuple(sorted((result(facts, r) for r in results), key=lambda r: r.weight)),
        based_on=facts.links(b for b in base if b not in results),
        conflicts=_statements(facts, beside(facts, node, "conflictsWith")),
        dependent=_statements(facts, beside(facts, node, "notIndependentOf")),
        same_claim=_statements(facts, _same_claim(facts, node)),
        replaces=facts.linked(node, f"{MESO}supersedes"),
        replaced_by=facts.links(facts.subjects(f"{MESO}supersedes", node)),
        reading=reading(facts, node),
    )


def publication_page(facts: Facts, node: ox.NamedNode) -> PublicationPage:
    """The publication *node*."""
    named = facts.subjects(f"{DCTERMS}source", node)
    kinds = {
        name: [n for n in named if facts.is_a(n, f"{MESO}{name}")]
        for name in ("Study", "Result", "EvidenceStatement", "Decision", "Analysis")
    }
    told = {n for nodes in kinds.values() for n in nodes}
    defined = facts.defined_from(node)
    studies = {*kinds["Study"]}
    for part in (*kinds["Result"], *kinds["Analysis"]):
        studies |= set(facts.entities(part, f"{MESO}ofCohort", f"{MESO}ofStudy"))
    return PublicationPage(
        link=facts.link(node),
        publication=publication(facts, node),
        trials=facts.links(studies),
        results=tuple(sorted((result(facts, r) for r in kinds["Result"]), key=lambda r: r.weight)),
        statements=_statements(facts, kinds["EvidenceStatement"]),
        decisions=facts.links(kinds["Decision"]),
        terms=facts.links(defined),
        others=facts.links(n for n in named if n not in told and n not in defined),
    )


def reading(facts: Facts, node: ox.NamedNode) -> RecordReading:
    """Where the record *node* was read."""
    sources = facts.entities(node, f"{DCTERMS}source")
    return RecordReading(
        source=publication(facts, sources[0]) if sources else None,
        locator=facts.text(node, f"{MESO}locator"),
        read_at=facts.linked(node, f"{MESO}readAt"),
        confirmed_by=facts.linked(node, f"{MESO}confirmedBy"),
        again=tuple(sorted(_again(facts, node), key=lambda r: (r.read_on, r.link.label))),
    )


def _again(facts: Facts, node: ox.NamedNode) -> Iterable[ReadAgain]:
    for item in facts.parts(f"{MESO}ofRecord", node):

        def word(name: str, of: ox.NamedNode | ox.BlankNode = item) -> str:
            return link.label if (link := facts.one(of, MESO + name)) is not None else ""

        for read in facts.subjects(f"{MESO}hasReadingItem", item):
            yield ReadAgain(
                link=facts.link(read),
                page=next(iter(facts.linked(read, f"{MESO}readAt")), None),
                read_on=facts.text(read, f"{MESO}dateRead"),
                basis=word("hasReadingBasis", read),
                outcome=word("hasReadingOutcome"),
                resolution=word("hasDifferenceResolution"),
                printed_there=facts.text(item, f"{MESO}printedThere"),
                recorded_before=facts.text(item, f"{MESO}recordedBefore"),
            )


def _arms(facts: Facts, node: ox.NamedNode) -> Iterable[tuple[str, EntityLink, EntityLink | None, str]]:
    roles = {"experimental": "hasExperimentalArm", "reference": "hasReferenceArm", "": "ofArm"}
    for role, name in roles.items():
        for arm in facts.entities(node, MESO + name):
            regimen = facts.one(arm, f"{MESO}hasIntervention")
            yield role, facts.link(arm), regimen, facts.text(arm, f"{MESO}armSize")


def _statements(facts: Facts, nodes: Iterable[ox.NamedNode]) -> tuple[StatementView, ...]:
    return ordered(statement(facts, n) for n in nodes if facts.is_a(n, f"{MESO}EvidenceStatement"))


def _same_claim(facts: Facts, node: ox.NamedNode) -> set[ox.NamedNode]:
    about = facts.entities(node, f"{MESO}hasClaimSubject")
    what = facts.entities(node, f"{MESO}hasClaimObject")
    alike = {n for one in about for n in facts.subjects(f"{MESO}hasClaimSubject", one)}
    return {n for n in alike if set(what) & set(facts.entities(n, f"{MESO}hasClaimObject"))} - {node}
