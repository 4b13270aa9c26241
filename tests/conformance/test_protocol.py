"""The 34 cases of the W3C suite for the SPARQL 1.1 Protocol, sparql11/protocol in rdf-tests.

Each test has the name of its case. The suite accepts any status of the 2xx and 3xx classes for a success
(nothing here redirects, so 2xx is asked for) and any 4xx for a refusal.
"""

from __future__ import annotations

import json
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
import rdflib

from tests.conformance.endpoint import Endpoint
from tests.wire import FORM, QUERY, UPDATE, Reply

DATA = "http://kasei.us/2009/09/sparql/data/data{}.rdf"
D0, D1, D2, D3 = (DATA.format(number) for number in range(4))
DEFAULT, NAMED = "default-graph-uri", "named-graph-uri"
USING, USING_NAMED = "using-graph-uri", "using-named-graph-uri"

PREFIXES = "PREFIX dc: <http://purl.org/dc/terms/> PREFIX foaf: <http://xmlns.com/foaf/0.1/>\n"
#: Each document says of itself that it is one, in a graph of its own name.
DOCUMENTS = (
    "INSERT DATA {" + "".join(f"GRAPH <{d}> {{ <{d}> a foaf:Document }}\n" for d in (D1, D2, D3)) + "}"
)

BOTH_IN_DEFAULT = f"ASK {{ <{D1}> a ?type . <{D2}> a ?type }}"
BOTH_NAMED = f"GRAPH ?g1 {{ <{D1}> a ?type }} GRAPH ?g2 {{ <{D2}> a ?type }}"

TABULAR = {
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
}
BOOLEAN = {"application/sparql-results+json", "application/sparql-results+xml"}
RDF = {"text/turtle": "turtle", "application/n-triples": "nt", "application/rdf+xml": "xml"}


@pytest.fixture
def documents(endpoint: Endpoint) -> Endpoint:
    """The endpoint with the three documents, and nothing else."""
    succeeded(endpoint.update(f"{PREFIXES} DROP ALL ; {DOCUMENTS}"))
    return endpoint


def succeeded(reply: Reply) -> Reply:
    assert 200 <= reply.status < 300, str(reply)
    return reply


def refused(reply: Reply) -> None:
    assert 400 <= reply.status < 500, str(reply)


def truth(reply: Reply) -> bool:
    """The answer to an ASK query, in either of the formats that have one."""
    succeeded(reply)
    assert reply.type in BOOLEAN
    if reply.type.endswith("json"):
        answer = json.loads(reply.body)["boolean"]
        assert isinstance(answer, bool)
        return answer
    element = ElementTree.fromstring(reply.body).find("{http://www.w3.org/2005/sparql-results#}boolean")
    assert element is not None
    return element.text == "true"


# Queries


def test_query_post_form(endpoint: Endpoint) -> None:
    assert truth(
        endpoint.post(endpoint.query_path, urlencode({"query": "ASK {}"}).encode(), FORM, [(DEFAULT, D0)])
    )


def test_query_dataset_default_graphs_get(documents: Endpoint) -> None:
    assert truth(documents.get([("query", BOTH_IN_DEFAULT), (DEFAULT, D1), (DEFAULT, D2)]))
    assert not truth(documents.get([("query", BOTH_IN_DEFAULT), (DEFAULT, D1), (DEFAULT, D3)]))


def test_query_dataset_default_graphs_post(documents: Endpoint) -> None:
    assert truth(documents.query(BOTH_IN_DEFAULT, [(DEFAULT, D1), (DEFAULT, D2)]))


def test_query_dataset_named_graphs_post(documents: Endpoint) -> None:
    assert truth(documents.query(f"ASK {{ {BOTH_NAMED} }}", [(NAMED, D1), (NAMED, D2)]))


def test_query_dataset_named_graphs_get(documents: Endpoint) -> None:
    query = f"ASK {{ {BOTH_NAMED} }}"
    assert truth(documents.get([("query", query), (NAMED, D1), (NAMED, D2)]))
    assert not truth(documents.get([("query", query), (NAMED, D1), (NAMED, D3)]))


def test_query_dataset_full(documents: Endpoint) -> None:
    query = f"ASK {{ <{D3}> a ?type {BOTH_NAMED} }}"
    assert truth(documents.query(query, [(DEFAULT, D3), (NAMED, D1), (NAMED, D2)]))


