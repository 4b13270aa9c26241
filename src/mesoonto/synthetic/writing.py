"""Writes a synthetic cohort, patient by patient, in a memory that does not grow."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import zstandard

from mesoonto.errors import MesoontoError
from mesoonto.files.replacing import replacing
from mesoonto.synthetic.cohort import patient
from mesoonto.synthetic.faults import drawn

#: The shapes that the faults break.
SHAPES = Path(__file__).with_name("shapes.ttl")
ENDINGS = (".nt", ".nt.gz", ".nt.zst")
#: Patients between two reports of progress.
_OFTEN = 1000


@dataclass(frozen=True, slots=True)
class CohortRequest:
    """Which patients: as many as fill *triples*, or the *patients* from *first* on, counted from one."""

    seed: int
    share: float  #: of the records that have a fault
    triples: int = 0
    patients: int = 0
    first: int = 1


@dataclass(frozen=True, slots=True)
class CohortSummary:
    """What a cohort came to."""

    patients: int
    triples: int
    faults: dict[str, int]  #: by the shape that they break


def write(request: CohortRequest, path: Path, progress: Callable[[int], None]) -> CohortSummary:
    """Write the cohort to *path*, packed as its ending says; *progress* is told how much of it is done.

    The same request gives the same bytes of N-Triples. Raises MesoontoError for another ending, and
    OutputError when the system says no, in which case *path* is as it was.
    """
    if not path.name.endswith(ENDINGS):
        raise MesoontoError(f"{path}: the name must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    faults: Counter[str] = Counter()
    count = triples = 0
    with replacing(path) as partial, _opened(partial, path.suffix) as put:
        while count < request.patients or triples < request.triples:
            lines = list(_lines(request.first + count, request, faults))
            put(b"".join(lines))
            triples += len(lines)
            count += 1
            if count % _OFTEN == 0:
                progress(triples if request.triples else count)
    return CohortSummary(count, triples, dict(sorted(faults.items())))


def _lines(number: int, request: CohortRequest, faults: Counter[str]) -> Iterator[bytes]:
    # Faults have a generator of their own, so that the same patients come with and without them.
    chance = random.Random(f"faults {request.seed} {number}")  # noqa: S311  # test data
    for record in patient(number, request.seed):
        fault = drawn(record, request.share, chance)
        if fault is not None:
            faults[fault.shape] += 1
            record = fault.applied(record)
        yield from (line.encode("ascii") for line in record.lines())


@contextmanager
def _opened(path: Path, suffix: str) -> Iterator[Callable[[bytes], object]]:
    """What writes to *path*, packed as *suffix* says; without a time in it, so that bytes are the same."""
    with path.open("wb") as raw:
        if suffix == ".gz":
            with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                yield packed.write
        elif suffix == ".zst":
            with zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as packed:
                yield packed.write
        else:
            yield raw.write
