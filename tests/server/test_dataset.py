"""The dataset as a whole at /store, as Jena's RDFConnection has it, and CONSTRUCT in formats for quads."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import rdflib
from rdflib.compare import isomorphic

from mesoonto.namespaces import GRAPH
from tests.conftest import running_server
from tests.wire import TURTLE, UPDATE, Reply, request

#: rdflib's own parsers and serialisers use these.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Dataset:DeprecationWarning", "ignore:ConjunctiveGraph:DeprecationWarning"
)

TRIG, NQUADS, JSONLD = "application/trig", "application/n-quads", "application/ld+json"
#: The names under which rdflib, a second implementation, knows the formats.
FORMATS = {TRIG: "trig", NQUADS: "nquads", JSONLD: "json-ld"}

#: A default graph, two named ones, and literals and blank nodes of several kinds.
DATA = """
<http://e/s> <http://e/p> "in the default graph"@en, 1, _:b .
_:b <http://e/p> "a \\"quoted\\" text with \\n a line break", "é𝄞" .
GRAPH <http://e/g1> { <http://e/s> <http://e/p> 2 . <http://e/s> <http://e/q> [ <http://e/p> 3 ] . }
GRAPH <http://e/g2> { <http://e/s> <http://e/p> 2, "2"^^<http://e/type> . }
"""
OTHER = b'<http://e/t> <http://e/p> "other" <http://e/g3> .\n'


@pytest.fixture(scope="module", params=["on", pytest.param("off", marks=pytest.mark.slow)])
def endpoint(request: pytest.FixtureRequest) -> Iterator[str]:
    """A writable bare endpoint, answering by either path."""
    with running_server("--empty", "--allow-update", "--direct", request.param) as found:
        yield found


@pytest.fixture
def filled(endpoint: str) -> str:
    """The endpoint with DATA as its dataset, and nothing else."""
    assert put(endpoint, DATA.encode(), TRIG).status == 204
    return endpoint


def put(address: str, body: bytes, media_type: str, method: str = "PUT", **headers: str) -> Reply:
    return request(address, method, "/store", body, {"Content-Type": media_type, **headers})


def fetch(address: str, accept: str = TRIG) -> Reply:
    return request(address, "GET", "/store", headers={"Accept": accept})


def graphs(text: bytes | str, media_type: str = TRIG) -> dict[str, rdflib.Graph]:
    """The graphs of a dataset by name, the default graph by the empty name, as rdflib reads them."""
    dataset = rdflib.Dataset()
    dataset.parse(data=text, format=FORMATS[media_type])
    found: dict[str, rdflib.Graph] = {}
    for subject, predicate, value, name in dataset.quads():
        key = str(name).replace("urn:x-rdflib:default", "")
        found.setdefault(key, rdflib.Graph()).add((subject, predicate, value))
    return found


def assert_same(first: dict[str, rdflib.Graph], second: dict[str, rdflib.Graph]) -> None:
    assert first.keys() == second.keys()
    for name, graph in first.items():
        assert isomorphic(graph, second[name]), name


@pytest.mark.parametrize("accept", FORMATS)
def test_dataset_is_fetched_in_every_format_and_read_by_another_parser(filled: str, accept: str) -> None:
    reply = fetch(filled, accept)
    assert (reply.status, reply.type) == (200, accept)
    assert_same(graphs(reply.text, accept), graphs(DATA))


@pytest.mark.parametrize("accept", ["*/*", "", "text/turtle;q=0.1, */*;q=0.01"])
def test_dataset_comes_as_trig_to_who_takes_anything(filled: str, accept: str) -> None:
    assert fetch(filled, accept).type == TRIG


@pytest.mark.parametrize("accept", ["text/turtle", "text/html", "application/rdf+xml"])
def test_dataset_does_not_come_in_a_format_without_graphs(filled: str, accept: str) -> None:
    reply = fetch(filled, accept)
    assert reply.status == 406
    assert "application/trig" in reply.text


@pytest.mark.parametrize("media_type", FORMATS)
def test_what_was_fetched_can_be_put_back(filled: str, media_type: str) -> None:
    dump = fetch(filled, media_type)
    assert put(filled, OTHER, NQUADS).status == 204
    assert_same(graphs(fetch(filled).text), graphs(OTHER, NQUADS))
    assert put(filled, dump.body, media_type).status == 204
    assert_same(graphs(fetch(filled).text), graphs(DATA))


@pytest.mark.parametrize("media_type", [TRIG, NQUADS])
def test_what_rdflib_writes_is_taken(endpoint: str, media_type: str) -> None:
    # In JSON-LD it gives the default graph a name.
    dataset = rdflib.Dataset()
    dataset.parse(data=DATA, format="trig")
    written = dataset.serialize(format=FORMATS[media_type], encoding="utf-8")
    assert put(endpoint, written, media_type).status == 204
    assert_same(graphs(fetch(endpoint).text), graphs(DATA))


def test_json_ld_with_named_graphs_is_taken(endpoint: str) -> None:
    # as in JSON-LD 1.1, section 4.9
    text = """[{"@id": "http://e/s", "http://e/p": [1, {"@value": "ja", "@language": "de"}]},
               {"@id": "http://e/g", "@graph": [{"@id": "http://e/s", "http://e/p": {"@id": "http://e/o"}}]}]"""
    assert put(endpoint, text.encode(), JSONLD).status == 204
    same = (
        '<http://e/s> <http://e/p> 1, "ja"@de . GRAPH <http://e/g> { <http://e/s> <http://e/p> <http://e/o> }'
    )
    assert_same(graphs(fetch(endpoint).text), graphs(same))


def test_post_adds_to_the_dataset(filled: str) -> None:
    assert put(filled, OTHER, NQUADS, "POST").status == 204
    assert put(filled, b'{"@id": "http://e/u", "http://e/p": "more"}', JSONLD, "POST").status == 204
    found = graphs(fetch(filled).text)
    assert found.keys() == {"", "http://e/g1", "http://e/g2", "http://e/g3"}
    more = (rdflib.URIRef("http://e/u"), rdflib.URIRef("http://e/p"), rdflib.Literal("more"))
    assert more in found[""]


def test_post_of_triples_makes_a_graph_as_the_protocol_has_it(filled: str) -> None:
    # SPARQL 1.1 Graph Store HTTP Protocol, section 5.5
    reply = put(filled, b"<http://e/s> <http://e/p> 1 .", TURTLE, "POST")
    assert reply.status == 201
    assert reply.headers["location"].startswith(f"{filled}store/")


def test_broken_dataset_changes_nothing(filled: str) -> None:
    reply = put(filled, b"GRAPH <http://e/g> { <http://e/s> <http://e/p> 1 }\nGRAPH ] {}", TRIG)
    assert reply.status == 400
    assert reply.text.startswith("body:2:")
    assert_same(graphs(fetch(filled).text), graphs(DATA))


def test_triples_do_not_replace_the_dataset(filled: str) -> None:
    reply = put(filled, b"<http://e/s> <http://e/p> 1 .", TURTLE)
    assert reply.status == 400
    assert "?default" in reply.text
    assert_same(graphs(fetch(filled).text), graphs(DATA))


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_dataset_is_not_deleted_or_patched(filled: str, method: str) -> None:
    reply = put(filled, b"CLEAR ALL", UPDATE, method)
    assert reply.status == 405
    allowed = request(filled, "OPTIONS", "/store").headers["allow"]
    assert reply.headers["allow"] == allowed == "GET, HEAD, PUT, POST, OPTIONS"
    assert "DELETE" in request(filled, "OPTIONS", "/store?default").headers["allow"]
    assert "DELETE" in request(filled, "OPTIONS", "/store/one").headers["allow"]


def test_head_and_entity_tag_of_the_dataset(filled: str) -> None:
    got = fetch(filled)
    head = request(filled, "HEAD", "/store", headers={"Accept": TRIG})
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", got.headers["etag"])
    tag = got.headers["etag"]
    same = request(filled, "GET", "/store", headers={"Accept": TRIG, "If-None-Match": tag})
    assert same.status == 304
    default = request(filled, "GET", "/store?default", headers={"Accept": TRIG})
    assert default.headers["etag"] != tag
    assert put(filled, OTHER, NQUADS, **{"If-Match": '"other"'}).status == 412
    assert put(filled, OTHER, NQUADS, **{"If-None-Match": "*"}).status == 412
    assert put(filled, OTHER, NQUADS, **{"If-Match": tag}).status == 204
    assert put(filled, OTHER, NQUADS, **{"If-Match": tag}).status == 412


@pytest.mark.parametrize("accept", [*FORMATS, "application/json"])
def test_construct_gives_its_triples_in_the_default_graph(filled: str, accept: str) -> None:
    query = "CONSTRUCT { ?s ?p ?o } { GRAPH <http://e/g1> { ?s ?p ?o } }"
    expected = JSONLD if accept == "application/json" else accept
    for method, path, body, kind in (
        ("GET", f"/sparql?{urlencode({'query': query})}", None, ""),
        ("POST", "/sparql", query.encode(), "application/sparql-query"),
    ):
        reply = request(
            filled,
            method,
            path,
            body,
            {"Accept": accept, "Content-Type": kind} if kind else {"Accept": accept},
        )
        assert (reply.status, reply.type) == (200, expected)
        assert_same(graphs(reply.text, expected), {"": graphs(DATA)["http://e/g1"]})


@pytest.mark.parametrize(("ending", "media_type"), [("trig", TRIG), ("nq", NQUADS), ("jsonld", JSONLD)])
def test_address_asks_for_the_format(filled: str, ending: str, media_type: str) -> None:
    query = urlencode({"query": "CONSTRUCT { ?s ?p ?o } { GRAPH <http://e/g2> { ?s ?p ?o } }"})
    reply = request(filled, "GET", f"/sparql.{ending}?{query}")
    assert (reply.status, reply.type) == (200, media_type)
    assert_same(graphs(reply.text, media_type), {"": graphs(DATA)["http://e/g2"]})


def test_graph_comes_as_trig_in_the_default_graph(filled: str) -> None:
    reply = request(filled, "GET", "/store?graph=http://e/g2", headers={"Accept": TRIG})
    assert reply.type == TRIG
    assert_same(graphs(reply.text), {"": graphs(DATA)["http://e/g2"]})


def test_json_ld_of_a_triple_within_a_triple_is_refused_in_words(endpoint: str) -> None:
    term = "<http://e/s> <http://e/p> <<( <http://e/s> <http://e/p> 1 )>>"
    assert put(endpoint, f"{term} .".encode(), TRIG).status == 204
    query = urlencode({"query": f"CONSTRUCT {{ {term} }} {{}}"})
    for path in ("/store", "/store?default", f"/sparql?{query}"):
        refused = request(endpoint, "GET", path, headers={"Accept": JSONLD})
        assert refused.status == 406, str(refused)
        assert "text/turtle" in refused.text
        assert request(endpoint, "GET", path, headers={"Accept": TRIG}).status == 200


@pytest.mark.slow
@pytest.mark.parametrize("accept", [TRIG, NQUADS])
def test_row_limit_cuts_quads_too(accept: str) -> None:
    with running_server("--empty", "--max-rows", "2") as address:
        query = urlencode({"query": "CONSTRUCT { ?s <http://e/p> 1 } { VALUES ?s { <a:a> <a:b> <a:c> } }"})
        reply = request(address, "GET", f"/sparql?{query}", headers={"Accept": accept})
    assert reply.headers["mesoonto-row-limit"] == "2"
    assert len(graphs(reply.text, accept)[""]) == 2


@pytest.fixture(scope="module")
def shipped() -> Iterator[str]:
    with running_server("--allow-update") as found:
        yield found


def names(address: str) -> set[str]:
    query = urlencode({"query": "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"})
    return set(request(address, "GET", f"/sparql?{query}", headers={"Accept": "text/csv"}).text.split()[1:])


@pytest.mark.slow
def test_shipped_graphs_stay_whatever_is_put(shipped: str) -> None:
    before = names(shipped)
    assert f"{GRAPH}data" in before
    dump = fetch(shipped, NQUADS).text.splitlines()
    assert {line.rpartition("<")[2].rstrip("> .") for line in dump} == before
    assert put(shipped, OTHER, NQUADS).status == 204
    assert put(shipped, OTHER.replace(b"g3", b"g4"), NQUADS).status == 204
    assert names(shipped) == before | {"http://e/g4"}
    refused = put(shipped, OTHER.replace(b"http://e/g3", f"{GRAPH}data".encode()), NQUADS, "POST")
    assert refused.status == 403
    assert "renewed from the project's files" in refused.text
    assert names(shipped) == before | {"http://e/g4"}


@pytest.mark.slow
def test_union_of_graphs_is_not_part_of_the_dataset(shipped: str) -> None:
    # The default graph of a query has the triple once; what was written has it in two named graphs.
    both = OTHER + OTHER.replace(b"g3", b"g4")
    assert put(shipped, both, NQUADS).status == 204
    told = [line for line in fetch(shipped, NQUADS).body.splitlines(keepends=True) if b"<http://e/t>" in line]
    assert sorted(told) == both.splitlines(keepends=True)
    assert put(shipped, b"", NQUADS).status == 204


@pytest.mark.slow
def test_dataset_that_breaks_the_shapes_is_refused(shipped: str) -> None:
    broken = b"GRAPH <http://e/mine> { <http://e/study> a <https://w3id.org/mesoonto/Study> }"
    assert put(shipped, broken, TRIG).status == 422