def test_query_multiple_dataset(documents: Endpoint) -> None:
    query = f"ASK FROM <{D3}> {{ {BOTH_NAMED} }}"
    assert truth(documents.query(query, [(NAMED, D1), (NAMED, D2)]))
    # The dataset of the request replaces that of the query, so FROM adds nothing to the default graph.
    hidden = f"ASK FROM <{D3}> {{ <{D3}> a ?type }}"
    assert truth(documents.query(hidden))
    assert not truth(documents.query(hidden, [(NAMED, D1), (NAMED, D2)]))


def test_query_get(endpoint: Endpoint) -> None:
    assert truth(endpoint.get([("query", "ASK {}"), (DEFAULT, D0)]))


def test_query_content_type_select(endpoint: Endpoint) -> None:
    reply = succeeded(endpoint.query("SELECT (1 AS ?value) {}", [(DEFAULT, D0)]))
    assert reply.type in TABULAR


def test_query_content_type_ask(endpoint: Endpoint) -> None:
    assert truth(endpoint.query("ASK {}", [(DEFAULT, D0)]))


def test_query_content_type_describe(endpoint: Endpoint) -> None:
    reply = succeeded(endpoint.query("DESCRIBE <http://example.org/>", [(DEFAULT, D0)]))
    rdflib.Graph().parse(data=reply.body, format=RDF[reply.type])


def test_query_content_type_construct(endpoint: Endpoint) -> None:
    reply = succeeded(endpoint.query("CONSTRUCT { <s> <p> 1 } WHERE {}", [(DEFAULT, D0)]))
    assert len(rdflib.Graph().parse(data=reply.body, format=RDF[reply.type])) == 1


def test_query_post_direct(endpoint: Endpoint) -> None:
    assert truth(endpoint.query("ASK {}"))


# Updates


def test_update_dataset_default_graph(endpoint: Endpoint) -> None:
    target = "http://example.org/protocol-update-dataset-test/"
    update = f"""{PREFIXES} CLEAR ALL ;
        INSERT DATA {{ GRAPH <{D1}> {{ <{D1}> a foaf:Document }} }} ;
        INSERT {{ GRAPH <{target}> {{ ?s a dc:BibliographicResource }} }} WHERE {{ ?s a foaf:Document }}"""
    succeeded(endpoint.update(update, [(USING, D1)]))
    assert truth(
        endpoint.query(f"{PREFIXES} ASK {{ GRAPH <{target}> {{ <{D1}> a dc:BibliographicResource }} }}")
    )


def test_update_dataset_default_graphs(endpoint: Endpoint) -> None:
    target = "http://example.org/protocol-update-dataset-graphs-test/"
    update = f"""{PREFIXES} DROP ALL ; {DOCUMENTS} ;
        INSERT {{ GRAPH <{target}> {{ ?s a dc:BibliographicResource }} }} WHERE {{ ?s a foaf:Document }}"""
    succeeded(endpoint.update(update, [(USING, D1), (USING, D2)]))
    assert truth(endpoint.query(_only_the_first_two(target)))


def test_update_dataset_named_graphs(endpoint: Endpoint) -> None:
    target = "http://example.org/protocol-update-dataset-named-graphs-test/"
    update = f"""{PREFIXES} DROP ALL ; {DOCUMENTS} ;
        INSERT {{ GRAPH <{target}> {{ ?s a dc:BibliographicResource }} }}
        WHERE {{ GRAPH ?g {{ ?s a foaf:Document }} }}"""
    succeeded(endpoint.update(update, [(USING_NAMED, D1), (USING_NAMED, D2)]))
    assert truth(endpoint.query(_only_the_first_two(target)))


def _only_the_first_two(graph: str) -> str:
    resource = "a dc:BibliographicResource"
    return f"""{PREFIXES} ASK {{
        GRAPH <{graph}> {{ <{D1}> {resource} . <{D2}> {resource} }}
        FILTER NOT EXISTS {{ GRAPH <{graph}> {{ <{D3}> {resource} }} }} }}"""


def test_update_dataset_full(endpoint: Endpoint) -> None:
    target = "http://example.org/protocol-update-dataset-full-test/"
    place = "<http://example.org/in>"
    update = f"""{PREFIXES} DROP ALL ; {DOCUMENTS} ;
        INSERT {{ GRAPH <{target}> {{ ?s {place} ?in }} }}
        WHERE {{ {{ GRAPH ?g {{ ?s a foaf:Document }} BIND(?g AS ?in) }}
                 UNION {{ ?s a foaf:Document . BIND("default" AS ?in) }} }}"""
    succeeded(endpoint.update(update, [(USING, D1), (USING_NAMED, D2)]))
    check = f"""ASK {{ GRAPH <{target}> {{ <{D1}> {place} "default" . <{D2}> {place} <{D2}> }}
        FILTER NOT EXISTS {{ GRAPH <{target}> {{ <{D3}> ?p ?o }} }} }}"""
    assert truth(endpoint.query(check))


