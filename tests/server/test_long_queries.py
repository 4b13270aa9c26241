"""What becomes of a worker that has had a long query."""

from __future__ import annotations

import os
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.hostile.bombs import digits
from tests.server.test_processes import Server, started, wait_until
from tests.wire import Client

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at threads in /proc")

TICKS = os.sysconf("SC_CLK_TCK")


@pytest.mark.slow
def test_worker_with_a_long_query_serves_on_as_before_it() -> None:
    """It has copied what the query reads; the next one of this client need not."""
    with started("--cache", "0", "--query-workers", "2") as server, Client(server.address) as client:
        many, took, workers = 16, 0.0, list[int]()
        while took < 1.5 or not workers:  # longer than the second after which it is to give way
            many *= 2
            numbers = " ".join(map(str, range(many)))
            query = f"SELECT (COUNT(*) AS ?n) {{ {digits(5)} VALUES ?x {{ {numbers} }} }}"
            before, began = spent(server), time.monotonic()
            assert client.request("GET", f"/sparql?{urlencode({'query': query})}").status == 200
            took, workers = time.monotonic() - began, busy_since(before, server)
        (worker,) = workers
        assert client.request("GET", f"/sparql?{urlencode({'query': query})}").status == 200
        assert busy_since(before, server) == [worker]
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        tasks = Path(f"/proc/{worker}/task")
        wait_until(lambda: {priority(task) for task in tasks.iterdir()} == {usual})


@pytest.mark.slow
def test_worker_that_had_a_query_for_others_to_wait_for_is_not_the_one_to_end() -> None:
    """Another is started beside it, and one of them ends when no such query runs any more."""
    with started("--cache", "0", "--query-workers", "2") as server:
        usual, before = len(server.family()), spent(server)
        query = f"SELECT (COUNT(*) AS ?n) {{ {digits(6)} VALUES ?x {{ 1 2 3 4 5 6 }} }}"
        with Client(server.address) as client:
            assert client.request("GET", f"/sparql?{urlencode({'query': query})}").status == 200
        (worker,) = busy_since(before, server)
        time.sleep(2)
        wait_until(lambda: len(server.family()) <= usual)
        assert worker in server.family()


def busy_since(before: dict[int, float], server: Server) -> list[int]:
    """The processes of the server that have taken half a second of processor time since *before*."""
    return [pid for pid, seconds in spent(server).items() if seconds - before.get(pid, 0) > 0.5]


def spent(server: Server) -> dict[int, float]:
    """Seconds of processor time of each process of the server."""
    return {pid: sum(map(int, stat(Path(f"/proc/{pid}"))[11:13])) / TICKS for pid in server.family()}


def priority(task: Path) -> int:
    """The nice value of a thread."""
    return int(stat(task)[16])


def stat(place: Path) -> list[str]:
    """The fields of proc(5) from the state on."""
    return (place / "stat").read_text().rpartition(")")[2].split()
