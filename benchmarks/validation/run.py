"""Times mesoonto, pyrudof and pySHACL on the same files, in turns, each run a new process.

    python benchmarks/validation/run.py --sizes 100000 1000000 --rounds 3

Needs pyrudof beside the project's own environment: ``pip install pyrudof``. Load and report are included. CPU
is user plus system time of the process, memory its largest resident size. The number of results is counted by
each engine and has to be the same.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import generate

HERE = Path(__file__).parent

#: What each engine does in a process of its own: argv is data, shapes; prints the number of results.
ENGINES = {
    "mesoonto": """
import json, sys, tempfile
from mesoonto.cli import main
with tempfile.NamedTemporaryFile(suffix=".json") as file:
    report = f"--format=json={file.name}"
    try:
        main(["validate", sys.argv[1], "--shapes", sys.argv[2], "--no-strict", report])
    except SystemExit as end:
        assert end.code in (0, 1), end.code
    print(len(json.load(open(file.name))["findings"]))
""",
    "pyrudof": """
import sys
from pyrudof import RDFFormat, Rudof, RudofConfig, ShaclFormat
rudof = Rudof(RudofConfig())
rudof.read_data(sys.argv[1], RDFFormat.NTriples)
rudof.read_shacl(sys.argv[2], ShaclFormat.Turtle)
print(len(rudof.validate_shacl().violations))
""",
    "pySHACL": """
import sys
import pyshacl
from rdflib import Graph
from rdflib.namespace import SH
data, shapes = Graph().parse(sys.argv[1], format="nt"), Graph().parse(sys.argv[2], format="turtle")
_, report, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=True, inplace=True)
print(len(set(report.subjects(SH.focusNode))))
""",
}


@dataclass(frozen=True)
class Run:
    """One run of one engine."""

    cpu: float  #: seconds
    wall: float  #: seconds
    memory: int  #: bytes
    results: int


def measure(engine: str, data: Path, shapes: Path) -> Run:
    """Run *engine* once."""
    started = time.perf_counter()
    process = subprocess.Popen(  # the scripts above
        [sys.executable, "-c", ENGINES[engine], str(data), str(shapes)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None  # it is a pipe
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{engine} ended with status {status}")
    wall = time.perf_counter() - started
    scale = 1 if sys.platform == "darwin" else 1024
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * scale, int(text.split()[-1]))


def table(runs: dict[str, list[Run]]) -> list[str]:
    """Medians and the ratio of CPU to that of mesoonto."""
    base = statistics.median(run.cpu for run in runs["mesoonto"])
    lines = [
        "| engine | CPU, s | wall, s | memory, GB | results | CPU, ratio |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for engine, found in runs.items():
        cpu, wall = (statistics.median(getattr(run, name) for run in found) for name in ("cpu", "wall"))
        memory = max(run.memory for run in found) / 1e9
        results = sorted({run.results for run in found})
        counted = ", ".join(map(str, results))
        lines.append(f"| {engine} | {cpu:.2f} | {wall:.2f} | {memory:.2f} | {counted} | {cpu / base:.1f} |")
    return lines


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--shapes", default="shapes.ttl")
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    packages = {"mesoonto": "mesoonto", "pyrudof": "pyrudof", "pySHACL": "pyshacl"}
    versions = ", ".join(f"{name} {version(packages[name])}" for name in given.engines)
    lines = [
        f"{given.shapes}: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"pyoxigraph {version('pyoxigraph')}, {versions}; medians of {given.rounds} interleaved rounds.",
        "",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for size in given.sizes:
            data = Path(folder) / "data.nt"
            generate.main(size, data)
            runs: dict[str, list[Run]] = defaultdict(list)
            for _ in range(given.rounds):
                for engine in given.engines:
                    runs[engine].append(measure(engine, data, HERE / given.shapes))
            lines += [f"{size:,} triples", "", *table(runs), ""]
            print("\n".join(lines), flush=True)
    if given.output:
        given.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
