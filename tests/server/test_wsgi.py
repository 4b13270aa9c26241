"""The application under another server than ours: the WSGI server of Python's standard library."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.server.client import TURTLE, ask, get, holds, update

_SCRIPT = """
import tempfile
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from mesoonto.dataset.versions import Location
from mesoonto_server.web.app import create_app
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.processes import start
from mesoonto_server.settings import Settings

class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass

settings = Settings(empty=True, allow_update=True, timeout=5, query_workers=2)
with tempfile.TemporaryDirectory() as folder:
    location = Path(folder)
    gateway = Gateway(start(settings, location), settings, Location(location).current)
    server = make_server("127.0.0.1", 0, create_app(gateway, settings), Server, Quiet)
    print(server.server_port, flush=True)
    server.serve_forever()
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-c", _SCRIPT], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port.isdigit()
        yield f"http://127.0.0.1:{port}/"
        process.terminate()


def test_query(address: str) -> None:
    reply = get(address, "SELECT (1 AS ?x) {}", Accept="text/csv")
    assert (reply.status, reply.text) == (200, "x\r\n1\r\n")


def test_mistake(address: str) -> None:
    assert get(address, "nonsense").status == 400
    assert ask(address, path="/nowhere").status == 404


def test_write_is_read_on_the_next_request(address: str) -> None:
    assert update(address, "INSERT DATA { <a:a> <a:b> 1 }").status == 204
    assert holds(address, "<a:a> <a:b> 1")
    assert ask(address, "PUT", "/store?graph=a%3Ag", b"<a:a> <a:b> 2 .", **TURTLE).status == 201
    assert holds(address, "GRAPH <a:g> { <a:a> <a:b> 2 }")


def test_large_result_comes_in_parts(address: str) -> None:
    values = " ".join(f"<a:{n}>" for n in range(3000))
    query = f"SELECT ?x ?y {{ VALUES ?x {{ {values} }} VALUES ?y {{ 1 2 3 4 5 6 7 8 }} }}"
    reply = ask(
        address, "POST", body=query.encode(), Accept="text/csv", Content_Type="application/sparql-query"
    )
    assert reply.status == 200
    assert len(reply.text.splitlines()) == 24_001


def test_endless_query_ends_at_its_deadline(address: str) -> None:
    values = " ".join(str(n) for n in range(300))
    tables = " ".join(f"VALUES ?v{n} {{ {values} }}" for n in range(6))
    reply = ask(
        address,
        "POST",
        "/sparql?timeout=0.5",
        f"SELECT (COUNT(*) AS ?n) {{ {tables} }}".encode(),
        Content_Type="application/sparql-query",
    )
    assert (reply.status, "0.5 seconds" in reply.text) == (503, True)
    assert get(address, "ASK {}").status == 200


def test_operators_see_it(address: str) -> None:
    assert ask(address, path="/health/ready").text == "ready\n"
    assert "mesoonto_workers" in ask(address, path="/metrics").text
