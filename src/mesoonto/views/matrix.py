"""Mechanisms against kinds of intervention: what is known, what is disputed, what is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import EntityLink, Facts
from mesoonto.views.landscape import LAYERS, below, kinds_of_interventions
from mesoonto.views.searches import SearchView, searches
from mesoonto.views.statements import StatementView, Tally, everything, ordered, statement, tally
from mesoonto.views.terms import INTERVENTION, Status, statuses
from mesoonto.views.tried import trials_of

#: What the mechanisms can be narrowed to.
SHOWS = ("countered by an intervention", "disputed", "with a gap")


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """A mechanism and a kind of intervention; without interventions it is empty."""

    kind: EntityLink
    interventions: tuple[EntityLink, ...]  #: of the kind, meant to counter the mechanism
    tally: Tally  #: of the statements that one of these counters the mechanism, or does not
    trials: int  #: that gave one of them, whatever they measured


@dataclass(frozen=True, slots=True)
class MatrixLine:
    """A mechanism, what is said of it, and its cells, one for each kind."""

    mechanism: EntityLink
    layer: str
    tally: Tally  #: of all statements about the mechanism
    cells: tuple[MatrixCell, ...]
    gaps: tuple[str, ...]
    searches: tuple[SearchView, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Mechanisms by kinds of intervention."""

    kinds: tuple[EntityLink, ...]  #: the first is any intervention
    lines: tuple[MatrixLine, ...]
    layers: tuple[str, ...]  #: that one may choose from
    shows: tuple[str, ...]  #: likewise
    mechanisms: int  #: how many there are without a choice


@dataclass(frozen=True, slots=True)
class CellIntervention:
    """An intervention against the mechanism of a cell."""

    link: EntityLink
    status: Status | None
    trials: tuple[EntityLink, ...]
    statements: tuple[StatementView, ...]  #: about it and the mechanism


@dataclass(frozen=True, slots=True)
class CellPage:
    """What lies behind one cell."""

    mechanism: EntityLink
    kind: EntityLink
    interventions: tuple[CellIntervention, ...]
    statements: tuple[StatementView, ...]
    tally: Tally
    searches: tuple[SearchView, ...]


def matrix(facts: Facts, *, layer: str = "", show: str = "") -> Matrix:
    """Each mechanism that is spoken of or countered, against the kinds of intervention that counter any.

    Of one *layer* or of all; *show* is one of SHOWS, or nothing for every mechanism.
    """
    lines = _lines(facts)
    chosen = [x for x in lines if layer in ("", x.layer) and _shown(x, show)]
    kinds = [cell.kind for cell in lines[0].cells] if lines else []
    used = [i for i in range(len(kinds)) if any(line.cells[i].interventions for line in lines)]
    return Matrix(
        kinds=tuple(kinds[i] for i in used),
        lines=tuple(replace(x, cells=tuple(x.cells[i] for i in used)) for x in chosen),
        layers=tuple(dict.fromkeys(line.layer for line in lines)),
        shows=SHOWS,
        mechanisms=len(lines),
    )


def _shown(line: MatrixLine, show: str) -> bool:
    """Whether *line* is one of those that *show* names; an unknown name shows all."""
    return {
        SHOWS[0]: any(cell.interventions for cell in line.cells),
        SHOWS[1]: line.tally.certainty == "disputed"
        or any(c.tally.certainty == "disputed" for c in line.cells),
        SHOWS[2]: bool(line.gaps),
    }.get(show, True)


def _lines(facts: Facts) -> list[MatrixLine]:
    kinds = [ox.NamedNode(INTERVENTION), *kinds_of_interventions(facts)]
    members = {kind: set(below(facts, kind.value)) | {kind} for kind in kinds}
    said = _by_entity(everything(facts))
    given = trials_of(facts)
    lines = []
    for layer in LAYERS:
        name = facts.label(ox.NamedNode(layer))
        for node in sorted(below(facts, layer), key=lambda n: facts.label(n).lower()):
            against = set(facts.entities(node, f"{MESO}counteredBy"))
            own = said[node.value]
            if not (against or own):
                continue
            cells = tuple(_cell(facts, kind, against & members[kind], own, given) for kind in kinds)
            lines.append(
                MatrixLine(
                    mechanism=facts.link(node),
                    layer=name,
                    tally=tally(own),
                    cells=cells,
                    gaps=gaps(own, against={n.value for n in against}),
                    searches=searches(facts, node),
                )
            )
    return lines


def cell(facts: Facts, mechanism: ox.NamedNode, kind: ox.NamedNode) -> CellPage:
    """What is recorded of *mechanism* and the interventions of *kind* that are meant to counter it."""
    members = set(below(facts, kind.value)) | {kind}
    against = [n for n in facts.entities(mechanism, f"{MESO}counteredBy") if n in members]
    given = trials_of(facts)
    found = []
    for node in against:
        spoken = _between(facts, node, mechanism)
        studies = facts.links(given[node])
        found.append(
            CellIntervention(facts.link(node), next(iter(statuses(facts, node)), None), studies, spoken)
        )
    statements = {s.link.iri: s for one in found for s in one.statements}
    found.sort(key=lambda i: (not i.statements, not i.trials, i.link.label.lower()))
    return CellPage(
        mechanism=facts.link(mechanism),
        kind=facts.link(kind),
        interventions=tuple(found),
        statements=ordered(statements.values()),
        tally=tally(statements.values()),
        searches=searches(facts, mechanism, *against),
    )


def gaps(said: Iterable[StatementView], *, against: set[str]) -> tuple[str, ...]:
    """What is missing about a mechanism, in words: statements, the disease, interventions, their trial.

    *said* is about the mechanism; *against* are the interventions that are meant to counter it.
    """
    current = [s for s in said if not s.superseded]
    found = []
    if not current:
        found.append("no statement")
    elif not any(s.context in ("pleural", "mesothelioma of several sites") for s in current):
        found.append("nothing from pleural mesothelioma")
    if not against:
        found.append("no intervention")
    elif not any(s.subject is not None and s.subject.iri in against for s in current):
        found.append("no statement that an intervention counters it")
    return tuple(found)


def _by_entity(said: Iterable[StatementView]) -> dict[str, list[StatementView]]:
    found: dict[str, list[StatementView]] = defaultdict(list)
    for one in said:
        for iri in {end.iri for end in (one.subject, one.object) if end is not None}:
            found[iri].append(one)
    return found


def _cell(
    facts: Facts,
    kind: ox.NamedNode,
    interventions: set[ox.NamedNode],
    said: list[StatementView],
    given: dict[ox.NamedNode, set[ox.NamedNode]],
) -> MatrixCell:
    names = {n.value for n in interventions}
    between = [s for s in said if s.subject is not None and s.subject.iri in names]
    studies = {study for node in interventions for study in given[node]}
    return MatrixCell(facts.link(kind), facts.links(interventions), tally(between), len(studies))


def _between(facts: Facts, subject: ox.NamedNode, claimed: ox.NamedNode) -> tuple[StatementView, ...]:
    spoken = facts.subjects(f"{MESO}hasClaimSubject", subject)
    named = (s for s in spoken if facts.objects_contain(s, f"{MESO}hasClaimObject", claimed))
    return ordered(statement(facts, s) for s in named)
