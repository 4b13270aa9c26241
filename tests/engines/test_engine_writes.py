"""Writes to an engine do what the same writes do to a dataset on disk, and are refused alike."""

from __future__ import annotations

import contextlib
import io
import itertools
import socket
import tempfile
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from mesoonto.dataset import kept
from mesoonto.dataset.upload import Document
from mesoonto.dataset.versions import Location
from mesoonto.dataset.write import Writer, is_shipped
from mesoonto.engines import note
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.client import EngineClient
from mesoonto.engines.write import EngineWriter, WriteBounds
from mesoonto.errors import (
    EngineDownError,
    EngineError,
    MesoontoError,
    OverloadedError,
    PreconditionError,
    QueryRefusedError,
    TooLongError,
)
from mesoonto.namespaces import GRAPH, PREFIXES
from mesoonto.sparql.parser import parse_update
from mesoonto.validation import write_check
from tests.dataset import test_delta as delta
from tests.engines.oxigraph_stand_in import StoreServer, store_server
from tests.engines.stand_in import StandIn
from tests.examples import examples

common = settings(
    max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)

G = ox.NamedNode("a:g")


class Pair:
    """One dataset on disk and one in an engine."""

    def __init__(
        self, directory: Path, listening: StandIn, server: StoreServer, shipped: ox.Store | None = None
    ) -> None:
        self.server = server
        self.seen: list[set[str]] = [set(), set()]
        server.store.clear()
        self.location = Location(directory)
        if shipped is not None:
            with self.location.draft() as draft:
                draft.data.bulk_extend(shipped)
            server.store.bulk_extend(shipped)
        check = write_check.check if shipped is not None else _nothing
        self.here = Writer(self.location, partial(self._note, 0, check))
        self._client = client = EngineClient(EngineAddress.of(listening.url))
        self.there = EngineWriter(client, partial(self._note, 1, check), shipped)

    def _note(self, number: int, check: Any, store: Any, changed: Collection[ox.Quad]) -> None:
        self.seen[number] = canonical(changed)
        check(store, changed)

    def do(self, name: str, *args: Any, **options: Any) -> bool:
        """Let both do it; whether the engine did."""
        failures: list[MesoontoError | None] = []
        self.seen = [set(), set()]
        created = []
        for writer in (self.here, self.there):
            try:
                given = [a() if callable(a) else a for a in args]  # documents are read once
                created.append(getattr(writer, name)(*given, **options).created)
                failures.append(None)
            except MesoontoError as error:
                failures.append(error)
        self._forget_empty_graphs()
        here, there = failures
        if here is None and isinstance(there, QueryRefusedError):
            event(f"only the engine refuses: {there.message[:60]}")
            return False
        assert type(here) is type(there), failures
        assert str(here) == str(there)
        assert len(set(created)) < 2
        assert self.seen[0] == self.seen[1]
        assert self.data_here() == self.data_there()
        return here is None

    def data_here(self) -> set[str]:
        return own_data(self.location.open_current()[0]) if self.location.current() else set()

    def data_there(self) -> set[str]:
        return own_data(self.server.store)

    def close(self) -> None:
        self._client.close()

    def _forget_empty_graphs(self) -> None:
        with self.location.draft() as draft:
            for graph in list(draft.data.named_graphs()):
                if next(draft.data.quads_for_pattern(None, None, None, graph), None) is None:
                    draft.data.remove_graph(graph)


def own_data(store: ox.Store) -> set[str]:
    """What is in *store* but for shipped graphs, and the note, which is called like one."""
    graphs = [ox.DefaultGraph(), *(graph for graph in store.named_graphs() if not is_shipped(graph))]
    return canonical(q for graph in graphs for q in store.quads_for_pattern(None, None, None, graph))


def _nothing(store: object, changed: object) -> None:
    """Lets all writes through."""


def canonical(quads: Iterable[ox.Quad]) -> set[str]:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


@pytest.fixture(scope="module")
def serving() -> Iterator[tuple[StandIn, StoreServer]]:
    with store_server() as found:
        yield found


