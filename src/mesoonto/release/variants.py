"""The variants of the ontology that a release holds, as triples under a header with a version IRI."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO, PREFIXES
from mesoonto.ontology.axioms import Axiom, axioms_of
from mesoonto.ontology.expressions import SUBCLASS, Some, expression
from mesoonto.ontology.files import IMPORTS, INFERRED, MODULES
from mesoonto.ontology.model import Ontology

#: Names of the variants and what each is, for headers and catalogues. The plain one has the ontology's own
#: IRI and what the reasoned one holds, since the registries that load it do not reason.
VARIANTS = {
    "": "what registries load: modules and import slices merged, with the subsumptions that HermiT infers",
    "base": "the axioms of mesoonto's own modules, without those of other vocabularies",
    "full": "modules and import slices merged",
    "reasoned": "the full variant with the subsumptions that HermiT infers",
    "simple": "names, definitions, parents and single restrictions; no logical definitions",
}
_OWL = PREFIXES["owl"]
_TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
_HEADER = ox.NamedNode(f"{_OWL}Ontology")
#: What the header of the root ontology says that does not hold of a variant: it tells these itself.
_NOT_KEPT = frozenset(
    [f"{_OWL}{name}" for name in ("imports", "versionIRI", "versionInfo")]
    + [f"{PREFIXES['skos']}editorialNote"]
)
#: What the header says besides, and no module may have declared.
_DATES = tuple(ox.NamedNode(f"{PREFIXES['dcterms']}{word}") for word in ("issued", "modified"))
_DCTERMS = PREFIXES["dcterms"]
_TARGET = ox.NamedNode(f"{_OWL}annotatedTarget")


@dataclass(frozen=True, slots=True)
class Edition:
    """Which release something belongs to."""

    version: str
    issued: str  #: the day, as xsd:date writes it
    prior: str = ""  #: the version before, or "" when it is not known

    def iri(self, file: str) -> str:
        """The IRI of *file* in this release, which says its version."""
        return f"{MESO}releases/{self.version}/{file}"


def stem(name: str) -> str:
    """How the files of the variant *name* are called before their ending."""
    return f"mesoonto-{name}" if name else "mesoonto"


def variant(ontology: Ontology, name: str, edition: Edition) -> list[ox.Triple]:
    """The triples of the variant *name* of *ontology* in the release *edition*."""
    triples, slices = set(ontology.triples(MODULES)), set(ontology.triples(IMPORTS))
    if name == "base":
        # what belongs to others is declared, so that the variant by itself is OWL 2 DL, and not described
        used = {t.object for t in triples} | {t.predicate for t in triples}
        triples |= {t for t in slices if t.predicate == _TYPE and t.subject in used}
    else:
        triples |= slices
    if name in ("", "reasoned", "simple"):
        triples |= set(ontology.triples(INFERRED))
    documents = {t.subject for t in triples if t.predicate == _TYPE and t.object == _HEADER}
    body = [t for t in triples if t.subject not in documents]
    if name == "simple":
        body = [t for axiom in axioms_of(body) if _is_simple(axiom) for t in axiom.triples]
    return list(dict.fromkeys([*_header(name, edition, triples), *body]))


def header_of(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """What the header of a variant says, in the order of predicates and values."""
    found = list(triples)
    (here,) = {t.subject for t in found if t.predicate == _TYPE and t.object == _HEADER}
    return sorted((t for t in found if t.subject == here), key=str)


def _header(name: str, edition: Edition, triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    root, file = ox.NamedNode(f"{MESO}mesoonto.owl"), f"{stem(name)}.owl"
    here = ox.NamedNode(MESO + file)
    kept = [t for t in triples if t.subject == root and t.predicate.value not in _NOT_KEPT]
    words = "" if name == "" else f"mesoonto {edition.version}, {name} variant: {VARIANTS[name]}."
    day = ox.Literal(edition.issued, datatype=ox.NamedNode(PREFIXES["xsd"] + "date"))
    said: list[tuple[str, ox.NamedNode | ox.Literal]] = [
        (f"{_OWL}versionIRI", ox.NamedNode(edition.iri(file))),
        (f"{_OWL}versionInfo", ox.Literal(edition.version)),
        *((date.value, day) for date in _DATES),
    ]
    if edition.prior:
        prior = Edition(edition.prior, "")
        said.append((f"{_OWL}priorVersion", ox.NamedNode(prior.iri(file))))
    if words:
        kept = [t for t in kept if t.predicate.value != f"{_DCTERMS}description"]
        said.append((f"{_DCTERMS}description", ox.Literal(words, language="en")))
    return [
        *(ox.Triple(here, ox.NamedNode(predicate), value) for predicate, value in said),
        *(ox.Triple(here, t.predicate, t.object) for t in kept),
        *(ox.Triple(date, _TYPE, ox.NamedNode(f"{_OWL}AnnotationProperty")) for date in _DATES),
    ]


def _is_simple(axiom: Axiom) -> bool:
    head = axiom.head
    if axiom.is_about_an_axiom:  # of a definition or synonym, and so of text
        return any(isinstance(t.object, ox.Literal) for t in axiom.triples if t.predicate == _TARGET)
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
