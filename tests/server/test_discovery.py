"""What a program learns that knows the endpoint's address alone, and how many bytes it takes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib import RDF, RDFS, URIRef
from rdflib.plugins.sparql.parser import parseQuery

from mesoonto.dataset.store import Engine
from mesoonto.knowledge import questions
from mesoonto.namespaces import PREFIXES
from mesoonto.views.schema import schema_card, schema_text
from tests.conftest import running_server
from tests.server.client import Reply, ask, get

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SH, SD = (
    rdflib.Namespace(PREFIXES["sh"]),
    rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#"),
)
DCAT, VOID = rdflib.Namespace("http://www.w3.org/ns/dcat#"), rdflib.Namespace("http://rdfs.org/ns/void#")
SCHEMA, DCTERMS = rdflib.Namespace("https://schema.org/"), rdflib.Namespace(PREFIXES["dcterms"])

#: Names with prefixes, as a schema card and queries have them.
NAME = re.compile(r"(?<![\w:/<-])(meso|obo|bibo):([A-Za-z]\w*)")

TURTLE = """
@prefix : <http://e/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
:Boat a owl:Class ; rdfs:label "boat"@en, "Boot"@de ; rdfs:comment "What floats."@en .
:length a owl:DatatypeProperty ; rdfs:range xsd:decimal ; rdfs:comment "In metres."@en .
:flag rdfs:range :Flag .
:RedFlag rdfs:subClassOf :Flag . :DarkRedFlag rdfs:subClassOf :RedFlag . :Flag rdfs:label "flag"@en .
:a a :Boat ; :length 3.5 ; :builtBy :yard ; :state :Afloat ; :flag :RedFlag .
:b a :Boat ; :length 4.5, 5.5 ; :state :Sunk .
:yard a :Yard ; :name "Old yard" .
:Afloat a :State ; rdfs:label "afloat"@en . :Sunk a :State ; rdfs:label "sunk"@en .
"""


class Agent:
    """A client that counts what it asks for and what it gets."""

    def __init__(self) -> None:
        self.requests = self.bytes = 0

    def counted(self, reply: Reply) -> Reply:
        assert reply.status == 200, reply.text
        self.requests += 1
        self.bytes += len(reply.body)
        return reply


def described(address: str, path: str) -> rdflib.Graph:
    reply = ask(address, path=path, Accept="text/turtle")
    assert reply.status == 200
    return rdflib.Graph().parse(data=reply.body, format="turtle")


def path_of(address: str, iri: object) -> str:
    assert str(iri).startswith(address)
    return "/" + str(iri).removeprefix(address)


class TestOfAnAgent:
    """With four requests and 20 kB."""

    def test_from_the_address_by_an_example_to_rows(self, address: str) -> None:
        agent = Agent()
        service = agent.counted(ask(address, Accept="text/turtle"))
        graph = rdflib.Graph().parse(data=service.body, format="turtle")
        listed = agent.counted(ask(address, path=path_of(address, *graph.objects(None, DCTERMS.relation))))
        line = next(line for line in listed.text.splitlines() if "no gain in overall survival" in line)
        number = line.removeprefix("- ").partition(":")[0]
        query = agent.counted(ask(address, path=f"/examples/{number}"))
        rows = agent.counted(get(address, query.text))
        assert rows.json["results"]["bindings"]
        assert agent.requests <= 4
        assert agent.bytes <= 20_000

    def test_from_the_address_by_the_schema_to_a_query_of_its_own(self, address: str) -> None:
        """Median overall survival by arm: all names in the query stand in the card."""
        agent = Agent()
        service = agent.counted(ask(address, Accept="text/turtle"))
        graph = rdflib.Graph().parse(data=service.body, format="turtle")
        documents = [str(o) for o in graph.objects(None, DCAT.endpointDescription)]
        schema = next(one for one in documents if one.endswith("/schema"))
        card = agent.counted(ask(address, path=path_of(address, schema))).text
        query = """SELECT ?arm ?months { ?r a meso:Result ; meso:ofArm/rdfs:label ?arm ; meso:value ?months ;
            meso:hasEndPoint/rdfs:label "overall survival"@en ;
            meso:hasStatistic/rdfs:label "median time to event"@en }"""
        assert {f"meso:{name}" for prefix, name in NAME.findall(query)} <= set(re.findall(r"meso:\w+", card))
        declared = "".join(line + "\n" for line in card.splitlines() if line.startswith("PREFIX "))
        rows = agent.counted(get(address, declared + query + " LIMIT 10"))
        assert len(rows.json["results"]["bindings"]) == 10
        assert agent.requests <= 4
        assert agent.bytes <= 20_000


class TestOfTheServiceDescription:
    def test_links_lead_somewhere(self, address: str) -> None:
        graph = described(address, "/sparql")
        service = graph.value(None, SD.endpoint, URIRef(f"{address}sparql"))
        links = {
            link
            for relation in (DCAT.endpointDescription, DCAT.servesDataset, DCTERMS.relation, rdflib.FOAF.page)
            for link in graph.objects(service, relation)
        }
        assert len(links) == 5
        for link in links:
            assert ask(address, path=path_of(address, link).partition("#")[0]).status == 200

    def test_shapes_are_those_in_the_data(self, address: str) -> None:
        (shapes,) = described(address, "/sparql").objects(None, DCTERMS.conformsTo)
        profile = "http://www.w3.org/ns/dx/prof/Profile"
        assert get(address, f"ASK {{ <{shapes}> a <{profile}> }}").json["boolean"] is True

    @pytest.mark.slow
    def test_federation_is_named_where_it_is_set_up(self, address: str, tmp_path: Path) -> None:
        assert SD.BasicFederatedQuery not in set(described(address, "/sparql").objects(None, SD.feature))
        config = tmp_path / "endpoints.toml"
        config.write_text(f'[federation.endpoints.other]\nurl = "{address}sparql"\n')
        with running_server("--config", str(config), "--empty") as federated:
            assert SD.BasicFederatedQuery in set(described(federated, "/sparql").objects(None, SD.feature))


def test_void_says_what_the_data_are(address: str) -> None:
    graph = described(address, "/.well-known/void")
    whole = URIRef(f"{address}.well-known/void#dataset")
    assert "mesothelioma" in str(graph.value(whole, DCTERMS.title))
    assert "mesothelioma" in str(graph.value(whole, DCTERMS.description))
    assert graph.value(whole, DCTERMS.license)
    examples = set(graph.objects(whole, VOID.exampleResource))
    assert len(examples) >= 4
    for iri in examples:
        assert get(address, f"ASK {{ <{iri}> ?p ?o }}").json["boolean"] is True, iri
    for stem in graph.objects(whole, VOID.vocabulary):
        assert get(address, f'ASK {{ ?s ?p ?o FILTER(STRSTARTS(STR(?p), "{stem}")) }}').json["boolean"], stem


class TestOfExamples:
    @pytest.fixture(scope="class")
    def graph(self, address: str) -> rdflib.Graph:
        return described(address, "/examples")

    def test_all_questions_are_there(self, graph: rdflib.Graph, address: str) -> None:
        asked = [*questions.shipped(), *questions.federated()]
        found = set(graph.subjects(RDF.type, SH.SPARQLSelectExecutable))
        assert found == {URIRef(f"{address}examples/{one.number}") for one in asked}
        assert found == set(graph.subjects(RDF.type, SH.SPARQLExecutable))
        for example in found:
            assert graph.value(example, SCHEMA.target) == URIRef(f"{address}sparql")
            assert graph.value(example, RDFS.comment)
        for example in sorted(found)[::10]:  # rdflib takes long to read one
            parseQuery(str(graph.value(example, SH.select)))

    def test_prefixes_are_declared(self, graph: rdflib.Graph) -> None:
        (prefixes,) = set(graph.objects(None, SH.prefixes))
        declared = {
            str(graph.value(one, SH.prefix)): str(graph.value(one, SH.namespace))
            for one in graph.objects(prefixes, SH.declare)
        }
        assert declared == PREFIXES

    def test_other_endpoints_are_named(self, graph: rdflib.Graph) -> None:
        other = URIRef("https://purl.expasy.org/sparql-examples/ontology#federatesWith")
        for example in graph.subjects(SCHEMA.target):
            query = str(graph.value(example, SH.select))
            named = {str(iri) for iri in graph.objects(example, other)}
            assert set(re.findall(r"SERVICE\s+(?:SILENT\s+)?<([^>]+)>", query)) <= named

    def test_list_has_a_line_for_each(self, address: str) -> None:
        lines = ask(address, path="/examples", Accept="*/*").text.splitlines()
        asked = [*questions.shipped(), *questions.federated()]
        assert [line for line in lines if line.startswith("- ")] == [
            f"- {one.number}: {one.summary}" for one in asked
        ]

    def test_one_is_fetched_as_a_query(self, address: str) -> None:
        reply = ask(address, path="/examples/CQ03")
        assert (reply.status, reply.type) == (200, "application/sparql-query")
        assert get(address, reply.text).json["results"]["bindings"]

    @pytest.mark.parametrize("number", ["CQ999", "..", "%00", "x" * 3000])
    def test_what_is_none_is_told(self, address: str, number: str) -> None:
        reply = ask(address, path=f"/examples/{number}")
        assert reply.status in (400, 404)
        assert reply.text.count("\n") == 1
        assert len(reply.text) < 300


class TestOfTheSchema:
    @pytest.fixture(scope="class")
    def engine(self) -> Engine:
        store = ox.Store()
        store.load(TURTLE.encode(), format=ox.RdfFormat.TURTLE)
        return Engine(store, "1", union=False)

    def test_card_has_what_the_data_have(self, engine: Engine) -> None:
        """Expected values are counted by hand."""
        card = {one.iri.removeprefix("http://e/"): one for one in schema_card(engine).classes}
        boat = card["Boat"]
        assert (boat.label, boat.definition, boat.members) == ("boat", "What floats.", 2)
        assert [(use.iri.removeprefix("http://e/"), use.range, use.triples) for use in boat.properties] == [
            ("builtBy", "http://e/Yard", 1),
            ("flag", "http://e/Flag", 1),
            ("length", f"{PREFIXES['xsd']}decimal", 3),
            ("state", "http://e/State", 2),
        ]
        assert boat.properties[2].definition == "In metres."
        assert boat.properties[2].example in ("3.5", "4.5", "5.5")
        assert card["State"].choices == ("http://e/Afloat", "http://e/Sunk")
        assert set(card) == {"Boat", "Yard", "State", f"{PREFIXES['owl']}Class"}

    def test_terms_that_are_values_are_found_by_their_root(self, engine: Engine) -> None:
        (flags,) = schema_card(engine).hierarchies
        assert (flags.iri, flags.label, flags.terms) == ("http://e/Flag", "flag", 2)

    def test_text_keeps_its_bound_whatever_that_is(self, engine: Engine) -> None:
        card = schema_card(engine)
        whole = schema_text(card)
        assert "**<http://e/Boat>** 2: What floats. Such as <http://e/a>." in whole
        for most in (0, 10, 100, 300, len(whole.encode()) - 1):
            assert len(schema_text(card, most=most).encode()) <= most
        assert "**<http://e/Boat>** 2" in schema_text(card, most=len(whole.encode()) - 1)

    def test_shipped_card_is_small_and_its_names_are_in_use(self, address: str) -> None:
        reply = ask(address, path="/schema")
        assert reply.type == "text/markdown"
        assert len(reply.body) <= 8000
        names = set(NAME.findall(reply.text))
        assert len(names) > 100
        values = " ".join(f"<{PREFIXES[prefix]}{name}>" for prefix, name in sorted(names))
        query = f"""SELECT ?x {{ VALUES ?x {{ {values} }}
            FILTER NOT EXISTS {{ ?x ?p ?o }} FILTER NOT EXISTS {{ ?s ?x ?o }} }}"""
        posted = ask(address, "POST", body=query.encode(), **{"Content-Type": "application/sparql-query"})
        assert posted.json["results"]["bindings"] == []

    def test_counts_are_those_of_queries(self, address: str) -> None:
        card = {one["iri"]: one for one in ask(address, path="/schema.json").json["classes"]}
        for name in ("Result", "Study", "EvidenceStatement"):
            found = card[f"{PREFIXES['meso']}{name}"]
            rows = get(address, f"SELECT ?p {{ ?s a <{found['iri']}> ; ?p ?o }}").json["results"]["bindings"]
            for use in found["properties"]:
                assert use["triples"] == sum(row["p"]["value"] == use["iri"] for row in rows)


def test_data_of_others_have_a_schema_and_no_examples(tmp_path: Path) -> None:
    path = tmp_path / "boats.ttl"
    path.write_text(TURTLE)
    with running_server("--rdf-file", str(path)) as other:
        assert "<http://e/Boat>" in ask(other, path="/schema").text
        assert "mesothelioma" not in ask(other, path="/llms.txt").text
        assert "There are none" in ask(other, path="/examples").text
        assert list(described(other, "/examples").subjects(RDF.type, SH.SPARQLExecutable)) == []
        assert list(described(other, "/sparql").objects(None, DCTERMS.relation)) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "paths", ["^/(sparql|examples)$", pytest.param(".", marks=pytest.mark.thorough)], ids=["some", "all"]
)
def test_interface_is_as_its_document_says(address: str, tmp_path: Path, paths: str) -> None:
    """Requests that follow from the document, and ones that break it, are answered as it says.

    What is a query only the grammar of SPARQL says, so that one check cannot be made: that what fits the
    document is accepted. A query that is given no time ends in 503, as the document says.
    """
    told = '[checks]\nnot_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]\n'
    (tmp_path / "schemathesis.toml").write_text(told)
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}openapi.json", "--no-color"]
    bounds = ["--phases", "coverage", "--seed", "1", "--include-path-regex", paths]
    bounds += ["--exclude-checks", "positive_data_acceptance"]
    done = subprocess.run(
        [*command, *bounds], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout
    document = ask(address, path="/openapi.json").json["paths"]
    chosen = (item for path, item in document.items() if re.search(paths, path))
    operations = sum(
        method in ("get", "put", "post", "delete", "patch") for item in chosen for method in item
    )
    assert f"{operations} passed" in done.stdout
