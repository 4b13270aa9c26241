"""What operators see over HTTP: health and metrics."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import urlencode

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import running_server
from tests.server.client import ask, get
from tests.wire import Client

ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "access.jsonl"


@pytest.fixture(scope="module")
def address(log: Path) -> Iterator[str]:
    with running_server("--log-file", str(log), "--rate-limit", "10000/minute") as found:
        yield found


def metrics(address: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample by name and label values, as Prometheus reads it."""
    reply = ask(address, path="/metrics")
    assert reply.status == 200
    return {
        (sample.name, tuple(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


@pytest.mark.parametrize(("path", "word"), [("/health/live", "live\n"), ("/health/ready", "ready\n")])
def test_health(address: str, path: str, word: str) -> None:
    reply = ask(address, path=path)
    assert (reply.status, reply.text, reply.headers["cache-control"]) == (200, word, "no-store")


def test_the_allocator_is_told(address: str) -> None:
    """As the program has it that was started: mimalloc where its wheel is installed."""
    told = json.loads(ask(address, path="/health").text)["allocator"]
    if sys.platform.startswith("linux") and any(metadata.distributions(name="cmeel-mimalloc")):
        assert told == {"name": "mimalloc", "version": metadata.version("cmeel-mimalloc")}
    assert metrics(address)["mesoonto_allocator_info", (told["name"], told["version"])] == 1


@pytest.mark.slow
def test_the_allocator_can_be_the_system_s() -> None:
    with running_server("--empty", "--allocator", "system") as address:
        told = json.loads(ask(address, path="/health").text)["allocator"]
    assert told["name"] != "mimalloc"


def test_requests_are_counted_by_route_and_status(address: str) -> None:
    before = metrics(address)
    with Client(address) as client:  # on one connection: each worker has a cache
        for query in ("ASK { ?s ?p 'counted' }", "ASK { ?s ?p 'counted' }", "nonsense"):
            client.request("GET", f"/sparql?{urlencode({'query': query})}")

    def more(name: str, *labels: str) -> float:
        return after.get((name, labels), 0) - before.get((name, labels), 0)

    deadline = time.monotonic() + 10
    while True:  # an answer is counted when it has been sent, which its client may notice sooner
        after = metrics(address)
        if more("mesoonto_requests_total", "sparql", "400") or time.monotonic() > deadline:
            break
    assert more("mesoonto_requests_total", "sparql", "200") == 2
    assert more("mesoonto_requests_total", "sparql", "400") == 1
    assert more("mesoonto_cache_hits_total") == 1
    assert more("mesoonto_request_seconds_count") >= 3


def test_addresses_that_strangers_make_up_do_not_make_new_metrics(address: str) -> None:
    for number in range(30):
        ask(address, path=f"/made-up-{number}/x")
    labels = {labels for name, labels in metrics(address) if name == "mesoonto_requests_total"}
    assert len(labels) < 20


def test_jobs_that_ran_out_of_time_are_counted(address: str) -> None:
    name = ("mesoonto_jobs_out_of_time_total", ())
    before = metrics(address)[name]
    reply = ask(address, path=f"/sparql?{urlencode({'timeout': 0.3, 'query': ENDLESS})}")
    assert (reply.status, "out of time" in reply.text) == (503, True)
    after = metrics(address)
    assert after[name] == before + 1
    assert after["mesoonto_jobs_running", ()] == 0
    assert after["mesoonto_workers", ()] >= 1


def test_log_has_one_object_for_each_request_and_nothing_personal(address: str, log: Path) -> None:
    reply = get(
        address, "SELECT ?x { VALUES ?x { 'secret' 'two' } }", Accept="text/csv", User_Agent="agent/1"
    )
    deadline = time.monotonic() + 10  # the line is written once the response has gone out
    while reply.headers["x-request-id"] not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    (entry,) = [e for e in entries if e["id"] == reply.headers["x-request-id"]]
    assert (entry["method"], entry["path"], entry["status"], entry["rows"]) == ("GET", "/sparql", 200, 2)
    assert entry["bytes"] == len(reply.body)
    assert entry["ms"] > 0
    assert len(entry["query"]) == 16
    text = json.dumps(entries)
    assert "secret" not in text
    assert "127.0.0.1" not in text
    assert "agent/1" not in text


def test_request_ids_differ(address: str) -> None:
    assert len({get(address, "ASK {}").headers["x-request-id"] for _ in range(20)}) == 20


@pytest.mark.slow
def test_client_that_asks_too_often_is_429() -> None:
    with running_server("--empty", "--rate-limit", "20/minute") as address:
        statuses = [get(address, "ASK {}").status for _ in range(25)]
        assert statuses[0] == 200
        assert statuses[-1] == 429
        refused = get(address, "ASK {}")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        # Health is for the operator's own probes, which must not count as a client's requests.
        assert ask(address, path="/health/live").status == 200
