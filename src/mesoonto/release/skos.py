"""The classes of an ontology as a SKOS concept scheme (https://www.w3.org/TR/skos-reference/)."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.files import sssom
from mesoonto.namespaces import MESO, PREFIXES
from mesoonto.owl.turtle_writer import turtle
from mesoonto.release.terms import OntologyTerm
from mesoonto.release.variants import Edition

_SKOS, _DCTERMS = PREFIXES["skos"], PREFIXES["dcterms"]
_TYPE = ox.NamedNode(f"{PREFIXES['rdf']}type")
_SCHEME = ox.NamedNode(f"{MESO}scheme")
#: What the header of the ontology says that also holds of the scheme.
_KEPT = frozenset(
    _DCTERMS + word for word in ("title", "description", "creator", "publisher", "license", "issued")
)


def scheme(terms: dict[str, OntologyTerm], header: list[ox.Triple], edition: Edition) -> str:
    """The classes of mesoonto among *terms* as a concept scheme, with the mappings, in Turtle.

    A concept is below the nearest concepts alone (section 8: what follows by skos:broaderTransitive is not
    said); what is below none is a top concept. A retired class is a concept below none and no top concept.
    """
    own = {term.iri: term for term in terms.values() if term.own and term.kind == "class"}
    triples = [
        ox.Triple(_SCHEME, _TYPE, _skos("ConceptScheme")),
        ox.Triple(_SCHEME, ox.NamedNode(f"{PREFIXES['owl']}versionInfo"), ox.Literal(edition.version)),
        *(ox.Triple(_SCHEME, t.predicate, t.object) for t in header if t.predicate.value in _KEPT),
    ]
    for term in own.values():
        triples += _concept(term, own)
    for path in resources.mapping_files():
        triples += [t for t in sssom.triples(path) if t.predicate.value.startswith(_SKOS)]
    return turtle(triples, {})


def _concept(term: OntologyTerm, own: dict[str, OntologyTerm]) -> Iterator[ox.Triple]:
    node = ox.NamedNode(term.iri)
    yield ox.Triple(node, _TYPE, _skos("Concept"))
    yield ox.Triple(node, _skos("inScheme"), _SCHEME)
    said = [("prefLabel", term.label), ("definition", term.definition)]
    # a name that means something else is for searching and not for showing
    said += [("altLabel" if s.scope == "exact" else "hiddenLabel", s.text) for s in term.synonyms]
    said += [("editorialNote", note) for note in term.notes]
    for word, text in said:
        if text:
            yield ox.Triple(node, _skos(word), ox.Literal(text, language="en"))
    if term.deprecated:
        yield ox.Triple(node, ox.NamedNode(f"{PREFIXES['owl']}deprecated"), ox.Literal(True))
        if term.replaced_by:
            yield ox.Triple(node, ox.NamedNode(f"{_DCTERMS}isReplacedBy"), ox.NamedNode(term.replaced_by))
        return
    broader = nearest(term.iri, own)
    for parent in broader:
        yield ox.Triple(node, _skos("broader"), ox.NamedNode(parent))
    if not broader:
        yield ox.Triple(node, _skos("topConceptOf"), _SCHEME)
        yield ox.Triple(_SCHEME, _skos("hasTopConcept"), node)


def nearest(iri: str, terms: dict[str, OntologyTerm]) -> list[str]:
    """The parents of *iri* among *terms* above which no other of its parents stands below."""
    parents = [parent for parent in terms[iri].parents if parent in terms and parent != iri]
    above = {parent: _above(parent, terms) for parent in parents}
    return [p for p in parents if not any(p in above[other] and other not in above[p] for other in parents)]


def _above(iri: str, terms: dict[str, OntologyTerm]) -> set[str]:
    found: set[str] = set()
    waiting = [iri]
    while waiting:
        for parent in terms[waiting.pop()].parents:
            if parent in terms and parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def _skos(word: str) -> ox.NamedNode:
    return ox.NamedNode(_SKOS + word)
