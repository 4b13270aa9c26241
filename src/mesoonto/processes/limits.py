"""The limits within which a query is answered."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

MIB = 1 << 20


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What a stranger's query may use. Seconds, bytes and counts."""

    timeout: float = 30.0  #: seconds for a query that asks for no other time
    max_timeout: float = 300.0  #: seconds that a query may ask for
    write_timeout: float = 300.0  #: seconds for a write, validation included
    memory: int = 2048 * MIB  #: bytes that one worker may allocate beyond the data
    workers: int = field(default_factory=_cores)  #: short queries evaluated at one time
    max_workers: int = 16  #: queries evaluated at one time, long ones included
    queue: int = 256  #: queries that wait for a worker; one more is refused
    max_rows: int = 0  #: rows or triples in one result; 0 sets no cap
