"""Processor time, memory and input/output of a command with all its children, from wait4(2)."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

#: Bytes of a block as getrusage(2) counts them on Linux.
_BLOCK = 512

#: How far what is measured gives way to others on a shared machine; from the environment, 10 by default.
NICE = os.environ.get("SCALING_NICE", "10")


class ScalingError(Exception):
    """A command failed, or a figure that is needed is not there."""


@dataclass(frozen=True, slots=True)
class ProcessCost:
    """What a command took."""

    cpu: float  #: seconds of user and system time
    system: float  #: seconds of system time within that
    wall: float  #: seconds from start to end
    peak_bytes: int  #: largest resident size of the largest process
    read_bytes: int  #: from the disk, past the page cache
    written_bytes: int  #: to the disk
    load: float  #: mean of the load averages (1 min) before and after: who else was there

    def facts(self) -> dict[str, float]:
        """For RESULTS.json."""
        return asdict(self)


def run(command: Sequence[str | Path], expected: Sequence[int] = (0,)) -> tuple[ProcessCost, str]:
    """Run *command* to its end; what it took, and what it printed.

    Raises ScalingError with the last line of its error output when it ends with another code than *expected*.
    """
    before = os.getloadavg()[0]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        begun = time.monotonic()
        child = subprocess.Popen(
            ["nice", "-n", NICE, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begun
        output.seek(0)
        errors.seek(0)
        told, failed = output.read().decode(), errors.read().decode().strip()
    if child.returncode not in expected:
        reason = failed.splitlines()[-1] if failed else "it told nothing"
        raise ScalingError(f"{' '.join(map(str, command[:4]))} ended with {child.returncode}: {reason}")
    cost = ProcessCost(
        cpu=usage.ru_utime + usage.ru_stime,
        system=usage.ru_stime,
        wall=wall,
        peak_bytes=usage.ru_maxrss * 1024,
        read_bytes=usage.ru_inblock * _BLOCK,
        written_bytes=usage.ru_oublock * _BLOCK,
        load=(before + os.getloadavg()[0]) / 2,
    )
    return cost, told


def size_on_disk(folder: Path) -> int:
    """The bytes of all files below *folder*, one that has several names counted once."""
    files = {(found.st_dev, found.st_ino): found.st_blocks * _BLOCK for found in _stats(folder)}
    return sum(files.values())


def _stats(folder: Path) -> list[os.stat_result]:
    return [path.stat() for path in folder.rglob("*") if path.is_file()]
