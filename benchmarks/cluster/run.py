"""Times the validation of a cohort by one process and by local Dask clusters, and compares their reports.

    python -m benchmarks.cluster.run cohort.nt shapes.ttl --workers 0,1,2 --expected expected.json

Each run is a process of its own; rounds go through all of them in turn, so that what else the machine does
falls on all alike. Beside the time by the clock stands that of processors, which depends less on other load.
Reports are compared as JSON, with every finding and its place, and as sets of results; findings by shape with
the faults that the cohort was made with. It ends with 1 where any of them differ.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """What one validation took."""

    workers: int  #: 0 for one process without a cluster
    wall: float  #: seconds by the clock, without the start of workers
    client: float  #: seconds of a processor
    busiest: float  #: the same of the busiest worker
    all_workers: float
    findings: int
    triples: int
    faults: dict[str, int]  #: findings by shape
    report: str  #: a digest of the report as JSON
    results: str  #: a digest of its results as a set
    peak: int  #: MiB, of the client or the single process
    worker_peak: int  #: MiB, of the worker that took most


def once(data: str, shapes: str, workers: int) -> Run:
    """Validate in this process, or from it."""
    from mesoonto.validation.cluster import validation
    from mesoonto.validation.cluster.runners import on_dask
    from mesoonto.validation.report.outputs import outputs
    from mesoonto.validation.request import ValidationRequest
    from mesoonto.validation.validate import check, data_sources, load, read_shape_files

    request = ValidationRequest(shapes=(shapes,))
    options = request.options(tolerant=True)
    asked = read_shape_files([shapes], options)
    sources = data_sources([data], options)
    used: list[float] = []
    peaks: list[int] = []
    if workers:
        with on_dask(f"local:{workers}") as runner:
            before = runner.client.run(time.process_time)
            started, began = time.perf_counter(), time.process_time()
            report = validation.validate(sources, asked, options, runner)
            wall, client = time.perf_counter() - started, time.process_time() - began
            after = runner.client.run(time.process_time)
            peaks = [*runner.client.run(peak).values()]
            used = [after[address] - before.get(address, 0) for address in after]
    else:
        started, began = time.perf_counter(), time.process_time()
        report = check(load(sources, options), asked, options)
        wall, client = time.perf_counter() - started, time.process_time() - began
    text = outputs()["json"].write(report, request.style)
    results = sorted(
        repr((r.focus, r.path, r.value, r.component, r.shape, r.severity)) for r in report.results
    )
    return Run(
        workers, wall, client, max(used, default=0), sum(used), len(report.findings), report.triples,
        dict(sorted(Counter(finding.shape.rpartition("/")[2] for finding in report.findings).items())),
        _digest(text), _digest("\n".join(results)), peak(), max(peaks, default=0),
    )  # fmt: skip


def peak() -> int:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def differences(runs: Sequence[dict[str, Any]], expected: dict[str, int] | None) -> list[str]:
    """In what *runs* differ from each other, and from the faults that were *expected*."""
    first, found = runs[0], []
    for run in runs[1:]:
        names = [name for name in ("report", "results", "faults", "triples") if run[name] != first[name]]
        found += [f"{run['workers']} workers: {name} unlike {first['workers']} workers" for name in names]
    if expected is not None and first["faults"] != expected:
        found.append(f"findings {first['faults']}, and faults {expected}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("shapes")
    parser.add_argument("--workers", default="0,1,2", help="0 for one process without a cluster")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--expected", type=Path, help="what `mesoonto synth --summary` wrote")
    parser.add_argument("--results", type=Path, help="add a line of JSON for each run to this file")
    parser.add_argument("--once", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once is not None:
        print(json.dumps(asdict(once(given.data, given.shapes, given.once))))
        return
    runs: list[dict[str, Any]] = []
    for _ in range(given.rounds):
        for workers in given.workers.split(","):
            command = [sys.executable, "-m", __spec__.name, given.data, given.shapes, "--once", workers]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            told = json.loads(done.stdout.splitlines()[-1]) | {"load": os.getloadavg()[0]}
            print(told, flush=True)
            runs.append(told)
            if given.results:
                with given.results.open("a") as file:
                    file.write(f"{json.dumps(told)}\n")
    expected = json.loads(given.expected.read_text())["faults"] if given.expected else None
    unlike = differences(runs, expected)
    print("\n".join(unlike) or f"{len(runs)} runs, one and the same report")
    sys.exit(bool(unlike))


if __name__ == "__main__":
    main()
