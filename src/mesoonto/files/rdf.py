"""Reads RDF files of any syntax as streams, packed or not, and says where a broken one is broken."""

from __future__ import annotations

import codecs
import contextlib
import copyreg
import glob
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import quote

import pyoxigraph as ox

from mesoonto.errors import InputError, Place
from mesoonto.files import contexts, owl_syntaxes
from mesoonto.files.catalog import Catalog
from mesoonto.files.compression import Decompressed
from mesoonto.files.xml_bounds import BoundedXml

if TYPE_CHECKING:
    from typing_extensions import Buffer

_ENDINGS = (".ttl", ".nt", ".nq", ".trig", ".n3", ".rdf", ".owl", ".jsonld")
_COMPRESSED = {".gz": "gzip", ".zst": "zstd"}

#: Endings that are known besides those of pyoxigraph.
_OTHER_ENDINGS = {"owl": ox.RdfFormat.RDF_XML, "json": ox.RdfFormat.JSON_LD}

#: Folders in which nobody keeps data of their own.
_FOREIGN = frozenset({"node_modules", "__pycache__"})

_NO_CATALOG = Catalog()

#: How a document begins that is XML, and nothing else that is read here.
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml\s|!DOCTYPE\s|rdf:RDF[\s>])")

#: Bytes that are read from a file at one time.
CHUNK = 1 << 18


def _syntax(media_type: str) -> ox.RdfFormat:
    found = ox.RdfFormat.from_media_type(media_type)
    assert found is not None  # noqa: S101  # it came from one
    return found


# pyoxigraph's own class cannot be pickled, and sources are handed to other processes.
copyreg.pickle(ox.RdfFormat, lambda syntax: (_syntax, (syntax.media_type,)))

#: Called now and then with the bytes that have been read.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Source:
    """RDF to read: a file, or bytes that came from elsewhere."""

    name: str  #: what messages call it
    syntax: ox.RdfFormat
    path: Path | None = None
    content: bytes = b""  #: used without *path*
    catalog: Catalog = _NO_CATALOG  #: where the contexts are that JSON-LD names by their IRIs

    @property
    def base(self) -> str:
        """The IRI against which relative ones are resolved."""
        return self.path.resolve().as_uri() if self.path else f"http://upload.invalid/{quote(self.name)}"

    def open(self, progress: Progress | None = None) -> IO[bytes]:
        """The content, unpacked; *progress* is called with the bytes of the file that have been read."""
        if self.path is None:
            return io.BytesIO(self.content.removeprefix(codecs.BOM_UTF8))
        raw: IO[bytes] = self.path.open("rb")
        if progress is not None:
            raw = cast("IO[bytes]", _Watched(raw, progress))
        coding = _COMPRESSED.get(self.path.suffix)
        if coding is None and progress is None:
            return _without_mark(cast("io.BufferedReader", raw))
        return _without_mark(io.BufferedReader(Decompressed(raw, coding) if coding else raw, CHUNK))  # type: ignore[arg-type]

    def text(self) -> str:
        """The whole content; raises InputError as `quads` does, also when it is not UTF-8."""
        with self.input_errors(), self.open() as stream:
            return _Checked(stream, self.name).read(-1).decode()

    def quads(self, *, fresh: bool = False, absolute: bool = False) -> Iterator[ox.Quad]:
        """The statements, in the order of the file.

        With *fresh*, blank nodes get labels unique to this reading; with *absolute*, relative IRIs are
        refused. Raises InputError with line and column of the first mistake, also when it is not UTF-8.
        """
        base = None if absolute else self.base
        with self.input_errors(), self._with_contexts() or self.open() as stream:
            checked = cast("IO[bytes]", _Checked(stream, self.name))
            bounded = checked
            if self.syntax == ox.RdfFormat.RDF_XML:
                bounded = cast("IO[bytes]", BoundedXml(checked, self.name))
            try:
                yield from ox.parse(bounded, format=self.syntax, base_iri=base, rename_blank_nodes=fresh)
            except MemoryError as error:
                # The parser's own bound on one term, 16 MiB.
                place = cast("_Checked", checked).place()
                raise InputError(f"not read: {error}; a literal is too long", place) from error

    def _with_contexts(self) -> IO[bytes] | None:
        """A JSON-LD document that names contexts, with these in it; None for any other."""
        if self.syntax != ox.RdfFormat.JSON_LD:
            return None
        found = contexts.inlined(self.text(), self.name, self.base, self.catalog.context)
        return None if found is None else io.BytesIO(found)

    @contextlib.contextmanager
    def input_errors(self) -> Iterator[None]:
        """Turn what pyoxigraph and the system raise about this source into an InputError with a place.

        Of what is in a syntax of OWL that is no RDF, it tells that in place of the first mistake.
        """
        try:
            yield
        except InputError as error:
            if refused := self.in_owl_syntax():
                raise refused from error
            raise
        except SyntaxError as error:
            if refused := self.in_owl_syntax():
                raise refused from error
            if self.syntax != ox.RdfFormat.RDF_XML and _XML.match(self._head()):
                text = f"not {self.syntax.name} but XML; save it as Turtle, or name RDF/XML .rdf or .owl"
                raise InputError(text, Place(self.name)) from error
            place = Place(self.name, error.lineno, error.offset)
            raise InputError(f"not {self.syntax.name}: {_without_place(error)}", place) from error
        except FileNotFoundError as error:
            raise InputError("no such file or directory", Place(self.name)) from error
        except (OSError, ValueError) as error:  # DecompressionError is a ValueError
            reason = getattr(error, "strerror", None) or error
            raise InputError(f"cannot be read: {reason}", Place(self.name)) from error

    def in_owl_syntax(self) -> InputError | None:
        """What to say of this source when it is in a syntax of OWL that is no RDF; None when it is not."""
        return owl_syntaxes.refusal(self.name, self._head())

    def _head(self) -> bytes:
        """The first bytes; none of a file that cannot be read."""
        try:
            with self.open() as stream:
                return stream.read(owl_syntaxes.HEAD)
        except (OSError, ValueError):
            return b""


