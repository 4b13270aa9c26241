"""Whose fault it is when a query cannot be answered: the client's (4xx), a remote endpoint's, never ours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest

from tests.conftest import free_port, running_server
from tests.federation import servers
from tests.wire import FORM, UPDATE, Reply, request

_REFUSING = b"the remote's own words"


def _nonsense(handler: BaseHTTPRequestHandler, _: str) -> None:
    servers.respond(handler, b"<html>Sign in</html>", "text/html")


def _refusing(handler: BaseHTTPRequestHandler, _: str) -> None:
    servers.respond(handler, _REFUSING, "text/plain", 400)


def _slow(handler: BaseHTTPRequestHandler, _: str) -> None:
    time.sleep(1)
    servers.respond(handler, b"")


def _good() -> ox.Store:
    store = ox.Store()
    store.load(b"<http://e/s> <http://e/p> 1 .", format=ox.RdfFormat.TURTLE)
    return store


@pytest.fixture(scope="module")
def endpoints() -> Iterator[dict[str, str]]:
    """Remote endpoints by what is wrong with them."""
    with ExitStack() as stack:
        answers = {"nonsense": _nonsense, "refusing": _refusing, "slow": _slow, "good": servers.over(_good())}
        found = {name: stack.enter_context(servers.serving(answer)).url for name, answer in answers.items()}
        found["closed"] = f"http://127.0.0.1:{free_port()}/sparql"
        found["nameless"] = "http://no-such-host.invalid/sparql"
        yield found


@pytest.fixture(scope="module")
def configuration(endpoints: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("faults") / "mesoonto.toml"
    path.write_text(
        "".join(
            f'[federation.endpoints.{name}]\nurl = "{url}"\nallow_private = true\n'
            f"timeout = {0.2 if name == 'slow' else 20}\n"
            for name, url in endpoints.items()
        )
    )
    return path


@pytest.fixture(scope="module", params=["on", "off"])
def joining(request: pytest.FixtureRequest, configuration: Path) -> Iterator[str]:
    """A writable server that may ask the endpoints, answering by either path."""
    options = ("--empty", "--allow-update", "--config", str(configuration), "--direct", request.param)
    with running_server(*options) as address:
        yield address


@pytest.fixture(scope="module", params=["on", pytest.param("off", marks=pytest.mark.slow)])
def alone(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server that may ask nobody, answering by either path."""
    with running_server("--empty", "--direct", request.param) as address:
        yield address


def _answers(address: str, query: str, accept: str = "application/json") -> list[Reply]:
    """What comes of *query*: got and posted, with a plan and without."""
    headers = {"Accept": accept}
    plain, planned = urlencode({"query": query}), urlencode({"query": query, "explain": "true"})
    posted = {**headers, "Content-Type": FORM}
    return [
        request(address, "GET", f"/sparql?{plain}", headers=headers),
        request(address, "GET", f"/sparql?{planned}", headers=headers),
        request(address, "POST", "/sparql", plain.encode(), posted),
        request(address, "POST", "/sparql", planned.encode(), posted),
    ]


#: What a query with SERVICE asks, the status of the answer and words in it.
FAULTS = {
    "closed": ("SELECT * { SERVICE <{closed}> { ?s ?p ?o } }", 502, "the connection failed"),
    "nonsense": ("SELECT * { SERVICE <{nonsense}> { ?s ?p ?o } }", 502, "sent text/html"),
    "refusing": ("SELECT * { SERVICE <{refusing}> { ?s ?p ?o } }", 502, "answered 400"),
    "nameless": ("SELECT * { SERVICE <{nameless}> { ?s ?p ?o } }", 502, "cannot be found"),
    "slow": ("SELECT * { SERVICE <{slow}> { ?s ?p ?o } }", 504, "within 0.2 s"),
    "unlisted": ("SELECT * { SERVICE <http://e/> { ?s ?p ?o } }", 403, "<http://e/> is refused"),
    "unbound": ("SELECT * { SERVICE ?g { ?s ?p ?o } }", 400, "nothing binds ?g"),
    "undefined": ("SELECT * { VALUES ?g { UNDEF } SERVICE ?g { ?s ?p ?o } }", 400, "nothing binds ?g"),
    "undefined-and-unlisted": (
        "SELECT * { VALUES ?g { UNDEF <http://e/> } SERVICE ?g { ?s ?p ?o } }", 403, "<http://e/>",
    ),
    "function-beside": (
        "SELECT (<http://e/f>(?s) AS ?x) { SERVICE <{good}> { ?s ?p ?o } }", 400, "<http://e/f>",
    ),
    "function": ("SELECT (<http://e/f>(1) AS ?x) {}", 400, "<http://e/f> is not supported"),
    "function-in-filter": ("ASK { FILTER(<http://e/f>(1)) }", 400, "<http://e/f> is not supported"),
    "too-many-arguments": (
        "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> ASK { FILTER(xsd:integer(1, 2)) }", 400, "arguments",
    ),
}  # fmt: skip


