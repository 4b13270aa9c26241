"""Compares what design patterns say of classes with what the modules say, and writes it into the modules.

Patterns own the label, the definition with its sources, the superclasses and the equivalent classes of what
their rows define. Everything else that a module says of such a class is edited there: synonyms, notes, who
made it and when.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.errors import InputError, Place
from mesoonto.files.terms import FIRST, LABEL, NIL, OWL, REST, SUBCLASS, TYPE, XSD
from mesoonto.namespaces import MESO, OBO, OBO_IN_OWL, PREFIXES, local_name
from mesoonto.ontology.axioms import Axiom, Parts, Term, axioms_of
from mesoonto.ontology.expressions import And, Expression, Or, Some, expression
from mesoonto.ontology.files import INFERRED, MODULES, SCHEMA, OntologyFile
from mesoonto.ontology.model import Ontology
from mesoonto.owl.patterns import DesignPattern, Filled, filled, read_pattern
from mesoonto.owl.turtle_writer import turtle

_CLASS = ox.NamedNode(OWL + "Class")
_EQUIVALENT = ox.NamedNode(OWL + "equivalentClass")
_DEFINITION = ox.NamedNode(f"{OBO}IAO_0000115")
_XREF = ox.NamedNode(f"{OBO_IN_OWL}hasDbXref")
_CONTRIBUTOR, _CREATED = (ox.NamedNode(PREFIXES["dcterms"] + name) for name in ("contributor", "created"))
_STATUS, _INCOMPLETE, _VETTING = (ox.NamedNode(f"{OBO}IAO_0000{n}") for n in ("114", "123", "125"))
_OWNED = frozenset((LABEL, _DEFINITION, SUBCLASS, _EQUIVALENT))
_AXIOM, _SOURCE, _PROPERTY, _TARGET = (
    ox.NamedNode(OWL + name) for name in ("Axiom", "annotatedSource", "annotatedProperty", "annotatedTarget")
)
#: What patterns own of the annotation of a definition.
_OF_DEFINITION = frozenset((TYPE, _SOURCE, _PROPERTY, _TARGET, _XREF))


@dataclass(frozen=True, slots=True)
class Departure:
    """Something that a module says of a class and its pattern does not, or the other way round."""

    iri: str
    predicate: str  #: IRI of the property by which it is said, or "" when the whole class is meant
    stated: str  #: what the module says, in words; "" when nothing
    row: Place


def shipped_patterns() -> list[DesignPattern]:
    """The patterns of the shipped ontology."""
    return [read_pattern(path) for path in resources.pattern_files()]


def shipped_classes(ontology: Ontology) -> list[Filled]:
    """What the shipped patterns say of the classes of *ontology*."""
    return filled(shipped_patterns(), ontology.labels)


def departures(ontology: Ontology, classes: Iterable[Filled]) -> list[Departure]:
    """Where *ontology* and *classes* differ, in the order of the latter.

    What fills a pattern in and does not fall under the range of its variable is told too.
    """
    classes = list(classes)
    stated = _stated(ontology.axioms, {each.iri for each in classes})
    above = _superclasses(ontology)
    found = []
    for each in classes:
        if each.iri not in stated:
            found.append(Departure(each.iri, "", "", each.place))
            continue
        for predicate, wanted in _wanted(each).items():
            if stated[each.iri][predicate] != wanted:
                words = sorted(_words(value, ontology.labels) for value in stated[each.iri][predicate])
                found.append(Departure(each.iri, predicate.value, " and ".join(words), each.place))
        for filler, ranged in each.fillers:
            if isinstance(ranged, str) and ranged not in above(filler):
                words_of = [_words(iri, ontology.labels) for iri in (filler, ranged)]
                found.append(Departure(each.iri, "", f"{words_of[0]}, which is no {words_of[1]}", each.place))
    return found


def stale_modules(ontology: Ontology, classes: Iterable[Filled]) -> dict[Path, str]:
    """The modules of *ontology* that do not say what *classes* say, and the text to put there."""
    classes = list(classes)
    stated = _stated(ontology.axioms, {each.iri for each in classes})
    loose: dict[str, list[Filled]] = defaultdict(list)
    for each in classes:
        if stated.get(each.iri) != _wanted(each):
            loose[each.module].append(each)
    documents = {d.path.stem: d for d in ontology.documents if d.layer == MODULES}
    if unknown := [each for module, (each, *_) in loose.items() if module not in documents]:
        raise InputError(f"{unknown[0].module}: there is no such module", unknown[0].place)
    labels = {**ontology.labels, **{each.iri: each.label for each in classes}}
    return {
        documents[module].path: turtle(_renewed(documents[module], changed), labels)
        for module, changed in loose.items()
    }


def _renewed(module: OntologyFile, classes: Iterable[Filled]) -> Iterator[ox.Triple]:
    """The triples of *module* with what is said of *classes* in place of what it says of them."""
    by_iri = {ox.NamedNode(each.iri): each for each in classes}
    declared = {t.subject for t in module.triples if t.predicate == TYPE and t.object == _CLASS}
    more: dict[ox.NamedNode, list[ox.Triple]] = defaultdict(list)  # of what annotates definitions
    for axiom in axioms_of(module.triples):
        annotated = _annotated(axiom)
        if annotated in by_iri:
            more[annotated] += [t for t in axiom.triples if t.predicate not in _OF_DEFINITION]
        elif axiom.head.predicate not in _OWNED or axiom.head.subject not in by_iri:
            yield from axiom.triples
    for node, each in by_iri.items():
        yield from _triples(node, each, more[node])
        if node not in declared:
            yield ox.Triple(node, TYPE, _CLASS)
            yield ox.Triple(node, _CONTRIBUTOR, ox.NamedNode(f"{MESO}Contributors"))
            yield ox.Triple(node, _STATUS, _VETTING if each.sources else _INCOMPLETE)
            today = datetime.datetime.now(datetime.UTC).date()
            yield ox.Triple(
                node, _CREATED, ox.Literal(today.isoformat(), datatype=ox.NamedNode(f"{XSD}date"))
            )


def _triples(node: ox.NamedNode, each: Filled, more: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    definition = ox.Literal(each.definition, language="en")
    yield ox.Triple(node, LABEL, ox.Literal(each.label, language="en"))
    yield ox.Triple(node, _DEFINITION, definition)
    axiom = ox.BlankNode()
    said = [(_XREF, ox.Literal(source)) for source in each.sources] + [(t.predicate, t.object) for t in more]
    if said:
        said += [(TYPE, _AXIOM), (_SOURCE, node), (_PROPERTY, _DEFINITION), (_TARGET, definition)]
        yield from (ox.Triple(axiom, predicate, value) for predicate, value in said)
    for predicate, values in ((SUBCLASS, each.parents), (_EQUIVALENT, each.equivalents)):
        for value in values:
            written: list[ox.Triple] = []
            yield ox.Triple(node, predicate, _node(value, written))
            yield from written


def _node(value: Expression, written: list[ox.Triple]) -> ox.NamedNode | ox.BlankNode:
    """The node of a class expression, whose triples are added to *written*."""
    if isinstance(value, str):
        return ox.NamedNode(value)
    node = ox.BlankNode()
    if isinstance(value, Some):
        written.append(ox.Triple(node, TYPE, ox.NamedNode(f"{OWL}Restriction")))
        written.append(ox.Triple(node, ox.NamedNode(f"{OWL}onProperty"), ox.NamedNode(value.role)))
        written.append(ox.Triple(node, ox.NamedNode(f"{OWL}someValuesFrom"), _node(value.filler, written)))
        return node
    rest: ox.NamedNode | ox.BlankNode = NIL
    for part in value.parts:
        cell = ox.BlankNode()
        written.append(ox.Triple(cell, FIRST, _node(part, written)))
        written.append(ox.Triple(cell, REST, rest))
        rest = cell
    written.append(ox.Triple(node, TYPE, _CLASS))
    joined = "intersectionOf" if isinstance(value, And) else "unionOf"
    written.append(ox.Triple(node, ox.NamedNode(OWL + joined), rest))
    return node


#: What is said of a class, by property: texts, sources, class expressions (None: one that no pattern tells).
_Said = Mapping[ox.NamedNode, frozenset[Expression | None]]


def _wanted(each: Filled) -> _Said:
    return {
        LABEL: frozenset({each.label}),
        _DEFINITION: frozenset({each.definition}),
        _XREF: frozenset(each.sources),
        SUBCLASS: frozenset(each.parents),
        _EQUIVALENT: frozenset(each.equivalents),
    }


def _stated(axioms: Iterable[Axiom], iris: set[str]) -> dict[str, _Said]:
    """What *axioms* say of *iris* by the properties that patterns own."""
    found: dict[str, dict[ox.NamedNode, set[Expression | None]]] = defaultdict(
        lambda: {p: set() for p in (LABEL, _DEFINITION, _XREF, SUBCLASS, _EQUIVALENT)}
    )
    for axiom in axioms:
        head, parts = axiom.head, axiom.parts
        annotated = _annotated(axiom)
        if annotated is not None and annotated.value in iris:
            found[annotated.value][_XREF] |= {
                _value(t.object, parts) for t in axiom.triples if t.predicate == _XREF
            }
        elif (
            head.predicate in _OWNED and isinstance(head.subject, ox.NamedNode) and head.subject.value in iris
        ):
            found[head.subject.value][head.predicate].add(_value(head.object, parts))
    return {iri: {p: frozenset(values) for p, values in said.items()} for iri, said in found.items()}


def _value(node: Term, parts: Parts) -> Expression | None:
    return node.value if isinstance(node, ox.Literal) else expression(node, parts)


def _annotated(axiom: Axiom) -> ox.NamedNode | None:
    """The entity whose definition *axiom* annotates; None when it does something else."""
    if not axiom.is_about_an_axiom:
        return None
    said = {t.predicate: t.object for t in axiom.triples}
    source = said.get(_SOURCE)
    return source if said.get(_PROPERTY) == _DEFINITION and isinstance(source, ox.NamedNode) else None


def _superclasses(ontology: Ontology) -> Callable[[str], set[str]]:
    """What tells the named classes above a class, the class itself included."""
    parents: dict[str, set[str]] = defaultdict(set)
    for t in ontology.triples(*SCHEMA, INFERRED):
        if (
            t.predicate == SUBCLASS
            and isinstance(t.subject, ox.NamedNode)
            and isinstance(t.object, ox.NamedNode)
        ):
            parents[t.subject.value].add(t.object.value)

    def above(iri: str) -> set[str]:
        found, waiting = {iri}, [iri]
        while waiting:
            new = parents.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return found

    return above


def _words(value: Expression | None, labels: Mapping[str, str]) -> str:
    match value:
        case str():
            return labels.get(value, value)
        case Some(role, filler):
            return f"{labels.get(role, local_name(role))} some {_words(filler, labels)}"
        case And(parts):
            return f"({' and '.join(sorted(_words(part, labels) for part in parts))})"
        case Or(parts):
            return f"({' or '.join(sorted(_words(part, labels) for part in parts))})"
        case _:
            return "what no pattern can say"
