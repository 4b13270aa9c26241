"""SPARQL 1.1 Graph Store HTTP Protocol over real HTTP: what the W3C cases leave open."""

from __future__ import annotations

import gzip
from itertools import count
from urllib.parse import quote

import pyoxigraph as ox
import pytest
import zstandard

from tests.server.client import TURTLE, UPDATE, Reply, ask, holds, update

_numbers = count(1)


@pytest.fixture
def graph() -> str:
    """The IRI of a graph that no other test uses."""
    return f"http://example.org/graph/{next(_numbers)}"


def store(address: str, method: str, graph: str, body: bytes | None = None, **headers: str) -> Reply:
    where = "default" if graph == "default" else f"graph={quote(graph, safe='')}"
    return ask(address, method, f"/store?{where}", body, **headers)


def put(address: str, graph: str, turtle: str = "<a:a> <a:b> 1 .", **headers: str) -> Reply:
    return store(address, "PUT", graph, turtle.encode(), **{**TURTLE, **headers})


def size(address: str, graph: str) -> int:
    reply = store(address, "GET", graph, Accept="application/n-triples")
    assert reply.status == 200
    return len(list(ox.parse(reply.body, format=ox.RdfFormat.N_TRIPLES)))


def test_put_makes_a_graph_and_then_replaces_it(writable: str, graph: str) -> None:
    assert put(writable, graph).status == 201
    assert put(writable, graph, "<a:a> <a:b> 2, 3 .").status == 204
    assert size(writable, graph) == 2
    assert not holds(writable, f"GRAPH <{graph}> {{ ?s ?p 1 }}")


def test_post_adds(writable: str, graph: str) -> None:
    assert store(writable, "POST", graph, b"<a:a> <a:b> 1 .", **TURTLE).status == 201
    assert store(writable, "POST", graph, b"<a:a> <a:b> 2 .", **TURTLE).status == 204
    assert size(writable, graph) == 2


def test_delete_then_404(writable: str, graph: str) -> None:
    put(writable, graph)
    assert store(writable, "DELETE", graph).status == 204
    assert store(writable, "DELETE", graph).status == 404
    assert store(writable, "GET", graph).status == 404
    assert store(writable, "HEAD", graph).status == 404


def test_head_is_get_without_a_body(writable: str, graph: str) -> None:
    put(writable, graph)
    head, got = store(writable, "HEAD", graph), store(writable, "GET", graph)
    assert (head.status, head.body) == (200, b"")
    for name in ("etag", "content-type", "vary", "mesoonto-dataset"):
        assert head.headers[name] == got.headers[name]


def test_post_without_a_graph_makes_one_and_tells_where(writable: str) -> None:
    reply = ask(writable, "POST", "/store", b"<> <a:b> 1 .", **TURTLE)
    assert reply.status == 201
    location = reply.headers["location"]
    assert location.startswith(f"{writable}store/")
    got = ask(writable, path=location.removeprefix(writable.rstrip("/")), Accept="application/n-triples")
    # The relative IRI in the body is resolved against the new graph's own address.
    assert got.text.startswith(f"<{location}> <a:b> ")


def test_graph_is_addressed_directly(writable: str) -> None:
    assert ask(writable, "PUT", "/store/direct/one", b"<> <a:b> 1 .", **TURTLE).status == 201
    assert store(writable, "GET", f"{writable}store/direct/one").status == 200
    assert ask(writable, path="/store/direct/one").status == 200
    assert ask(writable, "DELETE", "/store/direct/one").status == 204


def test_relative_graph_iri_is_resolved_against_the_request(writable: str) -> None:
    # SPARQL 1.1 Graph Store HTTP Protocol, section 4.2
    assert put(writable, "rel/graph").status == 201
    assert holds(writable, f"GRAPH <{writable}rel/graph> {{ ?s ?p ?o }}")


def test_default_graph_always_exists(writable: str) -> None:
    assert store(writable, "DELETE", "default").status == 204
    assert store(writable, "GET", "default").status == 200
    assert put(writable, "default", "<a:default> <a:b> 1 .").status == 204
    assert holds(writable, "<a:default> ?p ?o")


@pytest.mark.parametrize(
    "query", ["?default&graph=a%3Ab", "?graph=a%3Ab&graph=a%3Ac", "?graph=a%20b", "?graph=%FF"]
)
def test_unclear_graph_is_400(writable: str, query: str) -> None:
    assert ask(writable, "GET", f"/store{query}").status == 400
    assert ask(writable, "PUT", f"/store{query}", b"", **TURTLE).status == 400


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/turtle", "<a:a> <a:b> 1 ."),
        ("application/n-triples", '<a:a> <a:b> "1" .'),
        ("application/ld+json", '{"@id": "a:a", "a:b": "1"}'),
        (
            "application/rdf+xml",
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:a="http://a/">'
            '<rdf:Description rdf:about="http://a/a"><a:b>1</a:b></rdf:Description></rdf:RDF>',
        ),
        ("TEXT/Turtle; charset=UTF-8", "<a:a> <a:b> 1 ."),
    ],
)
def test_every_rdf_syntax_is_taken(writable: str, graph: str, media_type: str, body: str) -> None:
    assert put(writable, graph, body, **{"Content-Type": media_type}).status == 201
    assert size(writable, graph) == 1


