"""What an evidence statement claims and how well it is supported, as other formats of evidence divide it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.errors import ExchangeError
from mesoonto.namespaces import MESO, OBO, PREFIXES, in_query, local_name
from mesoonto.views.facts import BIBO, DCTERMS, LABEL, Facts
from mesoonto.views.terms import nearest

#: The disease in which evidence of a context was found. What is from other cancers names none.
DISEASES = {
    "PleuralContext": f"{OBO}MONDO_0005112",
    "PeritonealContext": f"{OBO}MONDO_0005512",
    "MixedMesotheliomaContext": f"{OBO}MONDO_0006292",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """One evidence statement."""

    node: ox.NamedNode
    text: str  #: claim and finding in a sentence
    subject: ox.NamedNode
    relation: str  #: local name of the property
    object: ox.NamedNode
    direction: str  #: Supports, Refutes or Inconclusive
    level: str  #: of CIViC, A to E
    context: str  #: local name of the disease context
    source: ox.NamedNode

    @property
    def disease(self) -> ox.NamedNode | None:
        """The disease in which it was found; None where the record names no one."""
        found = DISEASES.get(self.context)
        return ox.NamedNode(found) if found else None


def claim(facts: Facts, node: ox.NamedNode) -> Claim:
    """What the statement *node* says; an ExchangeError where it lacks what the shapes ask for."""

    def one(predicate: str) -> ox.NamedNode:
        found = facts.entities(node, predicate)
        if not found:
            raise ExchangeError(f"{in_query(node.value)}: no {in_query(predicate)}; mesoonto validate tells")
        return found[0]

    def word(name: str) -> str:
        return local_name(one(MESO + name).value)

    return Claim(
        node=node,
        text=facts.text(node, LABEL),
        subject=one(f"{MESO}hasClaimSubject"),
        relation=word("hasClaimRelation"),
        object=one(f"{MESO}hasClaimObject"),
        direction=word("hasDirection"),
        level=word("hasEvidenceLevel").removeprefix("Level"),
        context=word("hasDiseaseContext"),
        source=one(f"{DCTERMS}source"),
    )


def pubmed_number(facts: Facts, source: ox.NamedNode) -> str:
    """The PubMed number of the publication *source*, or nothing."""
    if source.value.startswith(PREFIXES["pmid"]):
        return source.value.removeprefix(PREFIXES["pmid"]).strip("/")
    return facts.text(source, f"{BIBO}pmid")


def therapies(facts: Facts, intervention: ox.NamedNode) -> tuple[ox.NamedNode, ...]:
    """The agents that are given together in *intervention*; itself where it is one, or a sequence or choice.

    Only the label of a class tells of an order or of alternatives, and a list would lose them.
    """
    if re.search(r" (?:followed by|or) ", facts.label(intervention)):
        return (intervention,)
    agents = [
        ox.NamedNode(one.iri) for one in nearest(facts, facts.entities(intervention, f"{MESO}hasAgent"))
    ]
    if len(agents) < 2:
        return (intervention,)
    parts = {part for agent in agents for part in therapies(facts, agent)}
    return tuple(sorted(parts, key=lambda part: (facts.label(part), part.value)))
