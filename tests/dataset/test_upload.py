"""Documents that are parsed before the turn of writing."""

from __future__ import annotations

import io
import threading
from collections.abc import Collection
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesoonto.dataset import write
from mesoonto.dataset.upload import Document, parsed
from mesoonto.dataset.versions import Location
from mesoonto.dataset.write import Writer
from mesoonto.errors import InputError

G = ox.NamedNode("a:g")


def turtle(text: str) -> Document:
    return Document(io.BytesIO(text.encode()), ox.RdfFormat.TURTLE, "http://e/")


class Slow(io.RawIOBase):
    """A document of which nothing comes before somebody says so."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self._rest = b"<a:a> <a:b> 'slow' ."

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        self.asked.set()
        assert self.go_on.wait(60)
        part, self._rest = self._rest, b""
        memoryview(buffer)[: len(part)] = part  # type: ignore[call-overload]
        return len(part)


@pytest.mark.parametrize("keep", [False, True])
def test_document_that_parses_for_long_keeps_no_other_writer_waiting(tmp_path: Path, keep: bool) -> None:
    location = Location(tmp_path / "data")
    slow = Slow()
    outcomes: list[str] = []

    def upload() -> None:
        document = Document(io.BufferedReader(slow), ox.RdfFormat.TURTLE, "http://e/")
        outcomes.append(Writer(location).put(G, [document], keep=keep).version)

    thread = threading.Thread(target=upload)
    thread.start()
    assert slow.asked.wait(60)
    small = Writer(location).update("INSERT DATA { <a:a> <a:b> 'quick' }")
    assert not outcomes
    slow.go_on.set()
    thread.join(60)
    assert small.version.startswith("000001-")
    assert outcomes[0].startswith("000002-")
    store, _ = location.open_current()
    assert {q.object.value for q in store} == {"slow", "quick"}


_documents = st.lists(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), max_size=8).map(
        lambda pairs: "".join(f"<a:{s}> <a:p> {number}.50, {number}, '{number}' .\n" for s, number in pairs)
    ),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("singly", [1000, 0])  # few are removed one by one, for many the graph is emptied
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=_documents, after=_documents, keep=st.booleans(), checked=st.booleans())
def test_graph_holds_what_the_documents_say_and_the_check_is_told_of_all_that_changed(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    singly: int,
    before: list[str],
    after: list[str],
    keep: bool,
    checked: bool,
) -> None:
    monkeypatch.setattr(write, "_SINGLY", singly)
    location = Location(tmp_path_factory.mktemp("location"))
    told: list[Collection[ox.Quad]] = []
    writer = Writer(location, (lambda _, changed: told.append(changed)) if checked else None)
    writer.put(G, map(turtle, before))
    old = set(location.open_current()[0])
    writer.put(G, map(turtle, after), keep=keep)
    new = set(location.open_current()[0])
    # The same by the engine's own way of loading, in memory.
    expected = ox.Store()
    for text in [*(before if keep else []), *after]:
        expected.load(text.encode(), ox.RdfFormat.TURTLE, to_graph=G)
    assert new == set(expected)
    if checked:
        in_store = ox.Store()  # which writes 1.50 as 1.5
        in_store.extend(told[-1])
        assert old ^ new <= set(in_store)


def test_literal_that_is_too_long_is_refused_in_every_syntax(tmp_path: Path) -> None:
    long = "x" * (17 << 20)
    xml = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
        f'<rdf:Description rdf:about="a:a"><e:p>{long}</e:p></rdf:Description></rdf:RDF>'
    )
    for syntax, text in (
        (ox.RdfFormat.TURTLE, f"<a:a> <a:b> '{long}' ."),
        (ox.RdfFormat.RDF_XML, xml),
        (ox.RdfFormat.JSON_LD, f'{{"@id": "a:a", "a:b": "{long}"}}'),
    ):
        document = Document(io.BytesIO(text.encode()), syntax, "http://e/")
        with pytest.raises(InputError, match="a literal is too long"), parsed([document], tmp_path):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_long_literal_is_kept_whole(tmp_path: Path) -> None:
    value = "é\n" * (3 << 20)
    document = Document(io.BytesIO(f"<a:a> <a:b> '''{value}''' .".encode()), ox.RdfFormat.TURTLE, "a:")
    location = Location(tmp_path / "data")
    Writer(location).put(G, [document])
    assert [q.object.value for q in location.open_current()[0]] == [value]


def test_prefix_that_makes_much_of_little_is_refused(tmp_path: Path) -> None:
    text = f"@prefix p: <http://e/{'x' * 10_000}> . " + "p:a p:b p:c . " * 100
    with (
        pytest.raises(InputError, match="more than 1 MiB when written out"),
        parsed([turtle(text)], tmp_path, room=1 << 20),
    ):
        pass
