"""kill -9 of each kind of process while eight clients read, write and validate.

No acknowledged write is lost, no wrong answer is given, nobody waits for ever, and the service goes on, or
ends as a whole where a supervisor has to start it again.
"""

from __future__ import annotations

import http.client
import itertools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from urllib.parse import urlencode

import pytest

from tests.conftest import Served, served
from tests.hostile import processes
from tests.hostile.test_attacks import SEED
from tests.wire import QUERY, TURTLE, UPDATE, Client, Reply, request

#: Kills of each kind.
_SOME, _ALL = 2, 40

#: Seconds after which an answer is late: that of the clients' longest query, and the start of a new front.
_LATE = 60.0

_READERS, _WRITERS = 4, 3

#: Statuses of a request whose worker was killed, or that comes while nobody can take it.
_EXCUSED = {500, 503}


def _named(server: Served, role: str) -> list[int]:
    """The processes of *role*; not those that were forked just now and have no name of their own yet."""
    names, parents = {}, {}
    for pid in processes.tree(server.process.pid):
        with suppress(OSError):
            names[pid] = Path(f"/proc/{pid}/comm").read_text().strip()
            parents[pid] = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return [pid for pid, name in names.items() if name == f"meso-{role}" != names.get(parents.get(pid, 0))]


class _Clients:
    """Eight clients, each in its thread, until they are stopped; what they saw that was wrong."""

    def __init__(self, address: str) -> None:
        self.problems: list[str] = []
        self.confirmed: set[int] = set()  #: numbers whose write was acknowledged
        self.sent: set[int] = set()
        self.answered = 0
        self._address = address
        self._numbers = itertools.count(1)
        self._stop = threading.Event()
        jobs: list[Callable[[Client], None]] = [self._read] * _READERS + [self._write] * _WRITERS
        jobs.append(self._validate)
        self._threads = [threading.Thread(target=self._run, args=(job,), daemon=True) for job in jobs]
        for thread in self._threads:
            thread.start()

    def wait_for_a_write(self) -> None:
        deadline = time.monotonic() + _LATE
        while not self.confirmed:
            assert time.monotonic() < deadline, "no write is acknowledged"
            time.sleep(0.002)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(_LATE)
            if thread.is_alive():
                self.problems.append("a client waits for ever")

    def _run(self, job: Callable[[Client], None]) -> None:
        with Client(self._address, _LATE) as client:
            while not self._stop.is_set():
                try:
                    job(client)
                    self.answered += 1
                except TimeoutError:
                    self.problems.append(f"{job.__name__}: no answer in {_LATE} s")
                except (OSError, http.client.HTTPException):  # whoever had the connection was killed
                    time.sleep(0.01)

    def _expect(self, what: str, reply: Reply, status: int) -> bool:
        if reply.status not in {status, *_EXCUSED}:
            self.problems.append(f"{what}: {reply}")
        return reply.status == status

    def _read(self, client: Client) -> None:
        number = next(self._numbers)
        tables = " ".join(f"VALUES ?v{n} {{ {' '.join(map(str, range(60)))} }}" for n in range(3))
        text = (
            f"SELECT (COUNT(*) + {number} AS ?n) {{ {tables} }}"
            if number % 20 == 0
            else f"SELECT ({number} AS ?n) {{}}"
        )
        expected = number + (60**3 if number % 20 == 0 else 0)
        reply = client.request("GET", f"/sparql?{urlencode({'query': text})}", None, {"Accept": "text/csv"})
        if self._expect(text, reply, 200) and reply.text.split() != ["n", str(expected)]:
            self.problems.append(f"{text}: {reply}")

    def _write(self, client: Client) -> None:
        number = next(self._numbers)
        self.sent.add(number)
        text = f"INSERT DATA {{ <http://e/s> <http://e/n> {number} }}"
        if self._expect(
            text, client.request("POST", "/update", text.encode(), {"Content-Type": UPDATE}), 204
        ):
            self.confirmed.add(number)

    def _validate(self, client: Client) -> None:
        headers = {"Content-Type": TURTLE, "Accept": "application/json"}
        self._expect("validate", client.request("POST", "/validate", b"<a:a> <a:b> 1 .", headers), 200)


