"""Asks git about the repository in which a folder lies, within a bound of time."""

from __future__ import annotations

import subprocess
from pathlib import Path

from mesoonto.errors import InputError

#: Seconds that git may take for one answer.
TIMEOUT = 60


def ask(folder: Path, *arguments: str) -> bytes | None:
    """What git says in *folder*, or None when it fails; an InputError when it cannot be run."""
    try:
        done = subprocess.run(  # noqa: S603  # git itself, with arguments that are no options
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"git cannot be run: {error}") from error
    return done.stdout if done.returncode == 0 else None


def commit(folder: Path, revision: str) -> str | None:
    """The commit that *revision* names, or None where *folder* is in no repository or git knows none."""
    found = ask(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return None if found is None else found.decode().strip()
