"""Federated queries over an Oxigraph server and a Virtuoso: mesoonto, pyoxigraph, rdflib and Comunica.

All engines hold the same local data and ask the same two servers through proxies that count requests and
bytes. They take turns, query by query; every answer is compared with that of one store that holds all data.

Run: make bench-federation, or
     python -m benchmarks.federation.run [--triples N] [--rounds N] [--timeout S] [--output FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import math
import os
import platform
import re
import select
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyoxigraph as ox
from tests.conftest import CACHE, program
from tests.federation import servers
from tests.federation.test_examples import oxigraph_server
from tests.federation.virtuoso import virtuoso_server

HERE = Path(__file__).parent
ENGINES = ("mesoonto", "pyoxigraph", "rdflib", "comunica")
LOCAL_ITEMS = 20_000
P = "PREFIX : <http://bench.example/>"

#: Name, whether the join is selective, and the query; @A is the Oxigraph server, @B the Virtuoso.
QUERIES = [
    (
        "look-up, 10 bindings",
        True,
        "SELECT ?i ?l { ?i :kind :k1 . ?i :about ?e SERVICE @A { ?e :label ?l } }",
    ),
    (
        "look-up, 100 bindings",
        True,
        "SELECT ?i ?s { ?i :kin :m1 . ?i :about ?e SERVICE @B { ?e :score ?s } }",
    ),
    (
        "path of two steps",
        True,
        "SELECT ?i ?l { ?i :kind :k2 ; :about ?e SERVICE @A { ?e :link/:label ?l } }",
    ),
    (
        "two servers in a row",
        True,
        "SELECT ?i ?f ?s { ?i :kind :k3 ; :about ?e SERVICE @A { ?e :link ?f } SERVICE @B { ?f :score ?s } }",
    ),
    (
        "OPTIONAL",
        True,
        "SELECT ?i ?t { ?i :kind :k4 ; :about ?e OPTIONAL { SERVICE @B { ?e :tag ?t ; :score 7 } } }",
    ),
    ("MINUS", True, "SELECT ?i ?e { ?i :kind :k5 ; :about ?e MINUS { SERVICE @B { ?e :tag :t3 } } }"),
    (
        "UNION of servers",
        True,
        "SELECT ?i ?x { ?i :kind :k6 ; :about ?e "
        "{ SERVICE @A { ?e :label ?x } } UNION { SERVICE @B { ?e :score ?x } } }",
    ),
    (
        "selective remote pattern",
        True,
        "SELECT ?i ?v { ?i :about ?e . SERVICE @A { ?e :group :g5 ; :value ?v } }",
    ),
    (
        "aggregate, 500 bindings",
        False,
        "SELECT ?t (COUNT(*) AS ?n) { ?i :ki :n1 ; :about ?e SERVICE @B { ?e :tag ?t } } GROUP BY ?t",
    ),
    (
        "FILTER behind, 1,000 bindings",
        False,
        "SELECT ?i ?v { ?i :k :o1 ; :about ?e SERVICE @A { ?e :value ?v } FILTER(?v > 1000) }",
    ),
]


def local_triples(entities: int) -> Iterator[str]:
    for i in range(LOCAL_ITEMS):
        item = f"<http://bench.example/i{i}> <http://bench.example/"
        yield f"{item}about> <http://bench.example/e{i * 37 % entities}> .\n"
        for name, letter, size in (("kind", "k", 10), ("kin", "m", 100), ("ki", "n", 500), ("k", "o", 1000)):
            yield f"{item}{name}> <http://bench.example/{letter}{i // size}> .\n"


def remote_triples(entities: int) -> tuple[Iterator[str], Iterator[str]]:
    def first() -> Iterator[str]:
        for i in range(entities):
            e = f"<http://bench.example/e{i}> <http://bench.example/"
            yield f'{e}label> "entity number {i}"@en .\n'
            yield f"{e}group> <http://bench.example/g{i % 1000}> .\n"
            yield f'{e}value> "{i}"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
            yield f"{e}link> <http://bench.example/e{i * 7919 % entities}> .\n"

    def second() -> Iterator[str]:
        for i in range(entities):
            e = f"<http://bench.example/e{i}> <http://bench.example/"
            yield f'{e}score> "{i % 1013}"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
            yield f"{e}tag> <http://bench.example/t{i % 97}> .\n"
            yield f'{e}note> "a note on entity {i}" .\n'
            yield f"{e}near> <http://bench.example/e{(i + 1) % entities}> .\n"

    return first(), second()


class Engine:
    """An engine in a process of its own, started anew after it ran out of time."""

    def __init__(self, name: str, local: Path, local_url: str, endpoints: list[str]) -> None:
        if name == "comunica":
            self._command = ["node", str(HERE / "comunica.mjs"), str(CACHE / "comunica"), local_url]
        else:
            self._command = [sys.executable, str(HERE / "engines.py"), name, str(local), *endpoints]
        self._process: subprocess.Popen[str] | None = None

    def ask(self, query: str, timeout: float) -> dict[str, Any]:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(query) + "\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], timeout)[0]:
            self.stop()
            return {"error": f"over {timeout:g} s"}
        line = process.stdout.readline()
        if not line:
            self.stop()
            return {"error": "ended"}
        found: dict[str, Any] = json.loads(line)
        return found

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            assert self._process.stdout is not None
            assert self._process.stdout.readline() == "ready\n"
        return self._process

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@contextlib.contextmanager
def proxied(url: str) -> Iterator[tuple[str, str]]:
    """The address of *url* behind a counting proxy, and the address that tells the counts."""
    port = re.search(r":(\d+)/", url)
    assert port is not None
    command = [sys.executable, str(HERE / "proxy.py"), port[1]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        forward, count = process.stdout.readline().split()
        try:
            yield url.replace(f":{port[1]}/", f":{forward}/"), f"http://127.0.0.1:{count}/"
        finally:
            process.terminate()


def counted(addresses: list[str]) -> tuple[int, int]:
    """Requests and bytes of answers since the last call."""
    found = [json.load(urllib.request.urlopen(address, timeout=10)) for address in addresses]
    return sum(f["requests"] for f in found), sum(f["bytes"] for f in found)


def right_answers(files: list[Path]) -> list[list[list[str]]]:
    store = ox.Store()
    for file, graph in zip(files, (None, "http://bench.example/A", "http://bench.example/B"), strict=True):
        store.bulk_load(
            path=file, format=ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(graph) if graph else None
        )
    found = []
    for _, _, text in QUERIES:
        graphs = re.sub(r"SERVICE @([AB])", r"GRAPH <http://bench.example/\1>", text)
        result = store.query(f"{P} {graphs}")
        assert isinstance(result, ox.QuerySolutions)
        names = [v.value for v in result.variables]
        found.append(sorted([getattr(row[n], "value", "") for n in names] for row in result))
    return found


def write(path: Path, lines: Iterator[str]) -> Path:
    with path.open("w") as file:
        file.writelines(lines)
    return path


def measure(triples: int, rounds: int, timeout: float) -> list[dict[str, dict[str, object]]]:
    """For each query and engine: medians of time, requests and bytes, and whether the answer was right."""
    entities = triples // 4
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        first, second = remote_triples(entities)
        files = [write(folder / "local.nt", local_triples(entities))]
        files += [write(folder / "a.nt", first), write(folder / "b.nt", second)]
        wanted = right_answers(files)
        (folder / "virtuoso").mkdir()
        a = stack.enter_context(oxigraph_server(files[1], folder / "a.log"))
        b = stack.enter_context(virtuoso_server(folder / "virtuoso", {"http://bench.example/B": files[2]}))
        (a, count_a), (b, count_b) = (stack.enter_context(proxied(url)) for url in (a, b))
        body = files[0].read_bytes()
        local = stack.enter_context(
            servers.serving(lambda handler, _: servers.respond(handler, body, "application/n-triples"))
        )
        engines = {name: Engine(name, files[0], local.url, [a, b]) for name in ENGINES}
        for engine in engines.values():
            stack.callback(engine.stop)
        found = []
        for (name, _, text), right in zip(QUERIES, wanted, strict=True):
            query = f"{P} {text}".replace("@A", f"<{a}>").replace("@B", f"<{b}>")
            runs: dict[str, list[dict[str, Any]]] = {engine: [] for engine in ENGINES}
            for _ in range(rounds):
                for engine_name, engine in engines.items():
                    if runs[engine_name] and "error" in runs[engine_name][-1]:
                        continue  # it would only fail again
                    counted([count_a, count_b])
                    answer = engine.ask(query, timeout)
                    answer["requests"], answer["bytes"] = counted([count_a, count_b])
                    answer["right"] = sorted(answer.pop("rows", [])) == right
                    runs[engine_name].append(answer)
            found.append({engine: summary(answers) for engine, answers in runs.items()})
            print(name, {e: found[-1][e] for e in ENGINES}, file=sys.stderr, flush=True)
        return found


def summary(answers: list[dict[str, object]]) -> dict[str, object]:
    failed = next((a["error"] for a in answers if "error" in a), None)
    if failed:
        return {"error": failed}
    medians = {k: statistics.median([float(str(a[k])) for a in answers]) for k in ("ms", "requests", "bytes")}
    return {**medians, "right": all(a["right"] for a in answers)}


def table(found: list[dict[str, dict[str, object]]], triples: int, rounds: int) -> str:
    names = {"mesoonto": "mesoonto", "pyoxigraph": "pyoxigraph", "rdflib": "rdflib", "comunica": "Comunica"}
    today = datetime.datetime.now(tz=datetime.UTC).date()
    lines = [
        "# Federated queries: results",
        "",
        "GENERATED by `make bench-federation`.",
        "",
        f"{today}; {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"pyoxigraph {version('pyoxigraph')}, rdflib {version('rdflib')}, Comunica {comunica_version()}, "
        f"Oxigraph server {version('oxigraph')}, Virtuoso {virtuoso_version()}. "
        f"{triples:,} triples in each server, {LOCAL_ITEMS * 5:,} locally; no cache. "
        f"Medians of {rounds} rounds, engines taking turns. Each cell: time, requests, bytes of answers. "
        "Answers that differ from those of one store that holds everything are marked WRONG.",
        "",
        "| query | " + " | ".join(names.values()) + " |",
        "|---|" + "---|" * len(names),
    ]
    for (name, _, _), row in zip(QUERIES, found, strict=True):
        lines.append(f"| {name} | " + " | ".join(cell(row[e]) for e in ENGINES) + " |")
    lines += ["", *ratios(found)]
    return "\n".join(lines) + "\n"


def cell(result: dict[str, object]) -> str:
    if "error" in result:
        return str(result["error"])
    wrong = "" if result["right"] else "WRONG, "
    ms, requests, size = (float(str(result[k])) for k in ("ms", "requests", "bytes"))
    return f"{wrong}{ms:,.0f} ms, {requests:.0f}, {size / 1000:,.1f} kB"


def ratios(found: list[dict[str, dict[str, object]]]) -> Iterator[str]:
    yield "| against mesoonto = 1, geometric means | time, all | time, selective | bytes, selective |"
    yield "|---|---|---|---|"
    for other in ENGINES[1:]:
        cells = []
        for key, only_selective in (("ms", False), ("ms", True), ("bytes", True)):
            logs = [
                math.log(float(str(row[other][key])) / float(str(row["mesoonto"][key])))
                for row, (_, selective, _) in zip(found, QUERIES, strict=True)
                if (selective or not only_selective) and "error" not in row[other] and row[other]["right"]
            ]
            cells.append(f"{math.exp(statistics.mean(logs)):,.1f} ({len(logs)} queries)" if logs else "-")
        yield f"| {other} | {' | '.join(cells)} |"
    best = []
    for row, (_, selective, _) in zip(found, QUERIES, strict=True):
        times = [float(str(row[e]["ms"])) for e in ENGINES[1:] if row[e].get("right")]
        if selective and times:
            best.append(math.log(min(times) / float(str(row["mesoonto"]["ms"]))))
    mean = math.exp(statistics.mean(best))
    yield f"| the best of them in each query | | {mean:,.1f} ({len(best)} queries) | |"
    yield ""
    yield "Only right answers are compared."


def comunica_version() -> str:
    package = CACHE / "comunica/node_modules/@comunica/query-sparql/package.json"
    return str(json.loads(package.read_text())["version"])


def virtuoso_version() -> str:
    done = subprocess.run(["virtuoso-t", "-?"], capture_output=True, text=True, check=False)
    found = re.search(r"Version (\S+)", done.stdout + done.stderr)
    return found[1] if found else "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=200_000, help="in each of the two servers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=20, help="seconds for one query")
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    for marker in ("comunica", "virtuoso"):
        if program(marker) is None:
            sys.exit(f"{marker} is missing; run: sh tests/setup.sh")
    found = measure(options.triples, options.rounds, options.timeout)
    options.output.write_text(table(found, options.triples, options.rounds))
    print(options.output)


if __name__ == "__main__":
    main()
