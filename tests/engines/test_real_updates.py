"""The W3C's update cases for SPARQL 1.1, asked of a mesoonto before real engines that hold nothing else.

Every twenty-fourth case is asked by default, and all with ``pytest -m "engines_full or not engines_full"
tests/engines``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from mesoonto.engines import note
from tests.conformance import updates
from tests.conformance.endpoint import Endpoint
from tests.conformance.manifests import Case, Kind
from tests.conftest import running_server
from tests.engines import w3c
from tests.engines.conftest import REAL
from tests.engines.known_failures import UPDATES
from tests.engines.servers import SERVERS
from tests.wire import Client

pytestmark = [pytest.mark.slow, pytest.mark.checkout, pytest.mark.w3c]

_CASES = w3c.cases(Kind.UPDATE)

#: The note of the state of the data is no part of what a case is about.
_NAMED = f"GRAPH ?g {{ ?s ?p ?o }} FILTER(?g != <{note.GRAPH}>)"
_EVERYTHING = {
    "virtuoso": f"SELECT * {{ {_NAMED} }}",  # its default graph is the union of all
}
_WITH_DEFAULT = f"SELECT * {{ {{ ?s ?p ?o }} UNION {{ {_NAMED} }} }}"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Endpoint]]:
    """A mesoonto before an engine of a kind of its own, which anybody may write to."""
    found: dict[str, Endpoint] = {}
    with ExitStack() as running:

        def on(kind: str) -> Endpoint:
            if kind not in found:
                url = running.enter_context(SERVERS[kind](tmp_path_factory.mktemp(kind)))
                options = ("--engine", url, "--empty", "--allow-update", "--query-workers", "2")
                address = running.enter_context(running_server(*options))
                found[kind] = Endpoint(address, running.enter_context(Client(address)))
            return found[kind]

        yield on


@pytest.mark.parametrize("case", w3c.parameters(_CASES))
@pytest.mark.parametrize("kind", REAL)
def test_w3c_update(empty: Callable[[str], Endpoint], kind: str, case: Case) -> None:
    """What is there afterwards is right, or the failure is known."""
    assert w3c.ROOT is not None
    # What a failure has left would stand in the way of the next case: blank nodes of the engine.
    assert empty(kind).update("DROP ALL").status == 204
    problem = updates.problem(w3c.ROOT, empty(kind), case, _EVERYTHING.get(kind, _WITH_DEFAULT))
    reason = UPDATES[kind].get(w3c.name(case))
    if reason is None:
        assert problem is None, f"{case.request}: {problem}"
    else:
        assert problem is not None, f"{case.name} passes now; take it out of the known failures ({reason})"


def test_known_failures_name_cases() -> None:
    names = set(map(w3c.name, _CASES))
    assert all(set(known) <= names for known in UPDATES.values())