@pytest.mark.parametrize("media_type", ["text/html", "application/json", "text/turtle; charset=latin-1"])
def test_other_body_types_are_415(writable: str, graph: str, media_type: str) -> None:
    assert put(writable, graph, **{"Content-Type": media_type}).status == 415
    assert store(writable, "GET", graph).status == 404


def test_broken_body_is_400_with_its_place_and_changes_nothing(writable: str, graph: str) -> None:
    put(writable, graph)
    reply = put(writable, graph, "<a:a> <a:b> 2 .\n<a:a> <a:b> ] .")
    assert reply.status == 400
    assert reply.text.startswith("body:2:13: not Turtle")
    assert size(writable, graph) == 1


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_compressed_body(writable: str, graph: str, coding: str) -> None:
    body = b"<a:a> <a:b> 1, 2, 3 ."
    packed = gzip.compress(body) if coding == "gzip" else zstandard.compress(body)
    assert store(writable, "PUT", graph, packed, **TURTLE, Content_Encoding=coding).status == 201
    assert size(writable, graph) == 3
    assert store(writable, "PUT", graph, packed[:-5], **TURTLE, Content_Encoding=coding).status == 400
    assert size(writable, graph) == 3


BOUNDARY = "frontier"


def multipart(*parts: tuple[str, str, str]) -> bytes:
    """A form (RFC 7578) of files, each with its name, media type and content."""
    text = "".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=f; filename={name}\r\n"
        f"Content-Type: {media_type}\r\n\r\n{content}\r\n"
        for name, media_type, content in parts
    )
    return f"{text}--{BOUNDARY}--\r\n".encode()


FORM_DATA = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


class TestMultipart:
    def test_several_files_become_one_graph(self, writable: str, graph: str) -> None:
        body = multipart(
            ("a.ttl", "text/turtle", "_:x <a:b> 1 ."), ("b.nt", "application/n-triples", '_:x <a:b> "2" .')
        )
        assert store(writable, "POST", graph, body, **FORM_DATA).status == 201
        assert size(writable, graph) == 2
        assert holds(writable, f"GRAPH <{graph}> {{ ?x <a:b> 1 . ?y <a:b> '2' FILTER(?x != ?y) }}")

    def test_file_name_tells_where_the_type_does_not(self, writable: str, graph: str) -> None:
        body = multipart(("a.ttl", "application/octet-stream", "<a:a> <a:b> 1 ."))
        assert store(writable, "POST", graph, body, **FORM_DATA).status == 201

    def test_one_broken_file_undoes_all(self, writable: str, graph: str) -> None:
        body = multipart(("a.ttl", "text/turtle", "<a:a> <a:b> 1 ."), ("b.ttl", "text/turtle", "] ."))
        assert store(writable, "POST", graph, body, **FORM_DATA).status == 400
        assert store(writable, "GET", graph).status == 404

    def test_file_of_no_known_type_is_415(self, writable: str, graph: str) -> None:
        body = multipart(("a.pdf", "application/pdf", "x"))
        assert store(writable, "POST", graph, body, **FORM_DATA).status == 415

    @pytest.mark.parametrize("body", [b"", b"nonsense", multipart()])
    def test_form_without_a_file_is_400(self, writable: str, graph: str, body: bytes) -> None:
        assert store(writable, "POST", graph, body, **FORM_DATA).status == 400


