"""Finds entities by what people type: labels, synonyms and identifiers, with typing errors forgiven."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import pyoxigraph as ox
from rapidfuzz import fuzz, process

from mesoonto.namespaces import MESO, compress
from mesoonto.views.facts import BIBO, DCTERMS, LABEL, SKOS, SUBCLASS, TYPE, EntityLink, Facts
from mesoonto.views.terms import BIOMARKER, INTERVENTION, MECHANISM

#: Kinds in the order in which equal hits are shown: the class of their instances, or the class above.
KINDS = {
    "trial": f"{MESO}Study",
    "mechanism": MECHANISM,
    "intervention": INTERVENTION,
    "biomarker": BIOMARKER,
    "tumour state": "http://purl.obolibrary.org/obo/MONDO_0005112",
    "decision": f"{MESO}Decision",
    "statement": f"{MESO}EvidenceStatement",
    "publication": f"{MESO}Publication",
}

#: Below this likeness, of 100, a hit is none.
_LEAST = 72.0

#: Characters of a query that are looked at.
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """A found entity."""

    link: EntityLink
    kind: str
    by: str  #: the name that fitted, where it is not the label
    score: float


class Index:
    """The names of all entities of one version of the dataset."""

    def __init__(self, facts: Facts) -> None:
        self._names: list[str] = []  #: folded
        self._identifiers: dict[str, EntityLink] = {}
        self._entries: list[tuple[EntityLink, str, str]] = []  #: entity, kind, name as written
        for kind, iri in KINDS.items():
            for node in _members(facts, iri):
                self._add(facts, node, kind)

    def __len__(self) -> int:
        return len(self._names)

    def find(self, text: str, *, kind: str = "", most: int = 20) -> list[Hit]:
        """The *most* likely entities for *text*, of one *kind* or of any, the best first."""
        wanted = folded(text[:_LONGEST])
        if not wanted:
            return []
        found = process.extract(wanted, self._names, scorer=_score, score_cutoff=_LEAST, limit=most * 8)
        best: dict[str, Hit] = {}
        for _, score, place in found:
            link, of, name = self._entries[place]
            if kind and of != kind:
                continue
            if link.iri not in best or best[link.iri].score < score:
                best[link.iri] = Hit(link, of, "" if name == link.label else name, score)
        order = list(KINDS)
        hits = sorted(
            best.values(), key=lambda h: (-h.score, order.index(h.kind), len(h.link.label), h.link.label)
        )
        return hits[:most]

    def identified(self, name: str) -> EntityLink | None:
        """The entity whose identifier *name* is: an IRI, a CURIE, a registry or PubMed number, a DOI."""
        bare = re.sub(r"^(?:https?://)?(?:dx\.)?doi\.org/|^doi:", "", name.strip(), flags=re.IGNORECASE)
        return self._identifiers.get(bare.casefold())

    def members(self, kind: str) -> list[Hit]:
        """Every entity of *kind*."""
        links = {link.iri: link for link, of, _ in self._entries if of == kind}
        return [Hit(link, kind, "", 0.0) for link in links.values()]

    def _add(self, facts: Facts, node: ox.NamedNode, kind: str) -> None:
        link = facts.link(node)
        names = {link.label, compress(node.value)}
        for predicate in (LABEL, f"{SKOS}altLabel", f"{MESO}registryId", f"{BIBO}doi", f"{BIBO}pmid",
                          f"{DCTERMS}bibliographicCitation"):  # fmt: skip
            names.update(facts.texts(node, predicate))
        numbers = [facts.texts(node, p) for p in (f"{MESO}registryId", f"{BIBO}doi", f"{BIBO}pmid")]
        for name in (node.value, compress(node.value), *(n for texts in numbers for n in texts)):
            self._identifiers.setdefault(name.casefold(), link)
        for name in sorted(names):
            self._names.append(folded(name))
            self._entries.append((link, kind, name))


def folded(text: str) -> str:
    """*text* without case, accents and punctuation.

    >>> folded("PD-1/PD-L1  Engagement")
    'pd 1 pd l1 engagement'
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"[^\W_]+", "".join(c for c in plain if not unicodedata.combining(c))))


def _score(
    wanted: Sequence[Hashable], name: Sequence[Hashable], *, score_cutoff: float | None = None
) -> float:
    """Likeness of 100: equal, then beginning, then part, then with errors."""
    assert isinstance(wanted, str)  # noqa: S101  # as `Index.find` hands them over
    assert isinstance(name, str)  # noqa: S101
    if wanted == name:
        return 100.0
    if name.startswith(wanted):
        return 97.0 - min(len(name) - len(wanted), 50) / 50
    if f" {wanted}" in name:
        return 94.0 - min(len(name) - len(wanted), 100) / 100
    if len(wanted) < 4:
        return 0.0
    joined = wanted.replace(" ", "")
    if joined in name.replace(" ", ""):
        return 92.0 - min(len(name) - len(joined), 100) / 100
    words = fuzz.token_set_ratio(wanted, name, score_cutoff=score_cutoff)
    whole = fuzz.ratio(wanted, name, score_cutoff=score_cutoff)
    part = fuzz.partial_ratio(wanted, name, score_cutoff=score_cutoff) if len(wanted) > 4 < len(name) else 0.0
    return max(0.9 * words, 0.95 * whole, 0.87 * part)


def _members(facts: Facts, iri: str) -> list[ox.NamedNode]:
    top = ox.NamedNode(iri)
    classes = [n for n in facts.subjects(SUBCLASS, top) if n != top]
    instances = {n for kind in (top, *classes) for n in facts.subjects(TYPE, kind)}
    return sorted(
        {*classes, *instances} if iri.endswith(tuple("0123456789")) else instances, key=lambda n: n.value
    )
