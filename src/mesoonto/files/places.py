"""Finds the file, line and column at which nodes and statements are written, in any syntax that is read."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import pyoxigraph as ox

from mesoonto.files import lines, turtle
from mesoonto.files.alignment import aligned
from mesoonto.files.rdf import Source
from mesoonto.files.terms import TYPE, Term, blank

_LINES = (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)


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

    def moved(self, lines: int) -> _Triple:  # noqa: ARG002
        """Itself: only files of lines are read in pieces."""
        return self


@dataclass(frozen=True, slots=True)
class _InLine:
    """A triple that has a line of its own, which is looked into when somebody asks."""

    file: str
    line: lines.Line

    def moved(self, lines: int) -> _InLine:
        """The same triple in a file with so many *lines* before the piece that was read."""
        return replace(self, line=replace(self.line, number=self.line.number + lines))

    @property
    def predicate(self) -> ox.NamedNode:
        return self.line.predicate

    @property
    def object(self) -> Term:
        return self.line.object

    @property
    def subject(self) -> Spot:
        return Spot(self.file, self.line.number, self.line.subject_column, self.line.text)

    @property
    def spot(self) -> Spot:
        return Spot(self.file, self.line.number, self.line.object_column, self.line.text)


@dataclass
class Locator:
    """What is known of the places of some nodes, over all files."""

    described: dict[Term, list[_Triple | _InLine]] = field(default_factory=lambda: defaultdict(list))
    mentioned: dict[Term, Spot] = field(default_factory=dict)
    homes: dict[Term, str] = field(default_factory=dict)

    def focus(self, node: Term) -> Spot:
        """Where *node* is described: where it gets a type, as several files may say something of it.

        Else where its description begins, else where it is first mentioned.
        """
        stated = self.described.get(node)
        if stated:
            return next((t for t in stated if t.predicate == TYPE), stated[0]).subject
        return self.mentioned.get(node) or Spot(self.homes.get(node, ""))

    def statement(self, subject: Term, predicate: ox.NamedNode, value: Term | None) -> Spot:
        """Where *value* of *predicate* of *subject* is written; the property, or the node, when it is not."""
        stated = [t for t in self.described.get(subject, ()) if t.predicate == predicate]
        if not stated:
            return self.focus(subject)
        exact = stated if value is None else (t for t in stated if t.object == value)
        return next(iter(exact), stated[0]).spot

    def has(self, subject: Term, predicate: ox.NamedNode) -> bool:
        """Whether the place of a value of *predicate* of *subject* is known."""
        return any(t.predicate == predicate for t in self.described.get(subject, ()))

    def value(self, subject: Term, value: Term) -> Spot | None:
        """Where *value*, of whatever property of *subject*, is written."""
        return next((t.spot for t in self.described.get(subject, ()) if t.object == value), None)


def locate(sources: Sequence[Source], nodes: Collection[Term], first: int = 0) -> Locator:
    """Read *sources*, the first of which is file number *first*, again, looking for *nodes* in each."""
    found = Locator()
    wanted = set(nodes)
    if not wanted:
        return found
    for number, source in enumerate(sources, first):
        look_into(source, number, wanted, found)
    add_mentions(sources, wanted, found, first)
    return found


def add_mentions(sources: Sequence[Source], wanted: Collection[Term], found: Locator, first: int = 0) -> None:
    """Add to *found* where those of *wanted* are first mentioned that no file describes."""
    strays: set[Term] = {n for n in wanted if not isinstance(n, ox.BlankNode) and not found.focus(n).file}
    for number, source in enumerate(sources, first) if strays else ():
        if source.syntax == ox.RdfFormat.TURTLE:
            _mentions(source, number, strays, found)


def lines_of_triples(source: Source, triples: Sequence[ox.Triple]) -> Iterator[int]:
    """The line of the object of each of *triples*, read from *source* in this order; 0 where not known."""
    written: Iterator[turtle.Written] = iter(())
    lines = _Lines("", source.name)
    if source.syntax in (ox.RdfFormat.TURTLE, ox.RdfFormat.N_TRIPLES):
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


def homes(sources: Sequence[Source], nodes: Collection[Term]) -> dict[Term, str]:
    """The file that describes each of *nodes*, without a place in it; the first of several."""
    if len(sources) == 1:
        return dict.fromkeys(nodes, sources[0].name)
    found: dict[Term, str] = {}
    waiting = set(nodes)
    for number, source in enumerate(sources):
        mine = {n for n in waiting if isinstance(n, ox.BlankNode) and _is_in(n, number)}
        if any(isinstance(n, ox.NamedNode) for n in waiting):
            mine |= {q.subject for q in source.quads() if q.subject in waiting}  # type: ignore[misc]
        found |= dict.fromkeys(mine, source.name)
        waiting -= mine
    return found


def _is_in(node: ox.BlankNode, file: int) -> bool:
    """Whether the blank node *node* is one of file number *file*."""
    return _number_in(node, file) is not None


def _number_in(node: ox.BlankNode, file: int) -> int | None:
    """Which of the blank nodes of file number *file* this is; None when it is none of them."""
    number = node.value.removeprefix(f"f{file}b")
    return int(number) if number != node.value and number.isdecimal() else None


def look_into(source: Source, number: int, wanted: set[Term], found: Locator) -> None:
    """Add to *found* the places of *wanted* in *source*, which is file number *number*."""
    blanks = {n for n in wanted if isinstance(n, ox.BlankNode) and _is_in(n, number)}
    here = blanks | {n for n in wanted if not isinstance(n, ox.BlankNode)}
    if not here:
        return
    if source.syntax in _LINES:
        for line in lines.about(source, here, number):
            found.described[line.subject].append(_InLine(source.name, line))
        return
    text = source.text()
    spots = _Lines(text, source.name)
    if source.syntax == ox.RdfFormat.TURTLE:
        iris = {node.value for node in here if isinstance(node, ox.NamedNode)}
        named = 1 + max((_number_in(node, number) or 0 for node in blanks), default=-1)
        _take(turtle.read(text, source.base, number, iris, named), spots.spot, here, found)
        return
    content = text.encode()
    written = list(_read(source, text, content, number))
    statements, names = _statements(source, number)
    if blanks:
        mine = [(t.subject, t.predicate, t.object) for t in written]
        counterparts = aligned(mine, list(statements))
        written = [_renamed(triple, counterparts) for triple in written]
    # What is not among the statements of pyoxigraph was not understood.
    right = [t for t in written if (t.subject, t.predicate, t.object) in statements or t.object in names]
    in_bytes = source.syntax == ox.RdfFormat.RDF_XML and len(content) != len(text)
    _take(right, _Bytes(content, source.name).spot if in_bytes else spots.spot, here, found)
    for subject, _, value in statements:
        for term in (subject, value):
            if term in here:
                found.homes.setdefault(term, source.name)


def _read(source: Source, text: str, content: bytes, number: int) -> Iterable[turtle.Written]:
    match source.syntax:
        case ox.RdfFormat.RDF_XML:
            from mesoonto.files import rdfxml

            return rdfxml.read(content, source.base)
        case ox.RdfFormat.JSON_LD:
            from mesoonto.files import jsonld

            return jsonld.read(text, source.base, source.catalog.context)
    return turtle.read(text, source.base, number)


def _statements(
    source: Source, number: int
) -> tuple[dict[tuple[Term, ox.NamedNode, Term], None], set[ox.BlankNode]]:
    """The statements as they are in the data, in their order, and the blank nodes among them."""
    names: dict[str, ox.BlankNode] = {}
    found: dict[tuple[Term, ox.NamedNode, Term], None] = {}
    for quad in source.quads():
        ends: list[Term] = []
        for term in (quad.subject, quad.object):
            if isinstance(term, ox.BlankNode):
                term = names.setdefault(term.value, blank(number, len(names)))
            if not isinstance(term, ox.Triple):
                ends.append(term)
        if len(ends) == 2:
            found[ends[0], quad.predicate, ends[1]] = None
    return found, set(names.values())


def _renamed(triple: turtle.Written, names: dict[ox.BlankNode, ox.BlankNode]) -> turtle.Written:
    ends = (
        names.get(term, term) if isinstance(term, ox.BlankNode) else term
        for term in (triple.subject, triple.object)
    )
    return turtle.Written(
        next(ends), triple.predicate, next(ends), triple.subject_at, triple.predicate_at, triple.object_at
    )


def _take(
    triples: Iterable[turtle.Written], spot: Callable[[int], Spot], wanted: set[Term], found: Locator
) -> None:
    for triple in triples:
        if triple.subject in wanted:
            found.described[triple.subject].append(
                _Triple(triple.predicate, triple.object, spot(triple.subject_at), spot(triple.object_at))
            )
        if triple.object in wanted and triple.object not in found.mentioned:
            found.mentioned[triple.object] = spot(triple.object_at)


def _mentions(source: Source, number: int, nodes: set[Term], found: Locator) -> None:
    """Nodes that no file describes: read the whole file, if one of them can be in it."""
    text = source.text()
    if not any(_may_mention(text, node) for node in nodes):
        return
    spots = _Lines(text, source.name)
    for triple in turtle.read(text, source.base, number):
        if triple.object in nodes and triple.object not in found.mentioned:
            found.mentioned[triple.object] = spots.spot(triple.object_at)


def _may_mention(text: str, node: Term) -> bool:
    return node.value in text or node.value.rpartition("/")[2].rpartition("#")[2] in text


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
        line = self._text[start : end if end >= 0 else len(self._text)].rstrip("\r")
        return Spot(self._name, number + 1, offset - start + 1, line[:500])


class _Bytes:
    """Turns offsets of bytes into lines and columns of characters."""

    def __init__(self, content: bytes, name: str) -> None:
        # Latin-1 has a character for each byte.
        self._lines = _Lines(content.decode("latin-1"), name)

    def spot(self, offset: int) -> Spot:
        found = self._lines.spot(offset)
        line = found.text.encode("latin-1")
        column = len(line[: found.column - 1].decode("utf-8", "replace")) + 1
        return Spot(found.file, found.line, column, line.decode("utf-8", "replace"))
