"""The 13 cases of the W3C suite for the Graph Store Protocol, sparql11/graph-store-protocol in rdf-tests.

Each test has the name of its case. Graphs that come back are compared up to the names of blank nodes.
"""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
import rdflib
from rdflib.compare import isomorphic

from tests.conformance.endpoint import Endpoint
from tests.wire import TURTLE, Reply

PREFIXES = "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n@prefix v: <http://www.w3.org/2006/vcard/ns#> .\n"
PERSON = "http://www.example/gsp/person/{}"
#: A card with a blank node, in the words of the suite.
NAMED = PREFIXES + '<{person}> a foaf:Person ; foaf:businessCard [ a v:VCard ; v:fn "{name}" ] .'
JOHN = NAMED.format(person=PERSON.format(1), name="John Doe")
JANE = NAMED.format(person=PERSON.format(1), name="Jane Doe")
ALICE = PREFIXES + '[] a foaf:Person ; foaf:businessCard [ a v:VCard ; v:given-name "Alice" ] .'
CREATED, REPLACED = {201}, {200, 204}


@pytest.fixture
def empty(endpoint: Endpoint) -> Endpoint:
    """The endpoint without any graph."""
    reply = endpoint.update("DROP ALL")
    assert reply.status in {200, 204}, str(reply)
    return endpoint


def direct(endpoint: Endpoint, path: str) -> str:
    """The path of a graph that is named by its own address."""
    return f"{endpoint.store_path}/{path}"


def indirect(endpoint: Endpoint, graph: str) -> str:
    """The path of a graph that is named by a parameter."""
    return f"{endpoint.store_path}?{urlencode({'graph': graph})}"


def put(endpoint: Endpoint, path: str, turtle: str) -> Reply:
    headers = {"Content-Type": "text/turtle; charset=utf-8"}
    return endpoint.client.request("PUT", path, turtle.encode(), headers)


def holds(endpoint: Endpoint, path: str, turtle: str) -> None:
    """GET gives the graph that *turtle* describes."""
    reply = endpoint.client.request("GET", path, None, {"Accept": TURTLE})
    assert (reply.status, reply.type) == (200, TURTLE), str(reply)
    found = rdflib.Graph().parse(data=reply.body, format="turtle")
    assert isomorphic(found, rdflib.Graph().parse(data=turtle, format="turtle")), reply.text


def _put_get_repeat(endpoint: Endpoint, path: str) -> None:
    reply = put(endpoint, path, JOHN)
    assert reply.status in CREATED, str(reply)
    holds(endpoint, path, JOHN)
    reply = put(endpoint, path, JANE)
    assert reply.status in REPLACED, str(reply)
    holds(endpoint, path, JANE)


def _put_delete_get_delete(endpoint: Endpoint, path: str) -> None:
    assert put(endpoint, path, ALICE).status in CREATED | REPLACED
    assert endpoint.client.request("DELETE", path).status in REPLACED
    assert endpoint.client.request("GET", path).status == 404
    assert endpoint.client.request("DELETE", path).status in {404} | REPLACED


def _post_get_post_get(endpoint: Endpoint, path: str) -> None:
    reply = endpoint.post(path, JANE.encode(), "text/turtle; charset=utf-8")
    assert reply.status in CREATED | REPLACED, str(reply)
    holds(endpoint, path, JANE)
    boundary = "a6fe4cd636164618814be9f8d3d1a0de"
    names = {"lastName.ttl": ("familyName", "Doe"), "firstName.ttl": ("givenName", "Jane")}
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{file}"; filename="{file}"\r\n'
        f"Content-Type: text/turtle; charset=utf-8\r\n\r\n"
        f'{PREFIXES}<{PERSON.format(1)}> foaf:{term} "{value}" .\r\n'
        for file, (term, value) in names.items()
    ]
    body = "".join([*parts, f"--{boundary}--\r\n"]).encode()
    reply = endpoint.post(path, body, f"multipart/form-data; boundary={boundary}")
    assert reply.status in REPLACED, str(reply)
    holds(endpoint, path, f'{JANE}\n<{PERSON.format(1)}> foaf:givenName "Jane" ; foaf:familyName "Doe" .')


def _head_existing(endpoint: Endpoint, path: str) -> None:
    assert put(endpoint, path, JOHN).status in CREATED | REPLACED
    reply = endpoint.client.request("HEAD", path, None, {"Accept": "text/turtle; charset=utf-8"})
    assert (reply.status, reply.type, reply.body) == (200, TURTLE, b"")


# Graphs named by their own address


def test_put_get_repeat_direct(empty: Endpoint) -> None:
    _put_get_repeat(empty, direct(empty, "person/1.ttl"))


def test_put_delete_get_delete_direct(empty: Endpoint) -> None:
    _put_delete_get_delete(empty, direct(empty, "person/2.ttl"))


def test_post_get_post_get_direct(empty: Endpoint) -> None:
    _post_get_post_get(empty, direct(empty, "person/1.ttl"))


def test_head_existing_direct(empty: Endpoint) -> None:
    _head_existing(empty, direct(empty, "person/1.ttl"))


# Graphs named by a parameter


def test_put_get_repeat_indirect(empty: Endpoint) -> None:
    _put_get_repeat(empty, indirect(empty, PERSON.format("1.ttl")))


def test_put_get_default(empty: Endpoint) -> None:
    path = f"{empty.store_path}?default"
    assert put(empty, path, ALICE).status in CREATED | REPLACED
    holds(empty, path, ALICE)


def test_put_delete_get_delete_indirect(empty: Endpoint) -> None:
    _put_delete_get_delete(empty, indirect(empty, PERSON.format("2.ttl")))


def test_post_get_post_get_indirect(empty: Endpoint) -> None:
    _post_get_post_get(empty, indirect(empty, PERSON.format("1.ttl")))


def test_post_get_new_graph(empty: Endpoint) -> None:
    reply = empty.post(empty.store_path, ALICE.encode(), "text/turtle; charset=utf-8")
    assert reply.status == 201, str(reply)
    holds(empty, indirect(empty, reply.headers["location"]), ALICE)


def test_head_existing_indirect(empty: Endpoint) -> None:
    _head_existing(empty, indirect(empty, PERSON.format("1.ttl")))


def test_head_non_existing_indirect(empty: Endpoint) -> None:
    path = indirect(empty, PERSON.format("4.ttl"))
    reply = empty.client.request("HEAD", path, None, {"Accept": "text/turtle; charset=utf-8"})
    assert (reply.status, reply.body) == (404, b"")


def test_put_get_uri_pct_encoded_indirect(empty: Endpoint) -> None:
    graph = f"{empty.store_path}?graph=http://www.example/gsp/person/"
    assert put(empty, f"{graph}%31.ttl", JOHN).status in CREATED
    holds(empty, f"{graph}1.ttl", JOHN)


def test_put_get_uri_pct_encoded_twice(empty: Endpoint) -> None:
    """Percent-encoding of the query part is decoded once: %2531 is the IRI with %31 in it, another graph."""
    graph = f"{empty.store_path}?graph=http://www.example/gsp/person/"
    other = NAMED.format(person=PERSON.format(2), name="Jane Doe")
    assert put(empty, f"{graph}%31.ttl", JOHN).status in CREATED
    assert put(empty, f"{graph}%2531.ttl", other).status in CREATED
    holds(empty, f"{graph}%31.ttl", JOHN)
    holds(empty, f"{graph}%2531.ttl", other)
