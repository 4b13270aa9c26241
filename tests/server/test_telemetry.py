"""Metrics and the access log, without HTTP."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mesoonto.processes.fork_server import Link
from mesoonto.processes.limits import ProcessLimits
from mesoonto.processes.pool import Pool
from mesoonto_server.settings import Settings
from mesoonto_server.telemetry.report import Telemetry


@pytest.fixture
def pool() -> Iterator[Pool]:
    with socket.socket() as unused:
        yield Pool(Link(unused, -1, 0), ProcessLimits())


def note(telemetry: Telemetry, **changes: object) -> None:
    values: dict[str, object] = {
        "request_id": telemetry.request_id(), "method": "GET", "path": "/sparql", "query": b"query=ASK%7B%7D",
        "status": 200, "size": 12, "rows": 1, "started": time.perf_counter(), "cached": False,
        "broken": False, "client": "192.0.2.7",
    }  # fmt: skip
    telemetry.note(**{**values, **changes})  # type: ignore[arg-type]


def samples(telemetry: Telemetry) -> dict[tuple[str, str], float]:
    return {
        (sample.name, " ".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(telemetry.exposition().decode())
        for sample in family.samples
    }


@contextmanager
def logging_to(path: Path, pool: Pool, **settings: bool) -> Iterator[Telemetry]:
    telemetry = Telemetry(pool, Settings(log_file=str(path), **settings))  # type: ignore[arg-type]
    yield telemetry
    assert telemetry._log is not None
    telemetry._log.close()


def entries(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/sparql", "sparql"),
        ("/sparql.csv", "sparql"),
        ("/store", "store"),
        ("/health/ready", "health"),
        ("/metrics", "metrics"),
        ("/made/up", "other"),
        ("/health/nonsense", "other"),
    ],
)
def test_requests_are_counted_by_route(pool: Pool, path: str, route: str) -> None:
    telemetry = Telemetry(pool, Settings())
    note(telemetry, path=path)
    note(telemetry, path=path, status=404)
    found = samples(telemetry)
    assert found["mesoonto_requests_total", f"{route} 200"] == 1
    assert found["mesoonto_requests_total", f"{route} 404"] == 1


def test_times_are_a_histogram(pool: Pool) -> None:
    telemetry = Telemetry(pool, Settings())
    for seconds in (0.0, 0.2, 7.0, 1000.0):
        note(telemetry, started=time.perf_counter() - seconds)
    found = samples(telemetry)
    buckets = [found["mesoonto_request_seconds_bucket", bound] for bound in ("0.005", "0.5", "10", "+Inf")]
    assert buckets == [1, 2, 3, 4]
    assert found["mesoonto_request_seconds_count", ""] == 4
    assert found["mesoonto_request_seconds_sum", ""] == pytest.approx(1007.2, abs=1)


def test_pool_is_read_when_it_is_asked_for(pool: Pool) -> None:
    telemetry = Telemetry(pool, Settings())
    pool.counts.killed = 3
    pool.counts.crashed = 2
    found = samples(telemetry)
    assert found["mesoonto_jobs_out_of_time_total", ""] == 3
    assert found["mesoonto_workers_crashed_total", ""] == 2


def test_log_line_has_the_fields_that_the_documentation_names(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "log"
    with logging_to(path, pool) as telemetry:
        note(telemetry, cached=True)
    (entry,) = entries(path)
    assert set(entry) == {"time", "id", "method", "path", "status", "ms", "bytes", "cached", "query", "rows"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(entry["time"]))
    assert entry["query"] == hashlib.sha256(b"query=ASK%7B%7D").hexdigest()[:16]
    assert (entry["status"], entry["bytes"], entry["rows"], entry["cached"]) == (200, 12, 1, True)


def test_answer_that_broke_off_is_marked(pool: Pool, tmp_path: Path) -> None:
    with logging_to(tmp_path / "log", pool) as telemetry:
        note(telemetry, broken=True)
    assert entries(tmp_path / "log")[0]["broken"] is True


def test_client_is_logged_only_when_the_operator_says_so(pool: Pool, tmp_path: Path) -> None:
    for name, log_clients in (("without", False), ("with", True)):
        with logging_to(tmp_path / name, pool, log_clients=log_clients) as telemetry:
            note(telemetry)
    assert "192.0.2.7" not in (tmp_path / "without").read_text()
    assert entries(tmp_path / "with")[0]["client"] == "192.0.2.7"


@pytest.mark.parametrize("path", ['/a"b', "/a\nb", "/\x00", "/\u2028", "/" + "x" * 100_000, "/\ud800"])
def test_no_address_breaks_a_line_of_the_log(pool: Pool, tmp_path: Path, path: str) -> None:
    with logging_to(tmp_path / "log", pool) as telemetry:
        note(telemetry, path=path, rows=-1, query=b"")
        note(telemetry)
    first, second = entries(tmp_path / "log")
    assert first["path"] == path[:200]
    assert "rows" not in first
    assert second["path"] == "/sparql"


def test_ids_of_two_processes_differ(pool: Pool) -> None:
    assert len({Telemetry(pool, Settings()).request_id() for _ in range(50)}) == 50