class _Watched(io.RawIOBase):
    """A file that tells how much of it has been read."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        self._file = file
        self._progress = progress

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._progress(self._file.tell())
        return data

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


class _Checked:
    """A stream that refuses what is not UTF-8, with line and column, and keeps no more than a chunk.

    pyoxigraph asks for 2 KiB at a time, which is dear to check; so it is checked in larger pieces.
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._lines = 0
        self._column = 0
        self._ready = io.BytesIO()

    def readable(self) -> bool:
        return True

    def place(self) -> Place:
        """How far the reading has come."""
        return Place(self._name, self._lines + 1)

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return self._read(size)
        found = self._ready.read(size)
        if not found:
            self._ready = io.BytesIO(self._read(CHUNK))
            found = self._ready.read(size)
        return found

    def _read(self, size: int) -> bytes:
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
        self._lines += chunk.count(b"\n")
        last = chunk.rfind(b"\n")
        self._column = len(chunk) - last - 1 if last >= 0 else self._column + len(chunk)
        return chunk


def syntax_of(path: Path) -> ox.RdfFormat | None:
    """The syntax that the ending of *path* tells, None for one that is not known."""
    ending = _unpacked(path).suffix.removeprefix(".").lower()
    return _OTHER_ENDINGS.get(ending) or ox.RdfFormat.from_extension(ending)


def from_path(path: Path, syntax: ox.RdfFormat | None = None) -> Source:
    """The file at *path*, its syntax by its ending; raises InputError when that is not known."""
    found = syntax or syntax_of(path)
    if found is None:
        refuse_owl_syntax(path)
        known = f"{' '.join(_ENDINGS)} .json, each also with {' or '.join(_COMPRESSED)}"
        raise InputError(f"unknown file type; known endings are {known}", Place(str(path)))
    if not path.is_file():
        reason = "is a directory" if path.is_dir() else "no such file or directory"
        raise InputError(reason, Place(str(path)))
    return Source(str(path), found, path)


def refuse_owl_syntax(path: Path) -> None:
    """Raise an InputError that tells how to convert *path* when it is in a syntax of OWL that is no RDF."""
    refused = Source(str(path), ox.RdfFormat.TURTLE, path).in_owl_syntax()
    if refused is not None:
        raise refused


def from_bytes(content: bytes, media_type: str, name: str = "upload") -> Source:
    """Bytes with a media type; raises InputError for one that is no RDF syntax."""
    syntax = ox.RdfFormat.from_media_type(media_type)
    if syntax is None:
        raise InputError(f"{media_type or 'no media type'}: not an RDF syntax that is known here")
    return Source(name, syntax, content=content)


def find(arguments: Sequence[Path], syntax: ox.RdfFormat | None = None) -> list[Source]:
    """The files that *arguments* name: files, folders (every RDF file below) and patterns like ``*.ttl``.

    With *syntax* every file has that, whatever its ending.
    """
    found: dict[Path, Source] = {}
    for argument in arguments:
        for path in _expanded(argument):
            found.setdefault(path, from_path(path, syntax))
    return list(found.values())


def _expanded(argument: Path) -> list[Path]:
    if argument.is_dir():
        inside = sorted(
            path for path in argument.rglob("*") if _is_rdf(path) and not _is_hidden(path, argument)
        )
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
    return path.is_file() and _unpacked(path).suffix.lower() in _ENDINGS


def _is_hidden(path: Path, folder: Path) -> bool:
    """Whether *path* lies in a folder below *folder* that tools keep for themselves, such as ``.git``."""
    inner = path.relative_to(folder).parts[:-1]
    return any(part.startswith(".") or part in _FOREIGN for part in inner)


def _unpacked(path: Path) -> Path:
    return path.with_suffix("") if path.suffix in _COMPRESSED else path


def read(path: Path) -> Iterator[ox.Quad]:
    """The statements of *path*, blank nodes with labels unique to this reading; raises as `Source.quads`."""
    return from_path(path).quads(fresh=True)


def load(path: Path) -> tuple[ox.Store, str]:
    """The statements of *path* in a new store in memory, and a version that names its content.

    Raises InputError as `load_into` does.
    """
    store = ox.Store()
    load_into(store, path)
    with path.open("rb") as file:
        return store, hashlib.file_digest(file, "sha256").hexdigest()[:12]


def load_into(
    store: ox.Store, path: Path, progress: Progress | None = None, graph: ox.NamedNode | None = None
) -> None:
    """Add the statements of *path* to *store* in bulk; triples go into *graph* where one is named.

    *progress* is called with the bytes of the file that have been read. Raises InputError for a file that
    cannot be read, or is broken, with the place.
    """
    source = from_path(path)
    with source.input_errors(), source.open(progress) as stream:
        store.bulk_load(stream, source.syntax, base_iri=source.base, to_graph=graph)


def _without_mark(stream: io.BufferedReader) -> IO[bytes]:
    """*stream* behind the byte order mark that some programs put before UTF-8."""
    try:
        if stream.peek(len(codecs.BOM_UTF8)).startswith(codecs.BOM_UTF8):
            stream.read(len(codecs.BOM_UTF8))
    except (OSError, ValueError):
        stream.close()
        raise
    return stream


def _without_place(error: SyntaxError) -> str:
    """The parser's message without the place that it repeats in words."""
    message = str(error.msg)
    marker = "Parser error at line "
    return message.partition(": ")[2] if message.startswith(marker) else message
