"""The tools themselves, over whatever the dataset holds."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import asdict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.errors import InputError, MesoontoError
from mesoonto.mcp import data, jobs
from mesoonto.mcp.answers import DescribeAnswer
from mesoonto.mcp.data import ToolData
from mesoonto.mcp.describe import describe, search
from mesoonto.mcp.evidence import pool, stratify, traits
from mesoonto.mcp.query import check_query, examples, query
from mesoonto.processes import framing
from mesoonto.processes.worker import Reply
from mesoonto.views.search import KINDS

#: Some of all entities; numbers are those of the index.
PLACES = st.integers(0, 100_000)

ROWS = "SELECT ?n { VALUES ?n { %s } } ORDER BY ?n"


@pytest.fixture(scope="module")
def loaded() -> ToolData:
    return data.load()


@given(PLACES, st.integers(1, 5))
def test_whatever_is_found_is_described(loaded: ToolData, place: int, most: int) -> None:
    entities = loaded.index.pages()
    link = entities[place % len(entities)]
    found = describe(loaded, link.iri, most=most)
    assert (found.iri, found.label) == (link.iri, link.label)
    assert describe(loaded, found.id, most=most) == found
    shown = len(found.statements), len(found.results), len(found.trials)
    assert max(shown) <= most
    rest = describe(loaded, link.iri, offset=most, most=100)
    for name in ("statements", "results", "trials"):
        left = getattr(found, f"more_{name}")
        assert left == len(getattr(rest, name)) + getattr(rest, f"more_{name}"), name
        assert left == 0 or len(getattr(found, name)) == most, name


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_listed_and_described_as_such(loaded: ToolData, kind: str) -> None:
    found = search(loaded, "", kind, 3)
    assert 0 < len(found.found) <= 3
    assert found.total >= len(found.found)
    assert {one.kind for one in found.found} == {kind}
    described = [describe(loaded, one.id) for one in found.found]
    assert {one.kind for one in described} == {kind}
    if kind == "trial":
        assert any(one.arms for one in described)
    if kind == "mechanism":
        assert any(one.definition for one in described)


def test_whatever_has_a_label_of_its_own_is_described_by_it(loaded: ToolData) -> None:
    labels = loaded.engine.select(
        """SELECT ?label (SAMPLE(?x) AS ?iri) { ?x rdfs:label ?label
        FILTER(LANG(?label) = "en" && isIRI(?x)) }
        GROUP BY ?label HAVING(COUNT(DISTINCT ?x) = 1) ORDER BY ?label"""
    )
    assert len(labels) > 1000
    for row in labels[::150]:
        assert describe(loaded, row["label"], most=1).label == row["label"]
    assert describe(loaded, "malignant pleural mesothelioma").id == "obo:MONDO_0005112"
    with pytest.raises(InputError, match=r"^several are called study: \S+, \S+$"):
        describe(loaded, "study")


def test_evidence_against_is_counted_and_shown(loaded: ToolData) -> None:
    """Of the kinds of direction each is found somewhere, and those shown are those that are counted."""
    described = [describe(loaded, one.id, most=100) for one in search(loaded, "", "mechanism", 25).found]
    assert any(one.evidence.refuting for one in described)
    for one in described:
        if not one.more_statements:
            assert _directions(one) == (one.evidence.supporting, one.evidence.refuting)


def _directions(one: DescribeAnswer) -> tuple[int, int]:
    current = [s.direction for s in one.statements if not s.superseded]
    return current.count("supports"), current.count("refutes")


@given(st.sets(st.integers(0, 99_999), max_size=30), st.integers(1, 7), st.integers(30, 120))
def test_pages_of_any_size_make_the_whole(
    loaded: ToolData, numbers: set[int], max_rows: int, max_bytes: int
) -> None:
    text = ROWS % " ".join(map(str, numbers))
    rows: list[Sequence[str | None]] = []
    offset: int | None = 0
    while offset is not None:
        page = query(loaded, text, offset, max_rows, max_bytes, loaded.engine.version)
        assert len(page.rows) <= max_rows
        assert sum(len(msgspec.json.encode(row)) + 1 for row in page.rows) <= max_bytes
        assert page.cut is (page.next_offset is not None)
        rows += page.rows
        offset = page.next_offset
    assert rows == [(str(number),) for number in sorted(numbers)]


def test_order_is_told(loaded: ToolData) -> None:
    for text, told in (
        ("SELECT ?s { ?s a meso:Study }", "no ORDER BY"),
        ("SELECT ?s { { SELECT ?s { ?s a meso:Study } ORDER BY ?s } }", "no ORDER BY"),
        ("SELECT ?s { ?s a meso:Study } ORDER BY ?s", "as ORDER BY says"),
        ("SELECT (RAND() AS ?r) {}", "do not join up"),
    ):
        assert told in query(loaded, text).order, text


@given(st.text(max_size=60) | st.text("{}?:()<>.\"'\\ aSELCTWHR", max_size=60))
def test_any_text_is_checked(loaded: ToolData, text: str) -> None:
    """It is fit to be run, or the error says in one line why not; nobody falls over it."""
    found = check_query(loaded, text)
    if found.ok:
        query(loaded, text)
    else:
        assert found.error
        assert "\n" not in found.error
        with pytest.raises(MesoontoError):
            query(loaded, text)


@pytest.mark.parametrize("number", range(0, 95, 10))
def test_examples_run_and_are_fit_to_be_run(loaded: ToolData, number: int) -> None:
    question = loaded.questions[number]
    found = examples(loaded, question.number, max_rows=2)
    assert found.answer is not None
    assert found.answer.rows
    assert check_query(loaded, found.sparql).ok
    assert [one.number for one in examples(loaded, about=question.summary).questions] == [question.number]


def test_examples_about_nothing_known(loaded: ToolData) -> None:
    with pytest.raises(InputError, match=r"^no question is about xyzzy; "):
        examples(loaded, about="xyzzy")


def test_each_trait_alone_is_answered(loaded: ToolData) -> None:
    for line in traits(loaded).splitlines()[::9]:
        name, _, value = line.partition("=")
        found = stratify(loaded, {name: value.partition("|")[0]}, most=2)
        assert found.profile
        assert len(found.options) <= 2
    had = stratify(loaded, {}, ["nivolumab plus ipilimumab"])
    assert "nivolumab plus ipilimumab" in had.prior
    with pytest.raises(InputError, match=r"^no trait is given; there are histology="):
        stratify(loaded, {})


def test_what_is_left_out_of_pools_is_told_page_by_page(loaded: ToolData) -> None:
    whole = pool(loaded, most=1000)
    assert whole.more_left_out == 0
    parts = [pool(loaded, offset=offset, most=7).left_out for offset in range(0, len(whole.left_out), 7)]
    assert [one for part in parts for one in part] == list(whole.left_out)
    assert all(one.reasons for one in whole.left_out)


def test_worker_answers_calls_one_after_the_other(loaded: ToolData) -> None:
    ours, theirs = socket.socketpair()
    answer = jobs.handler(loaded)
    with ours, theirs:
        reply = Reply(theirs)
        answer(loaded.engine, b'["search", {"text": "MAPS", "count": 1}]', reply)
        whole = framing.receive(ours)
        assert whole is not None
        assert whole[:1] == b"+"
        assert msgspec.json.decode(whole[1:]) == _plain(search(loaded, "MAPS", count=1))
        answer(loaded.engine, b'["query", {"text": "nonsense"}]', reply)
        whole = framing.receive(ours)
        assert whole is not None
        assert whole.startswith(b"-query:1:1: ")


def _plain(answer: object) -> object:
    return msgspec.json.decode(msgspec.json.encode(asdict(answer)))  # type: ignore[call-overload]
