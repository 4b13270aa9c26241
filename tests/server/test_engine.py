"""A server whose queries another SPARQL server answers: on good days and on bad ones."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from mesoonto.engines import note
from mesoonto.errors import InputError, ServeError
from mesoonto_server.processes import engine_of
from mesoonto_server.settings import Settings
from tests.conftest import free_port, served
from tests.engines.stand_in import Answering, Asked, Piece, StandIn, answer, stand_in
from tests.server.client import Reply, ask, get

_JSON = "application/sparql-results+json"
_ROWS = b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"uri","value":"urn:x"}}]}}'
_YES = b'{"head":{},"boolean":true}'
_SELECT = "SELECT ?x { ?x a <urn:t> }"


def _noted(state: str = "one", version: str = "v") -> bytes:
    """What an engine answers that is asked for its note."""
    row = {name: {"type": "literal", "value": value} for name, value in
           (("state", state), ("version", version))}  # fmt: skip
    return json.dumps({"head": {"vars": ["version", "state"]}, "results": {"bindings": [row]}}).encode()


class _Engine:
    """Answers looks with its note, the probe of /health with yes, and all else as a test says."""

    def __init__(self) -> None:
        self.note = _noted()
        self.well: Answering = lambda _: iter([answer(_ROWS)])

    def __call__(self, asked: Asked) -> Iterator[Piece]:
        if asked.query == note.QUERY:
            return iter([answer(self.note)])
        if asked.query == "ASK{}":
            return iter([answer(_YES)])
        return self.well(asked)


class _Setting:
    """The engine, and the server before it."""

    def __init__(self, engine: StandIn, address: str, pid: int) -> None:
        self.engine = engine
        self.habits = _Engine()
        engine.answering = self.habits
        self.address = address
        self.pid = pid

    def says(self, *pieces: Piece) -> None:
        self.habits.well = lambda _: iter(pieces)

    def queries(self) -> list[Asked]:
        """What clients asked, and nobody else."""
        return [one for one in self.engine.asked if one.query not in (note.QUERY, "ASK{}")]

    def version(self) -> str:
        """That of the workers which answer from now on."""
        return get(self.address, "ASK{}").headers["mesoonto-dataset"]

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = ask(self.address, path="/health").json
        return found


def _until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


_OPTIONS = ("--empty", "--engine-interval", "0.2", "--query-workers", "3", "--timeout", "6")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Setting]:
    file = tmp_path_factory.mktemp("engine") / "credentials"
    file.write_text("reader:s3cret\n")
    with stand_in(_Engine()) as engine:
        options = ("--engine", engine.url, "--credentials-file", str(file))
        with served(*_OPTIONS, *options) as server:
            yield _Setting(engine, server.address, server.process.pid)


@pytest.fixture
def setting(running: _Setting) -> Iterator[_Setting]:
    """As new: up, with the usual answers, nothing kept."""
    running.engine.asked.clear()
    habits = running.habits = running.engine.answering = _Engine()
    habits.note = _noted(f"s{time.monotonic_ns()}")
    state = json.loads(habits.note)["results"]["bindings"][0]["state"]["value"]
    _until(lambda: running.version().endswith(f".{state}"))
    running.engine.asked.clear()
    return running


# Good days.


def test_query_goes_to_the_engine_and_its_answer_comes_back(setting: _Setting) -> None:
    reply = get(setting.address, _SELECT, Accept=_JSON)
    assert (reply.status, reply.type, reply.body) == (200, _JSON, _ROWS)
    (asked,) = setting.queries()
    assert asked.query == _SELECT
    assert asked.headers["authorization"] == "Basic cmVhZGVyOnMzY3JldA=="


def test_our_prefixes_are_declared_and_relative_names_resolved(setting: _Setting) -> None:
    assert get(setting.address, "SELECT ?x { ?x a meso:Study, <y> }", Accept=_JSON).status == 200
    (asked,) = setting.queries()
    assert asked.query.endswith(" SELECT ?x { ?x a meso:Study, <y> }")
    assert "PREFIX meso: <https://w3id.org/mesoonto/> " in asked.query
    assert f"BASE <{setting.address}sparql> " in asked.query
    assert "\n" not in asked.query  # so that lines stay what they are


def test_other_formats_are_written_here(setting: _Setting) -> None:
    reply = get(setting.address, _SELECT, Accept="text/csv")
    assert (reply.status, reply.body) == (200, b"x\r\nurn:x\r\n")
    setting.says(answer(b'<urn:a> <urn:b> "c" .\n', "application/n-triples"))
    reply = get(setting.address, "CONSTRUCT WHERE { ?s ?p ?o }", Accept="application/ld+json")
    assert reply.json == [{"@id": "urn:a", "urn:b": [{"@value": "c"}]}]


def test_mistakes_are_told_without_the_engine(setting: _Setting) -> None:
    reply = get(setting.address, "SELECT ?x {\n ?x a }")
    assert reply.status == 400
    assert reply.text.startswith("query:2:")
    assert get(setting.address, "ASK { SERVICE <http://e/> {} }").status == 403
    assert setting.queries() == []


def test_answer_is_kept_until_the_note_changes(setting: _Setting) -> None:
    first = get(setting.address, _SELECT, Accept=_JSON)
    again = get(setting.address, _SELECT, Accept=_JSON, If_None_Match=first.headers["etag"])
    assert (first.status, again.status) == (200, 304)
    assert len(setting.queries()) == 1
    version = first.headers["mesoonto-dataset"]
    setting.habits.note = _noted("another")
    _until(lambda: setting.version() != version)
    changed = get(setting.address, _SELECT, Accept=_JSON, If_None_Match=first.headers["etag"])
    assert changed.status == 200
    assert changed.headers["etag"] != first.headers["etag"]
    assert changed.headers["mesoonto-dataset"].endswith(".another")
    assert len(setting.queries()) == 2


def test_nothing_is_kept_of_an_engine_without_a_note(setting: _Setting) -> None:
    setting.habits.note = b'{"head":{"vars":["version","state"]},"results":{"bindings":[]}}'
    _until(lambda: setting.version().endswith(".engine"))
    for _ in range(2):
        reply = get(setting.address, _SELECT, Accept=_JSON)
        assert (reply.status, reply.headers["cache-control"]) == (200, "no-store")
        assert "etag" not in reply.headers
    assert len(setting.queries()) == 2
    assert setting.health()["engine"]["same_version"] is None


def test_connections_are_kept(setting: _Setting) -> None:
    before = setting.engine.connections
    for number in range(40):
        assert get(setting.address, f"SELECT ?x {{ ?x a <urn:{number}> }}", Accept=_JSON).status == 200
    looks = sum(one.query == note.QUERY for one in setting.engine.asked)
    assert setting.engine.connections - before <= 3 + looks + 1  # one of each worker, one of each look


def test_idle_connection_that_the_engine_has_closed_does_not_matter(setting: _Setting) -> None:
    setting.says(answer(_ROWS), None)
    for number in range(12):
        assert get(setting.address, f"SELECT ?x {{ ?x a <urn:{number}> }}", Accept=_JSON).status == 200


def test_graphs_are_read_by_queries(setting: _Setting) -> None:
    def answering(asked: Asked) -> Iterator[Piece]:
        if asked.query.startswith("ASK"):
            return iter([answer(_YES if "<urn:g>" in asked.query else _YES.replace(b"true", b"false"))])
        return iter([answer(b"<urn:a> <urn:b> <urn:c> .\n", "text/turtle")])

    setting.habits.well = answering
    reply = ask(setting.address, path="/store?graph=urn:g", Accept="text/turtle")
    assert (reply.status, reply.body) == (200, b"<urn:a> <urn:b> <urn:c> .\n")
    assert setting.queries()[-1].query == "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH <urn:g> { ?s ?p ?o } }"
    assert ask(setting.address, path="/store?graph=urn:h").status == 404


def test_whole_dataset_is_read(setting: _Setting) -> None:
    row = {name: {"type": "uri", "value": f"urn:{name}"} for name in "spg"}
    row["o"] = {"type": "literal", "value": "x", "xml:lang": "en"}
    found = {"head": {"vars": ["s", "p", "o", "g"]}, "results": {"bindings": [row]}}
    setting.says(answer(json.dumps(found).encode()))
    reply = ask(setting.address, path="/store", Accept="application/n-quads")
    assert (reply.status, reply.body) == (200, b'<urn:s> <urn:p> "x"@en <urn:g> .\n')


def test_health_and_metrics_tell_of_the_engine(setting: _Setting) -> None:
    told = setting.health()
    assert told["ready"] is True
    engine = told["engine"]
    assert (engine["url"], engine["up"], engine["failures"]) == (setting.engine.url, True, 0)
    assert engine["shipped"] == "v"
    assert engine["same_version"] is False  # the note says v, which is not what is served
    assert time.time() - engine["checked"] < 20
    metrics = ask(setting.address, path="/metrics").text
    assert "mesoonto_engine_up 1.0" in metrics
    assert "mesoonto_engine_failures 0.0" in metrics
    ready = ask(setting.address, path="/health/ready")
    assert f"engine: {setting.engine.url}" in ready.text


# Bad days.

_HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: {_JSON}\r\n".encode()
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def _as_chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pieces", "status", "words"),
    [
        ((b"\x16\x03garbage\r\n\r\n", None), 502, "no HTTP"),
        ((answer(b"<html><body>Welcome</body></html>", "text/html"),), 502, "sent text/html where"),
        ((answer(b"", "text/html", 204),), 502, "where application/sparql-results"),
        ((answer(_ROWS[:-3]),), 502, "half a result"),
        ((answer(b'{"head":' + _ROWS),), 502, "half a result"),
        ((answer(b""),), 502, "half a result"),
        ((answer(_YES),), 502, "half a result"),
        ((_HEAD + b"Content-Length: 500\r\n\r\n" + _ROWS, None), 502, "bytes before the end"),
        ((_CHUNKED + _as_chunk(_ROWS), None), 502, "broke off its answer"),
        ((_CHUNKED + _as_chunk(_ROWS[:-3]) + b"0\r\n\r\n",), 502, "half a result"),
        ((answer(b"go away", "text/plain", 401),), 502, "look at the credentials in "),
        ((answer(b"", "text/plain", 403),), 502, "look at the credentials in "),
        ((b"HTTP/1.1 302 X\r\nLocation: http://e/\r\nContent-Length: 0\r\n\r\n",), 502, "redirects"),
        ((answer(b"too many", "text/plain", 429),), 503, "too much to do"),
        ((answer(b"<h1>Stack trace</h1>", "text/html", 500),), 502, "answered 500: Stack trace"),
        ((answer(b"line 1, column 8: no", "text/plain", 400),), 400, "query:1:8: the engine refuses it"),
        ((None,), 503, "closed the connection without an answer"),
    ],
)  # fmt: skip
def test_what_is_no_result_is_told(
    setting: _Setting, pieces: tuple[Piece, ...], status: int, words: str
) -> None:
    setting.says(*pieces)
    reply = get(setting.address, _SELECT, Accept=_JSON)
    assert reply.status == status, reply.text
    assert words in reply.text
    assert len(reply.text.splitlines()) == 1
    assert "s3cret" not in reply.text
    assert ("retry-after" in reply.headers) == (status == 503)
    setting.says(answer(_ROWS))
    assert get(setting.address, _SELECT, Accept=_JSON).status == 200


@pytest.mark.parametrize("accept", ["text/csv", "application/sparql-results+xml"])
def test_half_a_result_is_told_in_every_format(setting: _Setting, accept: str) -> None:
    whole = {
        "text/csv": answer(_ROWS[:-2]),
        "application/sparql-results+xml": answer(
            b'<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head/><results>', accept
        ),
    }
    setting.says(whole[accept])
    assert get(setting.address, _SELECT, Accept=accept).status == 502


def test_long_answer_that_stops_is_broken_off(setting: _Setting) -> None:
    row = b'{"x":{"type":"uri","value":"urn:x"}}'
    begun = b'{"head":{"vars":["x"]},"results":{"bindings":[' + b",".join([row] * 20_000)
    for end in ((b"0\r\n\r\n",), (None,)):
        setting.says(_CHUNKED + _as_chunk(begun), *end)
        with pytest.raises(http.client.IncompleteRead):
            get(setting.address, _SELECT, Accept=_JSON)


def _memory(pid: int) -> dict[int, int]:
    """Bytes that *pid* and the processes below it have for themselves, by process."""
    found: dict[int, int] = {}
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except (OSError, ProcessLookupError):
            continue
        found[one] = sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Private_"))
        waiting += map(int, children)
    return found


def test_huge_answer_streams(setting: _Setting) -> None:
    row = b'{"x":{"type":"literal","value":"' + b"y" * 9_000 + b'"}}'
    piece, number = b",".join([row] * 100), 60  # 54 MB

    def answering(_: Asked) -> Iterator[Piece]:
        yield _CHUNKED + _as_chunk(b'{"head":{"vars":["x"]},"results":{"bindings":[' + row)
        for _ in range(number):
            yield _as_chunk(b"," + piece)
        yield _as_chunk(b"]}}") + b"0\r\n\r\n"

    setting.habits.well = answering
    before = _memory(setting.pid)
    connection = http.client.HTTPConnection(setting.address.split("/")[2], timeout=30)
    connection.request(
        "GET", f"/sparql?{urlencode({'query': _SELECT, 'timeout': 60})}", headers={"Accept": _JSON}
    )
    response = connection.getresponse()
    size, most = 0, 0
    while chunk := response.read(1 << 20):
        size += len(chunk)
        if size % (16 << 20) < len(chunk):
            after = _memory(setting.pid)
            most = max(most, max(after[pid] - before.get(pid, 0) for pid in after))
    connection.close()
    assert size > 54_000_000
    assert most < 40 << 20


def test_client_that_leaves_ends_the_query(setting: _Setting) -> None:
    setting.says(20.0, answer(_ROWS))
    before = setting.engine.left
    request = f"GET /sparql?query={quote(_SELECT)} HTTP/1.1\r\nHost: x\r\nAccept: {_JSON}\r\n\r\n"
    with socket.create_connection(
        (urlsplit(setting.address).hostname, urlsplit(setting.address).port)
    ) as sock:
        sock.sendall(request.encode())
        _until(lambda: len(setting.queries()) == 1)
        assert setting.engine.left == before
    _until(lambda: setting.engine.left == before + 1, 5)


def test_engine_that_is_too_slow_is_a_gateway_timeout(setting: _Setting) -> None:
    setting.says(20.0, answer(_ROWS))
    reply = ask(setting.address, path=f"/sparql?query={quote(_SELECT)}&timeout=1", Accept=_JSON)
    assert reply.status == 504
    assert "no whole answer within its time" in reply.text


def _descendants(pid: int, name: str) -> list[int]:
    found = []
    for one in _memory(pid):
        try:
            if Path(f"/proc/{one}/comm").read_text().strip() == name:
                found.append(one)
        except OSError:
            continue
    return found


def test_dialer_that_is_killed_is_started_again(setting: _Setting) -> None:
    (dialer,) = _descendants(setting.pid, "meso-dialer")
    os.kill(dialer, signal.SIGKILL)
    setting.says(answer(_ROWS), None)  # so that each query needs a connection
    for number in range(5):
        reply = get(setting.address, f"SELECT ?x {{ ?x a <urn:{number}> }}", Accept=_JSON)
        assert reply.status == 200, reply.text
    _until(lambda: _descendants(setting.pid, "meso-dialer") not in ([], [dialer]))
    before = setting.health()["engine"]["checked"]
    _until(lambda: setting.health()["engine"]["checked"] > before)


def test_many_clients_at_once(setting: _Setting) -> None:
    """More than there are workers."""
    setting.says(0.2, answer(_ROWS))
    replies: list[Reply] = []

    def client(number: int) -> None:
        for turn in range(3):
            query = f"SELECT ?x {{ ?x a <urn:{number}.{turn}> }}"
            replies.append(get(setting.address, query, Accept=_JSON))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply.status for reply in replies] == [200] * 36


@pytest.mark.slow
def test_engine_that_comes_up_later_goes_away_and_comes_again() -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/sparql"
    with served(*_OPTIONS, "--engine", url, probe="health/live") as server:
        address = server.address
        ready = ask(address, path="/health/ready")
        assert ready.status == 503
        assert f"the engine {url} cannot be reached: connection refused" in ready.text
        assert get(address, "ASK {}").status == 503
        for _ in range(2):
            with stand_in(_Engine(), port) as engine:
                _until(lambda: ask(address, path="/health/ready").status == 200)
                _until(lambda: get(address, "ASK{}").headers["mesoonto-dataset"] == "empty.v.one")
                assert get(address, _SELECT, Accept=_JSON).body == _ROWS
            _until(lambda: ask(address, path="/health/ready").status == 503)
            _until(lambda: ask(address, path="/health").json["engine"]["failures"] >= 3)
            # Nobody is let through, not even to where somebody listens now; a look is.
            refused = get(address, "SELECT ?y { ?y a <urn:new> }", Accept=_JSON)
            assert refused.status == 503
            assert "is down" in refused.text
            assert refused.headers["retry-after"] == "1"
            assert engine.open == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rdf_file": Path("x.ttl")}, "does not go with --rdf-file"),
        ({"follow": "/tmp"}, "does not go with --follow"),
        ({"engine_kind": "nonsense"}, "no engine of kind nonsense is known"),
        ({"engine": "nonsense"}, "--engine nonsense: not the address"),
        ({"update_url": "nonsense"}, "--update-url nonsense: not the address"),
        ({"credentials_file": Path("/nowhere")}, "/nowhere: no such file"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(options: dict[str, Any], words: str) -> None:
    settings = Settings(**{"engine": "http://127.0.0.1:1/", **options})
    with pytest.raises((ServeError, InputError), match=re.escape(words)):
        engine_of(settings)
