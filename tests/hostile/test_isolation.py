"""What one client does to the server is not noticed by the others."""

from __future__ import annotations

import os
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.conftest import served
from tests.hostile import processes
from tests.hostile.bombs import ENDLESS, MANY, digits
from tests.hostile.conftest import Victim
from tests.hostile.raw import Outcome, connect, exchange, head, leave
from tests.wire import QUERY, request

#: Seconds in which ASK {} is answered while four endless queries run: the median of several.
_PROMPT = 0.3
#: Seconds in which the worker of a client that went away must stop; in which a killed one must be replaced.
_SOON = 3.0
#: More rows than any deadline here leaves time for.
_LONG_STREAM = f"SELECT * {{ {digits(12)} }}"


def _request(query: str, *, timeout: float = 20, accept: str = "application/sparql-results+json") -> bytes:
    named = [("Content-Type", QUERY), ("Content-Length", str(len(query))), ("Accept", accept)]
    return head("POST", f"/sparql?timeout={timeout}", named) + query.encode()


@contextmanager
def endless(victim: Victim, number: int) -> Iterator[None]:
    """*number* endless queries run inside."""
    sockets = [connect(victim.address) for _ in range(number)]
    for sock in sockets:
        sock.sendall(_request(ENDLESS))
    _until(lambda: len(processes.busy(victim.pid)) >= 1, "the endless queries never started")
    try:
        yield
    finally:
        for sock in sockets:
            leave(sock)
        _until(lambda: not processes.busy(victim.pid), "a query goes on without its client")


def _until(condition: Callable[[], bool], complaint: str, within: float = 10) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.02)


def _ask(victim: Victim) -> float:
    """Seconds that ASK {} takes, with a query that no cache has seen."""
    began = time.monotonic()
    query = f"ASK%20%7B%7D%20%23{time.monotonic_ns()}"
    reply = request(victim.address, "GET", f"/sparql?query={query}", timeout=20)
    assert reply.status == 200, str(reply)
    return time.monotonic() - began


@pytest.mark.serial
def test_four_endless_queries_leave_room_for_others(victim: Victim) -> None:
    with endless(victim, 4):
        times = [_ask(victim) for _ in range(9)]
    assert statistics.median(times) <= _PROMPT, times


@pytest.mark.slow
@pytest.mark.serial
def test_more_endless_queries_than_workers_end_in_an_answer(victim: Victim) -> None:
    """Forty at once: each is ended at its deadline or turned away; a question in between is answered."""
    outcomes: list[Outcome] = []

    def ask() -> None:
        outcomes.append(exchange(victim.address, [_request(ENDLESS, timeout=1)]))

    clients = [threading.Thread(target=ask) for _ in range(40)]
    for client in clients:
        client.start()
    assert _ask(victim) < 10
    for client in clients:
        client.join()
    assert {outcome.ending for outcome in outcomes} <= {"503", "429"}, [str(o) for o in outcomes]
    assert _ask(victim) < 2


@pytest.mark.serial
def test_query_ends_at_its_deadline(victim: Victim) -> None:
    began = time.monotonic()
    outcome = exchange(victim.address, [_request(ENDLESS, timeout=1)])
    assert outcome.ending == "503", str(outcome)
    assert 0.9 <= time.monotonic() - began <= 3
    assert b"1" in outcome.body  # says how long it was allowed to take


@pytest.mark.serial
def test_killed_worker_is_replaced(victim: Victim) -> None:
    before = victim.settled()
    with connect(victim.address) as sock:
        sock.sendall(_request(ENDLESS))
        _until(lambda: bool(processes.busy(victim.pid)), "the query never started")
        worker = processes.busy(victim.pid)[0]
        assert worker not in processes.listeners(victim.pid, victim.port)
        os.kill(worker, signal.SIGKILL)
        began = time.monotonic()
        answer = sock.recv(65536)
        assert b"503" in answer.split(b"\r\n")[0], answer
        assert time.monotonic() - began < 1
    assert _ask(victim) < 1
    assert victim.settled().like(before)


@pytest.mark.serial
def test_every_idle_worker_killed_is_replaced(victim: Victim) -> None:
    """Only processes that neither listen nor parent any other are workers."""
    before = victim.settled()
    tree = processes.tree(victim.pid)
    idle = [pid for pid in tree if processes.tree(pid) == {pid}]
    workers = [pid for pid in idle if pid not in before.serving]
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    _until(lambda: not any(map(processes.runs, workers)), f"{workers} go on")
    assert _ask(victim) < 2
    assert victim.settled().like(before)