@pytest.mark.slow
@common
@example(
    ["INSERT DATA { [] <a:p> 1 }", "DELETE { ?x <a:p> ?y } INSERT { ?x <a:q> ?y } WHERE { ?x <a:p> ?y }"]
)
@example(["INSERT DATA { <a:s> <a:p> 1 } ; INSERT { ?x <a:q> ?y } WHERE { ?x <a:p> ?y }"])
@example(["INSERT DATA { GRAPH <a:g> { [] <a:p> [] } } ; COPY <a:g> TO e:h ; CLEAR GRAPH <a:g>"])
@example(
    [
        "WITH <a:g> INSERT { <a:s> <a:p> 1 } WHERE {}",
        "WITH <a:g> INSERT { <a:s> <a:q> 1 } WHERE { GRAPH ?x { ?y <a:p> 1 } }",
    ]
)
@given(st.lists(delta.updates, min_size=1, max_size=3))
def test_updates_do_what_they_do_on_disk(serving: tuple[StandIn, StoreServer], updates: list[str]) -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        contextlib.closing(Pair(Path(directory), *serving)) as pair,
    ):
        for text in updates:
            if not pair.do("update", f"PREFIX e: <a:> {text}", base="http://base/"):
                break


def document(text: str, syntax: ox.RdfFormat = ox.RdfFormat.TURTLE) -> Any:
    return lambda: iter([Document(io.BytesIO(text.encode()), syntax, "http://base/")])


nodes = st.one_of(delta.terms, delta.blank)
flat = st.lists(delta.triple(nodes, st.sampled_from(["<a:p>", "e:q"]), nodes), max_size=3).map("".join)
named = st.sampled_from([None, G, ox.NamedNode("a:h")])
stored = st.one_of(
    st.tuples(st.just("put"), named, flat, st.booleans()),
    st.tuples(st.just("put_dataset"), st.lists(st.tuples(named, flat), max_size=2), st.booleans()),
    st.tuples(st.just("delete"), named),
    st.tuples(st.just("update"), delta.updates),
)


@pytest.mark.slow
@common
@example([("put", G, "_:b <a:p> [] , <a:s> .", False), ("put", G, "<a:s> <a:p> _:b .", False)])
@given(st.lists(stored, min_size=1, max_size=4))
def test_graph_store_does_what_it_does_on_disk(
    serving: tuple[StandIn, StoreServer], writes: list[tuple[Any, ...]]
) -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        contextlib.closing(Pair(Path(directory), *serving)) as pair,
    ):
        for name, *rest in writes:
            if name == "put":
                graph, text, keep = rest
                pair.do("put", graph, document(f"PREFIX e: <a:> {text}"), keep=keep)
            elif name == "put_dataset":
                parts = [f"{graph or ''} {{ {text} }}" for graph, text in rest[0]]
                trig = document("PREFIX e: <a:>\n" + "\n".join(parts), ox.RdfFormat.TRIG)
                pair.do("put_dataset", trig, keep=rest[1])
            elif name == "delete":
                pair.do("delete", rest[0])
            elif not pair.do("update", f"PREFIX e: <a:> {rest[0]}", base="http://base/"):
                break


@pytest.fixture
def server(serving: tuple[StandIn, StoreServer]) -> StoreServer:
    """The server with nothing in it but a note, and nothing said to it."""
    found = serving[1]
    found.store.clear()
    found.updates.clear()
    found.meddle, found.broken = lambda _: None, ""
    return found


@pytest.fixture
def writer(serving: tuple[StandIn, StoreServer], server: StoreServer) -> Iterator[EngineWriter]:  # noqa: ARG001
    client = EngineClient(EngineAddress.of(serving[0].url))
    with contextlib.closing(client):
        yield EngineWriter(client)


def state(server: StoreServer) -> str:
    graph = ox.NamedNode(note.GRAPH)
    found = server.store.quads_for_pattern(graph, ox.NamedNode(note.STATE), None, graph)
    return " ".join(quad.object.value for quad in found)  # type: ignore[union-attr]


def own(server: StoreServer) -> set[str]:
    return {str(q) for q in server.store if q.graph_name != ox.NamedNode(note.GRAPH)}


INSERT = "INSERT DATA { <a:a> <a:p> <a:b> }"


def test_write_renews_the_note_in_its_one_operation(writer: EngineWriter, server: StoreServer) -> None:
    first = writer.update(INSERT)
    second = writer.update("DELETE { ?s ?p ?o } INSERT { ?s <a:q> ?o } WHERE { ?s ?p ?o }")
    assert state(server) == second.version != first.version
    assert own(server) == {"<a:a> <a:q> <a:b>"}
    assert [len(operations_of(text)) for text in server.updates] == [1, 1]


def operations_of(text: str) -> list[str]:
    return [node.kind for node in parse_update(text).children if node.kind != "Prologue" and node.children]


