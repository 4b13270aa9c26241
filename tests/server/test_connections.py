"""Workers that answer on the connections of clients, and who takes over from them."""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mesoonto.dataset.store import Engine
from mesoonto.processes.framing import FrameReader
from mesoonto_server import shared_page
from mesoonto_server.front.connections import ClientConnection
from mesoonto_server.front.long_queries import LongQueries
from mesoonto_server.settings import Settings
from mesoonto_server.worker import connections
from tests.conftest import running_server, served
from tests.hostile import processes
from tests.hostile.raw import connect, exchange, head
from tests.wire import FORM, UPDATE, Client, request

ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def target(query: str, **parameters: object) -> str:
    return f"/sparql?{urlencode({'query': query, **parameters})}"


def number(value: int) -> str:
    """A query whose answer holds *value*."""
    return f"SELECT ({value} AS ?n) {{}}"


def values(body: bytes) -> list[int]:
    return [int(row["n"]["value"]) for row in json.loads(body)["results"]["bindings"]]


# On one connection.


def test_requests_sent_together_are_answered_in_their_order(address: str) -> None:
    asked = range(20)
    with closing(connect(address)) as sock:
        sock.sendall(b"".join(head("GET", target(number(value))) for value in asked))
        sock.settimeout(10)
        seen = b""
        while seen.count(b'"bindings"') < len(asked):
            seen += sock.recv(65536)
    answers = [part.partition(b"\r\n\r\n")[2] for part in seen.split(b"HTTP/1.1 200")[1:]]
    assert [values(body)[0] for body in answers] == list(asked)


@pytest.mark.parametrize("pause", [0.0, 0.01, 0.06])
def test_request_in_pieces_is_put_together(address: str, pause: float) -> None:
    """At once, soon enough for the worker, and so slowly that the front takes over."""
    body = urlencode({"query": number(7)}).encode()
    message = head("POST", "/sparql", [("Content-Type", FORM), ("Content-Length", str(len(body)))]) + body

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(message), 20):
            time.sleep(pause)
            yield message[start : start + 20]

    outcome = exchange(address, pieces())
    assert outcome.ending == "200", str(outcome)
    assert values(outcome.body) == [7]


def test_connection_serves_queries_pages_and_queries_again(address: str) -> None:
    with Client(address) as client:
        for path, kind in [
            (target(number(1)), "application/sparql-results+json"),
            ("/", "text/html"),
            (target(number(2)), "application/sparql-results+json"),
            ("/.well-known/void", "text/turtle"),
            ("/sparql", "text/turtle"),
            (target(number(3)), "application/sparql-results+json"),
        ]:
            reply = client.request("GET", path)
            assert (reply.status, reply.type) == (200, kind)


def test_client_that_asks_to_close_sees_the_end(address: str) -> None:
    with closing(connect(address)) as sock:
        sock.sendall(head("GET", target(number(4)), [("Connection", "close")]))
        sock.settimeout(10)
        seen = b""
        while part := sock.recv(65536):
            seen += part
    assert b"connection: close" in seen.lower()
    assert values(seen.partition(b"\r\n\r\n")[2]) == [4]


# One client's query, and the others.


@pytest.mark.slow
@pytest.mark.serial
def test_long_query_of_one_holds_up_nobody_and_its_connection_lives_on(address: str) -> None:
    """Twelve connections are more than the workers there are, so each worker has several."""
    stop = threading.Event()

    def others(first: int) -> float:
        longest = 0.0
        with Client(address) as client:
            for value in range(first, first + 100_000):
                began = time.monotonic()
                assert values(client.request("GET", target(number(value))).body) == [value]
                longest = max(longest, time.monotonic() - began)
                if stop.wait(0.005):
                    return longest
        raise AssertionError("not stopped")

    with ThreadPoolExecutor(12) as threads, Client(address) as client:
        waiting = [threads.submit(others, 1_000_000 * thread) for thread in range(12)]
        time.sleep(0.2)
        for _ in range(3):
            reply = client.request("GET", target(ENDLESS, timeout=0.7))
            assert reply.status == 503
            assert values(client.request("GET", target(number(5))).body) == [5]
        stop.set()
        longest = [one.result() for one in waiting]
    assert max(longest) < 0.7, longest  # none waited for an endless query to end


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("ASK { " + "{" * 20_000 + "}" * 20_000 + " }", 400),  # it overflows the stack
        ("SELECT (GROUP_CONCAT(?x) AS ?y) { ?a ?b ?x . ?c ?d ?e . ?f ?g ?h }", 503),
    ],
    ids=["stack", "time"],
)
def test_query_that_ends_its_worker_is_answered_and_the_connection_lives_on(
    address: str, query: str, status: int
) -> None:
    with Client(address) as client:
        body = urlencode({"query": query, "timeout": 1}).encode()
        for _ in range(3):
            reply = client.request("POST", "/sparql", body, {"Content-Type": FORM})
            assert reply.status == status, str(reply)
            assert values(client.request("GET", target(number(6))).body) == [6]


