"""The shipped dataset: each triple in one graph, and nothing of its files left out."""

from __future__ import annotations

import json
from collections import Counter

import pyoxigraph as ox
import pytest
import rdflib

from mesoonto import resources
from mesoonto.dataset import shipped
from mesoonto.dataset.store import Engine
from mesoonto.files import sssom
from mesoonto.knowledge import statistics
from mesoonto.namespaces import GRAPH
from mesoonto.ontology.model import Ontology
from mesoonto.owl import infer
from tests import knowledge
from tests.server.client import ask, get

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


@pytest.fixture(scope="module")
def ontology() -> Ontology:
    return knowledge.ontology()


@pytest.fixture(scope="module")
def store(ontology: Ontology) -> ox.Store:
    return shipped.build(ontology)


def test_no_triple_stands_in_two_graphs(store: ox.Store) -> None:
    graphs = Counter(quad.triple for quad in store)
    assert [triple for triple, number in graphs.items() if number > 1] == []


def test_every_triple_of_the_files_and_every_entailed_one_is_in(store: ox.Store, ontology: Ontology) -> None:
    expected = ox.Store()  # the engine normalises numbers
    apart = [*sssom_triples(), *infer.relations(ontology.logical_axioms)]
    for triple in [*(t for document in ontology.documents for t in document.triples), *apart]:
        expected.add(ox.Quad(triple.subject, triple.predicate, triple.object))
    assert {quad.triple for quad in expected} <= {quad.triple for quad in store}


def sssom_triples() -> list[ox.Triple]:
    # metadata of a mapping are in blank nodes, which are new with each reading
    triples = [triple for path in resources.mapping_files() for triple in sssom.triples(path)]
    return [t for t in triples if not {type(t.subject), type(t.object)} & {ox.BlankNode}]


def test_shapes_are_there_as_rdflib_reads_them(store: ox.Store) -> None:
    read = rdflib.Graph()
    for path in resources.shape_files():
        read += rdflib.Graph().parse(path)
    graph = ox.NamedNode(f"{GRAPH}shapes")
    assert sum(1 for _ in store.quads_for_pattern(None, None, None, graph)) == len(read)


def test_one_number_of_triples_everywhere(store: ox.Store, address: str) -> None:
    number = len({quad.triple for quad in store})
    engine = Engine(store, "1")
    assert engine.select(COUNT) == [{"n": str(number)}]
    assert statistics.count(engine)["triples"] == number
    served = json.loads(get(address, COUNT).body)["results"]["bindings"]
    assert int(served[0]["n"]["value"]) == number
    void = rdflib.Graph().parse(data=ask(address, path="/.well-known/void", Accept="text/turtle").body)
    whole = rdflib.URIRef(f"{address}.well-known/void#dataset")
    triples = rdflib.URIRef("http://rdfs.org/ns/void#triples")
    assert int(str(void.value(whole, triples))) == number
    subsets = void.objects(whole, rdflib.URIRef("http://rdfs.org/ns/void#subset"))
    assert sum(int(str(void.value(graph, triples))) for graph in subsets) == number
    assert f"<dd>{number:,}</dd>" in ask(address, path="/", Accept="text/html").body.decode()


@pytest.mark.parametrize("pattern", ["?s rdfs:subClassOf ?o", "?s rdfs:subClassOf/rdfs:subClassOf ?o"])
def test_rows_are_those_of_a_set(store: ox.Store, pattern: str) -> None:
    """Against the same triples in one graph, where the engine cannot match one twice."""
    merged = ox.Store()
    merged.extend(ox.Quad(*quad.triple) for quad in store)
    query = f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}"
    assert Engine(store, "1").select(query) == Engine(merged, "1", union=False).select(query)
