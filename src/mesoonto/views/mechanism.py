"""A resistance mechanism: who acts where on what, evidence for and against, what counters it, gaps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO, OBO
from mesoonto.views.facts import EntityLink, Facts
from mesoonto.views.matrix import gaps
from mesoonto.views.searches import SearchView, searches
from mesoonto.views.statements import StatementView, Tally, about, tally
from mesoonto.views.terms import Status, Term, nearest, statuses, term
from mesoonto.views.tried import trials_of

#: Relations of a mechanism to what takes part in it, under the words that a page shows.
_ACTORS = (
    ("occurs in", f"{OBO}BFO_0000066"),
    ("borne by", f"{OBO}RO_0000052"),
    ("borne by part of", f"{OBO}RO_0002314"),
    ("has participant", f"{OBO}RO_0000057"),
    ("depends on state of", f"{MESO}dependsOnStateOf"),
    ("depends on lack of", f"{MESO}dependsOnLackOf"),
    ("promotes", f"{OBO}RO_0002213"),
    ("inhibits", f"{OBO}RO_0002212"),
    ("furthers", f"{MESO}furthers"),
    ("impedes", f"{MESO}impedes"),
    ("active in", f"{MESO}activeIn"),
    ("reported active in", f"{MESO}reportedActiveIn"),
    ("impairs response to", f"{MESO}impairsResponseTo"),
    ("reported to impair response to", f"{MESO}reportedToImpairResponseTo"),
)

#: Where a finding was made, by the design that says so; every other design looks at patients or their tissue.
_BENCH = {
    "mouse experiment": "mice",
    "in vitro experiment": "cells in culture",
    "ex vivo experiment": "cells or tissue of patients, outside the body",
    "in silico analysis": "computation",
    "expert review": "reviews",
}
_PATIENTS = {
    "pleural": "patients with pleural mesothelioma",
    "mesothelioma of several sites": "patients with mesothelioma of several sites",
    "peritoneal": "patients with peritoneal mesothelioma",
}
_ELSEWHERE = "patients with other cancers"

#: The order in which these are shown.
_GROUNDS = (*_PATIENTS.values(), _ELSEWHERE, *_BENCH.values())


@dataclass(frozen=True, slots=True)
class Ground:
    """Statements whose findings were made in the same kind of place."""

    name: str
    tally: Tally
    best: str  #: level among them, A to E
    conflicts: int  #: how many of them conflict with another


@dataclass(frozen=True, slots=True)
class Countering:
    """An intervention against a mechanism, with its development and the best statement about it."""

    link: EntityLink
    status: Status | None
    best: StatementView | None
    tally: Tally  #: of the statements that it counters the mechanism, or does not
    trials: tuple[EntityLink, ...]


@dataclass(frozen=True, slots=True)
class MechanismPage:
    """A resistance mechanism."""

    term: Term
    actors: tuple[tuple[str, tuple[EntityLink, ...]], ...]
    statements: tuple[StatementView, ...]
    tally: Tally
    grounds: tuple[Ground, ...]
    countered_by: tuple[Countering, ...]
    gaps: tuple[str, ...]
    searches: tuple[SearchView, ...]  #: for it, or for an intervention against it


def mechanism(facts: Facts, node: ox.NamedNode) -> MechanismPage:
    """The mechanism *node*."""
    own = about(facts, node)
    agents = facts.entities(node, f"{MESO}counteredBy")
    given = trials_of(facts)
    against = (_countering(facts, agent, node, facts.links(given[agent])) for agent in agents)
    return MechanismPage(
        term=term(facts, node),
        actors=tuple(
            (name, links) for name, iri in _ACTORS if (links := nearest(facts, facts.entities(node, iri)))
        ),
        statements=own,
        tally=tally(own),
        grounds=grounds(own),
        countered_by=tuple(sorted(against, key=_rank)),
        gaps=gaps(own, against={agent.value for agent in agents}),
        searches=searches(facts, node, *agents),
    )


def grounds(said: Iterable[StatementView]) -> tuple[Ground, ...]:
    """Current statements by where their findings were made: patients by disease, mice, cultures, reviews."""
    placed: dict[str, list[StatementView]] = {}
    for one in said:
        if not one.superseded:
            place = _BENCH.get(one.design) or _PATIENTS.get(one.context, _ELSEWHERE)
            placed.setdefault(place, []).append(one)
    return tuple(
        Ground(
            name=name,
            tally=tally(placed[name]),
            best=min((s.level for s in placed[name] if s.level), default=""),
            conflicts=sum(bool(s.conflicts) for s in placed[name]),
        )
        for name in _GROUNDS
        if name in placed
    )


def _countering(
    facts: Facts, agent: ox.NamedNode, mechanism_: ox.NamedNode, trials: tuple[EntityLink, ...]
) -> Countering:
    spoken = [s for s in about(facts, agent) if s.object is not None]
    direct = [s for s in spoken if s.object is not None and s.object.iri == mechanism_.value]
    good = [s for s in direct if s.direction == "supports" and not s.superseded]
    helpful = (
        s for s in spoken if s.direction == "supports" and s.relation and "improves" in s.relation.label
    )
    chosen = next(iter(good or direct), None) or next(helpful, None)
    return Countering(
        facts.link(agent), next(iter(statuses(facts, agent)), None), chosen, tally(direct), trials
    )


def _rank(one: Countering) -> tuple[bool, bool, str, bool, str]:
    ended = one.status is not None and one.status.ended
    best = one.best.level if one.best is not None else ""
    return (ended, one.best is None, best, not one.trials, one.link.label)