@pytest.mark.slow
def test_written_is_seen_at_once_on_connections_that_were_open(writable: str) -> None:
    with Client(writable) as writer, Client(writable) as reader, Client(writable) as other:
        for value in range(25):
            for client in (reader, other):
                client.request("GET", target(number(value)))
            text = f"INSERT DATA {{ <a:seen> <a:p> {value} }}".encode()
            assert writer.request("POST", "/update", text, {"Content-Type": UPDATE}).status == 204
            for client in (reader, other):
                found = client.request("GET", target("SELECT (MAX(?v) AS ?n) { <a:seen> <a:p> ?v }"))
                assert values(found.body) == [value]


# What operators see.


@pytest.mark.slow
def test_clients_are_known_by_their_address_on_either_way(tmp_path: Path) -> None:
    log = tmp_path / "access"
    options = ("--log-file", str(log), "--log-clients", "--trusted-proxy", "127.0.0.1")
    with running_server("--empty", *options) as address:
        for forwarded in ("192.0.2.7", "2001:db8:1:2::9"):
            for path in (target(number(1)), target(number(1)), "/"):
                request(address, "GET", path, headers={"X-Forwarded-For": forwarded})
        for path in (target(number(2)), "/"):
            request(address, "GET", path)
    seen = [json.loads(line) for line in log.read_text().splitlines()]
    clients = ["192.0.2.7", "2001:db8:1:2::/64"]
    assert [entry["client"] for entry in seen if entry["path"] == "/"] == [*clients, "127.0.0.1"]
    queries = [entry["client"] for entry in seen if entry["path"] == "/sparql"]
    assert queries[-5:] == [clients[0], clients[0], clients[1], clients[1], "127.0.0.1"]


def count(address: str) -> float:
    text = request(address, "GET", "/metrics").text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "mesoonto_requests_total" and sample.labels["route"] == "sparql"
    )


@pytest.mark.slow
def test_answers_of_workers_are_counted_also_when_these_have_ended() -> None:
    with running_server("--empty", "--allow-update") as address:
        before = count(address)
        for value in range(10):
            request(address, "GET", target(number(value)))
        deadline = time.monotonic() + 10
        while count(address) < before + 10:  # the last one is counted when it has been sent
            assert time.monotonic() < deadline
        assert count(address) == before + 10
        request(address, "POST", "/update", b"INSERT DATA { <a:a> <a:b> 1 }", {"Content-Type": UPDATE})
        time.sleep(0.5)  # the workers with the old data have ended
        assert count(address) == before + 10


@pytest.mark.slow
def test_connections_beyond_the_limit_of_a_client_are_served_all_the_same() -> None:
    with running_server("--empty", "--client-limit", "3") as address, ExitStack() as held:
        clients = [held.enter_context(Client(address)) for _ in range(8)]
        for value, client in enumerate(clients):
            assert values(client.request("GET", target(number(value))).body) == [value]


@pytest.mark.slow
def test_rate_is_counted_over_all_connections() -> None:
    with running_server("--empty", "--rate-limit", "30/minute") as address:
        used = 30 - sum(request(address, "GET", target(number(value))).status == 200 for value in range(40))
        assert 0 <= used <= 5  # what it took to see that the server is ready


# The worker alone.


