"""Hostile queries with SERVICE, and hostile answers: each ends with one line and costs the front nothing.

What it costs is told by the time on a processor, which does not depend on what else the machine does.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.conftest import Served, served
from tests.federation import servers
from tests.federation.test_client import BOMB, GOOD, coded, endless, one_endless_string, plain
from tests.hostile import processes
from tests.server.client import QUERY, Reply, ask

#: Seconds of a processor that the front may take for one of these: each costs those that do it several times
#: as much. It takes 0.05; where coverage is counted and the machine is busy, eight times that.
_FRONT = 0.6

#: Seconds that requests have to come where they are sure to come.
_LATE = 20.0


def crumbs(handler: BaseHTTPRequestHandler, _: str) -> None:
    """White space without end, a byte in each chunk."""
    handler.send_response(200)
    handler.send_header("Content-Type", servers.JSON)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for _block in range(100_000):
        handler.wfile.write(b"1\r\n \r\n" * 1000)


class Gate:
    """An endpoint that answers once it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()

    def answer(self, handler: BaseHTTPRequestHandler, _: str) -> None:
        self.opened.wait(_LATE)
        servers.respond(handler, GOOD)


GATE = Gate()
MISTAKEN = threading.Event()


def mistaken_at_first(handler: BaseHTTPRequestHandler, _: str) -> None:
    body = GOOD if MISTAKEN.is_set() else b"<html>Sign in</html>"
    MISTAKEN.set()
    servers.respond(handler, body)


def tagged(handler: BaseHTTPRequestHandler, _: str) -> None:
    if handler.headers["If-None-Match"] == '"v1"':
        handler.send_response(304)
        handler.end_headers()
    else:
        servers.respond(handler, GOOD, headers={"ETag": '"v1"'})


#: Endpoints by name, with their settings.
ENDPOINTS = {
    "endless": (endless, ""),
    "string": (one_endless_string, ""),
    "bomb": (coded(BOMB), "max_bytes = 5000000"),
    "deep": (plain(b'{"head":' + b"[" * 5_000_000), ""),
    "crumbs": (crumbs, "timeout = 1"),
    "good": (plain(GOOD), ""),
    "gate": (GATE.answer, "cache = 0"),
    "mistaken": (mistaken_at_first, ""),
    "tagged": (tagged, "cache = 0.001"),
}


@dataclass(frozen=True)
class Joining:
    """A server that may ask the endpoints."""

    server: Served
    endpoints: dict[str, servers.Endpoint]

    def query(self, name: str, inside: str = "", outside: str = "") -> str:
        url = self.endpoints[name].url
        return f"SELECT ?s {{ {outside} SERVICE <{url}> {{ ?s <http://x.example/p> ?o {inside} }} }}"

    def ask(self, query: str, **more: str) -> Reply:
        path = f"/sparql?{urlencode(more)}" if more else "/sparql"
        return ask(self.server.address, "POST", path, query.encode(), **QUERY)

    def process(self, name: str) -> int | None:
        for pid in processes.tree(self.server.process.pid):
            try:
                if Path(f"/proc/{pid}/comm").read_text().strip() == f"meso-{name}":
                    return pid
            except OSError:
                continue
        return None

    def front_seconds(self) -> float:
        """What the front has had of a processor so far."""
        fields = Path(f"/proc/{self.process('front')}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def joining(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joining]:
    config = tmp_path_factory.mktemp("joining") / "mesoonto.toml"
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(servers.serving(answer)) for name, (answer, _) in ENDPOINTS.items()
        }
        config.write_text(
            "".join(
                f'[federation.endpoints.{name}]\nurl = "{running[name].url}"\nallow_private = true\n{more}\n'
                for name, (_, more) in ENDPOINTS.items()
            )
        )
        options = ("--config", str(config), "--empty")
        server = stack.enter_context(served(*options, log=config.with_suffix(".log")))
        yield Joining(server, running)
        GATE.opened.set()
        assert "Traceback" not in config.with_suffix(".log").read_text()


@pytest.mark.parametrize(
    ("name", "status", "told"),
    [
        ("endless", 502, "more than 100000 rows"),
        ("string", 502, "more than can be read into memory"),
        ("bomb", 502, "more than 5000000 bytes"),
        ("deep", 502, "not SPARQL Results in JSON"),
        ("crumbs", 504, "no whole answer within 1 s"),
    ],
)
def test_hostile_answer_costs_the_front_nothing(joining: Joining, name: str, status: int, told: str) -> None:
    before = joining.front_seconds()
    reply = joining.ask(joining.query(name))
    assert (reply.status, told in reply.text) == (status, True), reply.text
    assert len(reply.text.splitlines()) == 1
    assert joining.front_seconds() - before < _FRONT