class TestConditions:
    def test_write_that_names_the_state_it_saw_goes_through_once(self, writable: str, graph: str) -> None:
        put(writable, graph)
        tag = store(writable, "GET", graph).headers["etag"]
        assert put(writable, graph, "<a:a> <a:b> 2 .", If_Match=tag).status == 204
        late = put(writable, graph, "<a:a> <a:b> 3 .", If_Match=tag)
        assert late.status == 412
        assert holds(writable, f"GRAPH <{graph}> {{ ?s ?p 2 }}")

    def test_tag_of_any_representation_will_do(self, writable: str, graph: str) -> None:
        put(writable, graph)
        for accept, coding in [("application/rdf+xml", ""), ("application/n-triples", "gzip")]:
            got = store(writable, "GET", graph, Accept=accept, Accept_Encoding=coding)
            reply = put(writable, graph, If_Match=got.headers["etag"])
            assert reply.status == 204

    @pytest.mark.parametrize("method", ["DELETE", "PATCH", "POST"])
    def test_every_write_is_guarded(self, writable: str, graph: str, method: str) -> None:
        put(writable, graph)
        kind = UPDATE if method == "PATCH" else TURTLE
        reply = store(writable, method, graph, b"", **kind, If_Match='"other"')
        assert reply.status == 412
        assert size(writable, graph) == 1

    def test_only_if_there_is_none_yet(self, writable: str, graph: str) -> None:
        assert put(writable, graph, If_None_Match="*").status == 201
        assert put(writable, graph, "<a:a> <a:b> 2 .", If_None_Match="*").status == 412

    def test_only_if_there_is_one(self, writable: str, graph: str) -> None:
        assert put(writable, graph, If_Match="*").status == 412
        put(writable, graph)
        assert put(writable, graph, If_Match="*").status == 204

    def test_update_names_the_version_that_it_saw(self, writable: str, graph: str) -> None:
        first = update(writable, f"INSERT DATA {{ GRAPH <{graph}> {{ <a:a> <a:b> 1 }} }}").headers["etag"]
        again = f"INSERT DATA {{ GRAPH <{graph}> {{ <a:a> <a:b> 2 }} }}"
        assert update(writable, again, If_Match=first).status == 204
        assert update(writable, f"DROP GRAPH <{graph}>", If_Match=first).status == 412
        assert size(writable, graph) == 2


def test_unchanged_graph_is_304(writable: str, graph: str) -> None:
    put(writable, graph)
    tag = store(writable, "GET", graph).headers["etag"]
    assert not tag.startswith("W/")
    again = store(writable, "GET", graph, If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")
    other = store(writable, "GET", graph, If_None_Match=tag, Accept="application/rdf+xml")
    assert other.status == 200
    assert other.headers["etag"] != tag


def test_patch_changes_the_graph_it_is_sent_to(writable: str, graph: str) -> None:
    put(writable, graph)
    body = b"DELETE { GRAPH ?g { ?s ?p 1 } } INSERT { <a:seen> <a:in> ?s } WHERE { ?s ?p 1 }"
    assert store(writable, "PATCH", graph, body, **TURTLE).status == 415
    assert store(writable, "PATCH", graph, b"nonsense", **UPDATE).status == 400
    assert store(writable, "PATCH", graph, body, **UPDATE).status == 204
    assert holds(writable, "<a:seen> <a:in> <a:a>")


def test_writes_are_read_on_the_next_request(writable: str, graph: str) -> None:
    for number in range(6):
        made = put(writable, graph, f"<a:a> <a:b> {number} .").headers["mesoonto-dataset"]
        got = store(writable, "GET", graph, Accept="application/n-triples")
        assert got.headers["mesoonto-dataset"] == made
        assert f'"{number}"' in got.text


def test_other_methods_are_405_and_name_the_allowed(writable: str) -> None:
    reply = ask(writable, "TRACE", "/store?default")
    assert reply.status == 405
    assert {"GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"} <= set(reply.headers["allow"].split(", "))


def test_preflight_names_methods_and_headers(writable: str) -> None:
    reply = ask(writable, "OPTIONS", "/store", Origin="http://e.org", Access_Control_Request_Method="PUT")
    assert reply.status == 204
    assert "PUT" in reply.headers["access-control-allow-methods"].split(", ")
    assert "authorization" in reply.headers["access-control-allow-headers"].split(", ")


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)),
        f'<!ENTITY a11 "{"a" * 50_000}">',
        '<!ENTITY a11 "&a11;">',
    ],
)
def test_entity_bomb_is_one_line_with_400(writable: str, graph: str, declared: str) -> None:
    body = (
        f"<!DOCTYPE r:RDF [{declared}]>"
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="a:">'
        f'<r:Description r:about="a:a"><e:p>{"&a11;" * 50_000}</e:p></r:Description></r:RDF>'
    ).encode()
    reply = store(writable, "PUT", graph, body, **{"Content-Type": "application/rdf+xml"})
    assert reply.status == 400
    assert reply.text.startswith("body:1:")
    assert "entity" in reply.text
    assert reply.text.count("\n") == 1
    assert store(writable, "GET", graph).status == 404


@pytest.mark.parametrize(
    "triple", ['<a:a> <a:b> "a\\u0001b" .', '<a:a> <http://e/1> "x" .', "<a:a> a <http://e/1> ."]
)
def test_graph_that_rdf_xml_cannot_hold_is_406_and_comes_in_other_formats(
    writable: str, graph: str, triple: str
) -> None:
    put(writable, graph, triple)
    for method in ("GET", "HEAD"):
        assert store(writable, method, graph, Accept="application/rdf+xml").status == 406
    assert "text/turtle" in store(writable, "GET", graph, Accept="application/rdf+xml").text
    assert size(writable, graph) == 1
    query = f"/sparql?query={quote(f'CONSTRUCT {{ ?s ?p ?o }} {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}')}"
    assert ask(writable, path=query, Accept="application/rdf+xml").status == 406
    assert ask(writable, path=query, Accept="text/turtle").status == 200
