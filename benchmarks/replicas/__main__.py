"""Measures the longest time of a request while a replica switches versions, and in as long a quiet time.

python -m benchmarks.replicas [SWITCHES]
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox

from mesoonto.dataset import kept, shipped
from mesoonto.replicas.directory import Directory
from mesoonto.replicas.publish import publish, roll_back

_PORT = 19_777
_CLIENTS = 4
_QUERY = "SELECT ?trial ?name { ?trial a meso:Study ; rdfs:label ?name } LIMIT 20"

#: Seconds around a switch that count for it: before and after the first answer from the new version.
_AROUND = (3.0, 1.0)


def main(switches: int) -> None:
    """Print a table for the shipped dataset, and the same with one triple more."""
    with tempfile.TemporaryDirectory() as folder:
        target = Directory(Path(folder) / "public")
        store = kept.store(shipped.version())
        versions = [publish(store, target).version]
        store.add(
            ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal("1"), ox.NamedNode("urn:g"))
        )
        versions.append(publish(store, target).version)
        command = [
            sys.executable, "-m", "mesoonto", "serve", "--port", str(_PORT), "--follow", str(target.path),
            "--follow-cache", f"{folder}/cache", "--follow-interval", "0.5", "--cache", "0",
        ]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                _wait_for(versions[1])
                _measure(target, versions, switches)
            finally:
                server.terminate()


def _measure(target: Directory, versions: list[str], switches: int) -> None:
    stop = threading.Event()
    times: list[tuple[float, float, int]] = []
    threads = [threading.Thread(target=_ask, args=(stop, times)) for _ in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    windows: dict[str, list[tuple[float, float]]] = {"quiet": [], "switch": []}
    for number in range(switches):
        begin = time.monotonic()
        time.sleep(sum(_AROUND))
        windows["quiet"].append((begin, time.monotonic()))
        roll_back(target, versions[number % 2])
        _wait_for(versions[number % 2])
        switched = time.monotonic()
        time.sleep(_AROUND[1])
        windows["switch"].append((switched - _AROUND[0], switched + _AROUND[1]))
    stop.set()
    for thread in threads:
        thread.join()
    failed = sum(status != 200 for *_, status in times)
    print(f"{switches} switches, {_CLIENTS} clients, {failed} failed requests")
    print("| | requests | median ms | 99.9 % ms | longest ms | longest of each |")
    print("|---|---|---|---|---|---|")
    for name, spans in windows.items():
        each = [[took for begun, took, _ in times if low <= begun <= high] for low, high in spans]
        together = sorted(took for span in each for took in span)
        longest = " ".join(f"{1000 * max(span):.0f}" for span in each)
        figures = [together[len(together) // 2], together[int(len(together) * 0.999)], together[-1]]
        cells = " | ".join(f"{1000 * figure:.1f}" for figure in figures)
        print(f"| {name} | {len(together):,} | {cells} | {longest} |")


def _ask(stop: threading.Event, times: list[tuple[float, float, int]]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", _PORT)
    while not stop.is_set():
        begun = time.monotonic()
        connection.request("GET", f"/sparql.csv?query={quote(_QUERY)}")
        answer = connection.getresponse()
        answer.read()
        times.append((begun, time.monotonic() - begun, answer.status))
        time.sleep(0.005)
    connection.close()


def _wait_for(version: str) -> None:
    """Until the server is ready with *version*."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/health", timeout=5) as answer:
                if json.load(answer)["version"] == version:
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"{version} was not served in time")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 6)
