"""A mistake in a query is told in the same words, at the same place, at every door."""

from __future__ import annotations

import html
import subprocess
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from mesoonto import Dataset
from mesoonto.errors import QuerySyntaxError
from tests.server.client import ask


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset()


@pytest.mark.parametrize(
    ("query", "place", "words"),
    [
        ("SELECT ?s\nWHERE { ?s a meso:Study\n  ?s rdfs:label ?l }", (2, 24), "a full stop is missing"),
        ("SELECT * { ?s rdfs:label \u201cMAPS\u201d }", (1, 26), "typographic quote"),
    ],
)
def test_mistake_is_told_alike_at_every_door(
    address: str,
    data: Dataset,
    mesoonto: Callable[..., subprocess.CompletedProcess[str]],
    query: str,
    place: tuple[int, int],
    words: str,
) -> None:
    with pytest.raises(QuerySyntaxError, match="query:") as raised:
        data.query(query)
    error = raised.value
    assert error.place is not None
    assert (error.place.line, error.place.column) == place
    assert words in error.message
    line, mark = error.excerpt.split("\n")
    assert line == query.split("\n")[place[0] - 1]
    assert mark == " " * (place[1] - 1) + "^"

    done = mesoonto("query", "-e", query)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"mesoonto: {error}\n{error.excerpt}\n"

    asked = {"query": query}
    problem = ask(address, path=f"/sparql?{urlencode(asked)}", Accept="application/json")
    assert (problem.status, problem.type) == (400, "application/problem+json")
    assert problem.json == {
        "type": "about:blank", "status": 400, "title": str(error), "detail": error.message,
        "line": place[0], "column": place[1], "excerpt": error.excerpt,
    }  # fmt: skip
    plain = ask(address, path=f"/sparql?{urlencode(asked)}")
    assert plain.text == f"{error}\n{error.excerpt}\n"

    page = ask(address, path=f"/ask?{urlencode({**asked, 'answer': 'page'})}", Accept="text/html")
    assert f"{error}\n{error.excerpt.rstrip()}" in html.unescape(page.text)
