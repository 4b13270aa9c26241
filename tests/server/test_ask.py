"""What the page to ask on wants to know of the server: terms, labels, an answer drawn; within bounds."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from tests.server.client import Reply, ask

NIVOLUMAB = "https://w3id.org/mesoonto/MESO_0002101"


def labels(address: str, body: bytes) -> Reply:
    return ask(address, "POST", "/ask/labels", body, Content_Type="application/json")


def page(address: str, query: str) -> str:
    parameters = urlencode({"query": query, "answer": "page"})
    reply = ask(address, path=f"/ask?{parameters}", Accept="text/html")
    assert reply.status == 200
    return reply.text


def test_terms_are_completed(address: str) -> None:
    found = ask(address, path="/ask/complete?text=nivolu&role=class").json
    expected = {"text": "meso:MESO_0002101", "label": "nivolumab", "kind": "class", "iri": NIVOLUMAB}
    assert found[0] == expected


@pytest.mark.parametrize("query", ["role=none&text=a", "role=%00&text=a"])
def test_role_that_there_is_not_is_refused(address: str, query: str) -> None:
    assert ask(address, path=f"/ask/complete?{query}").status == 400


@pytest.mark.parametrize("text", ["", "%00%ff", "a" * 5000])
def test_any_text_has_an_answer(address: str, text: str) -> None:
    reply = ask(address, path=f"/ask/complete?text={text}")
    assert reply.status == 200
    assert isinstance(reply.json, list)


def test_labels_are_given_for_what_has_one(address: str) -> None:
    asked = [NIVOLUMAB, "https://example.org/none", "no IRI", "javascript:x", "\u0000"]
    assert labels(address, json.dumps(asked).encode()).json == {NIVOLUMAB: "nivolumab"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{}", 400),
        (b"[1]", 400),
        (b"[" * 50_000, 400),
        (b'["\xff"]', 400),
        (b'["' + b"a" * 100_000 + b'"]', 413),
    ],
)
def test_labels_of_anything_else_are_refused_in_words(address: str, body: bytes, status: int) -> None:
    reply = labels(address, body)
    assert reply.status == status
    assert reply.text.count("\n") == 1


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"SELECT * { ?s meso:enrollment ?n }", ["meso:enrollment"]),
        (b"SELECT * { ?s a meso:Study }", []),
        (b"SELECT * { ?s a", []),
        (b"", []),
        (b"\xff\x00%", []),
        (b"ASK { ?s a meso:Studdy } #" + b"x" * 200_000, []),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_a_query_asks_for_in_vain_is_told(address: str, body: bytes, found: list[str]) -> None:
    reply = ask(address, "POST", "/ask/unmatched", body, Content_Type="application/sparql-query")
    assert reply.status == 200
    assert [one["written"] for one in reply.json] == found


def test_answer_that_is_drawn_is_cut_and_says_so(address: str) -> None:
    text = page(address, "SELECT ?s { ?s ?p ?o } LIMIT 2000")
    assert text.count("<tr>") == 501
    assert "The first 500 rows" in text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("ASK { meso:MESO_0002101 ?p ?o }", "Yes"),
        ("SELECT * { ?s a meso:Studdy }", "<code>meso:Studdy</code> in line 1: nothing has this type"),
        ("SELECT *\nWHERE x", "query:2:7"),
        ("SELECT ('<script>x</script>' AS ?x) {}", "&lt;script&gt;x&lt;/script&gt;"),
        ("SELECT * { SERVICE <https://example.org/> { ?s ?p ?o } }", "example.org"),
        (f"SELECT ?s {{ VALUES ?s {{ <{NIVOLUMAB}> }} }}", '<a href="/MESO_0002101"'),
    ],
)
def test_answers_and_refusals_are_drawn(address: str, query: str, said: str) -> None:
    assert said in page(address, query)
