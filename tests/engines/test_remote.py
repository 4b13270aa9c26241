"""Results of an engine elsewhere against those of our own, which has the same data."""

from __future__ import annotations

import gc
import io
from collections.abc import Iterator

import pyoxigraph as ox
import pytest

from mesoonto.dataset.formats import FORMATS, Format, Kind, format_named
from mesoonto.dataset.row_limit import limited
from mesoonto.dataset.store import Engine
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.client import EngineClient
from mesoonto.engines.remote import RemoteEngine
from mesoonto.errors import EngineError, QueryRefusedError, QuerySyntaxError
from mesoonto.federation import Endpoints, Federation
from tests.engines.stand_in import Asked, Piece, answer, stand_in

_DATA = """
<urn:a> <urn:p> "one"@en, "a \\"quoted\\" ]}} text", 2.5 ; a <https://w3id.org/mesoonto/Study> .
<urn:b> <urn:p> _:x . _:x <urn:q> <urn:b> .
"""


@pytest.fixture(scope="module")
def own() -> Engine:
    store = ox.Store()
    store.load(_DATA.encode(), format=ox.RdfFormat.TURTLE)
    return Engine(store, "v", union=False)


@pytest.fixture(scope="module")
def remote(own: Engine) -> Iterator[RemoteEngine]:
    """An engine with the data of *own* which knows no prefix, no base, and writes what it is asked for."""

    def answering(asked: Asked) -> Iterator[Piece]:
        accept = asked.headers["accept"]
        try:
            found = own.store.query(asked.query)
        except SyntaxError as error:
            return iter([answer(str(error).encode(), "text/plain", 400)])
        form = next(one for one in FORMATS if one.media_types[0] == accept)
        return iter([answer(found.serialize(format=form.syntax) or b"", accept)])  # type: ignore[arg-type]

    with stand_in(answering) as engine:
        client = EngineClient(EngineAddress.of(engine.url))
        yield RemoteEngine(client, "v", union=False)
        client.close()


_QUERIES = {
    "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o": Kind.SOLUTIONS,
    "SELECT ?s { ?s a meso:Study }": Kind.SOLUTIONS,
    "SELECT ?none { ?none a <nothing> }": Kind.SOLUTIONS,
    "ASK { ?s a meso:Study }": Kind.BOOLEAN,
    "CONSTRUCT { ?s <urn:r> ?o } { ?s <urn:p> ?o FILTER(!isBlank(?o)) }": Kind.TRIPLES,
    "DESCRIBE <urn:a>": Kind.TRIPLES,
}


def _same(form: Format, kind: Kind, body: bytes) -> object:
    """What *body* says, whatever it is written like."""
    if isinstance(form.syntax, ox.RdfFormat):
        return sorted(str(quad) for quad in ox.parse(body, format=form.syntax))
    return sorted(body.splitlines()) if kind is Kind.SOLUTIONS else body


@pytest.mark.parametrize(
    ("query", "name"),
    [(query, form.name) for query, kind in _QUERIES.items() for form in FORMATS if kind in form.kinds],
)
def test_results_are_those_of_our_own_engine(
    own: Engine, remote: RemoteEngine, query: str, name: str
) -> None:
    kind = _QUERIES[query]
    form = format_named(name, kind)
    base = "http://here/"
    expected = own.query(query, base=base)
    found = remote.query(query, base=base)
    assert (found.kind, found.volatile) == (expected.kind, expected.volatile)
    assert _same(form, kind, found.serialize(form)) == _same(form, kind, expected.serialize(form))


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_rows_are_cut_as_those_of_our_own_engine(own: Engine, remote: RemoteEngine, name: str) -> None:
    query = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o"
    form = format_named(name, Kind.SOLUTIONS)
    for most in (1, 3, 100):
        assert limited(remote.query(query).here(), form, most) == limited(own.query(query), form, most)


def test_truth_and_columns_are_told(remote: RemoteEngine) -> None:
    assert remote.query("ASK { <urn:a> ?p ?o }").here().yes is True
    assert remote.query("SELECT ?s ?o { ?s <urn:q> ?o }").columns == ("s", "o")
    ((value,),) = remote.query('SELECT ?o { <urn:a> <urn:p> ?o FILTER(lang(?o) = "en") }').here().rows()
    assert value == ox.Literal("one", language="en")


