"""Reads N-Triples and N-Quads with the place of every term: one statement a line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import pyoxigraph as ox

from mesoonto.files.rdf import CHUNK, Source
from mesoonto.files.terms import Term, blank

#: Blanks, subject, blanks and predicate of a line.
_BEFORE_OBJECT = re.compile(r"([ \t]*)(?:<[^>]*>|_:[^\s<]+)[ \t]*<[^>]*>[ \t]*")
_HEAD = re.compile(rb"[ \t]*(<[^>]*>|_:[^\s<]+)")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


@dataclass(frozen=True, slots=True)
class Line:
    """A statement, its line, and the columns of subject and object, counted from one."""

    subject: Term
    predicate: ox.NamedNode
    object: Term
    number: int
    text: str
    subject_column: int
    object_column: int


def about(source: Source, wanted: Collection[Term], file: int) -> Iterator[Line]:
    """The statements of *source*, which is file number *file*, about *wanted*; it is not kept in memory."""
    if any(isinstance(node, ox.BlankNode) for node in wanted):
        yield from (line for line in _all(source, file) if line.subject in wanted)
        return
    words = {str(node).encode() for node in wanted}
    for number, line in _lines(source):
        head = _HEAD.match(line)
        if head is None or not (head[1] in words or (b"\\" in head[1] and _unescaped(head[1]) in words)):
            continue
        quad = next(iter(ox.parse(line, format=source.syntax)), None)
        if quad is not None and (found := _line(quad, line, number)):
            yield found


def _all(source: Source, file: int) -> Iterator[Line]:
    """Every statement, blank nodes with the names that they have in the data."""
    names: dict[str, ox.BlankNode] = {}
    stated = ((n, line) for n, line in _lines(source) if (text := line.strip()) and text[:1] != b"#")
    for (number, line), quad in zip(stated, source.quads(), strict=False):
        found = _line(quad, line, number)
        if found is None:
            continue
        subject, value = (
            names.setdefault(term.value, blank(file, len(names))) if isinstance(term, ox.BlankNode) else term
            for term in (found.subject, found.object)
        )
        yield replace(found, subject=subject, object=value)


def _lines(source: Source) -> Iterator[tuple[int, bytes]]:
    row = 1
    with source.open() as stream:
        while piece := stream.read(CHUNK):
            lines = (piece + stream.readline()).split(b"\n")
            yield from enumerate(lines, row)
            row += len(lines) - 1


def _line(quad: ox.Quad, line: bytes, number: int) -> Line | None:
    text = line.decode("utf-8", "replace").rstrip("\r")
    start = _BEFORE_OBJECT.match(text)
    if start is None or isinstance(quad.object, ox.Triple) or isinstance(quad.subject, ox.Triple):
        return None
    return Line(
        quad.subject, quad.predicate, quad.object, number, text[:500], start.end(1) + 1, start.end() + 1
    )


def _unescaped(word: bytes) -> bytes:
    return _ESCAPE.sub(lambda m: chr(int(m[1] or m[2], 16)), word.decode("utf-8", "replace")).encode()
