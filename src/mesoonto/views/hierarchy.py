"""Classes below a class as a tree, with how much is said of each."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import SUBCLASS, EntityLink, Facts
from mesoonto.views.search import KINDS
from mesoonto.views.terms import BIOMARKER, INTERVENTION, MECHANISM

#: What can be browsed, by the name in the address.
TOPS = {
    "mechanisms": MECHANISM,
    "interventions": INTERVENTION,
    "biomarkers": BIOMARKER,
    "tumour-states": KINDS["tumour state"],
    "end-points": f"{MESO}MESO_0000007",
    "models": f"{MESO}MESO_0000009",
}


@dataclass(frozen=True, slots=True)
class Branch:
    """A class in the tree; one with two parents stands under each."""

    link: EntityLink
    statements: int  #: that name it as subject or object of their claim
    children: tuple[Branch, ...]


def hierarchy(facts: Facts, top: str) -> tuple[Branch, ...]:
    """The classes right below *top*, each with those below it."""
    root = ox.NamedNode(top)
    under = {n for n in facts.subjects(SUBCLASS, root) if n != root}
    above = {
        node: {p for p in facts.entities(node, SUBCLASS) if p != node and (p in under or p == root)}
        for node in under
    }
    children: dict[ox.NamedNode, list[ox.NamedNode]] = {}
    for node, parents in above.items():
        for parent in parents:
            if not any(parent in above.get(other, ()) for other in parents if other != parent):
                children.setdefault(parent, []).append(node)

    def branch(node: ox.NamedNode) -> Branch:
        about = {s for n in ("hasClaimSubject", "hasClaimObject") for s in facts.subjects(MESO + n, node)}
        return Branch(facts.link(node), len(about), branches(node))

    def branches(node: ox.NamedNode) -> tuple[Branch, ...]:
        found = sorted(children.get(node, []), key=lambda n: facts.label(n).lower())
        return tuple(branch(child) for child in found)

    return branches(root)
