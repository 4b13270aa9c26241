"""What adapters make of addresses, queries and answers, without an engine.

The expected addresses are those of the engines' documentation; those of Fuseki, Virtuoso and Oxigraph are
tried on the real ones in test_real_engines.py.
"""

from __future__ import annotations

from itertools import pairwise
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.dataset.formats import Kind
from mesoonto.engines.adapter import EngineQuery, EngineUpdate, Refusal
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.kinds import KINDS, adapter_of, kind_told_by
from mesoonto.engines.virtuoso import Virtuoso
from mesoonto.errors import EngineError, EngineTimeoutError, QueryFaultError, QuerySyntaxError

_JSON = "application/sparql-results+json"


@pytest.mark.parametrize(
    ("kind", "url", "update", "store"),
    [
        ("fuseki", "/ds/query", "/ds/update", "/ds/data"),
        ("fuseki", "/ds/sparql", "/ds/update", "/ds/data"),
        ("fuseki", "/ds", "/ds/update", "/ds/data"),
        ("oxigraph", "/query", "/update", "/store"),
        ("virtuoso", "/sparql", "/sparql", "/sparql-graph-crud"),
        ("qlever", "/", "/", "/"),
        ("graphdb", "/repositories/a", "/repositories/a/statements", "/repositories/a/rdf-graphs/service"),
        ("neptune", "/sparql", "/sparql", "/sparql/gsp/"),
    ],
)
def test_services_follow_from_the_one_for_queries(kind: str, url: str, update: str, store: str) -> None:
    address = adapter_of(kind).completed(EngineAddress.of(f"http://e.example{url}"))
    assert address.update is not None
    assert address.graph_store is not None
    assert (address.update.path, address.graph_store.path) == (update, store)
    stem = "http://e.example"
    given = EngineAddress.of(f"{stem}/a", update_url=f"{stem}/b", graph_store_url=f"{stem}/c")
    assert adapter_of(kind).completed(given) == given


@pytest.mark.parametrize(
    ("kind", "text", "parameter"),
    [
        ("fuseki", "SELECT * { ?s ?p 'GRAPH' }", ("default-graph-uri", "urn:x-arq:UnionGraph")),
        ("fuseki", "SELECT * { GRAPH ?g { ?s ?p ?o } }", None),
        ("fuseki", "SELECT * FROM <urn:a> { ?s ?p ?o }", None),
        ("oxigraph", "SELECT * { GRAPH ?g { ?s ?p ?o } }", ("union-default-graph", "")),
        ("oxigraph", "SELECT * FROM <urn:a> { ?s ?p ?o }", None),
    ],
)
def test_the_union_is_asked_for_where_a_query_names_no_graphs(
    kind: str, text: str, parameter: tuple[str, str] | None
) -> None:
    address = EngineAddress.of("http://e.example/query")
    for union, graphs in ((True, ()), (False, ()), (True, ("urn:g",))):
        sent = adapter_of(kind).query(address, EngineQuery(text, _JSON, union, graphs))
        if dict(sent.headers)["Content-Type"] == "application/sparql-query":
            given = [("query", sent.body.decode()), *_pairs(sent.path.partition("?")[2])]
        else:
            given = _pairs(sent.body.decode())
        found = [pair for pair in given if pair[0] != "timeout"]
        wanted = [parameter] if parameter and union and not graphs else []
        assert found == [("query", text), *(("default-graph-uri", g) for g in graphs), *wanted]


def _pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("BASE <urn:a>\nBASE <http://b/> # c\nASK {}", "            \nBASE <http://b/> # c\nASK {}"),
        (
            "# BASE <urn:c>\nbase<urn:a> Base <urn:b:> ASK {}",
            "              \n            Base <urn:b:> ASK {}",
        ),
        ("BASE <http://a/> BASE <b/> ASK {}", None),  # the second is resolved against the first
        ("BASE <http://a/> PREFIX p: <p#> BASE <http://b/> ASK {}", None),
        ("PREFIX p: <p#> BASE <http://b/> ASK {}", None),
        ("BASE <http://a/> ASK { ?s ?p 'BASE <http://b/>' }", None),
    ],
)
def test_virtuoso_gets_one_base(text: str, sent: str | None) -> None:
    """And places in the text stay where they are."""
    address = EngineAddress.of("http://e.example/sparql")
    for request in (
        Virtuoso().query(address, EngineQuery(text, _JSON)),
        Virtuoso().update(Virtuoso().completed(address), EngineUpdate(text)),
    ):
        (found,) = [value for name, value in _pairs(request.body.decode()) if name in ("query", "update")]
        assert found == (sent or text)


