"""Cuts the sources of a validation into pieces, each of which a worker can read by itself."""

from __future__ import annotations

import io
import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import IO

import pyoxigraph as ox

from mesoonto.files.rdf import Progress, Source

#: Bytes of N-Triples in one piece: some 800,000 statements, for which a worker needs 0.7 GB.
PIECE = 128 << 20

#: Files are not cut smaller for the sake of more workers.
_LEAST = 1 << 20


@dataclass(frozen=True, slots=True)
class Slice(Source):
    """The lines of a file of N-Triples that begin within a range of its bytes."""

    start: int = 0
    end: int = 0

    def open(self, progress: Progress | None = None) -> IO[bytes]:  # noqa: ARG002
        """These lines."""
        assert self.path is not None  # noqa: S101  # only files are cut
        with self.path.open("rb") as file:
            if self.start:
                file.seek(self.start - 1)
                file.readline()
            text = file.read(max(0, self.end - file.tell()))
            if text and not text.endswith(b"\n"):
                text += file.readline()
        whole = Source(self.name, self.syntax, content=text)
        return whole.open() if not self.start else io.BytesIO(text)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one worker reads."""

    source: Source
    file: int  #: the number of the file, by which its blank nodes are named

    @property
    def is_whole(self) -> bool:
        """Whether it is all of its file."""
        return not isinstance(self.source, Slice)


def cut(
    sources: Sequence[Source], workers: int, whole: Collection[int] = (), size: int = PIECE
) -> list[Piece]:
    """*sources* in pieces of at most *size* bytes, as many for each of *workers* if they are large.

    Only N-Triples that are not packed can be cut; the files numbered in *whole* are left as they are.
    """
    bytes_of = [_size(source) for source in sources]
    total, workers = sum(bytes_of), max(1, workers)
    rounds = max(1, -(-total // (size * workers)))
    size = min(size, max(_LEAST, -(-total // (rounds * workers))))
    pieces: list[Piece] = []
    for file, source in enumerate(sources):
        count = -(-bytes_of[file] // size)
        if count < 2 or file in whole or not _can_be_cut(source):
            pieces.append(Piece(_absolute(source), file))
            continue
        ends = [bytes_of[file] * n // count for n in range(count + 1)]
        for start, end in itertools.pairwise(ends):
            found = _absolute(source)
            piece = Slice(found.name, found.syntax, found.path, start=start, end=end)
            pieces.append(Piece(piece, file))
    return pieces


def _absolute(source: Source) -> Source:
    """*source* as a worker finds it that runs in another directory."""
    return source if source.path is None else replace(source, path=source.path.resolve())


def _size(source: Source) -> int:
    return len(source.content) if source.path is None else source.path.stat().st_size


def _can_be_cut(source: Source) -> bool:
    return source.path is not None and source.syntax == ox.RdfFormat.N_TRIPLES and source.path.suffix == ".nt"
