"""What a query costs a whole server of a dataset on disk: front, workers, HTTP and evaluation."""

from __future__ import annotations

import http.client
import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from benchmarks.endpoint.process import cpu_seconds

from .process import NICE, ScalingError
from .queries import QueryTemplate

_HOST = "127.0.0.1"

#: Seconds until a server must be ready.
_START = 300.0

#: Queries before those that count, so that workers are there.
_BEFORE = 20


@contextmanager
def served(dataset: Path) -> Iterator[tuple[int, int]]:
    """The port and the process id of a server of *dataset*. Raises ScalingError when it is not ready."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port = int(probe.getsockname()[1])
    command = [
        "nice", "-n", NICE, str(Path(sys.executable).with_name("mesoonto")), "serve", "--empty",
        "--dataset-dir", str(dataset), "--port", str(port), "--timeout", "300",
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as server:
        try:
            _wait(port)
            yield port, server.pid
        finally:
            server.terminate()


def measured(port: int, root: int, template: QueryTemplate, patients: int) -> dict[str, float]:
    """Processor seconds of all processes of the server for one query of *template*, never asked before."""
    connection = http.client.HTTPConnection(_HOST, port, timeout=_START)
    queries = template.queries(patients, 2)
    for query in itertools.islice(queries, _BEFORE):
        _ask(connection, query)
    before, begun = cpu_seconds(root), time.monotonic()
    for query in itertools.islice(queries, template.warm):
        _ask(connection, query)
    used, wall = cpu_seconds(root) - before, time.monotonic() - begun
    connection.close()
    return {
        "cpu": used / template.warm,
        "wall": wall / template.warm,
        "queries": template.warm,
        "load": os.getloadavg()[0],
    }


def _ask(connection: http.client.HTTPConnection, query: str) -> None:
    connection.request("GET", f"/sparql?query={quote(query)}", headers={"Accept": "text/csv"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise ScalingError(f"the server answered {answer.status}: {body[:200].decode(errors='replace')}")


def _wait(port: int) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(_HOST, port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.2)
    raise ScalingError("the server was not ready in time")
