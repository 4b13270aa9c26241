"""Compares an engine asked directly with `mesoonto serve --engine` before it; see README.md.

    python -m benchmarks.engines [--triples N] [--rounds N] [--seconds S] [--clients 1,16]

The engine is the Oxigraph server, in memory. Turns alternate. The cache of mesoonto is off, and no query is
asked twice.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import ExitStack
from typing import Any

from benchmarks.endpoint import data, measure, peers
from benchmarks.endpoint.templates import TEMPLATES

_TEMPLATES = "look-up,join-3,aggregate-count,construct,scan-50000"
_FRONT = (
    "{own}/mesoonto serve --empty --cache 0 --host 127.0.0.1 --port {port} "
    "--engine http://127.0.0.1:%d/query --engine-kind %s"
)


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--triples", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--clients", default="1,16")
    parser.add_argument("--templates", default=_TEMPLATES)
    parser.add_argument("--kind", default="generic", help="of the engine, as the front is told")
    options = parser.parse_args()
    chosen = [one for one in TEMPLATES if one.name in options.templates.split(",")]
    clients = tuple(int(number) for number in options.clients.split(","))
    plan = measure.Plan(clients, options.rounds, options.seconds, repeats=False, foreign=1.0, retries=0)
    with ExitStack() as stack:
        stack.enter_context(peers.alone())
        peers.install(["oxigraph-memory"])
        file = data.write(peers.BUILD / "data" / f"{options.triples}-1.nt", options.triples, 1)
        engine = peers.known({})["oxigraph-memory"]
        stack.callback(engine.stop)
        engine.start(file)
        front = peers.Peer("front", _FRONT % (engine.port, options.kind))
        stack.callback(front.stop)
        front.start(file)
        cells = measure.run([engine, front], chosen, data.Shape(options.triples), plan)
        print(f"load average {os.getloadavg()[0]:.0f}, {os.cpu_count()} cores, {options.triples:,} triples\n")
        _show(cells, front.name)


def _show(cells: list[dict[str, Any]], front: str) -> None:
    print(
        "| query | clients | engine ms | with the front ms | more | requests a second | CPU ms of the front |"
    )
    print("|---|---|---|---|---|---|---|")
    for bare, other in zip(cells[::2], cells[1::2], strict=True):
        assert other["peer"] == front
        more = other["p50_ms"] - bare["p50_ms"]
        print(
            f"| {bare['template']} | {bare['clients']} | {bare['p50_ms']:.2f} | {other['p50_ms']:.2f} | "
            f"{more:+.2f} | {other['rate_ratio']:.2f} | {other['cpu_ms']:.2f} |"
        )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Error: terminated"))
    main()