def test_somebody_else_is_faster_and_the_write_begins_anew(writer: EngineWriter, server: StoreServer) -> None:
    writer.update(INSERT)
    server.meddle = lambda _: server.store.update(f"{note.noting('other')} ; INSERT DATA {{ <a:a> <a:p> 1 }}")
    outcome = writer.update("DELETE { ?s ?p ?o } INSERT { ?s <a:q> ?o } WHERE { ?s ?p ?o }")
    assert len(server.updates) == 3
    # both triples are there to be changed now, which the first attempt had not seen
    assert {line.split()[1] for line in own(server)} == {"<a:q>"}
    assert len(own(server)) == 2
    assert state(server) == outcome.version


def test_condition_is_asked_of_what_is_written_to(writer: EngineWriter, server: StoreServer) -> None:
    first = writer.update(INSERT)
    asked: list[tuple[str, bool]] = []

    def only_if(version: str, store: Any) -> bool:
        asked.append((version, store.contains_named_graph(G)))
        return version == first.version

    server.meddle = lambda _: server.store.update(note.noting("other"))
    with pytest.raises(PreconditionError):
        writer.update("INSERT DATA { <a:a> <a:p> 1 }", only_if=only_if)
    assert asked == [(first.version, False), ("other", False)]
    assert own(server) == {"<a:a> <a:p> <a:b>"}


def test_others_that_write_all_the_time_are_told(writer: EngineWriter, server: StoreServer) -> None:
    numbers = itertools.count()

    def meddle(_: str) -> None:
        server.store.update(note.noting(f"other{next(numbers)}"))
        server.meddle = meddle

    server.store.update(note.noting("other"))
    server.meddle = meddle
    with pytest.raises(OverloadedError, match="all the time"):
        writer.update(INSERT)
    assert own(server) == set()


def test_answer_that_is_lost_is_looked_for_in_the_note(writer: EngineWriter, server: StoreServer) -> None:
    server.broken = "after"
    assert writer.update(INSERT).version == state(server)
    assert len(server.updates) == 1


def test_update_that_is_lost_is_told_and_not_sent_again(writer: EngineWriter, server: StoreServer) -> None:
    writer.update(INSERT)
    server.broken = "before"
    with pytest.raises(EngineError, match=r"not known whether .* was carried out .* If-Match"):
        writer.update("INSERT DATA { <a:a> <a:p> 1 }")
    assert len(server.updates) == 2
    assert len(own(server)) == 1


def test_operation_that_fails_in_the_middle_is_told(writer: EngineWriter, server: StoreServer) -> None:
    """As an engine without transactions may do it."""
    writer.update("INSERT DATA { GRAPH <a:g> { [] <a:p> 1 } }")

    def half(text: str) -> None:
        server.store.update(text.split(" ;\n")[0])
        raise RuntimeError("no room")

    server.meddle = half
    with pytest.raises(EngineError, match=r"carried out a part .*no room.* mend it"):
        writer.delete(G)


def test_engine_that_is_down_is_told_before_anything_is_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = EngineAddress.of(f"http://127.0.0.1:{listener.getsockname()[1]}/")
    with pytest.raises(EngineDownError, match="cannot be reached"):
        EngineWriter(EngineClient(address)).update(INSERT)


def test_two_notes_are_a_mistake(writer: EngineWriter, server: StoreServer) -> None:
    for name in ("one", "other"):
        server.store.update(
            f"INSERT DATA {{ GRAPH <{note.GRAPH}> {{ <{note.GRAPH}> <{note.STATE}> '{name}' }} }}"
        )
        made = f"<{note.GRAPH}> <{note.GRAPH}#made> '{name}'"
        server.store.update(f"INSERT DATA {{ GRAPH <{note.GRAPH}> {{ {made} }} }}")
    with pytest.raises(EngineError, match="two notes"):
        writer.update(INSERT)
    server.store.update(note.noting("third", "version"))  # as a load does
    assert writer.update(INSERT).version == state(server)
    assert writer.delete(None).version == state(server)


def test_note_is_not_for_users(writer: EngineWriter, server: StoreServer) -> None:
    writer.update(INSERT)
    for text in (
        f"INSERT DATA {{ GRAPH <{note.GRAPH}> {{ <a:a> <a:p> 1 }} }}",
        f"DELETE WHERE {{ GRAPH <{note.GRAPH}> {{ ?s ?p ?o }} }}",
    ):
        with pytest.raises(QueryRefusedError, match="leave it"):
            writer.update(text)
    writer.update("CLEAR ALL")
    assert own(server) == set()
    assert state(server)


