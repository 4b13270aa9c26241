"""Finds the file, line and column at which nodes and triples of Turtle and N-Triples files are written."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from mesoonto.files import turtle
from mesoonto.files.rdf import CHUNK, Source
from mesoonto.files.terms import Term
from mesoonto.validation.shapes.paths import Path

_READABLE = (ox.RdfFormat.TURTLE, ox.RdfFormat.N_TRIPLES)

#: Subject and predicate of a line of N-Triples.
_BEFORE_OBJECT = re.compile(r"<[^>]*>[ \t]+<[^>]*>[ \t]*")


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file, counted from one, and the text of its line."""

    file: str
    line: int = 0  #: 0 when the place is not known
    column: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Triple:
    predicate: ox.NamedNode
    object: Term
    subject: Spot
    spot: Spot  #: of the object


@dataclass
class Locator:
    """What is known of the places of some nodes."""

    described: dict[Term, list[_Triple]] = field(default_factory=lambda: defaultdict(list))
    mentioned: dict[Term, Spot] = field(default_factory=dict)
    homes: dict[Term, str] = field(default_factory=dict)

    def focus(self, node: Term) -> Spot:
        """Where the description of *node* begins, else where it is first mentioned."""
        if self.described.get(node):
            return self.described[node][0].subject
        return self.mentioned.get(node) or Spot(self.homes.get(node, ""))

    def triple(self, node: Term, path: Path | None, value: Term | None) -> Spot:
        """Where *value* of *path* of *node* is written; the property, or the node, when it is not."""
        first = _first_step(path)
        if first is None:
            return self.focus(node)
        predicate, inverse = first
        if inverse:
            back = [t for t in self.described.get(value, ()) if t.predicate == predicate] if value else []
            hits = [t for t in back if t.object == node]
            return hits[0].spot if hits else self.focus(node)
        stated = [t for t in self.described.get(node, ()) if t.predicate == predicate]
        exact = [t for t in stated if t.object == value]
        found = exact or stated
        return found[0].spot if found else self.focus(node)


def _first_step(path: Path | None) -> tuple[ox.NamedNode, bool] | None:
    if path is None:
        return None
    if path.predicate is not None:
        return path.predicate, False
    if path.kind == "inversePath" and path.parts[0].predicate is not None:
        return path.parts[0].predicate, True
    return _first_step(path.parts[0])


def locate(sources: Sequence[Source], nodes: Collection[Term]) -> Locator:
    """Read *sources* again, looking for *nodes*; a node that several files describe belongs to the first."""
    found = Locator()
    wanted = set(nodes)
    if not wanted:
        return found
    for number, source in enumerate(sources):
        _look_into(source, number, wanted, found)
    strays: set[Term] = {n for n in wanted if not isinstance(n, ox.BlankNode) and not found.focus(n).file}
    for number, source in enumerate(sources) if strays else ():
        if source.syntax == ox.RdfFormat.TURTLE:
            _mentions(source, number, strays, found)
    return found


def lines_of_triples(source: Source, triples: Sequence[ox.Triple]) -> Iterator[int]:
    """The line of the object of each of *triples*, read from *source* in this order; 0 where not known."""
    written: Iterator[turtle.Written] = iter(())
    lines = _Lines("", source.name)
    if source.syntax in _READABLE:
        text = source.text()
        lines, written = _Lines(text, source.name), turtle.read(text, source.base, 0)
    for triple in triples:
        found = next(written, None)
        if found is None or (
            found.predicate != triple.predicate
            or (isinstance(triple.subject, ox.NamedNode) and found.subject != triple.subject)
        ):
            written = iter(())  # the readers disagree, so no place is certain from here on
            yield 0
        else:
            yield lines.spot(found.object_at).line


def _look_into(source: Source, number: int, wanted: set[Term], found: Locator) -> None:
    blanks = {n for n in wanted if isinstance(n, ox.BlankNode) and n.value.startswith(f"f{number}b")}
    if source.syntax not in _READABLE:
        _homes(source, number, wanted, found)
        return
    if source.syntax == ox.RdfFormat.N_TRIPLES and not blanks:
        _lines_about(source, wanted, found)
        return
    text = source.text()
    iris = {node.value for node in wanted if isinstance(node, ox.NamedNode)}
    lines = _Lines(text, source.name)
    triples = turtle.read(text, source.base, number, None if blanks else iris)
    missing = wanted - found.described.keys()
    for triple in triples:
        if triple.subject in missing:
            found.described[triple.subject].append(
                _Triple(
                    triple.predicate,
                    triple.object,
                    lines.spot(triple.subject_at),
                    lines.spot(triple.object_at),
                )
            )
        if triple.object in missing and triple.object not in found.mentioned:
            found.mentioned[triple.object] = lines.spot(triple.object_at)


def _mentions(source: Source, number: int, nodes: set[Term], found: Locator) -> None:
    """Nodes that no file describes: read the whole file, if one of them can be in it."""
    text = source.text()
    if not any(_may_mention(text, node) for node in nodes):
        return
    lines = _Lines(text, source.name)
    for triple in turtle.read(text, source.base, number):
        if triple.object in nodes and triple.object not in found.mentioned:
            found.mentioned[triple.object] = lines.spot(triple.object_at)


def _may_mention(text: str, node: Term) -> bool:
    return node.value in text or node.value.rpartition("/")[2].rpartition("#")[2] in text


def _lines_about(source: Source, wanted: set[Term], found: Locator) -> None:
    """Look through an N-Triples file, which has one triple a line, without keeping it in memory."""
    words = {str(node).encode() for node in wanted - found.described.keys()}
    row = 1
    with source.open() as stream:
        while piece := stream.read(CHUNK):
            lines = (piece + stream.readline()).split(b"\n")
            for number in [n for n, line in enumerate(lines) if line.partition(b" ")[0] in words]:
                text = lines[number].decode("utf-8", "replace").rstrip("\r")
                start = _BEFORE_OBJECT.match(text)
                quad = next(ox.parse(lines[number], format=source.syntax), None)
                if start is None or quad is None or isinstance(quad.object, ox.Triple):
                    continue
                here = Spot(source.name, row + number, 1, text[:500])
                there = Spot(source.name, row + number, start.end() + 1, text[:500])
                found.described[quad.subject].append(_Triple(quad.predicate, quad.object, here, there))
            row += len(lines) - 1


def _homes(source: Source, number: int, wanted: set[Term], found: Locator) -> None:
    """Only the file, for syntaxes whose places are not known."""
    names: dict[str, str] = {}
    for quad in source.quads():
        for term in (quad.subject, quad.object):
            if isinstance(term, ox.BlankNode):
                name = names.setdefault(term.value, f"f{number}b{len(names)}")
                if (node := ox.BlankNode(name)) in wanted:
                    found.homes.setdefault(node, source.name)
            elif term in wanted and not isinstance(term, ox.Triple):
                found.homes.setdefault(term, source.name)


class _Lines:
    """Turns offsets of a text into lines and columns."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._starts: list[int] = []

    def spot(self, offset: int) -> Spot:
        if not self._starts:
            self._starts = [0]
            position = self._text.find("\n")
            while position >= 0:
                self._starts.append(position + 1)
                position = self._text.find("\n", position + 1)
        number = bisect_right(self._starts, offset) - 1
        start = self._starts[number]
        end = self._text.find("\n", start)
        line = self._text[start : end if end >= 0 else len(self._text)]
        return Spot(self._name, number + 1, offset - start + 1, line[:500])
