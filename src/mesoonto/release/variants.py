"""The variants of the ontology that a release holds, as triples under a header with a version IRI."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox

from mesoonto.namespaces import MESO, PREFIXES
from mesoonto.ontology.axioms import Axiom, axioms_of
from mesoonto.ontology.expressions import SUBCLASS, Some, expression
from mesoonto.ontology.files import IMPORTS, INFERRED, MODULES
from mesoonto.ontology.model import Ontology

#: Names of the variants and what each is, for headers and catalogues.
VARIANTS = {
    "base": "the axioms of mesoonto's own modules, without those of other vocabularies",
    "full": "modules and import slices merged",
    "reasoned": "the full variant with the subsumptions that HermiT infers",
    "simple": "names, definitions, parents and single restrictions; no logical definitions",
}
_OWL = PREFIXES["owl"]
_TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
_HEADER = ox.NamedNode(f"{_OWL}Ontology")


def variant(ontology: Ontology, name: str, version: str) -> list[ox.Triple]:
    """The triples of the variant *name* of *ontology* in release *version*."""
    triples, slices = set(ontology.triples(MODULES)), set(ontology.triples(IMPORTS))
    if name == "base":
        # what belongs to others is declared, so that the variant by itself is OWL 2 DL, and not described
        used = {t.object for t in triples} | {t.predicate for t in triples}
        triples |= {t for t in slices if t.predicate == _TYPE and t.subject in used}
    else:
        triples |= slices
    if name in ("reasoned", "simple"):
        triples |= set(ontology.triples(INFERRED))
    documents = {t.subject for t in triples if t.predicate == _TYPE and t.object == _HEADER}
    body = [t for t in triples if t.subject not in documents]
    if name == "simple":
        body = [t for axiom in axioms_of(body) if _is_simple(axiom) for t in axiom.triples]
    return [*_header(name, version, triples), *body]


def _header(name: str, version: str, triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    root = ox.NamedNode(f"{MESO}mesoonto.owl")
    here = ox.NamedNode(f"{MESO}mesoonto-{name}.owl")
    dcterms, kept = PREFIXES["dcterms"], ("title", "creator", "license")
    found = [
        ox.Triple(here, t.predicate, t.object)
        for t in triples
        if t.subject == root and t.predicate.value.removeprefix(dcterms) in kept
    ]
    version_iri = ox.NamedNode(f"{MESO}releases/{version}/mesoonto-{name}.owl")
    description = ox.Literal(f"mesoonto {version}, {name} variant: {VARIANTS[name]}.", language="en")
    return [
        ox.Triple(here, _TYPE, _HEADER),
        ox.Triple(here, ox.NamedNode(f"{_OWL}versionIRI"), version_iri),
        ox.Triple(here, ox.NamedNode(f"{_OWL}versionInfo"), ox.Literal(version)),
        ox.Triple(here, ox.NamedNode(f"{dcterms}description"), description),
        *found,
    ]


def _is_simple(axiom: Axiom) -> bool:
    head = axiom.head
    if not isinstance(head.subject, ox.NamedNode):
        return False
    if len(axiom.triples) == 1:
        return head.predicate.value != f"{_OWL}equivalentClass"
    said = expression(head.object, axiom.parts)
    single = isinstance(said, Some) and isinstance(said.filler, str)
    return head.predicate.value == SUBCLASS and single


def in_order(turtle: str) -> list[ox.Triple]:
    """The triples of a canonical Turtle document in its order, with numbered blank nodes."""
    names: dict[str, ox.BlankNode] = {}

    def numbered(term: object) -> object:
        if isinstance(term, ox.BlankNode):
            return names.setdefault(term.value, ox.BlankNode(f"b{len(names) + 1}"))
        return term

    return [
        ox.Triple(numbered(q.subject), q.predicate, numbered(q.object))  # type: ignore[arg-type]
        for q in ox.parse(turtle, format=ox.RdfFormat.TURTLE)
    ]
