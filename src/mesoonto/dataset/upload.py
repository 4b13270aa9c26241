"""RDF documents that somebody sent, parsed before the turn of writing: no other writer waits for a parser."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import pyoxigraph as ox

from mesoonto.errors import InputError, Place, StoreError, TooLargeError
from mesoonto.files.xml_bounds import BoundedXml

#: Bytes of parsed triples that are held in memory; more wait in a file.
_IN_MEMORY = 1 << 20

#: Bytes of parsed triples, where a caller sets no other bound: a document that repeats a long prefix may say
#: a thousand times what it holds.
ROOM = 1 << 32

#: Bytes of one triple. The engine's parsers follow a literal of 16 MiB and no longer one.
_LONGEST = (1 << 24) - (1 << 16)

_TOO_LONG = "a literal is too long: one statement may have 16 MiB as N-Triples"

#: What a triple is put into: a named graph, or the default graph.
Target = ox.NamedNode | ox.DefaultGraph

GraphName = ox.NamedNode | ox.BlankNode | ox.DefaultGraph


@dataclass(frozen=True, slots=True)
class Document:
    """An RDF document that somebody sent."""

    content: IO[bytes]
    syntax: ox.RdfFormat
    base: str  #: IRI against which relative ones are resolved


class ParsedDocuments:
    """What some documents say as N-Triples or N-Quads; blank nodes have labels that nothing else has."""

    def __init__(
        self, file: IO[bytes], syntax: ox.RdfFormat, count: int, graphs: Collection[GraphName]
    ) -> None:
        self._file = file
        self._syntax = syntax
        self.count = count  #: triples, those that were said twice counted twice
        self.graphs = graphs  #: in which they stand

    def quads(self, target: Target | None = None) -> Iterator[ox.Quad]:
        """The triples as quads in *target*, or in the graphs that the documents name."""
        self._file.seek(0)
        for quad in ox.parse(self._file, format=self._syntax):
            yield quad if target is None else ox.Quad(quad.subject, quad.predicate, quad.object, target)

    def load(self, store: ox.Store, target: Target | None = None) -> None:
        """Put the triples into *store*, in bulk; see `quads`."""
        self._file.seek(0)
        store.bulk_load(self._file, self._syntax, to_graph=target)


@contextmanager
def parsed(
    documents: Iterable[Document], directory: Path | None = None, room: int = ROOM, *, whole: bool = False
) -> Iterator[ParsedDocuments]:
    """The triples of *documents*; many wait in a file without a name in *directory* until the block ends.

    With *whole* they may stand in named graphs, else one that does is refused, since the address says which
    graph is meant. Raises InputError for a broken document, TooLargeError for more than *room* bytes of
    triples; StoreError where the file cannot be written.
    """
    count = 0
    graphs: set[GraphName] = set()
    syntax = ox.RdfFormat.N_QUADS if whole else ox.RdfFormat.N_TRIPLES

    def counted(document: Document) -> Iterator[ox.Quad]:
        nonlocal count
        for quad in _quads(document, whole=whole):
            count += 1
            graphs.add(quad.graph_name)
            yield quad

    with tempfile.SpooledTemporaryFile(
        _IN_MEMORY, prefix="mesoonto-", dir=None if directory is None else str(directory)
    ) as file:
        output = cast("IO[bytes]", _Bounded(cast("IO[bytes]", file), room))
        for document in documents:
            ox.serialize(counted(document), output, format=syntax)
        yield ParsedDocuments(cast("IO[bytes]", file), syntax, count, graphs)


def _quads(document: Document, *, whole: bool) -> Iterator[ox.Quad]:
    syntax = document.syntax
    content = document.content
    if syntax == ox.RdfFormat.RDF_XML:
        content = cast("IO[bytes]", BoundedXml(content, "body"))
    try:
        # Blank node labels that two documents have in common stay apart.
        yield from ox.parse(
            content,
            format=syntax,
            base_iri=document.base,
            without_named_graphs=syntax.supports_datasets and not whole,
            rename_blank_nodes=True,
        )
    except SyntaxError as error:
        place = Place("body", error.lineno, error.offset)
        raise InputError(f"not {syntax.name}: {error.msg}", place) from error
    except MemoryError as error:  # the parser's bound on one term
        raise InputError(_TOO_LONG, Place("body")) from error
    except (OSError, ValueError) as error:
        raise InputError(f"not {syntax.name}: {error}", Place("body")) from error


class _Bounded:
    """Passes N-Triples on to *file*, and refuses too many and too long ones."""

    def __init__(self, file: IO[bytes], room: int) -> None:
        self._file = file
        self._room = room
        self._size = 0
        self._line = 0  #: bytes of the line that has not ended

    def write(self, data: bytes, /) -> int:
        self._size += len(data)
        if self._size > self._room:
            raise TooLargeError(
                f"the triples are more than {self._room >> 20} MiB when written out; send them in parts",
                Place("body"),
            )
        end = data.rfind(b"\n")
        self._line = len(data) - end - 1 if end >= 0 else self._line + len(data)
        if self._line > _LONGEST:
            raise InputError(_TOO_LONG, Place("body"))
        try:
            return self._file.write(data)
        except OSError as error:
            raise StoreError(
                f"the upload could not be kept: {(error.strerror or str(error)).lower()}"
            ) from error

    def flush(self) -> None:
        """The file is read by who wrote it."""
