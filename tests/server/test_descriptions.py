"""What the endpoint says of itself: VoID counted a second time with rdflib, and the service description."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import rdflib
from rdflib import URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import RDF, VOID

from tests.conftest import running_server
from tests.server.client import ask, get

#: rdflib warns of its own next major version, also while it parses JSON-LD.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")

#: The same triple in two graphs and in the default graph, classes that are blank, subjects without a class.
TRIG = """
@prefix : <http://e/> .
:a a :C ; :p 1, "x"@en, "x" . _:b a :C, _:class . :a :p :o .
:g1 { :a a :C ; :p 1 . :c :q [ :p 2 ] }
:g2 { :a a :C, :D . :d a :D ; :p :a . }
:g3 { :only :p "here"^^<http://e/type> }
"""


@pytest.fixture(scope="module")
def dataset() -> rdflib.Dataset:
    found = rdflib.Dataset()
    found.parse(data=TRIG, format="trig")
    return found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path: Path = tmp_path_factory.mktemp("data") / "data.trig"
    path.write_text(TRIG)
    with running_server("--data", str(path)) as found:
        yield found


@pytest.fixture(scope="module")
def described(address: str) -> rdflib.Graph:
    reply = ask(address, path="/.well-known/void", Accept="text/turtle")
    assert reply.status == 200
    return rdflib.Graph().parse(data=reply.body, format="turtle")


def number(graph: rdflib.Graph, subject: rdflib.term.Node, term: URIRef) -> int:
    value = graph.value(subject, term, any=False)
    assert value is not None
    return int(str(value))


def counted(triples: set[tuple[rdflib.term.Node, ...]]) -> dict[URIRef, int]:
    return {
        VOID.triples: len(triples),
        VOID.distinctSubjects: len({s for s, _, _ in triples}),
        VOID.properties: len({p for _, p, _ in triples}),
        VOID.distinctObjects: len({o for _, _, o in triples}),
    }


def every_triple(dataset: rdflib.Dataset) -> set[tuple[rdflib.term.Node, ...]]:
    return {(s, p, o) for s, p, o, _ in dataset.quads()}


def whole(described: rdflib.Graph) -> rdflib.term.Node:
    (found,) = described.subjects(VOID.sparqlEndpoint)
    return found


def test_counts_of_the_whole(described: rdflib.Graph, dataset: rdflib.Dataset) -> None:
    found = {term: number(described, whole(described), term) for term in counted(set())}
    assert found == counted(every_triple(dataset))


def test_one_number_everywhere(address: str, described: rdflib.Graph, dataset: rdflib.Dataset) -> None:
    """In the data are triples that stand in two graphs, and in three."""
    expected = len(every_triple(dataset))
    assert expected < len(list(dataset.quads()))
    assert number(described, whole(described), VOID.triples) == expected
    rows = get(address, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").json["results"]["bindings"]
    assert [int(row["n"]["value"]) for row in rows] == [expected]
    assert f"<dt>triples</dt><dd>{expected}</dd>" in ask(address, path="/", Accept="text/html").text


def test_default_graph_is_fetched_as_it_was_written(address: str, dataset: rdflib.Dataset) -> None:
    found = rdflib.Graph().parse(data=ask(address, path="/store?default", Accept="text/turtle").body)
    assert isomorphic(found, dataset.default_graph)


def test_counts_of_each_graph(described: rdflib.Graph, dataset: rdflib.Dataset) -> None:
    names = set(described.objects(whole(described), VOID.subset))
    assert names == {URIRef(f"http://e/g{n}") for n in (1, 2, 3)}
    for name in names:
        expected = counted(set(dataset.graph(name)))
        assert {term: number(described, name, term) for term in expected} == expected


def test_counts_of_classes(described: rdflib.Graph, dataset: rdflib.Dataset) -> None:
    members = defaultdict(set)
    for s, p, o in every_triple(dataset):
        if p == RDF.type and isinstance(o, URIRef):
            members[o].add(s)
    parts = list(described.objects(whole(described), VOID.classPartition))
    found = {described.value(part, VOID["class"]): number(described, part, VOID.entities) for part in parts}
    assert found == {name: len(subjects) for name, subjects in members.items()}
    assert number(described, whole(described), VOID.classes) == len(members)


def test_counts_of_properties(described: rdflib.Graph, dataset: rdflib.Dataset) -> None:
    uses = Counter(p for _, p, _ in every_triple(dataset))
    parts = list(described.objects(whole(described), VOID.propertyPartition))
    found = {described.value(part, VOID.property): number(described, part, VOID.triples) for part in parts}
    assert found == uses


def test_endpoint_is_named_as_it_was_asked(described: rdflib.Graph, address: str) -> None:
    assert described.value(whole(described), VOID.sparqlEndpoint) == URIRef(f"{address}sparql")


@pytest.mark.parametrize("path", ["/.well-known/void", "/sparql"])
@pytest.mark.parametrize(
    ("accept", "parser"),
    [
        ("text/turtle", "turtle"),
        ("application/rdf+xml", "xml"),
        ("application/ld+json", "json-ld"),
        ("application/n-triples", "nt"),
    ],
)
def test_description_in_every_format(address: str, path: str, accept: str, parser: str) -> None:
    reply = ask(address, path=path, Accept=accept)
    assert (reply.status, reply.type) == (200, accept)
    assert len(rdflib.Graph().parse(data=reply.body, format=parser)) > 10


def test_description_in_no_format_is_406(address: str) -> None:
    assert ask(address, path="/.well-known/void", Accept="image/png").status == 406


def test_service_names_its_graphs(address: str) -> None:
    graph = rdflib.Graph().parse(data=ask(address, Accept="text/turtle").body, format="turtle")
    (service,) = graph.subjects(RDF.type, SD.Service)
    assert graph.value(service, SD.endpoint) == URIRef(f"{address}sparql")
    names = set(graph.objects(None, SD.name))
    assert names == {URIRef(f"http://e/g{n}") for n in (1, 2, 3)}
    assert SD.UnionDefaultGraph in set(graph.objects(service, SD.feature))


def test_service_names_its_formats_as_the_w3c_does(address: str) -> None:
    graph = rdflib.Graph().parse(data=ask(address, Accept="text/turtle").body, format="turtle")
    results = {f"SPARQL_Results_{name}" for name in ("JSON", "XML", "CSV", "TSV")}
    assert set(graph.objects(None, SD.resultFormat)) == {
        URIRef(f"http://www.w3.org/ns/formats/{name}")
        for name in results | {"Turtle", "N-Triples", "JSON-LD", "RDF_XML", "TriG", "N-Quads"}
    }
