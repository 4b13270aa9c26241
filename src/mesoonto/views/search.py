"""Finds entities by what people type: labels, synonyms and identifiers, with typing errors forgiven."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyoxigraph as ox
from rapidfuzz import fuzz, process

from mesoonto.namespaces import MESO, compress
from mesoonto.ontology.synonyms import OTHER_NAMES
from mesoonto.views.facets import FACETS, Facets, Values
from mesoonto.views.facts import BIBO, DCTERMS, LABEL, SKOS, SUBCLASS, TYPE, EntityLink, Facts, local
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

#: Characters of a query that are looked at, and below which errors are not forgiven.
_LONGEST, _SHORTEST = 200, 4

#: With so many names that hold what was typed, names that nearly hold it are not looked for.
_ENOUGH = 12

#: The likeness of a name that holds little else than what was typed.
_NEAR = 90.0

#: Names that are looked at for each measure of likeness.
_MOST = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """A found entity."""

    link: EntityLink
    kind: str
    by: str  #: the name that fitted, where it is not the label
    score: float
    facets: tuple[tuple[str, str], ...] = ()  #: name and values in one text


@dataclass(frozen=True, slots=True)
class FacetCount:
    """A facet of what was found: its values, each with how many have it."""

    name: str
    chosen: str
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: some of it, how much there is, and by what it can be narrowed."""

    hits: tuple[Hit, ...]
    total: int
    facets: tuple[FacetCount, ...]


@dataclass(frozen=True, slots=True)
class _Entity:
    link: EntityLink
    kind: str
    facets: Values

    def has(self, chosen: Mapping[str, str]) -> bool:
        return all(
            value == self.kind if name == "kind" else value in self.facets.get(name, ())
            for name, value in chosen.items()
            if value
        )


class Index:
    """The names of all entities of one version of the dataset, and by what they can be told apart."""

    def __init__(self, facts: Facts) -> None:
        self._names: list[str] = []  #: folded
        self._identifiers: dict[str, EntityLink] = {}
        self._entries: list[tuple[int, str]] = []  #: number of the entity, name as written
        self._entities: list[_Entity] = []
        facets = Facets(facts)
        for kind, iri in KINDS.items():
            for node in _members(facts, iri):
                self._entities.append(_Entity(facts.link(node), kind, facets.of(kind, node)))
                self._add(facts, node)

    def __len__(self) -> int:
        return len(self._names)

    def find(self, text: str, *, kind: str = "", most: int = 20) -> list[Hit]:
        """The *most* likely entities for *text*, of one *kind* or of any, the best first."""
        return list(self._hits(self._likely(text), {"kind": kind})[:most])

    def search(self, text: str, chosen: Mapping[str, str], *, start: int = 0, most: int = 50) -> Found:
        """What fits *text* and has the *chosen* values of facets; without text, whatever has them.

        A facet counts what would be found with each of its values in place of the one that is chosen.
        """
        likely = self._likely(text) if text.strip() else dict.fromkeys(range(len(self._entities)), (0.0, ""))
        hits = self._hits(likely, chosen)
        return Found(hits[start : start + most], len(hits), tuple(self._facets(likely, chosen)))

    def pages(self) -> list[EntityLink]:
        """All entities whose IRI is ours, in the order of their kinds."""
        return [entity.link for entity in self._entities if entity.link.here]

    def identified(self, name: str) -> EntityLink | None:
        """The entity whose identifier *name* is: an IRI, a CURIE, a registry or PubMed number, a DOI."""
        bare = re.sub(r"^(?:https?://)?(?:dx\.)?doi\.org/|^doi:", "", name.strip(), flags=re.IGNORECASE)
        return self._identifiers.get(bare.casefold())

    def _likely(self, text: str) -> dict[int, tuple[float, str]]:
        """The entities of which a name is like *text*, with the likeness and that name."""
        best: dict[int, tuple[float, str]] = {}
        for place, score in _scores(folded(text[:_LONGEST]), self._names).items():
            entity, name = self._entries[place]
            if entity not in best or best[entity][0] < score:
                best[entity] = (score, name)
        return best

    def _hits(self, likely: Mapping[int, tuple[float, str]], chosen: Mapping[str, str]) -> tuple[Hit, ...]:
        order = list(KINDS)
        found = []
        for number, (score, name) in likely.items():
            entity = self._entities[number]
            if entity.has(chosen):
                by = "" if name == entity.link.label else name
                told = tuple((f, ", ".join(sorted(entity.facets[f]))) for f in FACETS if f in entity.facets)
                found.append(Hit(entity.link, entity.kind, by, score, told))
        return tuple(
            sorted(
                found,
                key=lambda h: (
                    -h.score,
                    order.index(h.kind),
                    len(h.link.label) * bool(h.score),
                    h.link.label,
                ),
            )
        )

    def _facets(
        self, likely: Mapping[int, tuple[float, str]], chosen: Mapping[str, str]
    ) -> Iterator[FacetCount]:
        for name in ("kind", *FACETS):
            others = {n: value for n, value in chosen.items() if n != name}
            counted: Counter[str] = Counter()
            for number in likely:
                entity = self._entities[number]
                if entity.has(others):
                    counted.update([entity.kind] if name == "kind" else entity.facets.get(name, ()))
            values = sorted(counted, key=list(KINDS).index if name == "kind" else str)
            yield FacetCount(name, chosen.get(name, ""), tuple((value, counted[value]) for value in values))

    def _add(self, facts: Facts, node: ox.NamedNode) -> None:
        """The names of *node*, which is the newest entity."""
        number, link = len(self._entities) - 1, self._entities[-1].link
        numbers = [facts.texts(node, p) for p in (f"{MESO}registryId", f"{BIBO}doi", f"{BIBO}pmid")]
        identifiers = [node.value, compress(node.value), *(n for texts in numbers for n in texts)]
        for name in identifiers:
            self._identifiers.setdefault(name.casefold(), link)
        names = {link.label, *identifiers[1:]}
        for predicate in (LABEL, *OTHER_NAMES, f"{DCTERMS}bibliographicCitation"):
            names.update(facts.texts(node, predicate))
        names.update(local(other.value) for other in facts.entities(node, f"{SKOS}exactMatch"))
        for name in sorted(names):
            self._names.append(folded(name))
            self._entries.append((number, name))


