"""A result with a row for every triple: time to the first byte, rate, and the server's memory meanwhile."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPResponse
from statistics import median
from typing import Any
from urllib.parse import quote

from .peers import BenchmarkError, Peer
from .templates import SOLUTIONS

FIRST_BYTES = 5  #: requests that are left after their first bytes
SAMPLE_SECONDS = 0.5
READ_BYTES = 1 << 20


def run(peers: Sequence[Peer], triples: int) -> list[dict[str, Any]]:
    """Measure each peer in turn; the rows of a whole result are counted while they arrive."""
    return [_measure(peer, triples) for peer in peers]


def _measure(peer: Peer, triples: int) -> dict[str, Any]:
    first = []
    for number in range(FIRST_BYTES):
        started = time.monotonic()
        connection, _response = _request(peer, triples + 1 + number)
        first.append(1000 * (time.monotonic() - started))
        connection.close()
        time.sleep(1)  # a server that notices the closed connection has ended the query by now
    before = peer.sample_memory()
    peak = before
    stop = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not stop.wait(SAMPLE_SECONDS):
            peak = max(peak, peer.sample_memory())

    sampler = threading.Thread(target=sample)
    sampler.start()
    started = time.monotonic()
    try:
        connection, response = _request(peer, triples)
        rows, size = _count_rows(response)
        connection.close()
    finally:
        stop.set()
        sampler.join()
    seconds = time.monotonic() - started
    if rows != triples:
        raise BenchmarkError(f"{peer.name} returned {rows} of {triples} rows")
    print(
        f"{peer.name}: first byte {median(first):.1f} ms, {rows / seconds:.0f} rows/s",
        file=sys.stderr,
        flush=True,
    )
    return {
        "peer": peer.name,
        "first_byte_ms": median(first),
        "first_byte_highest_ms": max(first),
        "rows": rows,
        "bytes": size,
        "seconds": seconds,
        "memory_before": before,
        "memory_peak": peak,
    }


def _request(peer: Peer, limit: int) -> tuple[HTTPConnection, HTTPResponse]:
    """Send the query; the response is returned once its first byte of body has come."""
    connection = HTTPConnection("127.0.0.1", peer.port, timeout=600)
    query = quote(f"SELECT ?s ?p ?o {{ ?s ?p ?o }} LIMIT {limit}", safe="")
    connection.request("GET", f"{peer.path}?query={query}", headers={"Accept": SOLUTIONS})
    response = connection.getresponse()
    if response.status != 200:
        raise BenchmarkError(f"{peer.name} answered {response.status}: {response.read(500)!r}")
    response.peek(1)
    return connection, response


def _count_rows(response: HTTPResponse) -> tuple[int, int]:
    """Read to the end and return rows and bytes; a body cut off raises. A row has one key "s"."""
    key = b'"s":'
    rows, size, tail = 0, 0, b""
    while data := response.read(READ_BYTES):
        size += len(data)
        window = tail + data
        rows += window.count(key)
        tail = window[1 - len(key) :]  # too short for a key of its own
    return rows, size