@pytest.mark.parametrize("name", ["size", "statements"])
def test_what_is_too_much_is_refused_with_advice(
    serving: tuple[StandIn, StoreServer], server: StoreServer, name: str
) -> None:
    bounds = replace(WriteBounds(), **{name: 1 << 10 if name == "size" else 10})
    client = EngineClient(EngineAddress.of(serving[0].url))
    writer = EngineWriter(client, lambda *_: None, bounds=bounds)
    triples = "".join(f"<a:a{n}> <a:p> {n} ." for n in range(100))
    with contextlib.closing(client):
        if name == "size":
            with pytest.raises(TooLongError, match="load --engine"):
                writer.put(G, document(triples)())
            with pytest.raises(TooLongError, match="load --engine"):
                writer.update(f"INSERT DATA {{ {triples} }}")
        else:
            server.store.update(f"INSERT DATA {{ GRAPH <a:g> {{ {triples} }} }}")
            for text in (
                "DROP GRAPH <a:g>",
                "DELETE { GRAPH <a:g> { ?s ?p ?o } } WHERE { GRAPH <a:g> { ?s ?p ?o } }",
            ):
                with pytest.raises(TooLongError, match="smaller parts"):
                    writer.update(text)
    assert server.updates == []


def test_writers_of_one_server_wait_for_each_other(
    serving: tuple[StandIn, StoreServer], server: StoreServer, tmp_path: Path
) -> None:
    def write(number: int) -> None:
        with contextlib.closing(EngineClient(EngineAddress.of(serving[0].url))) as client:
            writer = EngineWriter(client, lock=tmp_path / "lock")
            for _ in range(5):
                writer.update(f"INSERT DATA {{ GRAPH <a:g> {{ [] <a:by> {number} }} }}")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    assert len(own(server)) == 15
    assert len(server.updates) == 15  # none began anew


MINE = "http://example.org/mine"


@pytest.mark.slow
def test_shapes_refuse_what_they_refuse_on_disk(serving: tuple[StandIn, StoreServer], tmp_path: Path) -> None:
    shipped = kept.engine().store
    pair = Pair(tmp_path, *serving, shipped=shipped)
    copied = "\n".join(
        f"<{MINE}/one> {quad.predicate} {quad.object} ."
        for quad in shipped.quads_for_pattern(_a_publication(shipped), None, None)
    )
    assert copied
    spoil = f"DELETE WHERE {{ GRAPH <{MINE}> {{ <{MINE}/one> dcterms:bibliographicCitation ?x }} }}"
    data = ox.NamedNode(f"{GRAPH}data")
    done = [
        pair.do("update", f"INSERT DATA {{ GRAPH <{MINE}> {{ {text} }} }}")
        for text in (f"<{MINE}/study> a meso:Study", "<a:a> <a:b> [ <a:c> 1 ]", copied)
    ]
    done.append(pair.do("update", spoil))
    done.append(pair.do("put", ox.NamedNode(MINE), document("<a:a> a <https://w3id.org/mesoonto/Study> .")))
    done.append(
        pair.do("update", f"INSERT {{ GRAPH <{MINE}> {{ ?s a meso:Study }} }} WHERE {{ ?s <a:b> ?o }}")
    )
    done.append(pair.do("update", f"INSERT DATA {{ GRAPH {data} {{ <a:a> <a:b> 1 }} }}"))
    done.append(pair.do("put_dataset", document(f"{data} {{ <a:a> <a:b> 1 }}", ox.RdfFormat.TRIG)))
    done.append(pair.do("put_dataset", document(f"<a:h> {{ {copied} }}", ox.RdfFormat.TRIG)))
    pair.close()
    assert done == [False, True, True, False, False, True, False, False, True]


@pytest.mark.parametrize(
    "change", ["DROP ALL", "CLEAR GRAPH <{}>", "MOVE <{}> TO <a:g>", "COPY <a:g> TO <{}>"]
)
def test_shipped_graphs_stay(serving: tuple[StandIn, StoreServer], server: StoreServer, change: str) -> None:
    name = f"{GRAPH}data"
    known = ox.Store()
    known.add(ox.Quad(G, G, G, ox.NamedNode(name)))
    server.store.extend(known)
    server.store.add(ox.Quad(G, G, G, G))
    client = EngineClient(EngineAddress.of(serving[0].url))
    with (
        contextlib.closing(client),
        pytest.raises(QueryRefusedError, match="renewed from the project's files"),
    ):
        EngineWriter(client, lambda *_: None, known).update(change.format(name))
    assert server.updates == []


def _a_publication(store: ox.Store) -> ox.NamedNode:
    kind = ox.NamedNode("https://w3id.org/mesoonto/Publication")
    found = store.quads_for_pattern(None, ox.NamedNode(f"{PREFIXES['rdf']}type"), kind)
    return min((quad.subject for quad in found), key=str)  # type: ignore[return-value]