class Alone:
    """A worker without its process, and what the front holds."""

    def __init__(self, held: ExitStack) -> None:
        self._held = held
        self.acceptor, channel = map(held.enter_context, socket.socketpair())
        page = memoryview(mmap.mmap(-1, shared_page.PAGE))
        self.words = page[: shared_page.WORDS].cast("Q")
        engine = Engine(ox.Store(), "version")
        self.worker = connections._ConnectionLoop(
            engine, channel, page, Settings(query_workers=1), federated=False
        )
        held.callback(self._close)
        self._frames = FrameReader()

    def _close(self) -> None:
        for connection in self.worker._connections.values():
            connection.sock.close()

    def hand(self, number: int, *, asked: bool = False) -> socket.socket:
        """Give it a connection; the client's end of it."""
        ours, theirs = socket.socketpair()
        self._held.enter_context(ours).settimeout(5)
        with theirs:
            message = shared_page.HANDED.pack(number, asked, b"192.0.2.7")
            socket.send_fds(self.acceptor, [message], [theirs.fileno()])
        return ours

    def notices(self) -> list[tuple[bytes, int]]:
        self.acceptor.setblocking(False)
        try:
            data = self.acceptor.recv(65536)
        except BlockingIOError:
            return []
        return [shared_page.NOTICE.unpack(payload) for _, payload in self._frames.feed(data)]

    def turn(self) -> None:
        """What one event on each connection leads to."""
        for connection in list(self.worker._connections.values()):
            self.worker._claim(connection)


@pytest.fixture
def alone() -> Iterator[Alone]:
    with ExitStack() as held:
        yield Alone(held)


def test_recalled_worker_reads_nothing_any_more_and_says_so_once(alone: Alone) -> None:
    client = alone.hand(1)
    assert alone.worker._hear()
    late = alone.hand(2)  # on its way when the recall comes
    client.sendall(head("GET", target("ASK {}")))
    alone.words[shared_page.RECALL] = 5
    alone.turn()
    alone.worker._give_up()
    assert alone.notices() == [(shared_page.FREE, 5)]
    assert not alone.worker._connections
    assert alone.words[shared_page.CLAIM] == 0
    assert late.recv(10) == b""  # nobody else holds the other end here


def test_claim_is_written_before_the_recall_is_read(alone: Alone) -> None:
    """What the front relies on; the order is that of the words as the worker touches them."""
    touched: list[tuple[str, int]] = []

    class Watched:
        def __init__(self, words: memoryview) -> None:
            self.words = words

        def __getitem__(self, index: int) -> int:
            touched.append(("read", index))
            return int(self.words[index])

        def __setitem__(self, index: int, value: int) -> None:
            touched.append(("write", index))
            self.words[index] = value

    client = alone.hand(9)
    assert alone.worker._hear()
    alone.worker._words = Watched(alone.words)  # type: ignore[assignment]
    client.sendall(head("GET", target("ASK {}")))
    alone.turn()
    assert touched.index(("write", shared_page.CLAIM)) < touched.index(("read", shared_page.RECALL))
    last = len(touched) - 1 - touched[::-1].index(("write", shared_page.CLAIM))
    assert touched[-1] == ("read", shared_page.RECALL)
    assert last < len(touched) - 1
    assert client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")


