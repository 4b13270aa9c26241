"""The terms of an ontology as plain records, for writers that do not speak RDF."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pyoxigraph as ox

from mesoonto.namespaces import MESO, OBO, PREFIXES
from mesoonto.ontology.axioms import Axiom, Parts, axioms_of, items
from mesoonto.ontology.expressions import SUBCLASS, And, Expression, Or, Some, expression
from mesoonto.ontology.synonyms import ALT_LABEL, SCOPES, SYNONYM_TYPE, XREF

_RDFS, _OWL, _SKOS = (PREFIXES[p] for p in ("rdfs", "owl", "skos"))
_DEFINITION = f"{OBO}IAO_0000115"
_ANNOTATED = ("Source", "Property", "Target")
#: The scope of each property that gives other names; one that tells none claims the least.
_SCOPE_OF = {iri: scope for scope, iri in SCOPES.items()} | {ALT_LABEL: "related"}
#: What is said of a definition or synonym: term, property and text, to property and values.
_Annotations = dict[tuple[str, str, str], list[tuple[str, str]]]


@dataclass(frozen=True, slots=True, order=True)
class Synonym:
    """An other name of a term."""

    text: str
    scope: str  #: one of `SCOPES`
    sources: tuple[str, ...] = ()  #: CURIEs or addresses
    type: str = ""  #: IRI of the kind of name
    type_label: str = ""


@dataclass(slots=True)
class OntologyTerm:
    """A class or property, with what is said of it by name."""

    iri: str
    kind: str  #: "class" or "property"
    label: str = ""
    definition: str = ""
    sources: list[str] = field(default_factory=list)  #: of the definition, CURIEs or addresses
    synonyms: list[Synonym] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    relations: list[tuple[str, str]] = field(default_factory=list)  #: role and filler of restrictions
    definitions: list[tuple[tuple[str, ...], tuple[tuple[str, str], ...]]] = field(default_factory=list)
    unions: list[tuple[str, ...]] = field(default_factory=list)
    disjoint: list[str] = field(default_factory=list)
    domain: str = ""
    range: str = ""
    inverse: str = ""
    chains: list[tuple[str, ...]] = field(default_factory=list)
    deprecated: bool = False
    replaced_by: str = ""

    @property
    def own(self) -> bool:
        """Whether the term is one of mesoonto."""
        return self.iri.startswith(MESO)


def terms_of(triples: Iterable[ox.Triple]) -> dict[str, OntologyTerm]:
    """The classes and object properties that *triples* declare, by IRI, in the order of IRIs."""
    axioms = axioms_of(triples)
    found: dict[str, OntologyTerm] = {}
    for axiom in axioms:
        head = axiom.head
        if axiom.is_declaration and isinstance(head.subject, ox.NamedNode):
            kind = str(getattr(head.object, "value", "")).removeprefix(_OWL)
            if kind in ("Class", "ObjectProperty"):
                name = "class" if kind == "Class" else "property"
                found.setdefault(head.subject.value, OntologyTerm(head.subject.value, name))
    annotations = _annotations(axiom for axiom in axioms if axiom.is_about_an_axiom)
    names = {
        str(getattr(a.head.subject, "value", "")): str(getattr(a.head.object, "value", ""))
        for a in axioms
        if a.head.predicate.value == f"{_RDFS}label"
    }
    for axiom in axioms:
        head = axiom.head
        if isinstance(head.subject, ox.NamedNode) and head.subject.value in found:
            _fill(found[head.subject.value], head, axiom.parts, annotations)
        elif isinstance(head.subject, ox.BlankNode):
            _fill_disjoint(found, axiom.parts, head.subject)
    for term in found.values():
        # the order of axioms hangs on labels of blank nodes, which differ from one reading to the next
        for values in (term.sources, term.notes, term.parents, term.disjoint):
            values[:] = sorted(set(values))
        term.synonyms = sorted({replace(s, type_label=names.get(s.type, "")) for s in term.synonyms})
        term.relations = sorted(set(term.relations))
        term.definitions.sort()
        term.unions.sort()
        term.chains.sort()
    return dict(sorted(found.items()))


def _annotations(axioms: Iterable[Axiom]) -> _Annotations:
    """What *axioms* say of other axioms."""
    found: _Annotations = defaultdict(list)
    for axiom in axioms:
        said = [(t.predicate.value, str(getattr(t.object, "value", ""))) for t in axiom.triples]
        of = dict(said)
        source, about, target = (of.get(f"{_OWL}annotated{part}", "") for part in _ANNOTATED)
        found[source, about, target] += said
    return found


def _fill(term: OntologyTerm, head: ox.Triple, parts: Parts, annotations: _Annotations) -> None:
    value = str(getattr(head.object, "value", ""))
    said = annotations.get((term.iri, head.predicate.value, value), ())
    match head.predicate.value:
        case p if p == f"{_RDFS}label":
            term.label = value
        case p if p == _DEFINITION:
            term.definition = value
            term.sources += [xref for about, xref in said if about == XREF]
        case p if p in _SCOPE_OF:
            sources = tuple(sorted(xref for about, xref in said if about == XREF))
            kind = next((iri for about, iri in said if about == SYNONYM_TYPE), "")
            term.synonyms.append(Synonym(value, _SCOPE_OF[p], sources, kind))
        case p if p == f"{_SKOS}editorialNote":
            term.notes.append(value)
        case p if p == f"{_OWL}deprecated":
            term.deprecated = value == "true"
        case p if p == f"{OBO}IAO_0100001":
            term.replaced_by = value
        case p if p == f"{_OWL}disjointWith" and value:
            term.disjoint.append(value)
        case p if p == f"{_OWL}inverseOf" and value:
            term.inverse = value
        case p if p == f"{_OWL}propertyChainAxiom":
            term.chains.append(tuple(str(getattr(n, "value", "")) for n in items(head.object, parts)))
        case p if p == f"{_RDFS}domain" and isinstance(head.object, ox.NamedNode):
            term.domain = value
        case p if p == f"{_RDFS}range" and isinstance(head.object, ox.NamedNode):
            term.range = value
        case p if p in (SUBCLASS, f"{_RDFS}subPropertyOf", f"{_OWL}equivalentClass"):
            _fill_logic(term, p, expression(head.object, parts))
        case _:
            pass


def _fill_logic(term: OntologyTerm, predicate: str, said: Expression | None) -> None:
    match said:
        case str() if predicate != f"{_OWL}equivalentClass":
            term.parents.append(said)
        case Some(role, str() as filler) if predicate == SUBCLASS:
            term.relations.append((role, filler))
        case And(members) if predicate == f"{_OWL}equivalentClass":
            genus = tuple(sorted(m for m in members if isinstance(m, str)))
            traits = tuple(
                sorted(
                    (m.role, m.filler) for m in members if isinstance(m, Some) and isinstance(m.filler, str)
                )
            )
            if len(genus) + len(traits) == len(members):
                term.definitions.append((genus, traits))
        case Or(members) if predicate == f"{_OWL}equivalentClass":
            if all(isinstance(m, str) for m in members):
                term.unions.append(tuple(sorted(m for m in members if isinstance(m, str))))
        case _:
            pass


def _fill_disjoint(found: dict[str, OntologyTerm], parts: Parts, head: ox.BlankNode) -> None:
    node = parts.get((head, f"{_OWL}members"))
    members = [] if node is None else [str(getattr(n, "value", "")) for n in items(node, parts)]
    for one in members:
        if one in found:
            found[one].disjoint += [other for other in members if other != one]


def by_parent(terms: dict[str, OntologyTerm]) -> dict[str, list[str]]:
    """The children of each class, by label."""
    children: dict[str, list[str]] = defaultdict(list)
    for term in terms.values():
        for parent in term.parents:
            children[parent].append(term.iri)
    return {iri: sorted(own, key=lambda i: terms[i].label) for iri, own in children.items()}
