"""Runs steps of sizes, and writes what was found.

    python -m benchmarks.scaling run [--triples N ...] [--steps STEP ...] [--folder DIR]
    python -m benchmarks.scaling collect [--folder DIR] [--note TEXT]
    python -m benchmarks.scaling report

`collect` puts the figures of all steps into RESULTS.json, `report` makes RESULTS.md and the tables of
docs/scaling.md from it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .process import ScalingError
from .steps import STEPS, SizedFolder


def main(arguments: list[str] | None = None) -> int:
    """Run what *arguments* say; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="run steps that have not run yet")
    running.add_argument("--triples", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    running.add_argument("--steps", nargs="+", choices=list(STEPS), default=list(STEPS))
    collecting = commands.add_parser("collect", help="put the figures of all steps into RESULTS.json")
    collecting.add_argument("--note", default="", help="what a reader should know of this run")
    for command in (running, collecting):
        command.add_argument("--folder", type=Path, default=Path("/tmp/scaling"))
    commands.add_parser("report", help="make the tables of RESULTS.md and docs/scaling.md anew")
    given = parser.parse_args(arguments)
    try:
        if given.command == "run":
            _run(given.folder, given.triples, given.steps)
        else:
            from . import report

            if given.command == "collect":
                report.collect(given.folder, given.note)
            report.write()
    except ScalingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _run(folder: Path, sizes: list[int], steps: list[str]) -> None:
    for triples in sizes:
        sized = SizedFolder(folder, triples)
        for name in steps:
            if not sized.has(name):
                print(f"{triples:,} triples: {name}", file=sys.stderr, flush=True)
                STEPS[name](sized)


if __name__ == "__main__":
    sys.exit(main())