def _held(server: Served) -> set[int]:
    text = b"SELECT ?n { <http://e/s> <http://e/n> ?n }"
    reply = request(
        server.address, "POST", "/sparql", text, {"Content-Type": QUERY, "Accept": "text/csv"}, timeout=_LATE
    )
    assert reply.status == 200, str(reply)
    return set(map(int, reply.text.split()[1:]))


@contextmanager
def _writable(location: Path, log: Path) -> Iterator[Served]:
    options = ("--empty", "--allow-update", "--dataset-dir", str(location), "--client-limit", "50")
    with served(*options, log=log) as server:
        yield server


def _kill(server: Served, role: str, random: Random) -> None:
    """Kill a process of *role* at some moment; those for one job have to be waited for."""
    deadline = time.monotonic() + _LATE
    while not (found := _named(server, role)):
        assert time.monotonic() < deadline, f"no {role} was seen"
        time.sleep(0.002)
    time.sleep(random.uniform(0, 0.02))
    with suppress(ProcessLookupError):  # its job has just ended
        os.kill(random.choice(found), signal.SIGKILL)


def _check(clients: _Clients, held: set[int], log: Path) -> None:
    assert not clients.problems, f"seed {SEED}: {clients.problems[:5]}"
    assert clients.confirmed <= held <= clients.sent, f"seed {SEED}"
    text = log.read_text(errors="replace")
    assert "Traceback" not in text, text[text.index("Traceback") :][:3000]


_KILLS = pytest.mark.parametrize("kills", [_SOME, pytest.param(_ALL, marks=pytest.mark.hostile_full)])


@pytest.mark.slow
@_KILLS
@pytest.mark.parametrize("role", ["connection", "query", "writer", "validator", "front"])
def test_service_goes_on(tmp_path: Path, role: str, kills: int) -> None:
    random = Random(f"{SEED}/{role}")
    log = tmp_path / "log"
    with _writable(tmp_path / "store", log) as server:
        clients = _Clients(server.address)
        clients.wait_for_a_write()
        for _ in range(kills):
            _kill(server, role, random)
            answered, deadline = clients.answered, time.monotonic() + _LATE
            while clients.answered < answered + 8:
                assert time.monotonic() < deadline, f"nothing is answered after the end of a {role}"
                time.sleep(0.01)
        clients.stop()
        held = _held(server)
    _check(clients, held, log)


@pytest.mark.slow
@_KILLS
@pytest.mark.parametrize("role", ["forkserver", "server"])
def test_server_ends_and_holds_when_started_again_what_was_acknowledged(
    tmp_path: Path, role: str, kills: int
) -> None:
    random = Random(f"{SEED}/{role}")
    log = tmp_path / "log"
    for kill in range(-(-kills // 3)):
        location = tmp_path / f"store-{kill}"
        with _writable(location, log) as server:
            family = processes.tree(server.process.pid)
            clients = _Clients(server.address)
            clients.wait_for_a_write()
            time.sleep(random.uniform(0, 0.3))
            if role == "server":
                server.process.kill()
            else:
                _kill(server, role, random)
            server.process.wait(_LATE)
            clients.stop()
            deadline = time.monotonic() + _LATE
            while left := {pid for pid in family if processes.runs(pid)}:
                assert time.monotonic() < deadline, f"{left} go on without the {role}"
                time.sleep(0.02)
        with _writable(location, log) as server:
            _check(clients, _held(server), log)


def test_processes_are_called_by_what_they_do(tmp_path: Path) -> None:
    """As `ps` shows them to an operator."""
    with _writable(tmp_path / "store", tmp_path / "log") as server:
        listing = subprocess.run(
            ["ps", "-o", "comm=", "--pid", ",".join(map(str, processes.tree(server.process.pid)))],
            capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip
    assert {"meso-front", "meso-forkserver", "meso-query", "meso-connection"} <= set(listing)