def _filled(query: str, endpoints: dict[str, str]) -> str:
    for name, url in endpoints.items():
        query = query.replace(f"{{{name}}}", url)
    return query


@pytest.mark.parametrize("name", FAULTS)
def test_fault_has_its_status_and_one_clear_line(joining: str, endpoints: dict[str, str], name: str) -> None:
    query, status, words = FAULTS[name]
    query = _filled(query, endpoints)
    for reply in _answers(joining, query, "text/csv"):
        assert reply.status == status, str(reply)
        assert words in reply.text
        assert reply.text.count("\n") == 1
        assert reply.type == "text/plain"
    for reply in _answers(joining, query):
        assert reply.status == status, str(reply)
        assert reply.type == "application/problem+json"


@pytest.mark.parametrize(
    "name", ["closed", "nonsense", "refusing", "nameless", "slow", "unlisted", "unbound"]
)
def test_silent_makes_one_empty_solution_of_each(joining: str, endpoints: dict[str, str], name: str) -> None:
    query = _filled(FAULTS[name][0].replace("SERVICE", "SERVICE SILENT"), endpoints)
    got, got_plan, posted, posted_plan = _answers(joining, query)
    bindings = [reply.json["results"]["bindings"] for reply in (got, posted)]
    bindings += [reply.json["results"]["results"]["bindings"] for reply in (got_plan, posted_plan)]
    assert bindings == [[{}]] * 4
    for reply in (got_plan, posted_plan):
        assert FAULTS[name][2] in reply.json["federation"]["services"][0]["problem"]


@pytest.mark.slow
def test_silent_is_the_same_where_nobody_may_be_asked(alone: str) -> None:
    query = "SELECT * { VALUES ?x { 1 2 } SERVICE SILENT <http://127.0.0.1:9/> { ?s ?p ?o } }"
    got, got_plan, posted, posted_plan = _answers(alone, query)
    for reply in (got.json, posted.json, got_plan.json["results"], posted_plan.json["results"]):
        assert [row["x"]["value"] for row in reply["results"]["bindings"]] == ["1", "2"]
    for reply in _answers(alone, query.replace("SILENT", "")):
        assert reply.status == 403, str(reply)
        assert "federation.endpoints" in reply.json["title"]
    for reply in _answers(alone, query.replace("<http://127.0.0.1:9/>", "?y")):
        assert reply.status == 200, str(reply)


def test_row_without_an_endpoint_is_answered_beside_those_with_one(
    joining: str, endpoints: dict[str, str]
) -> None:
    values = "VALUES (?n ?g) { (1 <{good}>) (2 UNDEF) }"
    query = _filled(f"SELECT ?n ?o {{ {values} SERVICE ?g {{ ?s <http://e/p> ?o }} }} ORDER BY ?n", endpoints)
    for reply in _answers(joining, query)[::2]:
        assert reply.status == 200, str(reply)
        rows = [
            {name: term["value"] for name, term in row.items()} for row in reply.json["results"]["bindings"]
        ]
        assert rows == [{"n": "1", "o": "1"}, {"n": "2", "o": "1"}]


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ("INSERT { <a:a> <a:b> ?x } WHERE { BIND(<http://e/f>(1) AS ?x) }", "<http://e/f> is not supported"),
        ("DROP GRAPH <http://e/none>", "does not exist"),
        (
            "INSERT DATA { GRAPH <http://e/g> { <a:a> <a:b> 1 } } ; CREATE GRAPH <http://e/g>",
            "already exists",
        ),
    ],
)
def test_update_that_cannot_be_done_is_the_clients_fault(joining: str, update: str, words: str) -> None:
    reply = request(joining, "POST", "/update", update.encode(), {"Content-Type": UPDATE})
    assert reply.status == 400, str(reply)
    assert words in reply.text
