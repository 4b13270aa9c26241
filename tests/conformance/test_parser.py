"""The queries and updates of the W3C suites, read as the engine reads them. No server takes part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from mesoonto.dataset.query_features import has_load, outline, reaches_out
from mesoonto.sparql.parser import NotSparqlError, parse_query, parse_update
from mesoonto.sparql.tree import Node
from tests import suites

pytestmark = [pytest.mark.checkout, pytest.mark.w3c]

_ROOT = suites.folder("sparql")
_BASE = {"base_iri": "http://e/"}


def _texts(ending: str) -> list[tuple[Path, str]]:
    """The texts of the suites; what they would reach is no address any more."""
    assert _ROOT is not None
    files = sorted(_ROOT.glob(f"**/*{ending}"))
    return [
        (file, file.read_text().replace("http://", "urn:x:").replace("https://", "urn:x:")) for file in files
    ]


def _is_taken(evaluate: Callable[..., object], text: str) -> bool:
    try:
        evaluate(text, **_BASE)
    except SyntaxError:
        return False
    except (OSError, RuntimeError, ValueError):
        pass  # it was parsed
    return True


def _kinds(parse: Callable[[str], Node], text: str) -> set[str]:
    try:
        return {node.kind for node in parse(text).walk()}
    except NotSparqlError:
        return {"not parsed"}


def test_queries_that_the_engine_takes_are_parsed_and_outlined() -> None:
    taken = [(file, text) for file, text in _texts(".rq") if _is_taken(ox.Store().query, text)]
    assert len(taken) > 800
    wrong = []
    for file, text in taken:
        kinds, seen = _kinds(parse_query, text), outline(text, _BASE)
        service, dataset = "SERVICE" in kinds, "DatasetClause" in kinds
        told = service or seen.has_dataset_clause == dataset  # with SERVICE, it says no more than that
        if "not parsed" in kinds or seen.has_service != service or not told:
            wrong.append(file)
    assert not wrong


def test_updates_that_the_engine_takes_are_parsed_and_outlined() -> None:
    taken = [(file, text) for file, text in _texts(".ru") if _is_taken(ox.Store().update, text)]
    assert len(taken) > 130
    wrong = []
    for file, text in taken:
        kinds = _kinds(parse_update, text)
        load, out = "Load" in kinds, bool(kinds & {"Load", "SERVICE"})
        if "not parsed" in kinds or (has_load(text, _BASE), reaches_out(text, _BASE)) != (load, out):
            wrong.append(file)
    assert not wrong
