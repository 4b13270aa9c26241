"""What can stand in a query: classes, properties and records, found by the words for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph as ox
from rapidfuzz import fuzz, process

from mesoonto.namespaces import DATA, PREFIXES, in_query
from mesoonto.ontology.synonyms import OTHER_NAMES
from mesoonto.views.facts import DCTERMS, LABEL, SKOS, TYPE, local
from mesoonto.views.search import folded

#: What a term may be asked to be.
ROLES = ("any", "class", "property")

_NAMES = (LABEL, f"{SKOS}prefLabel", *OTHER_NAMES)
_OWL = PREFIXES["owl"]
_CLASSES = (f"{_OWL}Class", f"{PREFIXES['rdfs']}Class")
_PROPERTIES = (
    f"{_OWL}ObjectProperty", f"{_OWL}DatatypeProperty", f"{_OWL}AnnotationProperty",
    f"{PREFIXES['rdf']}Property",
)  # fmt: skip

#: Characters that are looked at, and the fewest in which typing errors are forgiven.
_LONGEST, _FUZZY = 100, 4

#: Below this likeness, of 100, a name with errors is none.
_LEAST = 80

#: The same where names are compared as a whole, terms that are given, how far they may be behind the likest,
#: and what another namespace takes away.
_LEAST_LIKE, _FEW, _NEARLY, _APART = 74, 10, 8, 8


#: Words beside those that are wanted, at most, and words that say nothing.
_MOST_OTHERS = 2
_SMALL_WORDS = frozenset(("has", "is", "of", "the", "a", "by", "in"))


@dataclass(frozen=True, slots=True)
class Completion:
    """One term that can be written into a query."""

    text: str  #: as a query has it: with a prefix where there is one
    label: str
    kind: str  #: ``class``, ``property``, or what kind of record it is
    iri: str


class Completions:
    """The terms of one version of the dataset, by all of their names."""

    def __init__(self, store: ox.Store) -> None:
        kinds = _kinds(store)
        labels: dict[str, list[str]] = {}
        for predicate in _NAMES:
            for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), None, None):
                if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
                    labels.setdefault(quad.subject.value, []).append(quad.object.value)
        self._names: list[str] = []  #: folded
        self._terms: list[Completion] = []  #: that each of the names is one of
        self._by_iri: dict[str, Completion] = {}
        for iri in sorted({*kinds, *labels} - _retired(store)):
            names = list(dict.fromkeys([*labels.get(iri, []), local(iri)]))
            term = Completion(in_query(iri), names[0], kinds.get(iri) or _record_kind(iri), iri)
            self._by_iri[iri] = term
            for name in {folded(text) for text in (*names, _split(names[-1]), term.text)}:
                self._names.append(name)
                self._terms.append(term)

    def __len__(self) -> int:
        return len(self._names)

    def find(self, text: str, role: str = "any", most: int = 20) -> list[Completion]:
        """The *most* likely terms for *text*, of one of `ROLES`.

        Names that begin with it come first, then those with a word that does, then those that have it within;
        without any of them, those that are like it.
        """
        wanted = folded(text[:_LONGEST])
        if not wanted:
            return []
        ranks: dict[Completion, float] = {}
        for name, term in zip(self._names, self._terms, strict=True):
            if role in ("any", term.kind) and wanted in name:
                rank = _rank(wanted, name)
                ranks[term] = min(ranks.get(term, rank), rank)
        if not ranks and len(wanted) >= _FUZZY:
            found = process.extract(
                wanted, self._names, scorer=fuzz.partial_ratio, score_cutoff=_LEAST, limit=10 * most
            )
            for name, score, place in found:
                if role in ("any", self._terms[place].kind) and len(name) >= len(wanted) - 1:
                    ranks.setdefault(self._terms[place], 1000 - score)
        order = sorted(ranks, key=lambda term: (ranks[term], _is_record(term), len(term.label), term.iri))
        return order[:most]

    def term(self, iri: str) -> Completion | None:
        """The term that *iri* names."""
        return self._by_iri.get(iri)

    def has_namespace(self, iri: str) -> bool:
        """Whether there are terms that begin like *iri*, up to its last part."""
        return _stem(iri) in self._stems

    def like(self, iri: str, role: str = "any") -> list[Completion]:
        """The terms of one of `ROLES` of which a name is like the last part of *iri*, the likest first.

        Typing errors are forgiven, case, and another namespace; digits that are others are not.
        """
        last = local(iri)[:_LONGEST]
        wanted = _run_together(folded(last))
        if not wanted:
            return []
        likeness: dict[Completion, float] = {}
        digits, stem = _digits(wanted), _stem(iri)
        for name, score, place in process.extract(
            wanted, self._together, scorer=fuzz.ratio, score_cutoff=_LEAST_LIKE, limit=10 * _FEW
        ):
            term = self._terms[place]
            if role in ("any", term.kind) and _digits(name) == digits:
                likeness[term] = max(likeness.get(term, 0), score - _APART * (_stem(term.iri) != stem))
        order = sorted(likeness, key=lambda t: (-likeness[t], _is_record(t), len(t.label), t.iri))
        return [term for term in order if likeness[term] > likeness[order[0]] - _NEARLY][:_FEW]

    def with_words(self, iri: str, role: str = "any") -> list[Completion]:
        """The terms of which a name has all words of the last part of *iri*, with the fewest others first."""
        wanted = _words(folded(_split(local(iri)[:_LONGEST])))
        others: dict[Completion, int] = {}
        for name, term in zip(self._names, self._terms, strict=True):
            words = _words(name) if role in ("any", term.kind) else frozenset()
            if wanted and wanted <= words and len(words - wanted) <= _MOST_OTHERS:
                others[term] = min(others.get(term, _MOST_OTHERS), len(words - wanted))
        return sorted(others, key=lambda t: (others[t], _is_record(t), len(t.label), t.iri))[:_FEW]

    @cached_property
    def _together(self) -> list[str]:
        return [_run_together(name) for name in self._names]

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(map(_stem, self._by_iri))


def _kinds(store: ox.Store) -> dict[str, str]:
    """Which IRIs are classes, and which properties: those that are declared so, and those that are used."""
    found: dict[str, str] = {}
    for kind, types in (("class", _CLASSES), ("property", _PROPERTIES)):
        for iri in types:
            for quad in store.quads_for_pattern(None, ox.NamedNode(TYPE), ox.NamedNode(iri), None):
                if isinstance(quad.subject, ox.NamedNode):
                    found[quad.subject.value] = kind
    used = store.query("SELECT DISTINCT ?p { GRAPH ?g { ?s ?p ?o } }")
    assert isinstance(used, ox.QuerySolutions)  # noqa: S101  # as it is a SELECT
    for (node,) in used:
        if isinstance(node, ox.NamedNode):
            found.setdefault(node.value, "property")
    return found


def _retired(store: ox.Store) -> set[str]:
    """What is not to be used any more."""
    marks = (f"{_OWL}deprecated", f"{DCTERMS}isReplacedBy")
    found = (quad for iri in marks for quad in store.quads_for_pattern(None, ox.NamedNode(iri), None, None))
    return {quad.subject.value for quad in found if isinstance(quad.subject, ox.NamedNode)}


def _record_kind(iri: str) -> str:
    return iri.removeprefix(DATA).partition("_")[0] if iri.startswith(DATA) else "individual"


def _stem(iri: str) -> str:
    return iri[: len(iri) - len(local(iri))]


def _run_together(name: str) -> str:
    return name.replace(" ", "")


def _words(name: str) -> frozenset[str]:
    return frozenset(name.split()) - _SMALL_WORDS


def _digits(name: str) -> list[str]:
    """The numbers in *name*."""
    return [number.lstrip("0") for number in re.findall(r"\d+", name)]


def _is_record(term: Completion) -> bool:
    return term.kind not in ROLES


def _split(name: str) -> str:
    """*name* with a space where a capital begins a word."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)


def _rank(wanted: str, name: str) -> float:
    """How far *name* is from *wanted*, which is a part of it."""
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    return 2 if f" {wanted}" in name else 3
