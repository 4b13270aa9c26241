"""kill -9 at any moment of a write leaves exactly a state that was published."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from random import Random

import pytest

from tests.conftest import Served, served
from tests.hostile.test_attacks import SEED
from tests.wire import UPDATE, Client

_FEW, _SOME, _ALL = 4, 10, 100

_LEFT, _RIGHT = "http://example.org/left", "http://example.org/right"


def _step(number: int) -> str:
    """Statement *number*, in two graphs at once; and one more, to find a write that was half done."""
    return f"""PREFIX e: <http://e/>
        DELETE WHERE {{ GRAPH ?g {{ e:s e:last ?n }} }} ;
        INSERT DATA {{ GRAPH <{_LEFT}> {{ e:s e:n {number} ; e:last {number} }} }} ;
        INSERT DATA {{ GRAPH <{_RIGHT}> {{ e:s e:n {number} ; e:last {number} }} }}"""


class _Writer(threading.Thread):
    """Counts up until the server is gone."""

    def __init__(self, address: str, start: int) -> None:
        super().__init__(daemon=True)
        self._address = address
        self.confirmed = start  #: the last number that the server said it holds
        self.tried = start  #: the last number that was sent
        self.refused: str | None = None

    def wait_for(self, number: int) -> None:
        """Return once *number* was confirmed, or the writer has ended."""
        while self.confirmed < number and self.is_alive():
            time.sleep(0.001)

    def run(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException), Client(self._address, 20) as client:
            while True:
                self.tried = self.confirmed + 1
                body = _step(self.tried).encode()
                reply = client.request("POST", "/update", body, {"Content-Type": UPDATE})
                if reply.status not in {200, 204}:
                    self.refused = str(reply)
                    return
                self.confirmed = self.tried


def _held(server: Served) -> dict[str, tuple[set[int], set[int]]]:
    """The numbers, and the last number, in each graph."""
    query = "SELECT ?g ?p ?n { GRAPH ?g { <http://e/s> ?p ?n } }"
    with Client(server.address, 20) as client:
        reply = client.request(
            "POST",
            "/sparql",
            query.encode(),
            {"Content-Type": "application/sparql-query", "Accept": "text/csv"},
        )
    assert reply.status == 200, str(reply)
    found: dict[str, tuple[set[int], set[int]]] = {_LEFT: (set(), set()), _RIGHT: (set(), set())}
    for line in reply.text.split()[1:]:
        graph, predicate, number = line.split(",")
        found[graph][predicate.endswith("last")].add(int(number))
    return found


def _kill_all(server: Served) -> None:
    """kill -9 of the server's whole process group, at once."""
    os.killpg(server.process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(timeout=20)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kills",
    [
        _FEW,
        pytest.param(_SOME, marks=pytest.mark.thorough),
        pytest.param(_ALL, marks=pytest.mark.hostile_full),
    ],
)
def test_kill_during_write_leaves_a_published_state(tmp_path: Path, kills: int) -> None:
    random = Random(SEED)
    location = tmp_path / "store"
    confirmed = 0
    writes = 0
    for kill in range(kills):
        with served("--empty", "--allow-update", "--location", str(location)) as server:
            confirmed = _check(server, confirmed, confirmed + 1 if kill else confirmed)
            writer = _Writer(server.address, confirmed)
            writer.start()
            writer.wait_for(confirmed + random.randint(0, 5))
            time.sleep(random.uniform(0, 0.2))
            _kill_all(server)
            writer.join(timeout=30)
            assert writer.refused is None, writer.refused
            writes += writer.confirmed - confirmed
            confirmed = writer.confirmed
    with served("--empty", "--allow-update", "--location", str(location)) as server:
        _check(server, confirmed, confirmed + 1)
    assert writes > kills, f"only {writes} writes in {kills} runs, so that hardly any kill met one"


def _check(server: Served, low: int, high: int) -> int:
    """The number that the store holds: all before it are there, in both graphs, and nothing else.

    It is *low*, the last that was confirmed, or *high*, one more, whose confirmation the kill may have cut.
    """
    held = _held(server)
    count = max(held[_LEFT][0], default=0)
    assert low <= count <= high, f"{low} to {high} expected, {count} found (seed {SEED})"
    whole = (set(range(1, count + 1)), {count} if count else set())
    assert held == {_LEFT: whole, _RIGHT: whole}, f"half a write (seed {SEED})"
    return count
