"""Asks queries over all of a synthetic cohort of servers in turn; prints tables in Markdown. See README.md.

    python -m benchmarks.large --triples 1000000
    python -m benchmarks.large --triples 1000000 --peers oxigraph,memory,before \\
        --serve before '/path/of/another/mesoonto serve --empty --rdf-file {data} --port {port} --cache 0'

The peers: oxigraph (its server, in memory), oxigraph-disk, memory (mesoonto serve --rdf-file), disk (mesoonto
serve --dataset-dir), virtuoso, and those that --serve names. Ratios are to the first one.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import signal
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.endpoint import peers, process

from .queries import QUERIES

#: Seconds for one query: also where nobody should wait so long.
_PATIENCE = 300

_SERVE = f"--host 127.0.0.1 --port {{port}} --cache 0 --timeout {_PATIENCE}"
_OWN = {
    "memory": (f"{{own}}/mesoonto serve --empty --rdf-file {{data}} {_SERVE}", None),
    "disk": (
        f"{{own}}/mesoonto serve --empty --dataset-dir {{store}} {_SERVE}",
        "{own}/mesoonto load {data} --dataset-dir {store}",
    ),
}


@dataclass(frozen=True, slots=True)
class AnswerCost:
    """What one query took. Seconds."""

    wall: float
    cpu: float  #: of all processes of the server


def ask(peer: peers.Peer, query: str) -> tuple[AnswerCost, list[list[str]]]:
    """What *query* took, and the rows of its answer. Raises BenchmarkError where there is none.

    On a connection of its own: the servers differ in what they do with one that is idle for a minute.
    """
    if peer.name == "virtuoso":  # else it counts its own graphs, too
        query = query.replace("{", "FROM <urn:benchmark> {", 1)
    before, begun = process.cpu_seconds(peer.pid), time.monotonic()
    body = peer.ask(query, "text/csv", _PATIENCE).decode()
    wall = time.monotonic() - begun
    rows = sorted([_value(text) for text in row] for row in list(csv.reader(io.StringIO(body)))[1:])
    return AnswerCost(wall, process.cpu_seconds(peer.pid) - before), rows


def _value(text: str) -> str:
    """A number as all write it: engines differ in how many places a mean has."""
    try:
        return f"{float(text):.6g}"
    except ValueError:
        return text


def main() -> None:
    """Measure and print."""
    options = _options()
    with ExitStack() as stack:
        stack.enter_context(peers.alone())
        data = cohort(options.triples)
        others = dict(options.serve)
        known = peers.known({**_OWN, **{name: (command, None) for name, command in others.items()}})
        known["oxigraph"] = known.pop("oxigraph-memory")
        known["oxigraph"].name = "oxigraph"
        chosen = [
            known[name] for name in (*options.peers.split(","), *(set(others) - {*options.peers.split(",")}))
        ]
        for peer in chosen:
            # Oxigraph's server is that of this environment, of the same release as the engine.
            peer.command = peer.command.replace("{bin}", "{own}")
            peer.prepare = tuple((step, command.replace("{bin}", "{own}")) for step, command in peer.prepare)
            peer.version_command = (peer.version_command or "").replace("{bin}", "{own}")
            stack.callback(peer.stop)
            peer.start(data)
            print(f"{peer.name} is ready", file=sys.stderr)
        readings = measure(chosen, options.rounds)
        show(chosen, readings, options.triples)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--triples", type=int, default=1_000_000, help="size of the cohort (1000000)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each peer (5)")
    parser.add_argument("--peers", default="oxigraph,memory,disk", help="(oxigraph,memory,disk)")
    parser.add_argument(
        "--serve", nargs=2, action="append", default=[], metavar=("NAME", "COMMAND"),
        help="another peer: the command that serves {data} on {port}",
    )  # fmt: skip
    return parser.parse_args()


def cohort(triples: int) -> Path:
    """The file of a cohort of so many triples, made where it is not there yet."""
    path = peers.BUILD / "cohorts" / f"{triples}.nt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        program = str(Path(sys.executable).with_name("mesoonto"))
        subprocess.run(
            [program, "synth", str(path), "--triples", str(triples)], check=True, stdout=sys.stderr
        )
    return path


def measure(chosen: list[peers.Peer], rounds: int) -> dict[tuple[str, str], list[AnswerCost]]:
    """Readings by query and peer, one a round; every other round the peers come in reverse order.

    Raises BenchmarkError where a peer answers otherwise than the first.
    """
    readings: dict[tuple[str, str], list[AnswerCost]] = {}
    for name, text in QUERIES.items():
        expected: list[list[str]] = []
        for number in range(rounds):
            for peer in chosen if number % 2 == 0 else chosen[::-1]:
                # A text that was not asked before: no cache of answers may help.
                reading, rows = ask(peer, f"{text}\n# {number}")
                readings.setdefault((name, peer.name), []).append(reading)
                expected = expected or rows
                if rows != expected:
                    raise peers.BenchmarkError(f"{name}: {peer.name} answers {rows[:3]}, not {expected[:3]}")
                peer.sample_memory()
        print(f"{name} is measured", file=sys.stderr)
    return readings


def show(chosen: list[peers.Peer], readings: dict[tuple[str, str], list[AnswerCost]], triples: int) -> None:
    """Print a table of times and one of memory."""
    first = chosen[0].name
    print(f"{triples:,} triples, load average {os.getloadavg()[0]:.0f}, {os.cpu_count()} cores\n")
    print(f"| query | server | first s | median s | {first} = 1 | CPU s | {first} = 1 |")
    print("|---|---|---|---|---|---|---|")
    for name in QUERIES:
        base = readings[name, first]
        for peer in chosen:
            mine = readings[name, peer.name]
            wall, cpu = (
                statistics.median(
                    getattr(one, what) / max(getattr(other, what), 0.01)
                    for one, other in zip(mine, base, strict=True)
                )
                for what in ("wall", "cpu")
            )
            print(
                f"| {name} | {peer.name} | {mine[0].wall:.2f} | "
                f"{statistics.median(one.wall for one in mine):.2f} | {wall:.2f} | "
                f"{statistics.median(one.cpu for one in mine):.2f} | {cpu:.2f} |"
            )
    print("\n| server | version | before the first query | memory loaded MB | highest MB |")
    print("|---|---|---|---|---|")
    for peer in chosen:
        steps = "; ".join(f"{step.name} {step.seconds:.0f} s" for step in peer.steps)
        memory = f"{peer.idle_bytes >> 20:,} | {peer.peak_bytes >> 20:,}"
        print(f"| {peer.name} | {peer.version} | {steps} | {memory} |")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Error: terminated"))
    try:
        main()
    except peers.BenchmarkError as error:
        sys.exit(f"Error: {error}")