def test_request_stays_in_the_socket_until_it_is_answered(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = alone.hand(1)
    assert alone.worker._hear()
    (connection,) = alone.worker._connections.values()
    message = head("GET", target("ASK {}"))
    client.sendall(message + b"GET")
    seen: list[bytes] = []

    def looked_at(*_: object, **__: object) -> None:
        seen.append(connection.sock.recv(65536, socket.MSG_PEEK))
        raise KeyboardInterrupt

    monkeypatch.setattr(alone.worker, "_answer", looked_at)
    with pytest.raises(KeyboardInterrupt):
        alone.turn()
    assert seen == [message + b"GET"]
    assert alone.words[shared_page.CLAIM] == 1  # so that it is known whose request the worker died of
    monkeypatch.undo()
    alone.turn()
    assert connection.sock.recv(65536, socket.MSG_PEEK) == b"GET"


def test_idle_connections_are_closed_the_silent_ones_sooner(alone: Alone) -> None:
    clients = [alone.hand(1), alone.hand(2, asked=True)]
    assert alone.worker._hear()
    assert alone.worker._hear()
    silent, asked = alone.worker._connections.values()
    for seconds, closed in [(9, []), (11, [silent.number]), (80, [asked.number])]:
        for connection in alone.worker._connections.values():
            connection.seen = time.monotonic() - seconds
        alone.worker._swept = 0.0
        alone.worker._sweep()
        assert alone.notices() == [(shared_page.CLOSED, number) for number in closed]
    assert [client.recv(1) for client in clients] == [b"", b""]


def test_answer_waits_while_the_client_is_asked_and_counts_as_not_begun(alone: Alone) -> None:
    """A worker that ends now has sent nothing, so that the front answers in its place."""
    client = alone.hand(4)
    assert alone.worker._hear()
    alone.words[shared_page.ASKING] = 1
    client.sendall(head("GET", target("ASK {}")))
    answering = threading.Thread(target=alone.turn)
    answering.start()
    time.sleep(0.1)
    begun = {alone.words[shared_page.STARTED] for _ in range(20) if time.sleep(0.002) is None}
    alone.words[shared_page.ASKING] = 0
    answering.join(5)
    assert client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    assert 0 in begun


def test_query_that_ends_while_its_client_is_asked_leaves_no_question_behind() -> None:
    """Else the next answer of the worker would wait for the end of the question for ever."""

    async def main() -> list[int]:
        words = memoryview(bytearray(shared_page.WORDS)).cast("Q")
        seen = []
        sock, other = socket.socketpair()
        other.close()
        with closing(sock):
            watcher = LongQueries.__new__(LongQueries)
            worker = SimpleNamespace(words=words)
            asking = asyncio.create_task(watcher._gone(worker, ClientConnection(1, "192.0.2.7", sock)))
            while not words[shared_page.ASKING]:
                await asyncio.sleep(0)
            seen.append(words[shared_page.ASKING])
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            seen.append(words[shared_page.ASKING])
        return seen

    assert asyncio.run(asyncio.wait_for(main(), 10)) == [1, 0]


@pytest.mark.slow
@pytest.mark.serial  # the answer has to begin before its time is over
def test_answer_that_is_ended_in_its_middle_breaks_off_without_a_reset() -> None:
    """What was sent arrives; the missing last chunk tells that it is not the whole (RFC 9112, section 8)."""
    rows = " ".join(map(str, range(1000)))
    tables = " ".join(f"VALUES ?v{number} {{ {rows} }}" for number in range(4))
    with running_server("--empty") as address, closing(connect(address, 20)) as sock:
        sock.sendall(head("GET", target(f"SELECT * {{ {tables} FILTER(?v0 + ?v1 < 2) }}", timeout=1)))
        seen = b"".join(iter(lambda: sock.recv(1 << 20), b""))
    assert seen.startswith(b"HTTP/1.1 200 OK\r\n")
    assert not seen.endswith(b"0\r\n\r\n")


def test_long_answer_does_not_begin_while_too_many_run(alone: Alone) -> None:
    client = alone.hand(3)
    assert alone.worker._hear()
    alone.words[shared_page.CROWDED] = 1
    client.sendall(head("GET", target("SELECT * { VALUES ?x { " + "1 " * 9000 + "} }")))
    threading.Thread(target=alone.turn).start()
    deadline = time.monotonic() + 10
    found: list[tuple[bytes, int]] = []
    while not found and time.monotonic() < deadline:
        time.sleep(0.01)
        found = alone.notices()
    assert found == [(shared_page.PASSED, 3)]


@pytest.mark.slow
def test_worker_that_is_killed_while_idle_takes_no_connection_with_it() -> None:
    with served("--empty") as server, ExitStack() as held:
        clients = [held.enter_context(Client(server.address)) for _ in range(6)]
        for client in clients:
            client.request("GET", target(number(1)))
        deadline = time.monotonic() + 30
        while processes.busy(server.process.pid):  # a worker has a little to do after its answer
            assert time.monotonic() < deadline
        serving = processes.listeners(server.process.pid, urlsplit(server.address).port or 0)
        everything = processes.tree(server.process.pid)
        workers = [pid for pid in everything - serving if processes.tree(pid) == {pid}]
        assert len(workers) > 1
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        while any(processes.runs(pid) for pid in workers):  # one that is just ending may still be given a job
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for value, client in enumerate(clients):
            assert values(client.request("GET", target(number(value))).body) == [value]
