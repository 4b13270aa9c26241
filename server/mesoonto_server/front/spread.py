"""How many of the connection workers share the connections, where there is one for each core and more.

Workers that wait for an engine should be many, or a distant one has little to do. But on few cores many
workers push each other's data out of the caches: with sixteen on two cores a look-up takes twice the
processor time that it takes with two. So few of them have all connections, until these are busy while the
machine is not; and few again, when all that they do is work.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

#: Looks, of which there are forty a second, from one decision to the next.
_LOOKS = 20

#: Shares of their time at which workers are busy, and at which half of them would be enough.
_BUSY, _IDLE = 0.6, 0.2

#: Shares of the machine: what is free for more workers; what workers use that mostly wait; and what they use
#: that mostly work.
_FREE, _WAITING, _WORKING = 0.1, 0.05, 0.6


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Ticks since some moment."""

    all: int  #: of all cores
    idle: int  #: of these, that nobody used
    own: int  #: that workers used


class Reader(Protocol):
    """Tells what the machine and the processes *pids* have used."""

    def __call__(self, pids: Sequence[int]) -> CpuTimes: ...  # noqa: D102


def read_times(pids: Sequence[int]) -> CpuTimes:
    """From /proc (proc(5)); without it, nothing was used."""
    try:
        ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return CpuTimes(0, 0, 0)
    own = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            own += int(fields[11]) + int(fields[12])
        except (OSError, ValueError, IndexError):  # it has just ended
            continue
    return CpuTimes(sum(ticks), ticks[3] + ticks[4], own)


class Spread:
    """The number of workers, from one for each core, or *least*, to *most*."""

    def __init__(self, most: int, least: int | None = None, read: Reader = read_times) -> None:
        self._most = most
        self._least = min(most, least or os.cpu_count() or 1)
        self._read = read
        self._before: CpuTimes | None = None
        self._looks = 0
        self.number = self._least

    def look(self, loads: Sequence[float], pids: Sequence[int]) -> bool:
        """Take in the *loads* of those that share the connections, and the *pids* of all workers.

        A load is the share of time in which a worker has a request. Whether the number is another now.
        """
        self._looks += 1
        if self._least == self._most or self._looks % _LOOKS:
            return False
        now = self._read(pids)
        before, self._before = self._before, now
        if before is None or not loads:
            return False
        number = self._wanted(sum(loads) / len(loads), before, now)
        changed, self.number = number != self.number, number
        return changed

    def _wanted(self, load: float, before: CpuTimes, now: CpuTimes) -> int:
        ticks = max(1, now.all - before.all)
        free, used = (now.idle - before.idle) / ticks, (now.own - before.own) / ticks
        if load > _BUSY and (free > _FREE or 0 <= used < _WAITING):
            return min(self._most, self.number * 2)
        if load < _IDLE or used > _WORKING:
            return max(self._least, self.number // 2)
        return self.number
