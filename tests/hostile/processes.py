"""What the operating system knows of the served process and of those that it started. Linux only."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def tree(root: int) -> set[int]:
    """*root* and all that it started, directly or not, and that still runs."""
    parents: dict[int, int] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    parents[int(entry.name)] = int(parent)
    found, fresh = {root}, {root}
    while fresh:
        fresh = {pid for pid, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def resident(pid: int) -> int:
    """Bytes of memory that the process holds."""
    return int((_PROC / str(pid) / "statm").read_text().split()[1]) * _PAGE


def files(pid: int) -> int:
    """Files and sockets that the process has open."""
    return len(list((_PROC / str(pid) / "fd").iterdir()))


def threads(pid: int) -> int:
    return len(list((_PROC / str(pid) / "task").iterdir()))


def listeners(root: int, port: int) -> set[int]:
    """The processes under *root* that hold the listening socket of *port*: those that speak HTTP."""
    inodes = set()
    for line in (_PROC / "net" / "tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == "0A":
            inodes.add(f"socket:[{fields[9]}]")
    return {pid for pid in tree(root) if inodes & _links(pid)}


def _links(pid: int) -> set[str]:
    found = set()
    with contextlib.suppress(OSError):
        for descriptor in (_PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(os.readlink(descriptor))
    return found


def busy(root: int, seconds: float = 0.3) -> list[int]:
    """The processes under *root* that compute right now, or would if they were given a processor."""
    samples = 10
    seen: Counter[int] = Counter()
    for _ in range(samples):
        time.sleep(seconds / samples)
        seen.update(pid for pid in tree(root) if "R" in _states(pid))
    return sorted((pid for pid, times in seen.items() if times > samples / 2), key=lambda pid: -seen[pid])


def runs(pid: int) -> bool:
    """Whether there is such a process, other than one that has ended and was not asked for."""
    return not _states(pid) <= {"", "Z", "X"}


def _states(pid: int) -> set[str]:
    """The states of its threads: a worker evaluates beside its first, which may end before the other."""
    with contextlib.suppress(OSError):
        return {_state(task) for task in (_PROC / str(pid) / "task").iterdir()}
    return set()


def _state(task: Path) -> str:
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class State:
    """What must be the same after an attack as before."""

    processes: int
    serving: frozenset[int]  #: those that hold the listening socket
    memory: int  #: bytes resident in them
    files: int  #: open in them
    threads: int  #: of them

    @classmethod
    def of(cls, root: int, port: int) -> State:
        serving = frozenset(listeners(root, port))
        return cls(
            processes=len(tree(root)),
            serving=serving,
            memory=sum(map(resident, serving)),
            files=sum(map(files, serving)),
            threads=sum(map(threads, serving)),
        )

    def like(self, before: State) -> bool:
        """Whether the same processes serve, with as many workers; one more or less may just be starting."""
        return self.serving == before.serving and abs(self.processes - before.processes) <= 1


def settled(root: int, port: int, within: float = 15) -> State:
    """The state once nothing computes or changes any more, or at the latest after *within* seconds."""
    deadline = time.monotonic() + within
    state = State.of(root, port)
    while time.monotonic() < deadline:
        calm = not busy(root, 1.0)  # workers that were needed for a while end one after the other
        now = State.of(root, port)
        if calm and (now.processes, now.files) == (state.processes, state.files):
            return now
        state = now
    return state
