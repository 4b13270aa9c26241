"""A publication, and how far it was read."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import BIBO, DCTERMS, EntityLink, Facts


@dataclass(frozen=True, slots=True)
class PublicationView:
    """What is known of a document, as the record has it."""

    link: EntityLink
    iri: str
    title: str
    citation: str
    year: str
    doi: str
    pmid: str
    depth: str  #: how far it was read
    read_on: str
    read_at: tuple[EntityLink, ...]
    notes: tuple[str, ...] = ()


def publication(facts: Facts, node: ox.NamedNode) -> PublicationView:
    """The publication *node*."""
    depth = facts.one(node, f"{MESO}hasReadingDepth")
    return PublicationView(
        link=facts.link(node),
        iri=node.value,
        title=facts.text(node, f"{DCTERMS}title"),
        citation=facts.text(node, f"{DCTERMS}bibliographicCitation"),
        year=facts.text(node, f"{DCTERMS}issued")[:4],
        doi=facts.text(node, f"{BIBO}doi"),
        pmid=facts.text(node, f"{BIBO}pmid"),
        notes=facts.notes(node),
        depth=depth.label if depth is not None else "",
        read_on=facts.text(node, f"{MESO}dateRead"),
        read_at=facts.linked(node, f"{MESO}readAt"),
    )