NUMBERS = [str(number) for number in range(30_000)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("inside", "outside", "status", "told"),
    [
        ("{" * 20_000 + "}" * 20_000, "", 400, "nested too deep"),
        (f"FILTER({'(' * 20_000}1{')' * 20_000} > 0)", "", 400, "nested too deep"),
        (f"FILTER({'1+' * 60_000}1 > 0)", "", 403, "nests too deep"),
        (f"FILTER(?o IN ({','.join(NUMBERS)}))", "", 200, "http://x.example/1"),
        ("", f"VALUES ?x {{ {' '.join(NUMBERS)} }}", 200, "http://x.example/1"),
        ("", f"VALUES ?x {{ {' '.join(NUMBERS * 2)} }}", 403, "may have 262144"),
    ],
    ids=["braces", "parentheses", "operators", "IN", "VALUES", "length"],
)
def test_hostile_query_costs_the_front_nothing(
    joining: Joining, inside: str, outside: str, status: int, told: str
) -> None:
    before = joining.front_seconds()
    reply = joining.ask(joining.query("good", inside, outside))
    assert (reply.status, told in reply.text) == (status, True), reply.text[:300]
    assert joining.front_seconds() - before < _FRONT


def test_answers_are_kept_for_the_next_query(joining: Joining) -> None:
    endpoint = joining.endpoints["good"]
    query = joining.query("good", "FILTER(?o != 1)")
    before = len(endpoint.received)
    sources = []
    for _ in range(2):
        reply = joining.ask(query, explain="true")
        (service,) = reply.json["federation"]["services"]
        sources += [(request["source"], request["bytes"]) for request in service["requests"]]
        assert len(reply.json["results"]["results"]["bindings"]) == 1
    assert sources == [("endpoint", len(GOOD)), ("cache", 0)]
    assert len(endpoint.received) == before + 1


def test_what_cannot_be_read_is_not_kept(joining: Joining) -> None:
    query = joining.query("mistaken")
    assert [joining.ask(query).status for _ in range(2)] == [502, 200]
    assert len(joining.endpoints["mistaken"].received) == 2
    # What could be read is kept when the worker has said so, a little after its own answer.
    source, end = "", time.monotonic() + 20
    while source != "cache" and time.monotonic() < end:
        (service,) = joining.ask(query, explain="true").json["federation"]["services"]
        source = service["requests"][0]["source"]
    assert source == "cache"


def test_endpoint_says_that_what_is_kept_is_right(joining: Joining) -> None:
    query = joining.query("tagged")
    joining.ask(query)
    time.sleep(0.01)
    (service,) = joining.ask(query, explain="true").json["federation"]["services"]
    assert [request["source"] for request in service["requests"]] == ["unchanged"]
    assert service["rows"] == 1


def test_timeout_is_that_of_the_query(joining: Joining) -> None:
    GATE.opened.clear()
    reply = joining.ask(joining.query("gate"), timeout="0.5")
    GATE.opened.set()
    # The worker tells which endpoint was late, unless it came so late itself that it was ended before.
    told = {504: "0.45 s for all requests of the query", 503: "ended after 0.5 seconds"}
    assert told[reply.status] in reply.text


def test_ninth_query_at_one_time_is_refused(joining: Joining) -> None:
    GATE.opened.clear()
    endpoint = joining.endpoints["gate"]
    before = len(endpoint.received)
    statuses: list[int] = []

    def ask_until_taken() -> None:
        # What was asked for a query that was ended counts until it is over.
        deadline = time.monotonic() + _LATE
        while (status := joining.ask(joining.query("gate")).status) == 503 and time.monotonic() < deadline:
            time.sleep(0.05)
        statuses.append(status)

    threads = [threading.Thread(target=ask_until_taken) for _ in range(8)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + _LATE
    while len(endpoint.received) < before + 8:
        assert time.monotonic() < deadline, "eight queries are not under way"
        time.sleep(0.01)
    ninth = joining.ask(joining.query("good"))
    plain_query = joining.ask("ASK {}")
    GATE.opened.set()
    for thread in threads:
        thread.join()
    assert (ninth.status, plain_query.status) == (503, 200)
    assert "too many federated queries" in ninth.text
    assert statuses == [200] * 8


def test_process_that_asks_is_replaced_when_it_dies(joining: Joining) -> None:
    pid = joining.process("outward")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + _LATE
    while (reply := joining.ask(joining.query("good"))).status != 200:
        assert reply.status in (502, 503), reply.text
        assert time.monotonic() < deadline, "nobody asks other endpoints any more"
        time.sleep(0.05)
    assert joining.process("outward") not in (pid, None)


@pytest.mark.slow
def test_query_is_joined_where_the_front_has_all_connections(tmp_path: Path) -> None:
    config = tmp_path / "mesoonto.toml"
    with servers.serving(plain(GOOD)) as endpoint:
        config.write_text(f'[federation.endpoints.good]\nurl = "{endpoint.url}"\nallow_private = true\n')
        with served("--config", str(config), "--empty", "--direct", "off", log=tmp_path / "log") as server:
            one = Joining(server, {"good": endpoint})
            assert "http://x.example/1" in one.ask(one.query("good")).text
            assert one.ask(one.query("good"), explain="true").json["federation"]["services"][0]["rows"] == 1


@pytest.mark.slow
def test_it_ends_with_the_server(tmp_path: Path) -> None:
    config = tmp_path / "mesoonto.toml"
    config.write_text('[federation.endpoints.some]\nurl = "http://some.example/"\n')
    with served("--config", str(config), "--empty", log=tmp_path / "log") as server:
        found = Joining(server, {}).process("outward")
        family = processes.tree(server.process.pid)
        assert found in family
    deadline = time.monotonic() + _LATE
    while left := {pid for pid in family if processes.runs(pid)}:
        assert time.monotonic() < deadline, f"{left} go on without the server"
        time.sleep(0.02)
