"""The query, update, syntax and result format cases of the W3C suites for SPARQL 1.0, 1.1 and 1.2, over HTTP.

Every eighth case runs by default: the first, the ninth and so on of each kind. All run with
``pytest -m "w3c_full or not w3c_full" tests/conformance``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import suites
from tests.conformance import manifests, queries, updates
from tests.conformance.conftest import opened
from tests.conformance.endpoint import Endpoint
from tests.conformance.known_failures import ADDED, KNOWN_FAILURES, known
from tests.conformance.manifests import Case, Kind
from tests.conformance.queries import NOTHING, quads

pytestmark = [pytest.mark.checkout, pytest.mark.w3c]

_EVERY = 8
_ROOT = suites.folder("sparql")
_CASES = manifests.cases(_ROOT) if _ROOT else []
_KNOWN = known({case.name for case in _CASES})
#: Bytes of one loading request.
_BATCH = 200_000


def _parameters(*kinds: Kind) -> list[object]:
    """The cases of *kinds*, as parameters of a test; where there are none, one that is not run."""
    if _ROOT is None:
        return [pytest.param(None, id="none")]
    seen: dict[Kind, int] = defaultdict(int)
    parameters: list[object] = []
    for case in _CASES:
        if case.kind in kinds:
            marks = [pytest.mark.w3c_full] if seen[case.kind] % _EVERY else []
            seen[case.kind] += 1
            parameters.append(pytest.param(case, id=case.name, marks=marks))
    return parameters


def test_known_failures_name_cases() -> None:
    """Cases that the suite got later are all there or none is, so that each of their names is one's."""
    names = {case.name for case in _CASES}
    assert set(KNOWN_FAILURES) - ADDED <= names
    assert names >= ADDED or not names & ADDED


@pytest.fixture(scope="module")
def library(request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    """An endpoint that holds each data file of the selected query cases as a graph of its own."""
    assert _ROOT is not None
    selected = [
        item.callspec.params.get("case") for item in request.session.items if hasattr(item, "callspec")
    ]
    wanted = {
        file
        for case in selected
        if isinstance(case, Case) and case.kind is Kind.QUERY
        for file in queries.files(case)
    }
    with opened() as endpoint:
        batch: list[str] = []
        for file in sorted(wanted):
            batch.append(_insertion(_ROOT, file))
            if sum(map(len, batch)) > _BATCH:
                _load(endpoint, batch)
                batch = []
        _load(endpoint, batch)
        yield endpoint


def _load(endpoint: Endpoint, insertions: list[str]) -> None:
    reply = endpoint.update(" ;\n".join(insertions))
    assert reply.status in {200, 204}, str(reply)


def _insertion(root: Path, file: Path) -> str:
    name = manifests.iri(root, file)
    return f"CREATE SILENT GRAPH <{name}> ;\n{updates.insertion(quads(root, file, name))}"


def _judge(case: Case, problem: str | None) -> None:
    """Fail on a *problem*, or on the lack of a known one."""
    reason = _KNOWN.get(case.name)
    if reason is None:
        assert problem is None, f"{case.request}: {problem}"
    else:
        assert problem is not None, f"{case.name} passes now; take it out of the known failures ({reason})"


@pytest.mark.parametrize("case", _parameters(Kind.QUERY))
def test_query(library: Endpoint, case: Case) -> None:
    assert _ROOT is not None
    _judge(case, queries.problem(_ROOT, library, case))


@pytest.mark.parametrize("case", _parameters(Kind.GOOD_QUERY))
def test_good_query(endpoint: Endpoint, case: Case) -> None:
    """Read without complaint, at its own IRI. SERVICE is read and then refused, which is 403, not 400."""
    assert _ROOT is not None
    content = f"BASE <{manifests.iri(_ROOT, case.request)}>\n".encode() + case.request.read_bytes()
    reply = endpoint.post(
        endpoint.query_path, content, "application/sparql-query", [("default-graph-uri", NOTHING)]
    )
    refused = reply.status == 403 and re.search(rb"(?i)\bSERVICE\b", content)
    _judge(case, None if reply.status == 200 or refused else str(reply))


@pytest.mark.parametrize("case", _parameters(Kind.BAD_QUERY))
def test_bad_query(endpoint: Endpoint, case: Case) -> None:
    content = case.request.read_bytes()
    reply = endpoint.post(endpoint.query_path, content, "application/sparql-query")
    _judge(case, None if reply.status == 400 else str(reply))


@pytest.mark.parametrize("case", _parameters(Kind.UPDATE))
def test_update(endpoint: Endpoint, case: Case) -> None:
    assert _ROOT is not None
    _judge(case, updates.problem(_ROOT, endpoint, case))


@pytest.mark.parametrize("case", _parameters(Kind.GOOD_UPDATE))
def test_good_update(endpoint: Endpoint, case: Case) -> None:
    """Read without complaint. LOAD is read and then refused, which is 403, not 400."""
    text = case.request.read_text()
    needed = re.findall(r"^(?:DROP|CLEAR) GRAPH (<\w+>)", text, re.MULTILINE)
    before = " ".join(["DROP ALL ;", *(f"CREATE GRAPH {graph} ;" for graph in needed)])
    reply = endpoint.update(updates.after_prologue(text, before))
    refused = reply.status == 403 and re.search(r"(?i)\bLOAD\b", text)
    _judge(case, None if reply.status in {200, 204} or refused else str(reply))


@pytest.mark.parametrize("case", _parameters(Kind.BAD_UPDATE))
def test_bad_update(endpoint: Endpoint, case: Case) -> None:
    """Refused as no SPARQL; or, with LOAD in it, before it was read."""
    content = case.request.read_bytes()
    reply = endpoint.post(endpoint.update_path, content, "application/sparql-update")
    refused = reply.status == 403 and re.search(rb"(?i)\bLOAD\b", content)
    _judge(case, None if reply.status == 400 or refused else str(reply))
