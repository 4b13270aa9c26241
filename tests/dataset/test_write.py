"""Writes to a dataset on disk, without HTTP."""

from __future__ import annotations

import io
from collections.abc import Collection
from pathlib import Path

import pyoxigraph as ox
import pytest

from mesoonto.dataset import write as write_module
from mesoonto.dataset.upload import Document
from mesoonto.dataset.versions import Location
from mesoonto.dataset.write import Writer
from mesoonto.errors import (
    InputError,
    MesoontoError,
    NoGraphError,
    PreconditionError,
    QueryFailedError,
    QueryRefusedError,
    QuerySyntaxError,
    RejectedError,
)

G = ox.NamedNode("a:g")


def document(text: str, syntax: ox.RdfFormat = ox.RdfFormat.TURTLE, base: str = "http://e/base/") -> Document:
    return Document(io.BytesIO(text.encode()), syntax, base)


@pytest.fixture
def location(tmp_path: Path) -> Location:
    return Location(tmp_path / "data")


@pytest.fixture
def writer(location: Location) -> Writer:
    return Writer(location)


def quads(location: Location) -> set[tuple[str, ...]]:
    return {
        tuple(str(term) for term in (q.subject, q.predicate, q.object, q.graph_name))
        for q in location.open_current()[0]
    }


def test_update_makes_a_version(writer: Writer, location: Location) -> None:
    first = writer.update("INSERT DATA { <a:a> <a:b> 1 }")
    second = writer.update("INSERT DATA { GRAPH <a:g> { <a:a> <a:b> <rel> } }", base="http://e/x/")
    assert location.current() == second.version > first.version
    assert {q[2:] for q in quads(location)} == {
        ('"1"^^<http://www.w3.org/2001/XMLSchema#integer>', "DEFAULT"),
        ("<http://e/x/rel>", "<a:g>"),
    }


def test_update_of_several_operations_is_one_version(writer: Writer, location: Location) -> None:
    writer.update(
        "INSERT DATA { <a:a> <a:b> 1 } ; DELETE DATA { <a:a> <a:b> 1 } ; INSERT DATA { <a:c> <a:b> 2 }"
    )
    assert location.current().startswith("000001-")
    assert len(quads(location)) == 1


@pytest.mark.parametrize(
    ("update", "error"),
    [
        ("INSERT DATA { <a:a> <a:b> }", QuerySyntaxError),
        ("SELECT * { ?s ?p ?o }", QuerySyntaxError),
        ("LOAD <http://127.0.0.1:9/>", QueryRefusedError),
        ("INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", QueryRefusedError),
        ("INSERT DATA { <a:c> <a:b> 2 } ; CREATE GRAPH <a:g>", QueryFailedError),  # it exists
    ],
)
def test_update_that_fails_changes_nothing(
    writer: Writer, location: Location, update: str, error: type[MesoontoError]
) -> None:
    first = writer.update("INSERT DATA { GRAPH <a:g> { <a:a> <a:b> 1 } }")
    with pytest.raises(error):
        writer.update(update)
    assert location.current() == first.version
    assert len(quads(location)) == 1


def test_syntax_error_names_the_place(writer: Writer) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        writer.update("INSERT DATA\n{ nonsense }")
    assert str(caught.value).startswith("update:2:")


def test_put_replaces_one_graph_and_tells_whether_it_is_new(writer: Writer, location: Location) -> None:
    writer.update("INSERT DATA { <a:a> <a:b> 1 }")
    assert writer.put(G, [document("<a:a> <a:b> 2, 3 .")]).created
    assert not writer.put(G, [document("<rel> <a:b> <a:c> .")]).created
    assert {q[0] for q in quads(location) if q[3] == "<a:g>"} == {"<http://e/base/rel>"}
    assert len(quads(location)) == 2


def test_post_adds_to_the_graph(writer: Writer, location: Location) -> None:
    writer.put(G, [document("<a:a> <a:b> 1 .")])
    writer.put(G, [document("<a:a> <a:b> 2 .")], keep=True)
    assert len(quads(location)) == 2


