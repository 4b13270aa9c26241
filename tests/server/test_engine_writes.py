"""Writes over HTTP to a server whose data another SPARQL server holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pyoxigraph as ox
import pytest

from mesoonto.engines import note
from mesoonto.namespaces import GRAPH
from tests.conftest import running_server
from tests.engines.oxigraph_stand_in import StoreServer, store_server
from tests.engines.stand_in import StandIn
from tests.server.client import TURTLE, Reply, ask, get, update

MINE = "http://example.org/mine"
PLACE = f"/store?graph={quote(MINE, safe='')}"
BROKEN = "<http://example.org/mine/study> a <https://w3id.org/mesoonto/Study> ."


@dataclass(frozen=True)
class Served:
    address: str
    listening: StandIn
    server: StoreServer

    def insert(self, text: str, **headers: str) -> Reply:
        return update(self.address, f"INSERT DATA {{ GRAPH <{MINE}> {{ {text} }} }}", **headers)

    def own(self) -> set[str]:
        return {str(q.triple) for q in self.server.store if q.graph_name != ox.NamedNode(note.GRAPH)}


@pytest.fixture(scope="module")
def serving() -> Iterator[Served]:
    with store_server() as (listening, server):
        # The engine is not looked at again, so that a write alone tells what is new.
        options = ("--engine", listening.url, "--engine-interval", "600", "--engine-max-write", "1")
        options += ("--query-workers", "2")  # each write starts them anew
        with running_server(*options, "--allow-update") as address:
            yield Served(address, listening, server)


@pytest.fixture
def engine(serving: Served) -> Served:
    for graph in (MINE, "a:g"):
        serving.server.store.remove_graph(ox.NamedNode(graph))
    serving.server.updates.clear()
    serving.server.broken = ""
    return serving


def test_query_after_a_write_sees_it(engine: Served) -> None:
    asked = f"SELECT ?o {{ GRAPH <{MINE}> {{ <a:a> <a:b> ?o }} }} ORDER BY ?o"
    seen = []
    for number in (1, 2):
        written = engine.insert(f"<a:a> <a:b> {number}")
        assert written.status == 204, written.text
        reply = get(engine.address, asked, Accept="text/csv")
        assert reply.headers["mesoonto-dataset"] == written.headers["mesoonto-dataset"]
        seen.append((reply.text.split()[1:], reply.headers["etag"]))
    assert [numbers for numbers, _ in seen] == [["1"], ["1", "2"]]
    assert seen[0][1] != seen[1][1]
    kept = get(engine.address, asked, Accept="text/csv", If_None_Match=seen[1][1])
    assert kept.status in (200, 304)


def test_shapes_are_asked_and_the_engine_is_not(engine: Served) -> None:
    for reply in (engine.insert(BROKEN), ask(engine.address, "POST", PLACE, BROKEN.encode(), **TURTLE)):
        assert reply.status == 422
        assert "nothing was changed" in reply.text
        assert "http://example.org/mine/study" in reply.text
    assert engine.server.updates == []


def test_shipped_graphs_and_the_note_are_not_for_users(engine: Served) -> None:
    replies = [update(engine.address, f"INSERT DATA {{ GRAPH <{GRAPH}{name}> {{ <a:a> <a:b> 1 }} }}")
               for name in ("data", "state")]  # fmt: skip
    replies.append(update(engine.address, "CLEAR ALL"))
    replies.append(ask(engine.address, "PUT", f"/store?graph={quote(note.GRAPH, safe='')}", b"", **TURTLE))
    assert [reply.status for reply in replies] == [403] * 4
    assert engine.server.updates == []


def test_graph_is_put_read_changed_and_deleted(engine: Served) -> None:
    address = engine.address
    assert ask(address, "PUT", PLACE, b"<a:a> <a:b> [ <a:c> 1 ] .", **TURTLE).status == 201
    first = ask(address, "GET", PLACE, Accept="application/n-triples")
    assert first.text.count("\n") == 2
    patch = {"Content-Type": "application/sparql-update"}
    change = f"DELETE {{ GRAPH <{MINE}> {{ ?x <a:c> ?y }} }} INSERT {{ GRAPH <{MINE}> {{ ?x <a:d> ?y }} }} "
    # of blank nodes, which the engine has to find again by the pattern
    assert ask(address, "PATCH", PLACE, f"{change} WHERE {{ ?x <a:c> ?y }}".encode(), **patch).status == 204
    assert {text.split()[1] for text in engine.own()} == {"<a:b>", "<a:d>"}
    tag = first.headers["etag"]
    assert ask(address, "DELETE", PLACE, **{"If-Match": tag}).status == 412
    now = ask(address, "GET", PLACE, Accept="application/n-triples").headers["etag"]
    assert now != tag
    assert ask(address, "DELETE", PLACE, **{"If-Match": now}).status == 204
    assert ask(address, "DELETE", PLACE).status == 404
    assert engine.own() == set()


def test_condition_on_the_version_of_an_update(engine: Served) -> None:
    first = engine.insert("<a:a> <a:b> 1").headers["etag"]
    assert engine.insert("<a:a> <a:b> 2", **{"If-Match": first}).status == 204
    assert engine.insert("<a:a> <a:b> 3", **{"If-Match": first}).status == 412
    assert len(engine.own()) == 2


def test_too_much_is_413_with_advice(engine: Served) -> None:
    line = b"<a:a> <a:b> '%s' ." % (b"x" * (1 << 20))
    reply = ask(engine.address, "POST", PLACE, line, **TURTLE)
    assert reply.status == 413
    assert "mesoonto load --engine" in reply.text
    assert engine.server.updates == []


def test_lost_update_is_502_and_sent_once(engine: Served) -> None:
    engine.insert("<a:a> <a:b> 1")
    engine.server.broken = "before"
    reply = engine.insert("<a:a> <a:b> 2")
    assert reply.status == 502
    assert "not known whether" in reply.text
    assert len(engine.server.updates) == 2
    engine.server.broken = "after"
    assert engine.insert("<a:a> <a:b> 2").status == 204
    assert len(engine.own()) == 2


def test_mistake_is_told_here(engine: Served) -> None:
    reply = update(engine.address, "INSERT DATA\n{ nonsense }")
    assert reply.status == 400
    assert "update:2:" in reply.text
    assert update(engine.address, "LOAD <http://127.0.0.1:9/>").status == 403
    assert engine.server.updates == []
