"""Fuseki, Virtuoso and Oxigraph's server, really started: what each says of itself, and how it is loaded.

What they answer is asked through a served mesoonto, in test_real_fronts.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from mesoonto.dataset.store import Term
from mesoonto.engines import load
from mesoonto.engines.adapter import EngineQuery, EngineUpdate
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.client import EngineClient
from mesoonto.engines.kinds import kind_found
from mesoonto.errors import EngineTimeoutError, InputError, MesoontoError, QuerySyntaxError
from tests.conftest import run_within
from tests.engines.conftest import REAL
from tests.engines.terms import value

_JSON = "application/sparql-results+json"
_N_TRIPLES = "application/n-triples"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_EVERY = 12

Client = Callable[[str], EngineClient]


def _rows(client: EngineClient, text: str, *, union: bool = True) -> list[dict[str, Term]]:
    asked = EngineQuery(text, _JSON, union, seconds=120)
    found = ox.parse_query_results(client.query(asked).read(), format=ox.QueryResultsFormat.JSON)
    assert isinstance(found, ox.QuerySolutions)
    names = [variable.value for variable in found.variables]
    return [{name: row[name] for name in names if row[name] is not None} for row in found]


@pytest.mark.parametrize("kind", REAL)
def test_the_kind_is_found_out(engine_url: Callable[[str], str], kind: str) -> None:
    assert kind_found(EngineAddress.of(engine_url(kind))) == kind


@pytest.mark.parametrize("kind", REAL)
def test_a_syntax_error_tells_its_line(engine_client: Client, kind: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        engine_client(kind).query(EngineQuery("SELECT * {\n ?s ?p }", _JSON))
    assert caught.value.place is not None
    assert caught.value.place.line == 2
    assert "SELECT" not in caught.value.message


@pytest.mark.parametrize("kind", REAL)
def test_an_update_is_as_atomic_as_is_told(engine_client: Client, kind: str) -> None:
    """LOAD from where nobody listens fails; what stands before it stays, or does not."""
    client = engine_client(kind)
    insertion = "INSERT DATA { GRAPH <urn:atomic> { <urn:a> <urn:a> <urn:a> } }"
    with pytest.raises(MesoontoError):
        client.update(EngineUpdate(f"{insertion} ; LOAD <http://127.0.0.1:9/x.ttl> INTO GRAPH <urn:atomic>"))
    stays = load.ask(client, "ASK { GRAPH <urn:atomic> { ?s ?p ?o } }")
    assert stays == (not client.adapter.atomic_updates)


@pytest.mark.parametrize("kind", [REAL[0]])
def test_an_engine_that_gives_up_in_time_says_so(engine_client: Client, kind: str) -> None:
    client = engine_client(kind)
    numbers = "".join(f"<urn:{i}> <urn:p> {i} .\n" for i in range(3000))
    client.post_graph("urn:long", "text/turtle", iter([numbers.encode()]), 30)
    text = "SELECT (COUNT(*) AS ?n) FROM <urn:long> { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    request = client.adapter.query(client.address, EngineQuery(text, _JSON, union=False, seconds=1))
    assert b"timeout=1" in request.body
    with pytest.raises(EngineTimeoutError):
        client.query(EngineQuery(text, _JSON, union=False, seconds=1))


# What a load does to graphs.


def _graph(client: EngineClient, name: str) -> set[str]:
    return {value(row["o"]) for row in _rows(client, f"SELECT ?o {{ GRAPH <{name}> {{ ?s ?p ?o }} }}")}


def _staged(client: EngineClient) -> list[object]:
    text = f'SELECT ?g {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?g), "{load.STAGING}")) }}'
    return list(_rows(client, text))


def _quads(*objects: str, graph: str) -> Iterator[ox.Quad]:
    s, p = ox.NamedNode("urn:s"), ox.NamedNode("urn:p")
    return (ox.Quad(s, p, ox.Literal(text), ox.NamedNode(graph)) for text in objects)


@pytest.fixture(params=["one update", "by staging"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of a load, for engines that take it in one update."""
    if request.param == "by staging":
        monkeypatch.setattr(load, "_IN_ONE", 0)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", REAL)
def test_load_adds_or_replaces(engine_client: Client, kind: str) -> None:
    client = engine_client(kind)

    def put(*objects: str, replacing: bool) -> None:
        with load.collected(_quads(*objects, graph="urn:loaded")) as parts:
            load.load(client, parts, lambda _: None, replacing=replacing, seconds=60)

    put("a", "b", replacing=True)
    assert _graph(client, "urn:loaded") == {"a", "b"}
    put("c", replacing=False)
    assert _graph(client, "urn:loaded") == {"a", "b", "c"}
    put("d", replacing=True)
    assert _graph(client, "urn:loaded") == {"d"}
    assert not _staged(client)


@pytest.mark.parametrize("kind", REAL)
def test_a_load_that_breaks_off_leaves_what_was(
    engine_client: Client, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "_IN_ONE", 0)
    client = engine_client(kind)
    with load.collected(_quads("old", graph="urn:kept")) as parts:
        load.load(client, parts, lambda _: None, replacing=True, seconds=60)
    quads = [*_quads("new", graph="urn:kept"), *_quads("x", graph="urn:other")]
    with load.collected(quads) as parts:
        parts[1].path.unlink()  # as on a disk that fails
        with pytest.raises(FileNotFoundError):
            load.load(client, parts, lambda _: None, replacing=True, seconds=60)
    assert _graph(client, "urn:kept") == {"old"}
    assert not _graph(client, "urn:other")
    assert not _staged(client)


@pytest.mark.parametrize("kind", REAL)
def test_files_are_loaded_into_a_graph(
    engine_url: Callable[[str], str], engine_client: Client, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "a.ttl").write_text("<urn:a> <urn:p> 24.0 , [ <urn:q> 1 ] .")
    options = ("--engine", engine_url(kind), "--graph", "urn:files", "--replace")
    done = run_within(tmp_path, "load", "a.ttl", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 statements loaded in ")
    client = engine_client(kind)
    assert load.ask(client, "ASK { GRAPH <urn:files> { <urn:a> <urn:p> 24.0 , ?b . ?b <urn:q> 1 } }")
    broken = tmp_path / "b.ttl"
    broken.write_text("<urn:a> <urn:p> ")
    done = run_within(tmp_path, "load", "a.ttl", "b.ttl", *options)
    assert done.returncode != 0
    assert "b.ttl:1" in done.stderr
    assert load.ask(client, "ASK { GRAPH <urn:files> { <urn:a> <urn:p> 24.0 } }")


def test_what_an_engine_has_no_place_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_text("<urn:a> <urn:p> <urn:o> .\n")
    url = "http://127.0.0.1:9/sparql"
    done = run_within(tmp_path, "load", "a.nt", "--engine", url, "--engine-kind", "virtuoso")
    assert "name one with --graph" in done.stderr
    done = run_within(
        tmp_path, "load", "a.nt", "--engine", url, "--engine-kind", "fuseki", "--graph", "urn:g"
    )
    assert "cannot be reached" in done.stderr
    a = ox.NamedNode("urn:a")
    with pytest.raises(InputError, match="blank node"), load.collected([ox.Quad(a, a, a, ox.BlankNode())]):
        pass
