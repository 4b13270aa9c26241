"""An evidence statement as a reader of a mechanism or an agent sees it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import DCTERMS, TYPE, EntityLink, Facts

#: The order in which directions are shown.
DIRECTIONS = ("supports", "refutes", "inconclusive")

#: What statements on one thing say together: all the same, different things, or nothing, so that only a
#: rationale is there.
CERTAINTIES = ("supported", "disputed", "inconclusive", "refuted", "rationale")


@dataclass(frozen=True, slots=True)
class StatementView:
    """One claim, with what is needed to judge it."""

    link: EntityLink  #: its label is the statement in words
    subject: EntityLink | None
    relation: EntityLink | None
    object: EntityLink | None
    direction: str  #: one of DIRECTIONS
    level: str  #: CIViC level, A to E
    design: str
    context: str  #: pleural, peritoneal, mixed sites, across cancers, another cancer
    population: str
    source: EntityLink | None
    locator: str
    depth: str  #: how far the source was read
    trial: EntityLink | None
    conflicts: tuple[EntityLink, ...]
    dependent: int  #: statements that rest on the same patients or samples
    superseded: bool
    notes: tuple[str, ...]

    @property
    def weight(self) -> tuple[int, int, str, str]:
        """Sorts the strongest of this disease first."""
        contexts = ("pleural", "mixed", "peritoneal")
        place = next((i for i, word in enumerate(contexts) if word in self.context), len(contexts))
        return (int(self.superseded), place, self.level, self.link.label)


@dataclass(frozen=True, slots=True)
class Tally:
    """Statements by direction; superseded ones are not counted."""

    supporting: int
    refuting: int
    inconclusive: int
    certainty: str  #: one of CERTAINTIES


def statement(facts: Facts, node: ox.NamedNode) -> StatementView:
    """The statement *node*."""

    def word(name: str) -> str:
        found = facts.one(node, MESO + name)
        return found.label if found is not None else ""

    source = facts.entities(node, f"{DCTERMS}source")
    depth = facts.one(source[0], f"{MESO}hasReadingDepth") if source else None
    return StatementView(
        link=facts.link(node),
        subject=facts.one(node, f"{MESO}hasClaimSubject"),
        relation=facts.one(node, f"{MESO}hasClaimRelation"),
        object=facts.one(node, f"{MESO}hasClaimObject"),
        direction=word("hasDirection"),
        level=word("hasEvidenceLevel").removeprefix("level "),
        design=word("hasDesign"),
        context=word("hasDiseaseContext"),
        population="; ".join(link.label for link in facts.linked(node, f"{MESO}hasPopulation")),
        source=facts.link(source[0]) if source else None,
        locator=facts.text(node, f"{MESO}locator"),
        depth=depth.label if depth is not None else "",
        trial=_trial(facts, node),
        conflicts=facts.links(beside(facts, node, "conflictsWith")),
        dependent=len(beside(facts, node, "notIndependentOf")),
        superseded=bool(facts.subjects(f"{MESO}supersedes", node)),
        notes=facts.notes(node),
    )


def beside(facts: Facts, node: ox.NamedNode, name: str) -> set[ox.NamedNode]:
    """The statements that *name* relates to *node*, whichever of the two says so."""
    return {*facts.entities(node, MESO + name), *facts.subjects(MESO + name, node)} - {node}


def about(facts: Facts, entity: ox.NamedNode) -> tuple[StatementView, ...]:
    """The statements whose claim names *entity*, the strongest first."""
    nodes = {
        node for name in ("hasClaimSubject", "hasClaimObject") for node in facts.subjects(MESO + name, entity)
    }
    return ordered(statement(facts, node) for node in nodes)


def ordered(found: Iterable[StatementView]) -> tuple[StatementView, ...]:
    """Statements, the strongest first."""
    return tuple(sorted(found, key=lambda s: s.weight))


def certainty(said: Iterable[StatementView]) -> str:
    """Which of CERTAINTIES the statements make; superseded ones do not count."""
    directions = {s.direction for s in said if not s.superseded}
    if not directions:
        return "rationale"
    if len(directions) > 1:
        return "disputed"
    return {"supports": "supported", "refutes": "refuted"}.get(directions.pop(), "inconclusive")


def tally(said: Iterable[StatementView]) -> Tally:
    """How many statements stand for, against and between."""
    current = [s for s in said if not s.superseded]
    counts = {name: sum(s.direction == name for s in current) for name in ("supports", "refutes")}
    return Tally(
        supporting=counts["supports"],
        refuting=counts["refutes"],
        inconclusive=len(current) - sum(counts.values()),
        certainty=certainty(current),
    )


def everything(facts: Facts) -> list[StatementView]:
    """All statements on record, the strongest first."""
    nodes = facts.subjects(TYPE, ox.NamedNode(f"{MESO}EvidenceStatement"))
    return list(ordered(statement(facts, node) for node in nodes))


def _trial(facts: Facts, node: ox.NamedNode) -> EntityLink | None:
    """The study behind what the statement is based on."""
    for base in facts.entities(node, f"{MESO}basedOn"):
        for path in ((), (f"{MESO}ofStudy",), (f"{MESO}ofCohort", f"{MESO}ofStudy")):
            for reached in facts.entities(base, *path):
                if facts.is_a(reached, f"{MESO}Study"):
                    return facts.link(reached)
    return None
