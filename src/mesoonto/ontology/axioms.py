"""Groups the triples of an ontology into axioms, and reads RDF lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_OWL = "http://www.w3.org/2002/07/owl#"
_TYPE = ox.NamedNode(f"{_RDF}type")
_CLASS = ox.NamedNode(f"{_OWL}Class")
_AXIOM = ox.NamedNode(f"{_OWL}Axiom")

#: Types that declare an entity and assert nothing else (OWL 2 Mapping to RDF, table 7).
_DECLARATIONS = frozenset(
    ox.NamedNode(_OWL + name)
    for name in (
        "AnnotationProperty",
        "Class",
        "DatatypeProperty",
        "NamedIndividual",
        "ObjectProperty",
        "Ontology",
    )
)

#: Annotation properties that OWL 2 declares itself, and the predicates of an ontology header.
_ANNOTATIONS = frozenset(
    [ox.NamedNode(f"http://www.w3.org/2000/01/rdf-schema#{name}") for name in ("label", "comment", "seeAlso")]
    + [ox.NamedNode(_OWL + name) for name in ("deprecated", "imports", "versionIRI", "versionInfo")]
)

Subject = ox.NamedNode | ox.BlankNode | ox.Triple
Term = Subject | ox.Literal

#: The triples of an axiom: what subject and predicate (its IRI) lead to.
Parts = dict[tuple[Term, str], Term]


@dataclass(frozen=True, slots=True)
class Axiom:
    """One triple and the blank nodes that hang on it."""

    triples: tuple[ox.Triple, ...]  #: the leading triple first

    @property
    def head(self) -> ox.Triple:
        """The leading triple."""
        return self.triples[0]

    @property
    def parts(self) -> Parts:
        """The triples, to be looked up by subject and predicate."""
        return {(t.subject, t.predicate.value): t.object for t in self.triples}

    @property
    def is_declaration(self) -> bool:
        """Whether the axiom only says that an entity exists."""
        return (
            self.head.predicate == _TYPE
            and self.head.object in _DECLARATIONS
            and isinstance(self.head.subject, ox.NamedNode)
        )

    @property
    def is_about_an_axiom(self) -> bool:
        """Whether this annotates an axiom that is stated elsewhere (owl:Axiom), and so asserts nothing."""
        return any(t.predicate == _TYPE and t.object == _AXIOM for t in self.triples)

    @property
    def declares_class(self) -> bool:
        """Whether the axiom declares a named class."""
        return self.is_declaration and self.head.object == _CLASS


def axioms_of(triples: Iterable[ox.Triple]) -> list[Axiom]:
    """The axioms that *triples* make up, in a stable order.

    A blank node that no triple points at, such as that of an owl:AllDisjointClasses, leads an axiom itself.
    """
    by_subject: dict[Subject, list[ox.Triple]] = defaultdict(list)
    objects = set()
    for triple in sorted(triples, key=str):
        by_subject[triple.subject].append(triple)
        objects.add(triple.object)
    axioms = []
    for subject, own in by_subject.items():
        if isinstance(subject, ox.NamedNode):
            axioms += [Axiom((triple, *_below(triple.object, by_subject))) for triple in own]
        elif subject not in objects:
            axioms.append(Axiom(tuple(_below(subject, by_subject))))
    return axioms


def logical(axioms: Iterable[Axiom]) -> list[Axiom]:
    """The axioms that a reasoner looks at: all but annotations and ontology headers."""
    all_axioms = list(axioms)
    annotation_type = ox.NamedNode(f"{_OWL}AnnotationProperty")
    annotations = {a.head.subject for a in all_axioms if a.head.object == annotation_type} | _ANNOTATIONS

    def asserts(axiom: Axiom) -> bool:
        head = axiom.head
        of_annotation = head.subject in annotations  # its declaration, what it is a kind of
        return head.predicate not in annotations and not of_annotation and not axiom.is_about_an_axiom

    return [axiom for axiom in all_axioms if asserts(axiom)]


def items(node: Term, parts: Parts) -> Iterator[Term]:
    """The members of the RDF list that starts at *node*."""
    seen = set()
    while (node, f"{_RDF}first") in parts and node not in seen:
        seen.add(node)
        yield parts[node, f"{_RDF}first"]
        node = parts.get((node, f"{_RDF}rest"), node)


def _below(node: Term, by_subject: dict[Subject, list[ox.Triple]]) -> list[ox.Triple]:
    """All triples that can be reached from the blank node *node* through blank nodes."""
    found, waiting, seen = [], [node], set()
    while waiting:
        current = waiting.pop()
        if not isinstance(current, ox.BlankNode) or current in seen:
            continue
        seen.add(current)
        own = by_subject.get(current, [])
        found += own
        waiting += [triple.object for triple in own]
    return found
