"""Asks one template of a dataset on disk, in a process of its own, and prints what it took as JSON.

    python -m benchmarks.scaling.ask DATASET TEMPLATE PATIENTS MOST_SECONDS

The first answer, after the files of the dataset have been dropped from the page cache, is the cold one. Then
the template is asked with other keys, as often as it says or until MOST_SECONDS of processor time have gone:
the warm ones.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from mesoonto.dataset.formats import Kind, format_named
from mesoonto.dataset.store import Engine
from mesoonto.dataset.versions import Location

from .queries import TEMPLATES

_CSV = format_named("csv", Kind.SOLUTIONS)


@dataclass(frozen=True, slots=True)
class _Reading:
    cpu: float
    wall: float
    blocks: int


def main(dataset: Path, name: str, patients: int, most: float) -> None:
    """Print one object; see `benchmarks.scaling.steps.ask`."""
    template = next(template for template in TEMPLATES if template.name == name)
    location = Location(dataset)
    drop_from_page_cache(location.directory(location.current()))
    store, version = location.open_current()
    engine = Engine(store, version)
    queries = template.queries(patients, 1)
    cold, size, answer = _measured(engine, next(queries))
    warm: list[tuple[float, float]] = []
    while len(warm) < template.warm and sum(cpu for cpu, _ in warm) < most:
        reading, size, answer = _measured(engine, next(queries))
        warm.append((reading.cpu, reading.wall))
    print(
        json.dumps(
            {
                "cold_cpu": cold.cpu,
                "cold_wall": cold.wall,
                "cold_read_bytes": cold.blocks * 512,
                "warm_cpu": statistics.mean(cpu for cpu, _ in warm),
                "warm_wall": statistics.median(wall for _, wall in warm),
                "warm_queries": len(warm),
                "answer_bytes": size,
                "answer": answer if name == "count" else "",
                "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "load": os.getloadavg()[0],
            }
        )
    )


def drop_from_page_cache(folder: Path) -> None:
    """Let the system forget what it holds of the files in *folder*, written pages first."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def _measured(engine: Engine, query: str) -> tuple[_Reading, int, str]:
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    content = engine.query(query).serialize(_CSV)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    reading = _Reading(cpu, time.monotonic() - begun, after.ru_inblock - before.ru_inblock)
    return reading, len(content), content.decode().splitlines()[-1]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