def test_blank_nodes_of_two_documents_stay_apart(writer: Writer, location: Location) -> None:
    writer.put(G, [document("_:x <a:b> 1 ."), document("_:x <a:b> 2 .")])
    writer.put(G, [document("_:x <a:b> 3 .")], keep=True)
    assert len({q[0] for q in quads(location)}) == 3


def test_document_with_named_graphs_is_refused(writer: Writer, location: Location) -> None:
    # The address says which graph is meant; to drop the others in silence would lose data.
    with pytest.raises(InputError, match="Named graphs are not allowed"):
        writer.put(G, [document("<a:a> <a:b> 1 . <a:other> { <a:a> <a:b> 2 }", ox.RdfFormat.TRIG)])
    assert location.current() == ""
    writer.put(G, [document("<a:a> <a:b> 1 .", ox.RdfFormat.TRIG)])
    assert {q[3] for q in quads(location)} == {"<a:g>"}


def test_empty_graph_exists(writer: Writer, location: Location) -> None:
    assert writer.put(G, [document("")]).created
    assert location.open_current()[0].contains_named_graph(G)


def test_second_document_that_is_broken_undoes_the_first(writer: Writer, location: Location) -> None:
    first = writer.put(G, [document("<a:a> <a:b> 1 .")])
    with pytest.raises(InputError) as caught:
        writer.put(G, [document("<a:a> <a:b> 2 ."), document("<a:a>\n<a:b> ] .")])
    assert str(caught.value).startswith("body:2:7: not Turtle")
    assert location.current() == first.version
    assert len(quads(location)) == 1


def test_delete(writer: Writer, location: Location) -> None:
    writer.update("INSERT DATA { <a:a> <a:b> 1 GRAPH <a:g> { <a:a> <a:b> 2 } }")
    writer.delete(G)
    assert {q[3] for q in quads(location)} == {"DEFAULT"}
    with pytest.raises(NoGraphError, match="a:g"):
        writer.delete(G)
    writer.delete(None)
    assert quads(location) == set()


def test_condition_sees_the_version_that_the_write_meets(writer: Writer, location: Location) -> None:
    first = writer.put(G, [document("<a:a> <a:b> 1 .")])
    asked = []

    def condition(version: str, store: ox.Store) -> bool:
        asked.append((version, len(store)))
        return False

    for write in (
        lambda: writer.put(G, [document("")], only_if=condition),
        lambda: writer.update("CLEAR ALL", only_if=condition),
        lambda: writer.delete(G, only_if=condition),
    ):
        with pytest.raises(PreconditionError):
            write()
    assert asked == [(first.version, 1)] * 3
    assert location.current() == first.version


@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { <a:a> <a:b> 2, 3 }",
        "DELETE { ?s <a:b> ?o } INSERT { ?s <a:b> ?o, ?new } WHERE { ?s <a:b> ?o . VALUES ?new { 2 3 } }",
        "LOAD SILENT <http://127.0.0.1:9/> ; INSERT DATA { <a:a> <a:b> 2, 3 }",
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_check_sees_what_is_changed_and_what_it_refuses_is_not_published(
    location: Location, update: str, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Writer(location).update("INSERT DATA { <a:a> <a:b> 1 }")
    seen = []

    def check(store: ox.Store, changed: Collection[ox.Quad]) -> None:
        seen.append((len(store), {quad.object.value for quad in changed}))  # type: ignore[union-attr]
        raise RejectedError("no", "report")

    if not known:
        monkeypatch.setattr(write_module, "operations", lambda *_: None)
    with pytest.raises(RejectedError):
        Writer(location, check).update(update)
    assert seen == [(3, {"2", "3"})]
    assert location.current() == first.version
    assert len(quads(location)) == 1


def test_check_sees_what_a_document_changes(location: Location) -> None:
    changes = []
    Writer(location).put(G, [document("<a:a> <a:b> 1, 2 .")])
    writer = Writer(
        location, lambda _, changed: changes.append({(q.object.value, q.graph_name) for q in changed})
    )
    writer.put(G, [document("<a:a> <a:b> 2, 3 ."), document("<a:a> <a:b> 3, 4 .")])
    writer.put(G, [document("<a:a> <a:b> 4, 5 .")], keep=True)
    writer.delete(G)
    assert changes == [{(number, G) for number in numbers} for numbers in ("134", "5", "2345")]