def folded(text: str) -> str:
    """*text* without case, accents and punctuation.

    >>> folded("PD-1/PD-L1  Engagement")
    'pd 1 pd l1 engagement'
    """
    plain = text.casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", plain))


def _scores(wanted: str, names: Sequence[str]) -> dict[int, float]:
    """The places of the *names* that are like *wanted*, each with a likeness of up to 100.

    Equal comes before beginning, part, and all words in any order. Where these find little, errors are
    forgiven.
    """
    if not wanted:
        return {}
    words, joined = wanted.split(), wanted.replace(" ", "")
    found: dict[int, float] = {}
    for place, name in enumerate(names):
        score = _literal(wanted, name)
        if not score and len(wanted) >= _SHORTEST:
            if len(words) > 1 and all(word in name for word in words):
                # in a long name, words may stand by chance: a short name with one error comes before it
                score = 92.0 - min(abs(len(name) - len(wanted)), 200) / 10
            elif joined in name.replace(" ", ""):
                score = 91.0 - min(len(name) - len(joined), 100) / 100
        if score:
            found[place] = score
    if sum(score >= _NEAR for score in found.values()) < _ENOUGH and len(wanted) >= _SHORTEST:
        for place, score in _forgiving(wanted, names):
            found[place] = max(found.get(place, 0.0), score)
    return found


def _forgiving(wanted: str, names: Sequence[str]) -> Iterator[tuple[int, float]]:
    """As `_scores`, with typing errors: below 90."""
    measures = [(fuzz.token_set_ratio, 0.9, 0), (fuzz.ratio, 0.9, 0)]
    if len(wanted) > _SHORTEST:
        measures.append((fuzz.partial_ratio, 0.87, _SHORTEST + 1))
    for measure, weight, shortest in measures:
        likely = process.extract(wanted, names, scorer=measure, score_cutoff=_LEAST / weight, limit=_MOST)
        yield from ((place, weight * score) for name, score, place in likely if len(name) >= shortest)


def _literal(wanted: str, name: str) -> float:
    if wanted not in name:
        return 0.0
    if wanted == name:
        return 100.0
    if name.startswith(wanted):
        return 97.0 - min(len(name) - len(wanted), 50) / 50
    if f" {wanted}" in name:
        return 94.0 - min(len(name) - len(wanted), 100) / 100
    return 0.0


def _members(facts: Facts, iri: str) -> list[ox.NamedNode]:
    top = ox.NamedNode(iri)
    classes = [n for n in facts.subjects(SUBCLASS, top) if n != top]
    instances = {n for kind in (top, *classes) for n in facts.subjects(TYPE, kind)}
    return sorted(
        {*classes, *instances} if iri.endswith(tuple("0123456789")) else instances, key=lambda n: n.value
    )