def test_mistakes_are_those_of_our_own_engine(own: Engine, remote: RemoteEngine) -> None:
    for text in ("SELECT", "SELECT ?x {\n ?x nowhere:y 1 }", "ASK {{{"):
        with pytest.raises(QuerySyntaxError) as expected:
            own.query(text)
        with pytest.raises(QuerySyntaxError) as found:
            remote.query(text)
        assert str(found.value) == str(expected.value)
    with pytest.raises(QueryRefusedError):
        remote.query("SELECT * { SERVICE <http://e/> { ?s ?p ?o } }")


def test_service_is_taken_apart_here(remote: RemoteEngine) -> None:
    """The engine is asked for bindings and for the rest, and never sees the clause."""
    query = "SELECT ?s ?o { ?s a meso:Study . SERVICE SILENT <http://e/> { ?s ?p ?o } }"

    class Local:
        def select(self, text: str, outline: object) -> bytes:
            return remote.query(text, outline=outline).serialize(  # type: ignore[arg-type]
                format_named("json", Kind.SOLUTIONS)
            )

    resolved = Federation(Endpoints()).evaluate(query, Local())
    buffer = io.BytesIO()
    remote.query(resolved.query, outline=resolved.outline).write(format_named("csv", Kind.SOLUTIONS), buffer)
    assert buffer.getvalue() == b"s,o\r\nurn:a,\r\n"


def test_place_of_a_mistake_is_that_in_the_query_as_it_came() -> None:
    """The engine sees it behind declarations, in the same line."""

    def answering(asked: Asked) -> Iterator[Piece]:
        column = asked.query.index("?wrong") + 1
        return iter([answer(f"line 1, column {column}: no".encode(), "text/plain", 400)])

    text = "SELECT ?wrong { ?wrong a meso:Study }"
    with stand_in(answering) as engine:
        client = EngineClient(EngineAddress.of(engine.url))
        with pytest.raises(QuerySyntaxError) as raised:
            RemoteEngine(client, "v").query(text).serialize(format_named("json", Kind.SOLUTIONS))
        client.close()
    assert str(raised.value).startswith("query:1:8: ")


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (
            "ASK FROM <urn:a>\nFROM NAMED\n<urn:b> { ?s ?p 'FROM' }",
            f"ASK {12 * ' '}\n{10 * ' '}\n{7 * ' '} {{ ?s ?p 'FROM' }}",
        ),
        ("ASK { ?s ?p <urn:from> }", "ASK { ?s ?p <urn:from> }"),
    ],
)
def test_dataset_of_the_request_takes_the_place_of_that_of_the_query(text: str, sent: str) -> None:
    """Also before an engine that would take both."""
    with stand_in(lambda _: iter([answer(b'{"head":{},"boolean":true}')])) as engine:
        client = EngineClient(EngineAddress.of(engine.url))
        for graphs in ((), ("urn:c",)):
            result = RemoteEngine(client, "v").query(text, named_graphs=graphs)
            result.serialize(format_named("json", Kind.BOOLEAN))
        client.close()
    assert [one.query for one in engine.asked] == [text, sent]
    assert "named-graph-uri" in engine.asked[1].form


def test_another_kind_of_result_is_none() -> None:
    yes = b'{"head":{},"boolean":true}'
    with stand_in(lambda _: iter([answer(yes)])) as engine:
        client = EngineClient(EngineAddress.of(engine.url))
        for name in ("json", "csv"):
            with pytest.raises(EngineError):
                RemoteEngine(client, "v").query("SELECT * {}").serialize(format_named(name, Kind.SOLUTIONS))
        client.close()


def test_result_that_is_not_taken_to_its_end_frees_the_engine() -> None:
    row = b'{"x":{"type":"uri","value":"urn:x"}}'

    def endless(_: Asked) -> Iterator[Piece]:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\n"
        start = b'{"head":{"vars":["x"]},"results":{"bindings":[' + row
        yield head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(start), start)
        while True:
            yield b"%x\r\n,%b\r\n" % (len(row) + 1, row)

    form = format_named("json", Kind.SOLUTIONS)
    gc.disable()
    try:
        with stand_in(endless) as engine:
            client = EngineClient(EngineAddress.of(engine.url))
            found = limited(RemoteEngine(client, "v").query("SELECT ?x { ?x ?y ?z }").here(), form, 5)
            assert (found.rows, found.cut) == (5, True)
            engine.until(lambda: engine.open == 0)
            client.close()
    finally:
        gc.enable()
