"""Layers of mechanisms, kinds of interventions, and what is below a class."""

from __future__ import annotations

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import SUBCLASS, EntityLink, Facts
from mesoonto.views.terms import BIOMARKER, INTERVENTION, MECHANISM

#: The layers of mechanisms.
LAYERS = tuple(f"{MESO}MESO_000100{n}" for n in range(1, 7))


def below(facts: Facts, kind: str) -> list[ox.NamedNode]:
    """The classes below *kind*, without itself."""
    return [n for n in facts.subjects(SUBCLASS, ox.NamedNode(kind)) if n.value != kind]


def kinds_of_interventions(facts: Facts) -> list[ox.NamedNode]:
    """The broad kinds: classes of agents and procedures that have classes below them, nearest to the top."""
    found = []
    for top in (f"{MESO}MESO_0000003", f"{MESO}MESO_0000004"):
        under = below(facts, top)
        for node in under:
            parents = {p for p in facts.entities(node, SUBCLASS) if p in under and p != node}
            if not parents and below(facts, node.value):
                found.append(node)
    return sorted(found, key=facts.label)


def hierarchy(facts: Facts, top: str) -> tuple[tuple[int, EntityLink], ...]:
    """The classes below *top* as an indented list: depth and class; one with two parents stands twice."""
    under = set(below(facts, top))
    parents = {
        node: {p for p in facts.entities(node, SUBCLASS) if p != node and (p in under or p.value == top)}
        for node in under
    }
    nearest = {
        node: {p for p in above if not any(p in parents.get(q, ()) for q in above if q != p)}
        for node, above in parents.items()
    }
    rows: list[tuple[int, EntityLink]] = []

    def descend(node: ox.NamedNode, depth: int) -> None:
        for child in sorted((n for n in under if node in nearest[n]), key=lambda n: facts.label(n).lower()):
            rows.append((depth, facts.link(child)))
            descend(child, depth + 1)

    descend(ox.NamedNode(top), 0)
    return tuple(rows)


#: What can be browsed, by the name in the address.
TOPS = {"mechanisms": MECHANISM, "interventions": INTERVENTION, "biomarkers": BIOMARKER}
