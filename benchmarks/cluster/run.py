"""Times the validation of a cohort by one process and by local Dask clusters, and compares their reports.

    python -m benchmarks.cluster.run cohort.nt shapes.ttl --workers 1,2 --rounds 1

Each run is a process of its own; rounds go through all of them in turn, so that what else the machine does
falls on all alike. Beside the time by the clock stands the longest time of a processor that anything waits
for: that of the client plus that of the busiest worker, which does not depend on other load.
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
from dataclasses import asdict, dataclass
from pathlib import Path


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
    digest: str  #: of the report as JSON
    peak: int  #: MiB, of the client or the single process


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
    if workers:
        with on_dask(f"local:{workers}") as runner:
            before = runner.client.run(time.process_time)
            started, began = time.perf_counter(), time.process_time()
            report = validation.validate(sources, asked, options, runner)
            wall, client = time.perf_counter() - started, time.process_time() - began
            after = runner.client.run(time.process_time)
            used = [after[address] - before.get(address, 0) for address in after]
    else:
        started, began = time.perf_counter(), time.process_time()
        report = check(load(sources, options), asked, options)
        wall, client = time.perf_counter() - started, time.process_time() - began
    text = outputs()["json"].write(report, request.style)
    return Run(
        workers, wall, client, max(used, default=0), sum(used), len(report.findings), report.triples,
        hashlib.sha256(text.encode()).hexdigest()[:16],
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("shapes")
    parser.add_argument("--workers", default="0,1,2", help="0 for one process without a cluster")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--results", type=Path, help="add a line of JSON for each run to this file")
    parser.add_argument("--once", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once is not None:
        print(json.dumps(asdict(once(given.data, given.shapes, given.once))))
        return
    for _ in range(given.rounds):
        for workers in given.workers.split(","):
            command = [sys.executable, "-m", __spec__.name, given.data, given.shapes, "--once", workers]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            told = json.loads(done.stdout.splitlines()[-1]) | {"load": os.getloadavg()[0]}
            print(told, flush=True)
            if given.results:
                with given.results.open("a") as file:
                    file.write(f"{json.dumps(told)}\n")


if __name__ == "__main__":
    main()
