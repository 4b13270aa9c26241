"""Opens RDF files as streams: plain, gzip or Zstandard, checked for UTF-8, with a count of what was read."""

from __future__ import annotations

import codecs
import glob
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote

import pyoxigraph as ox

from mesoonto.errors import InputError, Place

#: File endings that are understood, for messages.
ENDINGS = ".ttl .nt .nq .trig .n3 .rdf .owl .jsonld, each also with .gz or .zst"


@dataclass(frozen=True, slots=True)
class Source:
    """Something to validate: a file, or bytes that came from elsewhere."""

    name: str  #: what messages call it
    syntax: ox.RdfFormat
    path: Path | None = None
    content: bytes = b""  #: used without *path*

    @property
    def base(self) -> str:
        """The IRI against which relative ones are resolved."""
        return self.path.resolve().as_uri() if self.path else f"http://upload.invalid/{quote(self.name)}"

    def open(self) -> IO[bytes]:
        """The content, unpacked."""
        if self.path is None:
            return io.BytesIO(self.content)
        try:
            if self.path.suffix == ".gz":
                return cast("IO[bytes]", gzip.open(self.path, "rb"))
            raw = self.path.open("rb")
        except OSError as error:
            raise InputError((error.strerror or str(error)).lower(), Place(self.name)) from error
        if self.path.suffix == ".zst":
            return cast("IO[bytes]", io.BufferedReader(_Unpacked(raw)))
        return raw

    def text(self) -> str:
        """The whole content; an InputError when it is not UTF-8."""
        with self.open() as stream:
            return _Checked(stream, self.name).read(-1).decode()

    def quads(self, watch: Watch | None = None) -> Iterator[ox.Quad]:
        """The statements, in the order of the file; raises InputError at the first mistake with its place."""
        try:
            with self.open() as stream:
                checked = _Checked(stream, self.name, watch)
                yield from ox.parse(cast("IO[bytes]", checked), format=self.syntax, base_iri=self.base)
        except SyntaxError as error:
            message = str(error.msg)
            if message.startswith("Parser error at line "):
                message = message.partition(": ")[2]
            raise InputError(
                f"not {self.syntax.name}: {message}", Place(self.name, error.lineno, error.offset)
            ) from error
        except MemoryError as error:
            # The parser's own bound on one term, 16 MiB.
            raise InputError(f"not read: {error}; a literal is too long", checked.place()) from error
        except InputError:
            raise
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise InputError(f"cannot be read: {error}", Place(self.name)) from error


class Watch:
    """Notes which of some words occur in what is read."""

    def __init__(self, words: Sequence[str]) -> None:
        self._waiting = [word.encode() for word in words]
        self._tail = b""
        self.found: set[str] = set()

    def see(self, chunk: bytes) -> None:
        """Look at the next bytes."""
        if not self._waiting:
            return
        text = self._tail + chunk
        for word in [word for word in self._waiting if word in text]:
            self._waiting.remove(word)
            self.found.add(word.decode())
        self._tail = text[-max(map(len, self._waiting), default=1) :]


class _Unpacked(io.RawIOBase):
    """A Zstandard file unpacked; EOFError when it ends too early, which zstandard's reader lets pass."""

    def __init__(self, raw: IO[bytes]) -> None:
        import zstandard

        self._raw = raw
        self._new = zstandard.ZstdDecompressor().decompressobj
        self._frame = self._new()
        self._begun = False
        self._ready = b""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._raw.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        import zstandard

        while not self._ready:
            packed = self._frame.unused_data or self._raw.read(1 << 17)
            if self._frame.eof:
                self._frame, self._begun = self._new(), False
            if not packed:
                if self._begun:
                    raise EOFError("the packed file ends too early")
                return 0
            self._begun = True
            try:
                self._ready = self._frame.decompress(packed)
            except zstandard.ZstdError as error:
                raise EOFError(str(error)) from error
            self._begun = not self._frame.eof
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size


class _Checked(io.RawIOBase):
    """A stream that refuses what is not UTF-8, with line and column, and keeps no more than a chunk."""

    def __init__(self, stream: IO[bytes], name: str, watch: Watch | None = None) -> None:
        self._stream = stream
        self._watch = watch
        self._name = name
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._lines = 0
        self._column = 0

    def readable(self) -> bool:
        return True

    def place(self) -> Place:
        """How far the reading has come."""
        return Place(self._name, self._lines + 1)

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        pending = self._decoder.getstate()[0]
        try:
            self._decoder.decode(chunk, final=not chunk or size < 0)
        except UnicodeDecodeError as error:
            before = (pending + chunk)[: error.start]
            line = self._lines + before.count(b"\n") + 1
            last = before.rfind(b"\n")
            column = len(before) - last - 1 if last >= 0 else self._column + len(before) - len(pending)
            raise InputError(
                "not UTF-8; save the file with that encoding", Place(self._name, line, column + 1)
            ) from error
        if self._watch is not None:
            self._watch.see(chunk)
        self._lines += chunk.count(b"\n")
        last = chunk.rfind(b"\n")
        self._column = len(chunk) - last - 1 if last >= 0 else self._column + len(chunk)
        return chunk


def from_path(path: Path) -> Source:
    """The file at *path*, its syntax told by its ending; raises InputError when that is not known."""
    inner = path.with_suffix("") if path.suffix in (".gz", ".zst") else path
    ending = inner.suffix.removeprefix(".").lower()
    syntax = ox.RdfFormat.RDF_XML if ending == "owl" else ox.RdfFormat.from_extension(ending)
    if syntax is None:
        raise InputError(f"unknown file type; known endings are {ENDINGS}", Place(str(path)))
    if not path.is_file():
        reason = "is a directory" if path.is_dir() else "no such file or directory"
        raise InputError(reason, Place(str(path)))
    return Source(str(path), syntax, path)


def from_bytes(content: bytes, media_type: str, name: str = "upload") -> Source:
    """Bytes with a media type; raises InputError for one that is no RDF syntax."""
    syntax = ox.RdfFormat.from_media_type(media_type)
    if syntax is None:
        raise InputError(f"{media_type or 'no media type'}: not an RDF syntax that is known here")
    return Source(name, syntax, content=content)


def find(arguments: Sequence[Path]) -> list[Source]:
    """The files that *arguments* name: files, folders (every RDF file below) and patterns like ``*.ttl``."""
    found: dict[Path, Source] = {}
    for argument in arguments:
        for path in _expanded(argument):
            found.setdefault(path, from_path(path))
    return list(found.values())


def _expanded(argument: Path) -> list[Path]:
    if argument.is_dir():
        inside = sorted(path for path in argument.rglob("*") if _is_rdf(path))
        if not inside:
            raise InputError("no RDF file in this folder", Place(str(argument)))
        return inside
    if not argument.exists() and glob.has_magic(str(argument)):
        inside = sorted(Path(name) for name in glob.glob(str(argument), recursive=True))
        if not inside:
            raise InputError("no file matches this pattern", Place(str(argument)))
        return [path for path in inside if path.is_file()]
    return [argument]


def _is_rdf(path: Path) -> bool:
    name = path.with_suffix("") if path.suffix in (".gz", ".zst") else path
    endings = (".ttl", ".nt", ".nq", ".trig", ".n3", ".rdf", ".owl", ".jsonld")
    return path.is_file() and name.suffix.lower() in endings
