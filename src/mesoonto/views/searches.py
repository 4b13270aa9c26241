"""What was looked for on purpose, and what the search gave: the difference between unknown and not there."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import EntityLink, Facts


@dataclass(frozen=True, slots=True)
class SearchView:
    """A search that a curator made."""

    link: EntityLink  #: its label says what was looked for and what came up
    subjects: tuple[EntityLink, ...]
    outcome: str
    date: str


def searches(facts: Facts, *nodes: ox.NamedNode) -> tuple[SearchView, ...]:
    """The searches for evidence on one of *nodes*, each once."""
    found = dict.fromkeys(s for node in nodes for s in facts.subjects(f"{MESO}looksFor", node))
    return tuple(sorted((_search(facts, s) for s in found), key=lambda s: (s.date, s.link.label)))


def _search(facts: Facts, node: ox.NamedNode) -> SearchView:
    outcome = facts.one(node, f"{MESO}hasSearchOutcome")
    return SearchView(
        link=facts.link(node),
        subjects=facts.linked(node, f"{MESO}looksFor"),
        outcome=outcome.label if outcome is not None else "",
        date=facts.text(node, f"{MESO}dateSearched"),
    )
