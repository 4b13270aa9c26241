"""Keeps the built dataset for the next process, in the user's cache, named by all that it is made from.

What a copy gives is what building gives, but for labels of blank nodes: also the order, so that a query
without ORDER BY is answered alike.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox

from mesoonto.dataset import shipped
from mesoonto.dataset.store import Engine
from mesoonto.errors import MesoontoError

#: What ends a copy that is whole; a comment of N-Quads.
_END = b"# all of it\n"

#: Copies that stay: one for each version of files and code that was used last.
_COPIES = 4

#: Seconds after which what is still being written belongs to nobody.
_HOUR = 3600

#: What takes part in building, below the package.
_BUILDERS = ("files", "ontology", "owl", "dataset", "namespaces.py", "resources.py")


def engine() -> Engine:
    """The shipped dataset, made once in a process for as long as its files stay the same."""
    return _engine(shipped.version())


@lru_cache(maxsize=1)
def _engine(version: str) -> Engine:
    return Engine(store(version), version)


def store(version: str) -> ox.Store:
    """The shipped dataset of *version* in a new store: from its copy, or built, and then a copy is left.

    Where there can be none, as in a file system that is read only, it is built each time. An InputError names
    the first broken file.
    """
    path = _path(version)
    found = _read(path) if path is not None else None
    if found is None:
        found = shipped.build()
        keep(found, version)
    return found


def keep(built: ox.Store, version: str) -> None:
    """Leave a copy of *built*, the shipped dataset of *version*, where there can be one."""
    path = _path(version)
    if path is not None and shipped.version() == version:  # nobody has edited a file meanwhile
        with suppress(OSError, MesoontoError):
            _write(built, path)


def _path(version: str) -> Path | None:
    """Where the copy lies (XDG Base Directory Specification); None where there is no such place."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        cache = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    except RuntimeError:  # a user without a home
        return None
    return cache / "mesoonto" / f"dataset-{version}-{_code()}.nq"


@lru_cache(maxsize=1)
def _code() -> str:
    """Twelve hexadecimal digits that change with any byte of the code that builds, and with the engine."""
    digest = hashlib.sha256(ox.__version__.encode())
    package = Path(__file__).parent.parent
    for name in _BUILDERS:
        for path in sorted([package / name] if name.endswith(".py") else (package / name).rglob("*.py")):
            digest.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _read(path: Path) -> ox.Store | None:
    """The copy at *path*; None where there is none, or not all of it."""
    try:
        content = path.read_bytes()
        if not content.endswith(_END):
            return None
        found = ox.Store()
        found.load(content, format=ox.RdfFormat.N_QUADS)
        path.touch()  # used last
    except (OSError, SyntaxError, ValueError):
        return None
    return found


def _write(built: ox.Store, path: Path) -> None:
    from mesoonto.files.replacing import replacing

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with replacing(path) as partial:
        quads = reversed(list(built))  # since a store gives those first that came last
        ox.serialize(quads, partial, format=ox.RdfFormat.N_QUADS)
        with partial.open("ab") as file:
            file.write(_END)
    for partial in path.parent.glob(".dataset-*.partial"):  # of processes that were killed
        if partial.stat().st_mtime < time.time() - _HOUR:
            partial.unlink(missing_ok=True)
    copies = sorted(path.parent.glob("dataset-*.nq"), key=lambda copy: copy.stat().st_mtime, reverse=True)
    for old in copies[_COPIES:]:
        old.unlink(missing_ok=True)