@pytest.mark.parametrize("way", ["reset", "close"])
@pytest.mark.serial
def test_client_that_goes_away_cancels_its_query(victim: Victim, way: str) -> None:
    before = victim.metrics()
    sock = connect(victim.address)
    sock.sendall(_request(ENDLESS))
    _until(lambda: bool(processes.busy(victim.pid)), "the query never started")
    assert victim.metrics()["mesoonto_jobs_running"] == before["mesoonto_jobs_running"] + 1
    leave(sock) if way == "reset" else sock.close()
    _until(lambda: not processes.busy(victim.pid), "the query goes on without its client", _SOON)
    after = victim.metrics()
    assert after["mesoonto_jobs_running"] == before["mesoonto_jobs_running"]
    assert after["mesoonto_jobs_cancelled_total"] == before["mesoonto_jobs_cancelled_total"] + 1


@pytest.mark.parametrize(
    "accept", ["application/sparql-results+json", "text/csv", "application/sparql-results+xml"]
)
@pytest.mark.serial
def test_client_that_leaves_a_result_stops_its_query(victim: Victim, accept: str) -> None:
    sock = connect(victim.address)
    sock.sendall(_request(MANY, accept=accept))
    assert sock.recv(1000)
    leave(sock)
    _until(lambda: not processes.busy(victim.pid), "the query goes on without its client", _SOON)


@pytest.mark.parametrize(
    "accept", ["application/sparql-results+json", "application/sparql-results+xml", "text/csv"]
)
@pytest.mark.serial
def test_result_that_runs_out_of_time_is_seen_to_be_incomplete(victim: Victim, accept: str) -> None:
    """Rows were sent, then the deadline came: the client's library must notice."""
    outcome = exchange(victim.address, [_request(_LONG_STREAM, timeout=1.5, accept=accept)], whole=True)
    assert outcome.ending == "200 broken", str(outcome)


@pytest.mark.serial
def test_result_whose_worker_dies_is_seen_to_be_incomplete(victim: Victim) -> None:
    outcomes: list[Outcome] = []

    def read() -> None:
        outcomes.append(exchange(victim.address, [_request(_LONG_STREAM)], whole=True))

    reader = threading.Thread(target=read)
    reader.start()
    serving = processes.listeners(victim.pid, victim.port)
    workers: list[int] = []
    while reader.is_alive() and not workers:
        workers = [pid for pid in processes.busy(victim.pid) if pid not in serving]
    os.kill(workers[0], signal.SIGKILL)
    reader.join()
    assert outcomes[0].ending == "200 broken", str(outcomes[0])


@pytest.mark.slow
@pytest.mark.serial
def test_slow_reader_holds_no_memory(victim: Victim) -> None:
    """Twenty clients that ask for ten million rows and do not read."""
    before = victim.settled()
    sockets = [connect(victim.address) for _ in range(20)]
    for sock in sockets:
        sock.sendall(_request(MANY, timeout=5))
    time.sleep(2)
    during = sum(map(processes.resident, before.serving))
    assert _ask(victim) < 5
    for sock in sockets:
        leave(sock)
    assert during < before.memory + (100 << 20), f"{before.memory >> 20} MiB -> {during >> 20} MiB"
    assert victim.settled().like(before)


@pytest.mark.serial
def test_stalled_connections_do_not_block(victim: Victim) -> None:
    """Three hundred connections that have sent a part of a head, and forty that lack the end of a body."""
    heads = [b"", b"GET /sparql", b"POST /update HTTP/1.1\r\nHost: a\r\n"] * 100
    sockets = []
    for start in [*heads, *[_request("ASK {}")[:-3]] * 40]:
        sockets.append(connect(victim.address))
        sockets[-1].sendall(start)
    times = [_ask(victim) for _ in range(5)]
    for sock in sockets:
        leave(sock)
    assert statistics.median(times) <= _PROMPT, times


@pytest.mark.serial
def test_stalled_body_is_given_up(victim: Victim) -> None:
    """A body that stops in its middle ends in 408, once the limit of conftest.LIMITS is over."""
    outcome = exchange(victim.address, [_request("ASK {}")[:-3]], timeout=20)
    assert outcome.ending == "408", str(outcome)
    assert 2.5 < outcome.seconds < 10


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_of_a_server_that_ends(number: signal.Signals) -> None:
    """Whether the first process is ended or killed with those that listen: the workers go with it."""
    with served("--empty") as server, connect(server.address) as sock:
        sock.sendall(_request(ENDLESS, timeout=3))  # a server that is asked to end lets it come to its end
        pid = server.process.pid
        _until(lambda: bool(processes.busy(pid)), "the query never started")
        tree = processes.tree(pid)
        for listener in processes.listeners(pid, urlsplit(server.address).port or 0) | {pid}:
            if listener == pid or number is signal.SIGKILL:
                os.kill(listener, number)
        server.process.wait(timeout=20)
        _until(lambda: not any(processes.runs(pid) for pid in tree), f"{tree} go on")
