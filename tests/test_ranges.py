"""OWL's ranges and what the shapes ask for are one: derived from the ontology, so that they cannot part."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import OWL, RDF, RDFS, XSD, BNode, Graph, URIRef
from rdflib.collection import Collection
from rdflib.namespace import SH
from rdflib.term import Node

from mesoonto import resources
from mesoonto.namespaces import MESO, OBO
from tests import knowledge
from tests.test_shapes import GRAPH, VALID
from tests.validation.helpers import by_shipped_shapes

#: Properties whose values are not judged by their range, with the reason.
EXEMPT = {
    "hasEvidenceType": "any class of ECO will do, and the import has few: the IRI is checked by its form",
    "readAt": "an address of the web, which no record describes",
}
#: A value that is in no range of these properties: a class, and none of their kinds.
T_CELL = URIRef(f"{OBO}CL_0000084")


@cache
def ontology() -> Graph:
    graph = Graph()
    for path in [*resources.module_files(), *resources.import_files()]:
        graph.parse(path, format="turtle")
    return graph


@cache
def valid_graphs() -> dict[Path, Graph]:
    """The files that the shapes accept."""
    return {path: Graph().parse(path) for path in VALID}


def ranges(predicate: Node) -> set[Node]:
    """The classes or datatypes of which a value of *predicate* has to be one; empty without a range."""
    found: set[Node] = set()
    for term in ontology().objects(predicate, RDFS.range):
        union = ontology().value(term, OWL.unionOf) if isinstance(term, BNode) else None
        found |= set(Collection(ontology(), union)) if union is not None else {term}
    return found


def predicates(path: Node) -> Iterator[Node]:
    """What the values of a path come from: a predicate, or each of alternatives."""
    head = GRAPH.value(path, SH.alternativePath)
    if head is not None:
        yield from Collection(GRAPH, head)
    elif isinstance(path, URIRef):
        yield path


def asked(shape: Node) -> set[Node]:
    """The classes that *shape*, or one of its alternatives, asks of a value."""
    found = set(GRAPH.objects(shape, SH["class"]))
    for part in GRAPH.objects(shape, SH.node):
        for inner in GRAPH.objects(part, SH.property):
            found |= set(GRAPH.objects(inner, SH.hasValue))
    for head in GRAPH.objects(shape, SH["or"]):
        for item in Collection(GRAPH, head):
            found |= asked(item) | {
                v for p in GRAPH.objects(item, SH.property) for v in GRAPH.objects(p, SH.hasValue)
            }
    return found


#: Named property shapes, each with a predicate of ours that it speaks of.
SHAPES = sorted(
    (shape, predicate)
    for shape, path in GRAPH.subject_objects(SH.path)
    if isinstance(shape, URIRef)
    for predicate in predicates(path)
    if str(predicate).startswith(MESO)
)


def local(term: Node) -> str:
    return str(term).removeprefix(MESO)


def subjects(predicate: str, *objects: str) -> set[str]:
    """What has *predicate* in the schema, with one of *objects* if they are named."""
    return {
        triple.subject.value
        for triple in knowledge.ontology().triples()
        if triple.predicate.value == predicate
        and isinstance(triple.subject, ox.NamedNode)
        and (not objects or getattr(triple.object, "value", "") in objects)
    }


_RANGED = subjects(str(RDF.type), str(OWL.ObjectProperty)) & subjects(str(RDFS.range))
OBJECTS = sorted({predicate for _, predicate in SHAPES if str(predicate) in _RANGED})


def test_exempt_properties_have_ranges() -> None:
    assert {local(predicate) for predicate in OBJECTS} >= set(EXEMPT)


@pytest.mark.parametrize("predicate", [p for p in OBJECTS if local(p) not in EXEMPT], ids=local)
def test_shapes_ask_for_the_range(predicate: URIRef) -> None:
    wanted = ranges(predicate)
    found = set().union(*(asked(shape) for shape, other in SHAPES if other == predicate))
    assert found, "no shape asks for the kind of the value"
    assert {c for c in found if not wanted & set(ontology().transitive_objects(c, RDFS.subClassOf))} == set()


@pytest.mark.parametrize("predicate", [p for p in OBJECTS if local(p) not in EXEMPT], ids=local)
def test_value_outside_the_range_does_not_conform(predicate: URIRef, tmp_path: Path) -> None:
    path, valid = next((p, g) for p, g in valid_graphs().items() if (None, predicate, None) in g)
    graph = Graph() + valid
    subject, value = next(iter(graph.subject_objects(predicate)))
    wrong = T_CELL if ranges(predicate) != {URIRef(f"{OBO}BFO_0000001")} else URIRef(f"{MESO}Supports")
    graph.remove((subject, predicate, value))
    graph.add((subject, predicate, wrong))
    graph.serialize(file := tmp_path / path.name, format="turtle")
    named = {str(shape) for shape, other in SHAPES if other == predicate}
    assert {finding.shape for finding in by_shipped_shapes(file).findings if finding.blocking} & named


#: Datatypes that lie within another (XML Schema 1.1, part 2, section 3).
WITHIN = {
    XSD.nonNegativeInteger: {XSD.nonNegativeInteger, XSD.positiveInteger},
    RDFS.Literal: {XSD.string, RDF.langString},
}


@pytest.mark.parametrize(("shape", "predicate"), SHAPES, ids=local)
def test_datatypes_are_those_of_the_range(shape: URIRef, predicate: URIRef) -> None:
    for wanted in ranges(predicate):
        for found in GRAPH.objects(shape, SH.datatype):
            low = GRAPH.value(shape, SH.minInclusive)
            counts = (
                wanted == XSD.nonNegativeInteger
                and found == XSD.integer
                and low is not None
                and int(low) >= 0
            )
            assert counts or found == wanted or found in WITHIN.get(wanted, set())
