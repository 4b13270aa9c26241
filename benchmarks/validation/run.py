"""Times mesoonto, pyrudof and pySHACL on the same files, in turns, each run a new process; see README.md."""

from __future__ import annotations

import argparse
import json
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
import pyoxigraph as ox

HERE = Path(__file__).parent

#: Arguments of Python for each engine, behind which shapes and data come. mesoonto prints its report in JSON,
#: the others the number of their results.
ENGINES = {
    "mesoonto": ("-m", "mesoonto", "validate", "--no-strict", "--format=json", "--shapes"),
    "pyrudof": ("-c", """
import sys
from pyrudof import RDFFormat, Rudof, RudofConfig, ShaclFormat
rudof = Rudof(RudofConfig())
rudof.read_data(sys.argv[2], RDFFormat.NTriples)
rudof.read_shacl(sys.argv[1], ShaclFormat.Turtle)
print(len(rudof.validate_shacl().violations))
"""),
    "pySHACL": ("-c", """
import sys
import pyshacl
from rdflib import Graph
from rdflib.namespace import SH
data, shapes = Graph().parse(sys.argv[2], format="nt"), Graph().parse(sys.argv[1], format="turtle")
_, report, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=True, inplace=True)
print(len(set(report.subjects(SH.focusNode))))
"""),
}  # fmt: skip


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
    process = subprocess.Popen(  # the engines above
        [sys.executable, *ENGINES[engine], str(shapes), str(data)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None  # it is a pipe
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    # mesoonto ends with 1 where it finds something.
    if os.waitstatus_to_exitcode(status) not in ((0, 1) if engine == "mesoonto" else (0,)):
        raise SystemExit(f"{engine} ended with status {status}")
    results = len(json.loads(text)["findings"]) if engine == "mesoonto" else int(text.split()[-1])
    scale = 1 if sys.platform == "darwin" else 1024
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * scale, results)


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


@dataclass(frozen=True)
class Part:
    """One table: engines on one set of data."""

    title: str
    size: int  #: least number of triples
    shapes: str
    engines: tuple[str, ...]
    rounds: int
    folder: bool = False  #: many Turtle files in place of one of N-Triples


def parts(rounds: int, large: bool) -> list[Part]:
    """The tables; with *large* the one of ten million triples, too."""
    every, ours = tuple(ENGINES), ("mesoonto",)
    found = [
        Part("100,000 triples", 100_000, "shapes.ttl", every, rounds),
        Part("1,000,000 triples", 1_000_000, "shapes.ttl", every, rounds),
        Part(
            "A SPARQL constraint, 100,000 triples",
            100_000,
            "sparql.ttl",
            ("mesoonto", "pySHACL"),
            1,
        ),
        Part("1,000,000 triples in 100 Turtle files", 1_000_000, "shapes.ttl", ours, rounds, folder=True),
    ]
    return [*found, Part("10,000,000 triples", 10_000_000, "shapes.ttl", ours, 1)] if large else found


def prepare(part: Part, folder: Path) -> Path:
    """Write the data of *part* into *folder*."""
    file = folder / "data.nt"
    generate.main(part.size, file)
    if not part.folder:
        return file
    inside = folder / "files"
    inside.mkdir()
    lines = file.read_bytes().splitlines(keepends=True)
    step = -(-len(lines) // 100)
    for number, start in enumerate(range(0, len(lines), step)):
        quads = ox.parse(b"".join(lines[start : start + step]), format=ox.RdfFormat.N_TRIPLES)
        path = str(inside / f"{number:03}.ttl")
        ox.serialize(quads, path, format=ox.RdfFormat.TURTLE, prefixes=generate.PREFIXES)
    return inside


def run(part: Part) -> list[str]:
    """The table of *part*."""
    runs: dict[str, list[Run]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        data = prepare(part, Path(folder))
        for _ in range(part.rounds):
            for engine in part.engines:
                runs[engine].append(measure(engine, data, HERE / part.shapes))
    return [f"## {part.title}", "", f"`{part.shapes}`, rounds: {part.rounds}.", "", *table(runs), ""]


def warm_up() -> None:
    """Run each engine once on little, so that nobody pays for the first reading of its files."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.nt"
        generate.main(1000, data)
        for engine in ENGINES:
            measure(engine, data, HERE / "shapes.ttl")


def main() -> None:
    """Measure and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each engine, in turns")
    parser.add_argument("--large", action="store_true", help="with ten million triples, too")
    parser.add_argument("--only", type=int, nargs="+", help="numbers of tables, from 1, in place of all")
    parser.add_argument("--output", type=Path, help="write the tables to this file, too")
    given = parser.parse_args()
    packages = {"mesoonto": "mesoonto", "pyrudof": "pyrudof", "pySHACL": "pyshacl"}
    versions = ", ".join(f"{name} {version(package)}" for name, package in packages.items())
    lines = [
        "<!-- GENERATED by: python benchmarks/validation/run.py --output RESULTS.md -->",
        "# Validation: how fast",
        "",
        "What is measured, and how to measure it again: [README.md](README.md).",
        "",
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"pyoxigraph {version('pyoxigraph')}, {versions}. Load of the machine when it began and ended, in "
        f"processes that wait for a core: {os.getloadavg()[0]:.1f}, ",
        "",
    ]
    head = len(lines) - 2
    warm_up()
    for number, part in enumerate(parts(given.rounds, given.large), 1):
        if given.only is None or number in given.only:
            found = run(part)
            print("\n".join(found), flush=True)
            lines += found
    lines[head] += f"{os.getloadavg()[0]:.1f}."
    if given.output:
        given.output.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
