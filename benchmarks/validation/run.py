"""Times validation engines on the same files, in turns, each run a new process; see README.md."""

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
from importlib.util import find_spec
from pathlib import Path

import generate
import pyoxigraph as ox

from engines import Engine, engines

HERE = Path(__file__).parent

#: Engines in Python keep what was compiled of them, as on anybody's machine, and do not compile in each run.
_ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Run:
    """One run of one engine."""

    cpu: float  #: seconds
    wall: float  #: seconds
    memory: int  #: bytes
    results: int


def measure(engine: Engine, data: Path, shapes: Path) -> Run:
    """Run *engine* once."""
    with tempfile.TemporaryFile() as written, tempfile.TemporaryFile() as complaints:
        started = time.perf_counter()
        process = subprocess.Popen(  # the engines that are compared
            engine.command(str(shapes), str(data)), stdout=written, stderr=complaints, env=_ENVIRONMENT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        if os.waitstatus_to_exitcode(status) not in engine.codes:
            complaints.seek(0)
            raise SystemExit(
                f"{engine.name} ended with status {status}: {complaints.read()[-2000:].decode()}"
            )
        written.seek(0)
        results = engine.count(written.read())
    scale = 1 if sys.platform == "darwin" else 1024
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * scale, results)


def table(runs: dict[str, list[Run]]) -> list[str]:
    """Medians, and the ratio of CPU to that of mesoonto."""
    base = statistics.median(run.cpu for run in runs["mesoonto"])
    lines = [
        "| engine | rounds | CPU, s | wall, s | memory, GB | results | CPU, ratio |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for engine, found in runs.items():
        cpu, wall = (statistics.median(getattr(run, name) for run in found) for name in ("cpu", "wall"))
        memory = max(run.memory for run in found) / 1e9
        counted = ", ".join(f"{number:,}" for number in sorted({run.results for run in found}))
        cells = [engine, str(len(found)), f"{cpu:.2f}", f"{wall:.2f}", f"{memory:.2f}", counted]
        lines.append(f"| {' | '.join(cells)} | {cpu / base:.1f} |")
    return lines


@dataclass(frozen=True)
class Part:
    """One table: engines on one set of data."""

    title: str
    shapes: Path
    rounds: dict[str, int]  #: rounds of each engine
    size: int = 0  #: least number of generated triples
    files: tuple[Path, ...] = ()  #: in place of generated ones
    folder: bool = False  #: many Turtle files in place of one of N-Triples
    boxes: int = 0  #: of a building that is written beside *files*


def parts(rounds: int, large: bool, qudt: Path | None) -> list[Part]:
    """The tables; with *large* the one of ten million triples, with *qudt* that of its units."""
    every = dict.fromkeys(engines(), rounds)
    once = every | {"pySHACL": 1, "rudof": 1, "TopBraid": 1, "Jena": 1}
    shapes = HERE / "shapes.ttl"
    found = [Part("Generated, 100,000 triples", shapes, every, 100_000)]
    brick = find_spec("brickschema")
    if brick is not None and brick.submodule_search_locations:
        file = Path(brick.submodule_search_locations[0]) / "ontologies" / "1.5" / "Brick.ttl"
        found.append(Part("Brick 1.5, 62,083 triples in Turtle", HERE / "brick.ttl", every, files=(file,)))
        found.append(
            Part(
                "A building with Brick 1.5 and its 6,098 rules, 63,094 triples",
                file,
                {"mesoonto": rounds, "pySHACL": 1},
                files=(file,),
                boxes=100,
            )
        )
    if qudt is not None:
        files = tuple(path for path in sorted(qudt.glob("*.ttl*")) if path.name != "shapes.ttl")
        found.append(Part("Units of QUDT, 112,717 triples", qudt / "shapes.ttl", every, files=files))
    found += [
        Part("Generated, 1,000,000 triples", shapes, once, 1_000_000),
        Part(
            "A SPARQL constraint, 100,000 triples",
            HERE / "sparql.ttl",
            dict.fromkeys(["mesoonto", "Jena", "TopBraid", "pySHACL"], 1),
            100_000,
        ),
        Part(
            "Generated, 1,000,000 triples in 100 Turtle files",
            shapes,
            {"mesoonto": rounds},
            1_000_000,
            folder=True,
        ),
    ]
    if large:
        found.append(Part("Generated, 10,000,000 triples", shapes, {"mesoonto": 1, "Jena": 1}, 10_000_000))
    return found


def prepare(part: Part, folder: Path) -> Path:
    """The data of *part*: one file that is there already, or what is written into *folder*."""
    if len(part.files) == 1 and not part.boxes:
        return part.files[0]
    file = folder / "data.nt"
    if part.files:
        merge(part.files, file)
        if part.boxes:
            with file.open("a", encoding="ascii") as written:
                written.writelines(f"{line}\n" for line in generate.building(part.boxes))
        return file
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


def merge(files: tuple[Path, ...], target: Path) -> None:
    """Write the triples of Turtle *files*, packed or not, as N-Triples."""
    from mesoonto.files.rdf import from_path

    with target.open("wb") as written:
        for file in files:
            text = from_path(file).text()
            quads = ox.parse(text, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)
            written.write(ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES) or b"")


def run(part: Part) -> list[str]:
    """The table of *part*."""
    known = engines()
    runs: dict[str, list[Run]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        data = prepare(part, Path(folder))
        for number in range(max(part.rounds.values())):
            for name, rounds in part.rounds.items():
                if number < rounds:
                    runs[name].append(measure(known[name], data, part.shapes))
                    print(part.title, name, runs[name][-1], file=sys.stderr, flush=True)
    return [f"## {part.title}", "", f"Shapes: `{part.shapes.name}`.", "", *table(runs), ""]


def warm_up() -> None:
    """Run each engine once on little, so that nobody pays for the first reading of its files."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.nt"
        generate.main(1000, data)
        for engine in engines().values():
            measure(engine, data, HERE / "shapes.ttl")


def main() -> None:
    """Measure and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each engine, in turns")
    parser.add_argument("--large", action="store_true", help="with ten million triples, too")
    parser.add_argument(
        "--qudt", type=Path, help="a folder with vocabularies of QUDT and shapes.ttl for them"
    )
    parser.add_argument("--only", type=int, nargs="+", help="numbers of tables, from 1, in place of all")
    parser.add_argument("--output", type=Path, help="write the tables to this file, too")
    given = parser.parse_args()
    versions = ", ".join(f"{engine.name} {engine.version}" for engine in engines().values())
    lines = [
        "<!-- GENERATED by: python benchmarks/validation/run.py --output RESULTS.md -->",
        "# Validation: how fast",
        "",
        "What is measured, how to do it again, and why numbers of results differ: [README.md](README.md).",
        "",
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"pyoxigraph {ox.__version__}; {versions}. Load of the machine when it began and ended, in "
        f"processes that wait for a core: {os.getloadavg()[0]:.1f}, ",
        "",
    ]
    head = len(lines) - 2
    warm_up()
    for number, part in enumerate(parts(given.rounds, given.large, given.qudt), 1):
        if given.only is None or number in given.only:
            found = run(part)
            print("\n".join(found), flush=True)
            lines += found
            if given.output:  # after each table, so that a run that is broken off has shown something
                written = [*lines[:head], f"{lines[head]}{os.getloadavg()[0]:.1f}.", *lines[head + 1 :]]
                given.output.write_text("\n".join(written).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
