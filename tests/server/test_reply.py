"""Responses as workers write them: whole or in parts, coded, broken off, and how rows are counted."""

from __future__ import annotations

import csv
import gzip
import io
import json

import pyoxigraph as ox
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.dataset.formats import format_named, formats_for
from mesoonto.dataset.store import Engine
from mesoonto.dataset.xml_output import ByteOutput
from mesoonto.errors import QueryFailedError
from mesoonto.processes.framing import Mark
from mesoonto_server.http.messages import Head, WorkerRequest, decode_head, decode_tail
from mesoonto_server.worker import query
from mesoonto_server.worker.reply import Framed, RowMarks, WorkerResponse


class Recorder:
    """Stands where a worker's socket is."""

    def __init__(self) -> None:
        self.sent: list[tuple[Mark, bytes]] = []

    def part(self, payload: bytes) -> None:
        self.sent.append((Mark.MORE, payload))

    def last(self, payload: bytes) -> None:
        self.sent.append((Mark.LAST, payload))

    def fail(self, reason: str) -> None:
        self.sent.append((Mark.FAILED, reason.encode()))

    def read(self) -> tuple[Head, bytes, int]:
        """Head, whole body and count of rows."""
        marks = [mark for mark, _ in self.sent]
        assert marks == [Mark.MORE] * (len(marks) - 1) + [Mark.LAST]
        head = decode_head(self.sent[0][1])
        if len(self.sent) == 1:
            return head, head.body, head.rows
        tail = decode_tail(self.sent[-1][1])
        middle = b"".join(payload for _, payload in self.sent[1:-1])
        return head, head.body + middle + tail.body, tail.rows


def respond(recorder: Recorder, encoding: str = "") -> WorkerResponse:
    request = WorkerRequest("query", "GET", "/sparql", b"", "http://e", encoding=encoding)
    return WorkerResponse(request, Framed(recorder))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 65_535, 65_536, 300_000])
@pytest.mark.parametrize("coding", ["", "gzip", "zstd"])
def test_body_of_any_size_comes_whole_in_any_coding(size: int, coding: str) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]

    def produce(output: ByteOutput) -> None:
        for start in range(0, size, 7000):
            output.write(content[start : start + 7000])
        output.flush()

    recorder = Recorder()
    respond(recorder, coding).produced([("content-type", "x/y")], produce)
    head, body, _ = recorder.read()
    named = dict(head.headers).get("content-encoding", "")
    assert named == (coding if size >= 1024 else "")  # RFC 9110, section 8.4: what was done is told
    if named == "gzip":
        body = gzip.decompress(body)
    elif named == "zstd":
        body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
    assert body == content
    assert (len(recorder.sent) > 1) is (size >= 65_536)


def test_failure_before_anything_was_sent_is_a_refusal() -> None:
    def produce(output: ByteOutput) -> None:
        output.write(b"some")
        raise QueryFailedError("the evaluation broke off: why")

    recorder = Recorder()
    respond(recorder).produced([], produce)
    head, body, _ = recorder.read()
    assert (head.status, body) == (500, b"the evaluation broke off: why\n")


def test_failure_in_the_middle_breaks_the_answer_off() -> None:
    def produce(output: ByteOutput) -> None:
        output.write(b"x" * 100_000)
        raise QueryFailedError("why")

    recorder = Recorder()
    respond(recorder).produced([], produce)
    assert [mark for mark, _ in recorder.sent] == [Mark.MORE, Mark.FAILED]


#: Values that hold what separates rows in one of the formats, or look like it.
tricky = st.sampled_from(
    [
        '},{"',
        "\r\n",
        "\n",
        "<result>",
        "</result>",
        '"',
        '""',
        ",",
        "\t",
        '"bindings":[]',
        "x",
        "\\",
        "\r",
        '"\r\n"',
    ]
)
literals = st.lists(tricky, max_size=4).map("".join)


@given(
    st.lists(st.tuples(literals, st.one_of(st.none(), literals)), max_size=12),
    st.integers(1, 40),
)
@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_rows_are_counted_whatever_values_hold_and_wherever_it_is_cut(
    name: str, rows: list[tuple[str, str | None]], step: int
) -> None:
    def term(value: str | None) -> str:
        return "UNDEF" if value is None else str(ox.Literal(value))

    values = " ".join(f"({term(a)} {term(b)})" for a, b in rows)
    answer = Engine(ox.Store(), "x").query(f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {values} }} }}")
    text = answer.serialize(format_named(name, answer.kind))
    if name == "json":  # a second opinion on how many rows there are
        assert len(json.loads(text)["results"]["bindings"]) == len(rows)
    elif name == "csv":
        assert len(list(csv.reader(io.StringIO(text.decode(), newline="")))) == len(rows) + 1

    def produce(output: ByteOutput) -> None:
        for start in range(0, len(text), step):
            output.write(text[start : start + step])
            if rows:  # a result without rows is never cut: its few bytes are far from a part
                output._send_part()  # type: ignore[attr-defined]  # a border after every write

    recorder = Recorder()
    respond(recorder).produced([], produce, rows=query._ROWS[name])
    _, body, counted = recorder.read()
    assert body == text
    assert counted == len(rows)


@pytest.mark.parametrize("count", [0, 1, 2, 5000])
def test_triples_are_counted(count: int) -> None:
    store = ox.Store()
    store.extend(
        ox.Quad(ox.NamedNode(f"a:{n}"), ox.NamedNode("a:p"), ox.Literal("a\nb .\n"), ox.DefaultGraph())
        for n in range(count)
    )
    answer = Engine(store, "x").query("CONSTRUCT WHERE { ?s ?p ?o }")
    form = format_named("ntriples", answer.kind)
    recorder = Recorder()
    respond(recorder).produced([], lambda output: answer.write(form, output), rows=query._ROWS["ntriples"])
    assert recorder.read()[2] == count


def test_rows_that_cannot_be_counted_are_unknown() -> None:
    recorder = Recorder()
    respond(recorder).produced([], lambda output: output.write(b"abc"), rows=RowMarks())  # type: ignore[arg-type, return-value]
    assert recorder.read()[2] == -1


def test_every_table_format_is_counted() -> None:
    from mesoonto.dataset.formats import Kind

    assert {form.name for form in formats_for(Kind.SOLUTIONS)} <= set(query._ROWS)
