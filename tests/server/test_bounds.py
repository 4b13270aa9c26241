"""At every door to which SPARQL comes, what is too long or nests too deeply is one line; nothing is lost."""

from __future__ import annotations

import json

import pytest

from tests.server.client import FORM, Reply, ask, holds, update
from tests.wire import quickly_quoted

_UPDATE = {"Content-Type": "application/sparql-update"}
_QUERY = {"Content-Type": "application/sparql-query"}
_MIB = 1 << 20
_DEEP = 4000
_DEEP_GROUP = "{" * _DEEP + "}" * _DEEP
_SHACL = "@prefix sh: <http://www.w3.org/ns/shacl#> ."


def _form(**fields: str) -> bytes:
    pairs = (f"{name.replace('_', '-')}={quickly_quoted(value)}" for name, value in fields.items())
    return "&".join(pairs).encode()


def _long(text: str) -> str:
    """*text* with a comment of more than a megabyte in it."""
    return text.replace("{", "{ #" + "x" * _MIB + "\n", 1)


_DEEP_QUERY = f"SELECT * WHERE {_DEEP_GROUP}"
_DEEP_UPDATE = f"DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o {_DEEP_GROUP} }}"
_LONG_QUERY = _long("SELECT * WHERE { }")
_LONG_UPDATE = _long("DELETE WHERE { <a:none> ?p ?o }")
_SHAPE = f"""{_SHACL} <a:S> a sh:NodeShape ; sh:targetNode <a:a> ; sh:sparql [ sh:message "m" ;
    sh:select {json.dumps("SELECT $this WHERE { $this ?p ?o " + _DEEP_GROUP + "}")} ] ."""

_DOORS = [
    ("GET query", "GET", f"/sparql?query={quickly_quoted(_DEEP_QUERY)}", None, {}),
    ("POST query", "POST", "/sparql", _DEEP_QUERY.encode(), _QUERY),
    ("form", "POST", "/sparql", _form(query=_DEEP_QUERY), FORM),
    ("explained", "POST", "/sparql", _form(query=_DEEP_QUERY, explain="true"), FORM),
    ("FROM", "POST", "/sparql", _form(query=f"SELECT * FROM <a:g> {_DEEP_GROUP}"), FORM),
    ("SERVICE", "POST", "/sparql", _form(query=f"ASK {{ SERVICE <a:b> {_DEEP_GROUP} }}"), FORM),
    ("dataset", "POST", "/sparql", _form(query=_DEEP_QUERY, default_graph_uri="a:g"), FORM),
    ("update", "POST", "/update", _DEEP_UPDATE.encode(), _UPDATE),
    ("update form", "POST", "/update", _form(update=_DEEP_UPDATE), FORM),
    ("using-graph-uri", "POST", "/update", _form(update=_DEEP_UPDATE, using_graph_uri="a:g"), FORM),
    ("silent LOAD", "POST", "/update", f"LOAD SILENT <a:b> ; {_DEEP_UPDATE}".encode(), _UPDATE),
    ("PATCH", "PATCH", "/store?graph=a:g", _DEEP_UPDATE.encode(), _UPDATE),
    ("long query", "POST", "/sparql", _LONG_QUERY.encode(), _QUERY),
    ("long form", "POST", "/sparql", _form(query=_LONG_QUERY), FORM),
    ("long update", "POST", "/update", _LONG_UPDATE.encode(), _UPDATE),
    ("long using-graph-uri", "POST", "/update", _form(update=_LONG_UPDATE, using_graph_uri="a:g"), FORM),
    ("long silent LOAD", "POST", "/update", f"LOAD SILENT <a:b> ; {_LONG_UPDATE}".encode(), _UPDATE),
    ("long PATCH", "PATCH", "/store?graph=a:g", _LONG_UPDATE.encode(), _UPDATE),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [door[1:] for door in _DOORS],
    ids=[door[0] for door in _DOORS],
)
def test_what_is_too_much_is_one_line(
    writable: str, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> None:
    update(writable, "INSERT DATA { <a:here> <a:b> 1 }")
    reply: Reply = ask(writable, method, path, body, **headers)
    assert reply.status in (400, 403, 413, 414)
    assert reply.text.count("\n") == 1
    assert len(reply.text) < 300
    assert holds(writable, "<a:here> <a:b> 1")


def test_long_data_are_taken(writable: str) -> None:
    assert update(writable, f"INSERT DATA {{ <a:long> <a:b> '{'x' * 2 * _MIB}' }}").status == 204
    assert holds(writable, "<a:long> <a:b> ?o FILTER(STRLEN(?o) = 2097152)")


def test_graphs_named_for_each_of_many_operations_do_not_add_up_beyond_the_bound(writable: str) -> None:
    operations = " ; ".join(["DELETE { ?s ?p 1 } WHERE { ?s ?p 2 }"] * 500)
    body = _form(update=operations, using_graph_uri=f"http://e/{'x' * 5000}")
    reply = ask(writable, "POST", "/update", body, **FORM)
    assert (reply.status, reply.text.count("\n")) == (413, 1)


@pytest.mark.parametrize("name", ["a:g> {} ; CLEAR ALL #", "a b", "<a:g>"])
def test_graph_of_the_dataset_is_an_iri(writable: str, name: str) -> None:
    update(writable, "INSERT DATA { <a:here> <a:b> 1 }")
    body = _form(update="DELETE { ?s ?p 1 } WHERE { ?s ?p 2 }", using_graph_uri=name)
    assert ask(writable, "POST", "/update", body, **FORM).status == 400
    assert holds(writable, "<a:here> <a:b> 1")


def test_shape_with_a_deep_query_is_one_line(writable: str) -> None:
    boundary = "boundary"
    parts = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.ttl"\r\n'
        f"Content-Type: text/turtle\r\n\r\n{text}\r\n"
        for name, text in (("data", "<a:a> <a:b> 1 ."), ("shapes", _SHAPE))
    )
    content = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    reply = ask(writable, "POST", "/validate", f"{parts}--{boundary}--\r\n".encode(), **content)
    assert reply.status == 400
    assert reply.text.count("\n") == 1
