"""The name of a process as `ps -o comm`, `top` and `/proc` show it: an operator sees which is which."""

from __future__ import annotations

import contextlib
from pathlib import Path


def set_process_name(role: str) -> None:
    """Call this process ``meso-`` and *role*, of which the system keeps ten characters. Linux only."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(f"meso-{role}")
