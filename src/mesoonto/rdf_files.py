"""Reads RDF files of any syntax with one parser, and says where a broken one is broken."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pyoxigraph as ox
from typing_extensions import Buffer

from mesoonto.compression import Decompressed, DecompressionError
from mesoonto.errors import InputError, Place

#: File endings that are understood, for messages.
_ENDINGS = ".ttl .nt .nq .trig .n3 .rdf .owl .jsonld"

_COMPRESSED = {".gz": "gzip", ".zst": "zstd"}


def read(path: Path) -> Iterator[ox.Quad]:
    """The statements of *path*, its syntax told by its ending; blank nodes get labels unique to this reading.

    Raises InputError with line and column of the first mistake, also when the file is not UTF-8.
    """
    syntax = _syntax(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(_reason(error), Place(str(path))) from error
    _require_utf8(content, path)
    try:
        yield from ox.parse(content, format=syntax, base_iri=path.resolve().as_uri(), rename_blank_nodes=True)
    except SyntaxError as error:
        raise InputError(
            f"not {syntax.name}: {_without_place(error)}", Place(str(path), error.lineno, error.offset)
        ) from error


def load(path: Path) -> tuple[ox.Store, str]:
    """The statements of *path* in a new store in memory, and a version that names its content.

    The file may be compressed (``.gz``, ``.zst``). Raises InputError as `read` does.
    """
    store = ox.Store()
    load_into(store, path)
    with open(path, "rb") as file:
        return store, hashlib.file_digest(file, "sha256").hexdigest()[:12]


def load_into(
    store: ox.Store,
    path: Path,
    progress: Callable[[int], None] | None = None,
    graph: ox.NamedNode | None = None,
) -> None:
    """Add the statements of *path* to *store* in bulk; triples go into *graph* where one is named.

    *progress* is told the bytes of the file that have been read. Raises InputError as `read` does.
    """
    syntax = _syntax(path.with_suffix("") if path.suffix in _COMPRESSED else path)
    try:
        with open(path, "rb") as file:
            watched: IO[bytes] = _Watched(file, progress) if progress else file  # type: ignore[assignment]
            base = path.resolve().as_uri()
            store.bulk_load(_decompressed(watched, path.suffix), syntax, base_iri=base, to_graph=graph)
    except SyntaxError as error:
        raise InputError(
            f"not {syntax.name}: {_without_place(error)}", Place(str(path), error.lineno, error.offset)
        ) from error
    except (OSError, DecompressionError) as error:
        raise InputError(f"cannot be read: {error}", Place(str(path))) from error


class _Watched(io.RawIOBase):
    """A file that tells how much of it has been read."""

    def __init__(self, file: IO[bytes], progress: Callable[[int], None]) -> None:
        self._file = file
        self._progress = progress

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._progress(self._file.tell())
        return data

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


def _decompressed(file: IO[bytes], suffix: str) -> IO[bytes]:
    coding = _COMPRESSED.get(suffix)
    return io.BufferedReader(Decompressed(file, coding), 1 << 16) if coding else file


def _syntax(path: Path) -> ox.RdfFormat:
    ending = path.suffix.removeprefix(".").lower()
    syntax = ox.RdfFormat.RDF_XML if ending == "owl" else ox.RdfFormat.from_extension(ending)
    if syntax is None:
        raise InputError(f"unknown file type; known endings are {_ENDINGS}", Place(str(path)))
    return syntax


def _require_utf8(content: bytes, path: Path) -> None:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise InputError(
            "not UTF-8; save the file with that encoding", Place(str(path), line, column)
        ) from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _without_place(error: SyntaxError) -> str:
    """The parser's message without the place that it repeats in words."""
    message = str(error.msg)
    marker = "Parser error at line "
    return message.partition(": ")[2] if message.startswith(marker) else message
