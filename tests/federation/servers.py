"""Endpoints on loopback for tests: SPARQL over a store, and ones that misbehave."""

from __future__ import annotations

import gzip
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox

JSON = "application/sparql-results+json"


@dataclass(frozen=True)
class Received:
    method: str
    query: str
    headers: dict[str, str]


@dataclass
class Endpoint:
    """A running endpoint."""

    url: str
    received: list[Received] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that break off, as some tests have them do."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            raise


Answer = Callable[[BaseHTTPRequestHandler, str], None]


@contextmanager
def serving(answer: Answer) -> Iterator[Endpoint]:
    """An endpoint on a free port of loopback that hands each query to *answer*."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            form = self.rfile.read(length)
            if len(form) < length:  # the client broke off, as it does when another request has failed
                self.close_connection = True
                return
            self._answer(form.decode())

        def _answer(self, form: str) -> None:
            query = parse_qs(form).get("query", [""])[0]
            headers = {name.lower(): value for name, value in self.headers.items()}
            endpoint.received.append(Received(self.command, query, headers))
            try:
                answer(self, query)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client had enough

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}/sparql")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def respond(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    content_type: str = JSON,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> None:
    """Send a whole response."""
    handler.send_response(status)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def over(store: ox.Store) -> Answer:
    """Answers queries from *store*, compressed where that is asked for."""

    def answer(handler: BaseHTTPRequestHandler, query: str) -> None:
        result = store.query(query)
        assert isinstance(result, ox.QuerySolutions)
        body = result.serialize(format=ox.QueryResultsFormat.JSON) or b""
        if "gzip" in handler.headers["Accept-Encoding"]:
            respond(handler, gzip.compress(body, 1), headers={"Content-Encoding": "gzip"})
        else:
            respond(handler, body)

    return answer
