"""A publication, how far it was read, and how it is cited."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import BIBO, DCTERMS, EntityLink, Facts


@dataclass(frozen=True, slots=True)
class PublicationView:
    """What is known of a document, and what rests on it."""

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

    def bibtex(self) -> str:
        """An entry for BibTeX."""
        fields = {
            "title": self.title,
            "year": self.year,
            "doi": self.doi,
            "note": self.citation,
            "url": self.iri,
        }
        key = self.pmid or self.doi.replace("/", "_") or "document"
        lines = (f"  {name} = {{{value}}}" for name, value in fields.items() if value)
        return f"@article{{{key},\n" + ",\n".join(lines) + "\n}\n"

    def ris(self) -> str:
        """An entry in RIS."""
        fields = (("TY", "JOUR"), ("TI", self.title), ("PY", self.year), ("DO", self.doi), ("AN", self.pmid),
                  ("N1", self.citation), ("UR", self.iri), ("ER", ""))  # fmt: skip
        return "".join(f"{name}  - {value}\n" for name, value in fields if value or name == "ER")


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
        depth=depth.label if depth is not None else "",
        read_on=facts.text(node, f"{MESO}dateRead"),
        read_at=facts.linked(node, f"{MESO}readAt"),
    )
