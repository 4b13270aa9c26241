"""Fuseki, Virtuoso and Oxigraph's server, really started: what the library makes of each.

How each is loaded, and written to as a dataset on disk is. What they answer is asked through a served
mesoonto, in test_real_fronts.py.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from mesoonto.dataset.store import Term
from mesoonto.dataset.versions import Location
from mesoonto.dataset.write import Writer
from mesoonto.engines import load
from mesoonto.engines.adapter import EngineQuery, EngineUpdate
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.client import EngineClient
from mesoonto.engines.kinds import kind_found
from mesoonto.engines.write import EngineWriter
from mesoonto.errors import EngineTimeoutError, InputError, MesoontoError, OverloadedError, QuerySyntaxError
from tests.conftest import run_within
from tests.engines.conftest import REAL
from tests.engines.terms import value
from tests.engines.test_engine_writes import document

#: The engines take a minute to start.
pytestmark = pytest.mark.slow

_JSON = "application/sparql-results+json"
_N_TRIPLES = "application/n-triples"
_XSD = "http://www.w3.org/2001/XMLSchema#"

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
    assert "timeout=1" in f"{request.path} {request.body.decode()}"
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


# What a write does.

A, Q, P = "<urn:t:a>", "<urn:t:q>", "<urn:t:p>"

WRITES: list[tuple[str, Any, Any]] = [
    ("update", f"INSERT DATA {{ GRAPH <urn:t:g> {{ {A} {P} 1, 'x'@en, 'one\\n \"two\"', 2.5 }} }}", None),
    ("update", f"INSERT DATA {{ GRAPH <urn:t:g> {{ {A} {Q} [ <urn:t:r> 1 ] }} }}", None),
    (
        "update",
        f"DELETE {{ GRAPH <urn:t:g> {{ ?s {P} ?o }} }} INSERT {{ GRAPH <urn:t:h> {{ ?s {P} ?o }} }} "
        f"WHERE {{ GRAPH <urn:t:g> {{ ?s {P} ?o FILTER(isNumeric(?o)) }} }}",
        None,
    ),
    ("update", f"WITH <urn:t:new> INSERT {{ {A} {P} {A} }} WHERE {{}}", None),
    (
        "update",
        f"INSERT DATA {{ GRAPH <urn:t:g> {{ {A} <urn:t:z> 5 }} }} ; "
        "INSERT { GRAPH <urn:t:h> { ?s <urn:t:z> ?o } } WHERE { GRAPH <urn:t:g> { ?s <urn:t:z> ?o } }",
        None,
    ),
    (
        "update",
        "WITH <urn:t:g> DELETE { ?x <urn:t:r> ?y } INSERT { ?x <urn:t:s> ?y } WHERE { ?x <urn:t:r> ?y }",
        None,
    ),
    ("update", "COPY <urn:t:g> TO <urn:t:k>", None),
    ("update", "CREATE GRAPH <urn:t:g>", None),
    ("update", "DROP GRAPH <urn:t:missing>", None),
    ("update", f"DELETE DATA {{ GRAPH <urn:t:g> {{ {A} {P} 'x'@en }} }}", None),
    ("put", ox.NamedNode("urn:t:g"), f"{A} {P} [] , {A} ."),
    ("put", ox.NamedNode("urn:t:g"), f"{A} {P} {Q} ."),
    ("delete", ox.NamedNode("urn:t:k"), None),
    ("delete", ox.NamedNode("urn:t:k"), None),
]


@pytest.mark.parametrize("kind", REAL)
def test_writes_do_what_they_do_on_disk(
    engine_client: Callable[[str], EngineClient], tmp_path: Path, kind: str
) -> None:
    client = engine_client(kind)
    location = Location(tmp_path / "data")
    writers = Writer(location, _all_is_well), EngineWriter(client, _all_is_well, ox.Store())
    for name, what, text in WRITES:
        done = []
        for writer in writers:
            try:
                given = (what,) if text is None else (what, document(text)())
                done.append(str(getattr(writer, name)(*given).created))
            except MesoontoError as error:
                done.append(f"{type(error).__name__}: {error}")
        assert done[0] == done[1], what
        there = client.query(EngineQuery(_OWN, "application/sparql-results+json", union=False)).read()
        found = ox.parse_query_results(there, format=ox.QueryResultsFormat.JSON)
        here = (
            (q.graph_name, q.subject, q.predicate, q.object)
            for q in location.open_current()[0]
            if isinstance(q.graph_name, ox.NamedNode)
        )
        assert _shown(found) == _shown(here), what  # type: ignore[arg-type]  # SELECT


_OWN = "SELECT ?g ?s ?p ?o { GRAPH ?g { ?s ?p ?o } FILTER(STRSTARTS(STR(?g), 'urn:t:')) }"


def _shown(rows: Iterable[Iterable[object]]) -> list[str]:
    """*rows* without labels of blank nodes."""
    return sorted(re.sub(r"_:\S+", "_:", " ".join(map(str, row))) for row in rows)


def _all_is_well(store: object, changed: object) -> None:
    """Refuses nothing."""


@pytest.mark.parametrize("kind", [REAL[0], REAL[2]])  # Virtuoso does not keep them apart (tried)
def test_writers_of_several_servers_do_not_mix(
    engine_client: Callable[[str], EngineClient], kind: str
) -> None:
    address, adapter = engine_client(kind).address, engine_client(kind).adapter
    done: list[str] = []

    def write(number: int) -> None:
        with contextlib.closing(EngineClient(address, adapter=adapter)) as client:
            writer = EngineWriter(client, _all_is_well, ox.Store())
            for turn in range(5):
                # each takes what is there, and puts one more
                count = "SELECT (COUNT(*) AS ?n) { GRAPH <urn:c:c> { ?s ?p ?o } }"
                added = f"GRAPH <urn:c:c> {{ <urn:c:{number}-{turn}> {P} ?n }}"
                text = f"INSERT {{ {added} }} WHERE {{ {{ {count} }} }}"
                with contextlib.suppress(OverloadedError):
                    writer.update(text)
                    done.append(text)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = "SELECT ?n { GRAPH <urn:c:c> { ?s ?p ?n } }"
    asked = EngineQuery(rows, "application/sparql-results+json", union=False)
    there = engine_client(kind).query(asked).read()
    found = ox.parse_query_results(there, format=ox.QueryResultsFormat.JSON)
    numbers = sorted(int(row[0].value) for row in found)  # type: ignore[union-attr]  # SELECT
    assert numbers == list(range(len(done)))
