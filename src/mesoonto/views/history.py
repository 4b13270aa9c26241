"""What happened to a record or term, as far as the records themselves tell."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import DCTERMS, EntityLink, Facts


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; *date* is empty where it was not recorded."""

    date: str
    words: str
    link: EntityLink | None = None


def history(facts: Facts, node: ox.NamedNode) -> tuple[Event, ...]:
    """What is dated of *node*, and what it replaces or is replaced by; the newest first, the undated last."""
    found = []
    by = ", ".join(facts.texts(node, f"{DCTERMS}creator"))
    for predicate, words in (
        (f"{DCTERMS}created", f"recorded by {by}" if by else "recorded"),
        (f"{DCTERMS}modified", "changed"),
        (f"{MESO}dateRead", "read by the curators"),
        (f"{MESO}dateSearched", "searched"),
        (f"{DCTERMS}issued", "published"),
    ):
        found += [Event(date, words) for date in facts.texts(node, predicate)]
    for source in facts.entities(node, f"{DCTERMS}source"):
        found += [Event(d, "source read", facts.link(source)) for d in facts.texts(source, f"{MESO}dateRead")]
    for predicate, words in ((f"{MESO}supersedes", "replaces"), (_REPLACED, "is retired; use instead")):
        found += [Event("", words, facts.link(other)) for other in facts.entities(node, predicate)]
    for later in facts.subjects(f"{MESO}supersedes", node):
        date = facts.text(later, f"{DCTERMS}created")
        found.append(Event(date, "replaced by", facts.link(later)))
    return tuple(sorted(dict.fromkeys(found), key=lambda e: e.date, reverse=True))


_REPLACED = "http://purl.obolibrary.org/obo/IAO_0100001"
