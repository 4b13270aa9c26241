"""Files of a publication on this machine: fetched, resumed where they broke off, believed by their hash."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mesoonto.errors import PublicationError, StorageError
from mesoonto.replicas.manifest import OBJECTS, GraphFile
from mesoonto.replicas.storage import PublicationSource

#: Seconds for a file of no size, and bytes that at least must come in each further second.
_MOMENT = 60.0
_SLOWEST = 1 << 16

#: What the system says when there is no room: of the disk, of a quota, of the longest file allowed.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

#: Told how many bytes more are there.
Came = Callable[[int], None]


class FileCache:
    """Files in the directory *path*, which is made when the first comes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, graph: GraphFile) -> Path:
        """Where the file of *graph* is, or would be."""
        return self.path / graph.file

    def obtain(self, source: PublicationSource, graph: GraphFile, came: Came = lambda _: None) -> None:
        """See that the file of *graph* is here, all of it, as its hash says.

        What had come when it broke off stays, and the next time goes on there. Raises StorageError, and
        PublicationError where the source has other bytes.
        """
        path = self.file(graph)
        with self._told(path):
            if path.exists() and _is(path, graph):
                came(graph.bytes)
                return
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        self._fetch(source, graph, partial, came)
        with self._told(partial):
            if not _is(partial, graph):
                partial.unlink()
                raise PublicationError(f"{graph.file} is not what it was: its SHA-256 differs")
            partial.replace(path)

    def keep_only(self, files: set[str]) -> None:
        """Remove all but *files*."""
        with self._told(self.path):
            for path in (self.path / OBJECTS).iterdir():
                if f"{OBJECTS}{path.name}" not in files:
                    path.unlink()

    def _fetch(self, source: PublicationSource, graph: GraphFile, partial: Path, came: Came) -> None:
        deadline = time.monotonic() + _MOMENT + graph.bytes / _SLOWEST
        with self._told(partial), partial.open("ab") as sink:
            there = sink.tell()
            if there == graph.bytes:
                return
            with source.open(graph.file, offset=there) as content:
                assert content is not None, "no tag was given"  # noqa: S101
                if content.offset != there:
                    sink.truncate(content.offset)
                    there = content.offset
                came(there)
                for part in content.parts:
                    there += len(part)
                    if there > graph.bytes:
                        sink.truncate(0)
                        raise PublicationError(f"{graph.file} has more than its {graph.bytes:,} bytes")
                    sink.write(part)
                    came(len(part))
                    if time.monotonic() > deadline:
                        raise StorageError(f"{source.name}: {graph.file} comes too slowly")
        if there < graph.bytes:
            raise StorageError(f"{source.name}: {graph.file} ends after {there:,} of {graph.bytes:,} bytes")

    @contextmanager
    def _told(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _NO_ROOM and path.suffix == ".partial":
                path.unlink(missing_ok=True)
            raise no_room(path, error) from error


def no_room(path: Path, error: OSError) -> StorageError:
    """What the system says against writing *path*."""
    reason = (error.strerror or str(error)).lower()
    advice = "; make room, or name another place with --follow-cache" if error.errno in _NO_ROOM else ""
    return StorageError(f"{path.parent}: {reason}{advice}")


def _is(path: Path, graph: GraphFile) -> bool:
    """Whether the file *path* has the hash that is expected."""
    with path.open("rb") as file:
        return _size(file) == graph.bytes and hashlib.file_digest(file, "sha256").hexdigest() == graph.sha256


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size
