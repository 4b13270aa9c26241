"""Layers of mechanisms and kinds of interventions."""

from __future__ import annotations

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import SUBCLASS, Facts

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
