"""Groups the triples of an ontology into axioms, and puts an axiom into words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_OWL = "http://www.w3.org/2002/07/owl#"
_TYPE = ox.NamedNode(f"{_RDF}type")
_CLASS = ox.NamedNode(f"{_OWL}Class")
_LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")

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


@dataclass(frozen=True, slots=True)
class Axiom:
    """One triple and the blank nodes that hang on it."""

    triples: tuple[ox.Triple, ...]  #: the leading triple first

    @property
    def is_declaration(self) -> bool:
        """Whether the axiom only says that an entity exists."""
        head = self.triples[0]
        return (
            head.predicate == _TYPE
            and head.object in _DECLARATIONS
            and isinstance(head.subject, ox.NamedNode)
        )

    @property
    def declares_class(self) -> bool:
        """Whether the axiom declares a named class."""
        return self.is_declaration and self.triples[0].object == _CLASS


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
    declared = {a.triples[0].subject for a in all_axioms if a.triples[0].object == annotation_type}
    return [a for a in all_axioms if a.triples[0].predicate not in declared | _ANNOTATIONS]


def _below(node: Term, by_subject: dict[Subject, list[ox.Triple]]) -> list[ox.Triple]:
    """All triples that can be reached from the blank node *node* through blank nodes."""
    found, waiting, seen = [], [node], set()
    while waiting:
        current = waiting.pop()
        if not isinstance(current, ox.BlankNode) or current in seen:
            continue
        seen.add(current)
        found += by_subject[current]
        waiting += [triple.object for triple in by_subject[current]]
    return found


class Wording:
    """Puts axioms into words, with the labels of an ontology."""

    def __init__(self, axioms: Iterable[Axiom]) -> None:
        self._labels: dict[Term, str] = {}
        for axiom in axioms:
            head = axiom.triples[0]
            if head.predicate == _LABEL and isinstance(head.object, ox.Literal):
                self._labels[head.subject] = head.object.value

    def name(self, term: Term) -> str:
        """The label of *term*, or the last part of its IRI."""
        if term in self._labels:
            return f"'{self._labels[term]}'"
        if isinstance(term, ox.NamedNode):
            return term.value.rpartition("#")[2].rpartition("/")[2]
        return term.value if isinstance(term, ox.Literal) else str(term)

    def name_of(self, iri: str) -> str:
        """The label of the entity *iri*, or the last part of the IRI."""
        return self.name(ox.NamedNode(iri))

    def say(self, axiom: Axiom) -> str:
        """One line that states *axiom*, close to Manchester syntax."""
        parts: dict[Term, dict[str, Term]] = defaultdict(dict)
        for triple in axiom.triples:
            parts[triple.subject][triple.predicate.value.rpartition("#")[2]] = triple.object
        head = axiom.triples[0]
        if isinstance(head.subject, ox.BlankNode):
            members = parts[head.subject].get("members") or parts[head.subject].get("distinctMembers")
            kind = parts[head.subject].get("type")
            return f"{self.name(kind) if kind else 'axiom'}: {self._list(members, parts, ', ')}"
        subject, verb, other = head.subject, self.name(head.predicate), self._expression(head.object, parts)
        return f"{self.name(subject)} {verb} {other}"

    def _expression(self, node: Term, parts: dict[Term, dict[str, Term]]) -> str:
        if not isinstance(node, ox.BlankNode):
            return self.name(node)
        own = parts[node]
        for key, joint in (("intersectionOf", " and "), ("unionOf", " or "), ("oneOf", ", ")):
            if key in own:
                return f"({self._list(own[key], parts, joint)})"
        if "complementOf" in own:
            return f"not {self._expression(own['complementOf'], parts)}"
        if "onProperty" in own:
            for key, word in (("someValuesFrom", "some"), ("allValuesFrom", "only"), ("hasValue", "value")):
                if key in own:
                    return f"({self.name(own['onProperty'])} {word} {self._expression(own[key], parts)})"
        return "(" + ", ".join(f"{k} {self._expression(v, parts)}" for k, v in sorted(own.items())) + ")"

    def _list(self, node: Term | None, parts: dict[Term, dict[str, Term]], joint: str) -> str:
        items = []
        while node is not None and isinstance(node, ox.BlankNode) and "first" in parts[node]:
            items.append(self._expression(parts[node]["first"], parts))
            node = parts[node].get("rest")
        return joint.join(items)
