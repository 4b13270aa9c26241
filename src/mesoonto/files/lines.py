"""Reads N-Triples and N-Quads with the place of every term: one statement a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterator
from dataclasses import dataclass
from functools import partial

import pyoxigraph as ox

from mesoonto.files.rdf import CHUNK, Source
from mesoonto.files.terms import Term, blank

#: Blanks, subject, blanks, predicate and blanks of a line.
_BEFORE_OBJECT = re.compile(rb"([ \t]*)(<[^>]*>|_:[^\s<]+)[ \t]*(<[^>]*>)[ \t]*")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")

#: Characters of a line that are told.
_TOLD = 500


@dataclass(slots=True)
class Line:
    """A statement in its line. Its object and its columns are read when somebody asks: few are asked for."""

    subject: Term
    predicate: ox.NamedNode
    number: int
    _line: bytes
    _value: Callable[[], Term]
    _object: Term | None = None

    @property
    def object(self) -> Term:
        """The object of the statement."""
        if self._object is None:
            self._object = self._value()
        return self._object

    @property
    def text(self) -> str:
        """The line, or its beginning."""
        return _text(self._line).rstrip("\r")[:_TOLD]

    @property
    def subject_column(self) -> int:
        """Where the subject begins, counted from one."""
        return len(_before(self._line)[1]) + 1

    @property
    def object_column(self) -> int:
        """Where the object begins, counted from one."""
        return len(_text(_before(self._line)[0])) + 1


def about(source: Source, wanted: Collection[Term], file: int) -> Iterator[Line]:
    """The statements of *source*, which is file number *file*, about *wanted*; it is not kept in memory."""
    if any(isinstance(node, ox.BlankNode) for node in wanted):
        yield from (line for line in _all(source, file) if line.subject in wanted)
        return
    nodes = {str(node).encode(): node for node in wanted}
    predicates: dict[bytes, ox.NamedNode] = {}
    for number, line in _candidates(source, nodes):
        head = _BEFORE_OBJECT.match(line)
        subject = head and (nodes.get(head[2]) or nodes.get(_unescaped(head[2])))
        if head is None or subject is None:
            continue
        predicate = predicates.get(head[3])
        if predicate is None:
            predicate = predicates[head[3]] = ox.NamedNode(_unescaped(head[3])[1:-1].decode())
        if b"<<" in line and isinstance(_object(line, source.syntax), ox.Triple):
            continue
        yield Line(subject, predicate, number, line, partial(_object, line, source.syntax))


def _candidates(source: Source, nodes: Container[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that may be about one of *nodes*: nearly every other begins with the IRI of its subject."""
    for row, piece in _pieces(source):
        lines = piece.split(b"\n")
        if b"\\" in piece:
            yield from (
                (row + n, line)
                for n, line in enumerate(lines)
                if line[: line.find(b">") + 1] in nodes or line[:1] != b"<" or b"\\" in line
            )
        else:
            yield from [
                (row + n, line)
                for n, line in enumerate(lines)
                if line[: line.find(b">") + 1] in nodes or line[:1] != b"<"
            ]


def _all(source: Source, file: int) -> Iterator[Line]:
    """Every statement, blank nodes with the names that they have in the data."""
    names: dict[str, ox.BlankNode] = {}
    stated = ((n, line) for n, line in _lines(source) if (text := line.strip()) and text[:1] != b"#")
    for (number, line), quad in zip(stated, source.quads(), strict=False):
        if isinstance(quad.subject, ox.Triple) or isinstance(quad.object, ox.Triple):
            continue
        subject, value = (
            names.setdefault(term.value, blank(file, len(names))) if isinstance(term, ox.BlankNode) else term
            for term in (quad.subject, quad.object)
        )
        yield Line(subject, quad.predicate, number, line, partial(_same, value))


def _lines(source: Source) -> Iterator[tuple[int, bytes]]:
    for row, piece in _pieces(source):
        yield from enumerate(piece.split(b"\n"), row)


def _pieces(source: Source) -> Iterator[tuple[int, bytes]]:
    """Whole lines, with the number of the first."""
    row = 1
    with source.open() as stream:
        while piece := stream.read(CHUNK):
            piece += stream.readline()
            yield row, piece
            row += piece.count(b"\n")


def _object(line: bytes, syntax: ox.RdfFormat) -> Term:
    found: Term = next(iter(ox.parse(line, format=syntax))).object
    return found


def _same(term: Term) -> Term:
    return term


def _before(line: bytes) -> tuple[bytes, bytes]:
    """What stands before the object of *line*, and before its subject."""
    found = _BEFORE_OBJECT.match(line)
    return (found[0], found[1]) if found is not None else (b"", b"")


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _unescaped(word: bytes) -> bytes:
    if b"\\" not in word:
        return word
    return _ESCAPE.sub(lambda m: chr(int(m[1] or m[2], 16)), _text(word)).encode()
