"""How much memory a process has of its own, as the system counts it."""

from __future__ import annotations

import os
from pathlib import Path


def anonymous(pid: int) -> int:
    """Bytes of process *pid* that are in memory and no part of a file; 0 where the system does not tell.

    What a fork shares with its parent counts, copied or not, so the figure grows by what is allocated only.
    """
    try:
        _, resident, of_files, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
    except (OSError, ValueError):  # not Linux, or it has ended
        return 0
    return (resident - of_files) * os.sysconf("SC_PAGE_SIZE")