def test_headers_tell_the_kind() -> None:
    assert kind_told_by({"server": "Virtuoso/07.20.3229 (Linux) x86_64-pc-linux-gnu"}) == "virtuoso"
    assert kind_told_by({"server": "Oxigraph/0.5.13"}) == "oxigraph"
    assert kind_told_by({"fuseki-request-id": "1"}) == "fuseki"
    assert kind_told_by({"server": "nginx"}) == ""
    assert set(KINDS) >= {"generic", "fuseki", "virtuoso", "oxigraph", "qlever", "graphdb", "neptune"}


#: As Virtuoso 7.2.5 sent them.
_TRUE = b'\n{ "head": { "link": [], "vars": ["__ASK_RETVAL"] },\n  "results": { "distinct": false, "ordered": true, "bindings": [\n    { "__ASK_RETVAL": { "type": "typed-literal", "datatype": "http://www.w3.org/2001/XMLSchema#integer", "value": "1" }} ] } }'  # noqa: E501  # fmt: skip
_FALSE = b'\n{ "head": { "link": [], "vars": ["__ASK_RETVAL"] },\n  "results": { "distinct": false, "ordered": true, "bindings": [ ] } }'  # noqa: E501  # fmt: skip
_TABLE = b'\n{ "head": { "link": [], "vars": ["s", "o"] },\n  "results": { "distinct": false, "ordered": true, "bindings": [\n    { "s": { "type": "bnode", "value": "nodeID://b10000" }\t, "o": { "type": "typed-literal", "datatype": "http://www.w3.org/2001/XMLSchema#boolean", "value": "1" }},\n    { "s": { "type": "uri", "value": "urn:a" }\t, "o": { "type": "literal", "value": "\\"type\\": \\"bnode\\", \\"value\\": \\"nodeID://x" }} ] } }'  # noqa: E501  # fmt: skip


def _mended(body: bytes, *cuts: int) -> bytes:
    places = sorted({0, len(body), *(cut % len(body) for cut in cuts)})
    chunks = [body[a:b] for a, b in pairwise(places)]
    return b"".join(Virtuoso().mended({}, _JSON, iter(chunks)))


@given(st.lists(st.integers(0, 10_000), max_size=8))
def test_what_virtuoso_writes_is_mended_however_it_is_cut(cuts: list[int]) -> None:
    assert _mended(_TRUE, *cuts) == b'{"head":{},"boolean":true}'
    assert _mended(_FALSE, *cuts) == b'{"head":{},"boolean":false}'
    wanted = (
        _TABLE.replace(b'"value": "nodeID://b1', b'"value": "b1')
        .replace(b"typed-literal", b"literal")
        .replace(b'boolean", "value": "1"', b'boolean", "value": "true"')
    )
    assert _mended(_TABLE, *cuts) == wanted
    half = _TRUE[: len(_TRUE) // 2]
    assert not Virtuoso().is_whole("json", Kind.BOOLEAN, _mended(half, *cuts))


def test_a_part_of_a_result_is_no_result() -> None:
    with pytest.raises(EngineTimeoutError):
        Virtuoso().mended({"x-sql-state": "S1TAT"}, _JSON, iter([_TABLE]))
    with pytest.raises(EngineError, match="ResultSetMaxRows"):
        Virtuoso().mended({"x-sparql-maxrows": "10000"}, _JSON, iter([_TABLE]))


def test_refusals_in_words() -> None:
    said = "Virtuoso 37000 Error SP030: SPARQL compiler, line 2: syntax error at '}' SPARQL query: ASK"
    error = adapter_of("virtuoso").refused(Refusal(400, "text/plain", said))
    assert isinstance(error, QuerySyntaxError)
    assert str(error) == "query:2: the engine refuses it: syntax error at '}'"
    said = "Virtuoso 42000 Error SQ200: Stack Overflow in cost model SPARQL query: SELECT"
    error = adapter_of("virtuoso").refused(Refusal(500, "text/plain", said))
    assert isinstance(error, QueryFaultError)
    assert str(error).endswith("cost model")
    error = adapter_of("fuseki").refused(Refusal(503, "text/plain", "Query timed out"))
    assert isinstance(error, EngineTimeoutError)
    error = adapter_of("oxigraph").refused(Refusal(400, "text/plain", "error at 2:9: expected one of [_]"))
    assert isinstance(error, QuerySyntaxError)
    assert (error.place.line, error.place.column) == (2, 9) if error.place else False
