"""The folders of the W3C's test suites: MESOONTO_W3C_TESTS names theirs, and tests/setup.sh fetches some."""

from __future__ import annotations

import os
from pathlib import Path

#: Where tests/setup.sh puts what is no package of the system.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mesoonto-tests"

#: What a test says that needs a suite where there is none.
ADVICE = "sh tests/setup.sh, with Maven; or set MESOONTO_W3C_TESTS to a folder with sparql/ and shacl/"


def folder(name: str) -> Path | None:
    """The suite *name*, "sparql" or "shacl"; None where there is none."""
    given = os.environ.get("MESOONTO_W3C_TESTS")
    found = (Path(given) if given else CACHE / "w3c") / name
    if given and not found.is_dir():
        raise FileNotFoundError(f"MESOONTO_W3C_TESTS: no folder {name} in {given}")
    return found.resolve() if found.is_dir() else None
