"""The W3C's query evaluation cases for SPARQL 1.1 on real engines, behind the client and its adapter.

Every sixteenth case runs by default; all with ``pytest -m "engines_full or not engines_full" tests/engines``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mesoonto.engines.client import EngineClient
from tests import suites
from tests.conformance.manifests import Case
from tests.engines.conftest import REAL
from tests.engines.known_failures import W3C
from tests.engines.w3c import Library, cases

pytestmark = [pytest.mark.checkout, pytest.mark.w3c]

_EVERY = 16
_ROOT = suites.folder("sparql")
_CASES = cases(_ROOT) if _ROOT else []
_PARAMETERS = [
    pytest.param(
        case,
        id=case.name.removeprefix("sparql11/"),
        marks=[pytest.mark.engines_full] if place % _EVERY else [],
    )
    for place, case in enumerate(_CASES)
] or [pytest.param(None, id="none")]


@pytest.fixture(scope="module")
def library(engine_client: Callable[[str], EngineClient]) -> Callable[[str], Library]:
    """The data files on the engine of a kind."""
    found: dict[str, Library] = {}

    def on(kind: str) -> Library:
        assert _ROOT is not None
        return found.setdefault(kind, Library(_ROOT, engine_client(kind)))

    return on


@pytest.mark.parametrize("case", _PARAMETERS)
@pytest.mark.parametrize("kind", REAL)
def test_query(library: Callable[[str], Library], kind: str, case: Case) -> None:
    """A right answer, or a failure that is known."""
    problem = library(kind).problem(case)
    reason = W3C[kind].get(case.name.removeprefix("sparql11/"))
    if reason is None:
        assert problem is None, f"{case.request}: {problem}"
    else:
        assert problem is not None, f"{case.name} passes now; take it out of the known failures ({reason})"


def test_known_failures_name_cases() -> None:
    names = {case.name.removeprefix("sparql11/") for case in _CASES}
    assert all(set(known) <= names for known in W3C.values())
