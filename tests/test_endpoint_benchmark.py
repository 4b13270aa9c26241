"""The benchmark's own parts: its data, its queries, its load generator, its arithmetic."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pyoxigraph
import pytest

pytestmark = pytest.mark.checkout
pytest.importorskip("benchmarks.endpoint", reason="only a checkout has the benchmarks")

from benchmarks.endpoint import data, measure, process, report, verify  # noqa: E402
from benchmarks.endpoint.peers import BenchmarkError  # noqa: E402
from benchmarks.endpoint.templates import SOLUTIONS, TEMPLATES, Template  # noqa: E402

TRIPLES = 20_000
SHAPE = data.Shape(TRIPLES)


@pytest.fixture(scope="module")
def store() -> pyoxigraph.Store:
    store = pyoxigraph.Store()
    store.bulk_load("".join(data.triples(TRIPLES, 1)), format=pyoxigraph.RdfFormat.N_TRIPLES)
    return store


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    binary = tmp_path_factory.mktemp("client") / "client"
    subprocess.run(["cc", "-O1", "-o", binary, measure.SOURCE], check=True)
    return binary


class Handler(BaseHTTPRequestHandler):
    """Answers by path, and notes the queries it was sent."""

    protocol_version = "HTTP/1.1"
    queries: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.queries.append(parse_qs(url.query)["query"][0])
        if url.path == "/length":
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"12345")
        elif url.path == "/busy":
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif url.path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (b"3\r\nab", b"c\r\n1", b"0;x=y\r", b"\n0123456789abcdef\r\n0", b"\r\n\r\n"):
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(0.01)
        else:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"5\r\n12345\r\n")
            self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[int]:
    Handler.queries.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def load(
    client: Path, target: Path, port: int, *, connections: int, requests: int, first: int = 0
) -> dict[str, int]:
    arguments = [port, target, SOLUTIONS, connections, 20, first, TEMPLATES[0].first, requests]
    output = subprocess.run([client, *map(str, arguments)], capture_output=True, text=True, check=True).stdout
    result: dict[str, int] = json.loads(output)
    return result


def test_data_has_as_many_different_triples_as_asked_for(store: pyoxigraph.Store) -> None:
    assert len(store) == TRIPLES


def test_data_depends_on_the_seed_alone() -> None:
    assert list(data.triples(TRIPLES, 1)) == list(data.triples(TRIPLES, 1))
    assert list(data.triples(TRIPLES, 1)) != list(data.triples(TRIPLES, 2))


def test_every_study_that_queries_ask_for_is_whole(store: pyoxigraph.Store) -> None:
    last = pyoxigraph.NamedNode(f"{data.BENCH}statement_{2 * SHAPE.studies - 1}")
    assert len(list(store.quads_for_pattern(last, None, None, None))) >= 9


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_template_finds_something(template: Template, store: pyoxigraph.Store) -> None:
    parameters = template.parameters(SHAPE)
    assert any(any(True for _ in store.query(template.query(parameters, index))) for index in range(20))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_first_time_queries_differ_and_their_counter_changes_no_answer(
    template: Template, store: pyoxigraph.Store
) -> None:
    parameters = template.parameters(SHAPE)
    queries = [template.query(parameters, index) for index in range(3 * len(parameters))]
    assert len(set(queries)) == len(queries)
    if template.determined:
        again = template.query(parameters, 50 * len(parameters))
        assert again != queries[0]
        assert sorted(map(str, store.query(again))) == sorted(map(str, store.query(queries[0])))


def test_load_generator_sends_the_queries_in_order(client: Path, tmp_path: Path) -> None:
    template = TEMPLATES[0]
    parameters = template.parameters(SHAPE)[:3]
    targets = tmp_path / "targets"
    targets.write_text("".join(f"{target}\n" for target in template.targets("/length", parameters)))
    with serving() as port:
        result = load(client, targets, port, connections=1, requests=7, first=2)
        assert Handler.queries == [template.query(parameters, index) for index in range(2, 9)]
    assert (result["requests"], result["body_bytes"], result["next_index"]) == (7, 35, 9)
    assert (result["bad_status"], result["broken"], result["reconnects"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("path", "counted", "body_bytes"),
    [
        ("/length", {"requests": 20}, 100),
        ("/chunked", {"requests": 20}, 20 * 19),
        ("/busy", {"requests": 20, "bad_status": 20, "last_bad_status": 503}, 0),
        ("/cut-off", {"requests": 0, "broken": 20}, 100),
    ],
)
def test_load_generator_tells_whole_answers_from_others(
    path: str, counted: dict[str, int], body_bytes: int, client: Path, tmp_path: Path
) -> None:
    targets = tmp_path / "targets"
    targets.write_text(f"{path}?query=ASK%7B%7D\n")
    with serving() as port:
        result = load(client, targets, port, connections=4, requests=20)
    none = {"bad_status": 0, "last_bad_status": 0, "broken": 0}
    assert {key: result[key] for key in ("requests", *none)} == none | counted
    assert result["body_bytes"] == body_bytes


def test_cpu_of_children_that_have_ended_counts() -> None:
    burn = "import time\nwhile time.process_time() < 0.4: pass"
    run = f"subprocess.run([sys.executable, '-c', {burn!r}])"
    code = f"import subprocess, sys; {run}; print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        assert 0.35 < process.cpu_seconds(parent.pid) < 2
        assert process.proportional_memory(parent.pid) > 2_000_000
        parent.communicate(b"\n")
    assert process.cpu_seconds(os.getpid()) >= 0.35


def result(*values: str) -> bytes:
    bindings = [{"x": {"type": "literal", "value": value}} for value in values]
    return json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": bindings}}).encode()


def test_answers_compare_by_value_and_in_any_order() -> None:
    template = TEMPLATES[0]
    assert verify.rows(result("1.50", "true", "a"), template) == verify.rows(
        result("a", "1.5", "1"), template
    )
    assert verify.rows(result("1.5"), template) != verify.rows(result("1.6"), template)
    assert verify.rows(result("a", "a"), template) != verify.rows(result("a"), template)


@pytest.mark.parametrize("own", [("a", "b", "b"), ("a", "c")])
def test_different_answers_are_an_error(own: tuple[str, ...]) -> None:
    template = TEMPLATES[0]
    expected = verify.rows(result("a", "b"), template)
    with pytest.raises(BenchmarkError, match="look-up: other returns"):
        verify._compare(template, "other", verify.rows(result(*own), template), expected)


def test_ratios_are_taken_within_a_round() -> None:
    def turn(requests: int, cpu: float) -> measure.Turn:
        return measure.Turn(requests, 1.0, cpu, 0.0, 1.0, 1.0, 1.0, 10 * requests, 0)

    # By hand: rates 100, 10, 50 against 200, 40, 50 are 0.5, 0.25, 1; CPU a request 1.6/160 and 1.45/290.
    turns = [
        {"base": turn(200, 1.0), "own": turn(100, 1.0)},
        {"base": turn(40, 0.2), "own": turn(10, 0.1)},
        {"base": turn(50, 0.25), "own": turn(50, 0.5)},
    ]
    cell = measure._cell("look-up", 1, "own", "base", turns)
    assert cell.rate == 50
    assert cell.rate_ratio == 0.5
    assert cell.cpu_ratio == pytest.approx(0.5)


def test_geometric_mean() -> None:
    assert report.geometric_mean([1, 4, 16]) == pytest.approx(4)
