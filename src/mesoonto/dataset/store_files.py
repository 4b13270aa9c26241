"""The files of stores on disk, and what is kept beside them of the default graph.

Each version of a dataset has in its directory either an empty file ``disjoint``, where no triple stands in
two graphs, or a second store ``merged`` (see `mesoonto.dataset.merged`), which shares most of its files with
the first. Of a directory with neither that is not known.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from mesoonto.dataset import merged

_DISJOINT = "disjoint"
_MERGED = "merged"

#: Files of a store that are never changed once written, and so can be shared.
_IMMUTABLE = ".sst"


@dataclass(frozen=True, slots=True)
class Since:
    """A store that another one was copied from."""

    directory: Path
    changed: Collection[ox.Quad]  #: those that may be in one of the two alone


def copy(source: Path, target: Path) -> None:
    """Copy the store in *source* alone; immutable files are linked where the file system allows it."""
    target.mkdir()
    for entry in source.iterdir():
        if entry.name in ("LOCK", _DISJOINT, _MERGED) or entry.name.startswith("LOG"):
            continue  # the lock belongs to a process, the log is for people
        if entry.suffix == _IMMUTABLE:
            try:
                os.link(entry, target / entry.name)
                continue
            except OSError:
                pass  # another file system, or one without links
        shutil.copyfile(entry, target / entry.name)


def copy_with_merged(source: Path, target: Path) -> None:
    """Copy the store in *source* with what is kept beside it."""
    copy(source, target)
    if (source / _MERGED).is_dir():
        copy(source / _MERGED, target / _MERGED)
    elif (source / _DISJOINT).exists():
        _note_disjoint(target)


def is_settled(directory: Path) -> bool:
    """Whether it is known of the store in *directory* if its graphs overlap."""
    return (directory / _MERGED).is_dir() or (directory / _DISJOINT).exists()


def open_merged(directory: Path) -> ox.Store | None:
    """The merged store of *directory*, to read; None where its graphs do not overlap, as far as is known."""
    return ox.Store.read_only(str(directory / _MERGED)) if (directory / _MERGED).is_dir() else None


def settle(store: ox.Store, directory: Path, since: Since | None = None) -> None:
    """Keep beside *store*, which is in *directory*, what there is to know of its default graph.

    With *since* this takes time in proportion to what has changed, else to the whole.
    """
    target = directory / _MERGED
    if since is None or not is_settled(since.directory):
        overlap = merged.overlap(store)
    elif (since.directory / _MERGED).is_dir():
        copy(since.directory / _MERGED, target)
        made = ox.Store(str(target))
        merged.follow(made, store, since.changed)
        made.flush()
        return
    else:
        overlap = merged.overlapped_by(store, since.changed)
    if overlap:
        store.backup(str(target))
        made = ox.Store(str(target))
        merged.merge(made)
        made.flush()
    else:
        _note_disjoint(directory)


def _note_disjoint(directory: Path) -> None:
    (directory / _DISJOINT).touch()
    sync(directory)


def sync(directory: Path) -> None:
    """Let the names of files in *directory* outlive a loss of power."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
