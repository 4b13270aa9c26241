"""What one look-up costs the server in processor time, by the path that it takes.

    python -m benchmarks.endpoint.cpu NAME=COMMAND ... [--requests N] [--rounds N]

Each COMMAND serves at {port}. A look-up is asked as GET, which a connection worker answers, and as POST in
chunks, which the front answers; for the first time, with a query that no cache knows, and again. Rounds of
all commands take turns; the median of the rounds is shown, in microseconds of all processes of the server for
one request.
"""

from __future__ import annotations

import argparse
import os
import shlex
import socket
import statistics
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

_TICK = 1e6 / os.sysconf("SC_CLK_TCK")
_HEAD = "Host: localhost\r\nAccept: application/sparql-results+json\r\n"
_QUERY = "SELECT ?p ?o {{ <https://w3id.org/mesoonto/MESO_0000001> ?p ?o }} LIMIT 5 #{}"


def _get(query: str) -> bytes:
    return f"GET /sparql?query={quote(query)} HTTP/1.1\r\n{_HEAD}\r\n".encode()


def _chunked(query: str) -> bytes:
    head = f"POST /sparql HTTP/1.1\r\n{_HEAD}Content-Type: application/sparql-query\r\n"
    return f"{head}Transfer-Encoding: chunked\r\n\r\n{len(query):x}\r\n{query}\r\n0\r\n\r\n".encode()


_PATHS = {"direct": _get, "front": _chunked}


@contextmanager
def _served(command: str) -> Iterator[tuple[int, int]]:
    """The port and the process id of a server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with subprocess.Popen(
        shlex.split(command.format(port=port)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield port, process.pid
        finally:
            process.terminate()


def _cpu(root: int) -> float:
    """Microseconds that *root* and all below it have used."""
    parents, used = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.name)] = int(fields[1])
        used[int(entry.name)] = (int(fields[11]) + int(fields[12])) * _TICK
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(used.get(pid, 0.0) for pid in family)


def _ask(port: int, messages: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        for message in messages:
            sock.sendall(message)
            seen = b""
            while b"\r\n\r\n" not in seen:
                seen += sock.recv(65536)
            head, _, body = seen.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            while len(body) < length:
                body += sock.recv(65536)


def _measure(
    port: int, pid: int, path: str, clients: int, requests: int, *, again: bool
) -> tuple[float, float]:
    """Microseconds of processor time for a request, and requests a second."""
    shares = []
    for client in range(clients):
        numbers = range(requests // clients)
        own = f"{time.monotonic_ns()}-{client}"
        shares.append([_PATHS[path](_QUERY.format("same" if again else f"{own}-{n}")) for n in numbers])
    threads = [threading.Thread(target=_ask, args=(port, share)) for share in shares]
    before, began = _cpu(pid), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    number = sum(map(len, shares))
    return (_cpu(pid) - before) / number, number / seconds


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commands", nargs="+", metavar="NAME=COMMAND")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    commands = dict(pair.split("=", 1) for pair in arguments.commands)
    cases = [(path, clients, again) for path in _PATHS for clients in (1, 16) for again in (False, True)]
    found: dict[tuple[str, str, int, bool], list[tuple[float, float]]] = {}
    for _ in range(arguments.rounds):
        for name, command in commands.items():
            with _served(command) as (port, pid):
                _ask(port, [_get(_QUERY.format("same"))] * 50)
                for path, clients, again in cases:
                    result = _measure(port, pid, path, clients, arguments.requests, again=again)
                    found.setdefault((name, path, clients, again), []).append(result)
    print("| path | clients | answer |", " | ".join(f"{name}: µs | {name}: /s" for name in commands), "|")
    print("|---|---|---|" + "---|---|" * len(commands))
    for path, clients, again in cases:
        cells = []
        for name in commands:
            results = found[name, path, clients, again]
            cells += [
                f"{statistics.median(r[0] for r in results):.0f}",
                f"{statistics.median(r[1] for r in results):.0f}",
            ]
        print(f"| {path} | {clients} | {'again' if again else 'first time'} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
