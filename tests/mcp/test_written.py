"""Terms as the tools write them, and what is checked without a server."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from typing import get_args

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mesoonto.dataset.store import Engine, Term
from mesoonto.files.terms import XSD
from mesoonto.mcp import run, server
from mesoonto.mcp.query import written
from mesoonto.namespaces import PREFIXES
from mesoonto.views.search import KINDS

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
_TYPES = [*(XSD + t for t in ("integer", "decimal", "double", "boolean", "date", "int")), "http://e/t#x"]
_VALUES = st.sampled_from(["1", "-1", "01", "1.5", "1.", ".5", "1e3", "true", "1\n", "2020-01-01"]) | _TEXT
_LITERALS = (
    st.builds(ox.Literal, _TEXT)
    | st.builds(lambda text: ox.Literal(text, language="en"), _TEXT)
    | st.builds(lambda v, t: ox.Literal(v, datatype=ox.NamedNode(t)), _VALUES, st.sampled_from(_TYPES))
)
_LOCAL = st.text("aZ0_-.,;()/~'é²:", max_size=8)
_IRIS = st.builds(
    lambda stem, local: ox.NamedNode(stem + local), st.sampled_from(["http://e/", *PREFIXES.values()]), _LOCAL
)


@given(_LITERALS | _IRIS)
@example(ox.Literal("12", datatype=ox.NamedNode(f"{XSD}decimal")))
def test_written_term_is_read_back_by_a_query(term: Term) -> None:
    """The engine itself, which knows nothing of how it was written, gives the same value."""
    ours = Engine(ox.Store(), "").query(f"SELECT ?x {{ VALUES ?x {{ {written(term)} }} }}")
    theirs = ox.Store().query(f"SELECT ?x {{ VALUES ?x {{ {term} }} }}")
    assert isinstance(theirs, ox.QuerySolutions)
    assert [row[0] for row in ours.rows()] == [row[0] for row in theirs]


def test_kinds_that_can_be_asked_for_are_those_of_the_search() -> None:
    assert set(get_args(server._Kind)) == {"", *KINDS}


def test_missing_library_is_told_in_a_line(
    mesoonto: Callable[..., subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "find_spec", lambda _: None)
    done = mesoonto("mcp")
    assert done.returncode == 2
    assert done.stderr == f"mesoonto: {run.MISSING}\n"
    assert "pip install 'mesoonto[mcp]'" in done.stderr


def test_address_that_cannot_be_had_is_told(
    mesoonto: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = mesoonto("mcp", "--http", address)
    assert done.returncode == 2
    assert done.stderr.startswith(f"mesoonto: {address} cannot be listened on: ")
    done = mesoonto("mcp", "--http", "localhost")
    assert done.returncode == 2
    assert "localhost: give HOST:PORT or PORT" in done.stderr