def test_update_post_form(documents: Endpoint) -> None:
    succeeded(documents.post(documents.update_path, b"update=CLEAR+ALL", FORM))
    assert not truth(documents.query("ASK { GRAPH ?g { ?s ?p ?o } }"))


def test_update_post_direct(documents: Endpoint) -> None:
    succeeded(documents.update("CLEAR ALL"))
    assert not truth(documents.query("ASK { GRAPH ?g { ?s ?p ?o } }"))


def test_update_base_uri(endpoint: Endpoint) -> None:
    graph = "<http://example.org/protocol-base-test/>"
    succeeded(
        endpoint.update(
            f"CLEAR SILENT GRAPH {graph} ;"
            f"INSERT DATA {{ GRAPH {graph} {{ <http://example.org/s> <http://example.org/p> <test> }} }}"
        )
    )
    check = f"""ASK {{ GRAPH {graph} {{ <http://example.org/s> <http://example.org/p> ?o
        FILTER (isIRI(?o) && STR(?o) != "test") }} }}"""
    assert truth(endpoint.query(check))


# Refusals


def test_bad_query_method(endpoint: Endpoint) -> None:
    target = f"{endpoint.query_path}?{urlencode({'query': 'ASK {}', DEFAULT: D0})}"
    refused(endpoint.client.request("PUT", target, None, {"Content-Type": FORM}))


def test_bad_multiple_queries(endpoint: Endpoint) -> None:
    refused(endpoint.get([("query", "ASK {}"), ("query", "SELECT * {}")]))


def test_bad_query_wrong_media_type(endpoint: Endpoint) -> None:
    refused(endpoint.post(endpoint.query_path, b"ASK {}", "text/plain"))


def test_bad_query_missing_form_type(endpoint: Endpoint) -> None:
    refused(endpoint.post(endpoint.query_path, urlencode({"query": "ASK {}"}).encode(), None))


def test_bad_query_missing_direct_type(endpoint: Endpoint) -> None:
    refused(endpoint.post(endpoint.query_path, b"ASK {}", None))


def test_bad_query_non_utf8(endpoint: Endpoint) -> None:
    refused(endpoint.post(endpoint.query_path, "ASK {}".encode("utf-16"), f"{QUERY}; charset=UTF-16"))


def test_bad_query_syntax(endpoint: Endpoint) -> None:
    refused(endpoint.get([("query", "ASK {")]))


def test_bad_update_get(documents: Endpoint) -> None:
    for path in {documents.query_path, documents.update_path}:
        refused(documents.client.request("GET", f"{path}?{urlencode({'update': 'CLEAR ALL'})}"))
    assert truth(documents.query(f"ASK {{ {BOTH_NAMED} }}"))


def test_bad_multiple_updates(documents: Endpoint) -> None:
    body = urlencode([("update", "CLEAR NAMED"), ("update", "CLEAR DEFAULT")]).encode()
    refused(documents.post(documents.update_path, body, FORM))
    assert truth(documents.query(f"ASK {{ {BOTH_NAMED} }}"))


def test_bad_update_wrong_media_type(documents: Endpoint) -> None:
    refused(documents.post(documents.update_path, b"CLEAR NAMED", "text/plain"))
    assert truth(documents.query(f"ASK {{ {BOTH_NAMED} }}"))


def test_bad_update_missing_form_type(documents: Endpoint) -> None:
    refused(documents.post(documents.update_path, b"update=CLEAR%20NAMED", None))
    assert truth(documents.query(f"ASK {{ {BOTH_NAMED} }}"))


def test_bad_update_non_utf8(documents: Endpoint) -> None:
    refused(
        documents.post(documents.update_path, "CLEAR NAMED".encode("utf-16"), f"{UPDATE}; charset=UTF-16")
    )
    assert truth(documents.query(f"ASK {{ {BOTH_NAMED} }}"))


def test_bad_update_syntax(documents: Endpoint) -> None:
    refused(documents.post(documents.update_path, b"update=CLEAR%20XYZ", FORM))
    assert truth(documents.query(f"ASK {{ {BOTH_NAMED} }}"))


def test_bad_update_dataset_conflict(documents: Endpoint) -> None:
    update = f"""{PREFIXES} WITH <http://example/addresses>
        DELETE {{ ?person foaf:givenName 'Bill' }} INSERT {{ ?person foaf:givenName 'William' }}
        WHERE {{ ?person foaf:givenName 'Bill' }}"""
    refused(documents.update(update, [(USING_NAMED, "http://example/people")]))
