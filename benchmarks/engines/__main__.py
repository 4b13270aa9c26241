"""Compares an engine asked directly with `mesoonto serve --engine` before it; see README.md.

    python -m benchmarks.engines [--engine NAME] [--floors nginx,relay,asgi] [--triples N] [--rounds N]
        [--seconds S] [--clients 1,16] [--templates look-up,...]

Turns alternate. The cache of mesoonto is off, and no query is asked twice.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.endpoint import data, measure, peers
from benchmarks.endpoint.peers import BenchmarkError, Peer
from benchmarks.endpoint.templates import TEMPLATES
from benchmarks.engines import floors

_TEMPLATES = "look-up,join-3,aggregate-count,construct,scan-50000"
_FRONT = (
    "{own}/mesoonto serve --empty --cache 0 --host 127.0.0.1 --port {port} "
    "--engine http://127.0.0.1:%d%s --engine-kind %s"
)

#: Where tests/setup.sh puts Fuseki.
_JAR = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "mesoonto-tests/fuseki/jena-fuseki-server.jar"
)
_FUSEKI = (
    f"java -Xmx2g -cp {_JAR} org.apache.jena.fuseki.main.cmds.FusekiMainCmd "
    "--file={data} --localhost --port {port} /ds"
)


def _engine(kind: str) -> Peer:
    if kind == "fuseki":
        if not _JAR.exists():
            raise BenchmarkError(f"{_JAR} is not there; sh tests/setup.sh puts it there, with Java and Maven")
        return Peer("fuseki", _FUSEKI, "/ds/query")
    name = "oxigraph-memory" if kind == "oxigraph" else kind
    peers.install([name])
    return peers.known({})[name]


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--engine", default="oxigraph", choices=("oxigraph", "fuseki", "virtuoso"))
    parser.add_argument("--floors", default="", help="what else stands before the engine in turn, by commas")
    parser.add_argument("--triples", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--clients", default="1,16")
    parser.add_argument("--templates", default=_TEMPLATES)
    options = parser.parse_args()
    chosen = [one for one in TEMPLATES if one.name in options.templates.split(",")]
    clients = tuple(int(number) for number in options.clients.split(","))
    plan = measure.Plan(clients, options.rounds, options.seconds, repeats=False, foreign=1.0, retries=0)
    with ExitStack() as stack:
        stack.enter_context(peers.alone())
        file = data.write(peers.BUILD / "data" / f"{options.triples}-1.nt", options.triples, 1)
        engine = _engine(options.engine)
        stack.callback(engine.stop)
        engine.start(file)
        front = Peer("mesoonto", _FRONT % (engine.port, engine.path, options.engine))
        others = floors.peers(engine, [name for name in options.floors.split(",") if name])
        for peer in (front, *others):
            stack.callback(peer.stop)
            peer.start(file)
        measured = [engine, front, *others]
        cells = measure.run(measured, chosen, data.Shape(options.triples), plan)
        print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {options.triples:,} triples\n")
        _show(cells, len(measured))


def _show(cells: list[dict[str, Any]], number: int) -> None:
    print("| query | clients | asked | median ms | added ms | requests a second | of the engine's | CPU ms |")
    print("|---|---|---|---|---|---|---|---|")
    for place, cell in enumerate(cells):
        bare = cells[place - place % number]
        print(
            f"| {cell['template']} | {cell['clients']} | {cell['peer']} | {cell['p50_ms']:.2f} | "
            f"{cell['p50_ms'] - bare['p50_ms']:+.2f} | {cell['rate']:.0f} | {cell['rate_ratio']:.2f} | "
            f"{cell['cpu_ms']:.2f} |"
        )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Error: terminated"))
    main()
