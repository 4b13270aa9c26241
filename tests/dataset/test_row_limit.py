"""A result that is cut has the first rows of the whole, in every format, and is evaluated once."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto.dataset.formats import format_named
from mesoonto.dataset.row_limit import limited
from mesoonto.dataset.store import Engine
from tests.examples import examples

ENGINE = Engine(ox.Store(), "test", union=False)
ENGINE.store.update(" ".join(f"INSERT DATA {{ <urn:s{n:02}> <urn:p> {n} }} ;" for n in range(10)))

SYNTAX = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "tsv": ox.QueryResultsFormat.TSV,
}

#: What could be taken for the end of a row.
TRICKY = [
    "},{",
    '"',
    '\\"',
    "\\",
    '"}',
    "\r\n",
    "\n",
    "</result>",
    "bindings",
    "]}}",
    '""',
    ",",
    "",
    "x" * 9000,
]


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF))


def query(values: list[str | None]) -> str:
    rows = " ".join("(UNDEF)" if v is None else f"({ox.Literal(v)})" for v in values)
    return f"SELECT ?bindings {{ VALUES (?bindings) {{ {rows} }} }}"


def values_of(body: bytes, name: str) -> list[str | None]:
    found = ox.parse_query_results(body, format=SYNTAX[name])
    assert isinstance(found, ox.QuerySolutions)
    return [getattr(row["bindings"], "value", None) for row in found]


@pytest.mark.parametrize("name", SYNTAX)
@given(
    values=st.lists(
        st.none() | st.sampled_from(TRICKY) | st.text(st.characters(max_codepoint=0xD7FF, min_codepoint=32))
    ),
    most=st.integers(1, 8),
)
@settings(max_examples=examples(150), deadline=None)
def test_first_rows_stay(name: str, values: list[str | None], most: int) -> None:
    result = ENGINE.query(query(values))
    found = limited(result, format_named(name, result.kind), most)
    assert values_of(found.body, name) == values[:most]
    assert found.cut is (len(values) > most)
    assert found.rows == len(values[:most])


#: What closes a result behind its last row.
CLOSES = {"json": b"]}}", "xml": b"</results></sparql>", "csv": b"", "tsv": b""}


@pytest.mark.parametrize("name", CLOSES)
@given(
    values=st.lists(st.none() | st.sampled_from(TRICKY) | TEXT, max_size=8), most_bytes=st.integers(1, 20_000)
)
@settings(max_examples=examples(150), deadline=None)
def test_rows_that_go_into_the_bytes_stay(name: str, values: list[str | None], most_bytes: int) -> None:
    result = ENGINE.query(query(values))
    form = format_named(name, result.kind)
    found = limited(result, form, 100, most_bytes)
    wholes = [ENGINE.query(query(values[:n])).serialize(form) for n in range(len(values) + 1)]
    fit = [n for n, whole in enumerate(wholes) if len(whole) - len(CLOSES[name]) <= most_bytes]
    kept = max(fit, default=0)  # what comes before the rows stays in any case
    assert found.body == wholes[kept]
    assert (found.rows, found.cut) == (kept, kept < len(values))


@pytest.mark.parametrize("most_bytes", [1, 100, 250, 10_000])
def test_triples_that_go_into_the_bytes_stay(most_bytes: int) -> None:
    result = ENGINE.query("CONSTRUCT WHERE { ?s ?p ?o }")
    found = limited(result, format_named("ntriples", result.kind), 100, most_bytes)
    assert found.rows == len(found.body.splitlines()) < 11
    assert len(found.body) - 3 * found.rows <= most_bytes  # the bytes of a line beside its terms
    assert found.cut is (found.rows < 10)
    assert found.cut is (most_bytes < 10_000)


def test_one_endless_value_is_broken_off() -> None:
    """What does not go in is not gathered to its end."""
    long = f'BIND("{"x" * 1000}" AS ?x)'
    result = ENGINE.query(f"SELECT ?y {{ {long} BIND(CONCAT({', '.join(['?x'] * 500)}) AS ?y) }}")
    found = limited(result, format_named("json", result.kind), 10, 10_000)
    assert (found.body, found.rows, found.cut) == (
        b'{"head":{"vars":["y"]},"results":{"bindings":[]}}',
        0,
        True,
    )


@given(values=st.lists(st.sampled_from(TRICKY) | st.none(), max_size=8), most=st.integers(1, 8))
@settings(max_examples=examples(150), deadline=None)
def test_csv_is_the_beginning_of_the_whole(values: list[str | None], most: int) -> None:
    result = ENGINE.query(query(values))
    form = format_named("csv", result.kind)
    found = limited(result, form, most)
    assert found.body == ENGINE.query(query(values[:most])).serialize(form)
    assert found.cut is (len(values) > most)


@pytest.mark.parametrize("text", ["CONSTRUCT WHERE { ?s ?p ?o }", "DESCRIBE ?s { ?s ?p ?o }"])
@pytest.mark.parametrize("most", [1, 9, 10, 11])
def test_triples_are_cut_alike(text: str, most: int) -> None:
    result = ENGINE.query(text)
    found = limited(result, format_named("ntriples", result.kind), most)
    assert len(found.body.splitlines()) == found.rows == min(most, 10)
    assert found.cut is (most < 10)


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
@pytest.mark.parametrize("text", ["SELECT * {}", "SELECT ?x { VALUES ?y { 1 2 3 } }"])
def test_rows_without_bindings_count(name: str, text: str) -> None:
    result = ENGINE.query(text)
    whole = ENGINE.query(text).serialize(format_named(name, result.kind))
    found = limited(result, format_named(name, result.kind), 3)
    assert (found.body, found.cut) == (whole, False)


def test_endless_result_is_broken_off() -> None:
    """A join of a billion rows ends with the tenth."""
    text = "SELECT * {" + " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(9)) + "}"
    result = ENGINE.query(text)
    found = limited(result, format_named("csv", result.kind), 10)
    assert found.cut
    assert len(found.body.splitlines()) == 11
