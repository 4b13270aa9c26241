"""The statements of a source as N-Triples, piece by piece, ready for the data store.

Literals are encoded and blank nodes get steady names in the text itself: taking each statement apart in
Python would cost as much as reading and storing it. N-Triples go from the file to the store without being
parsed twice; other syntaxes are written as N-Triples by pyoxigraph first.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from operator import attrgetter

import pyoxigraph as ox

from mesoonto.errors import InputError, Place
from mesoonto.files.rdf import Source
from mesoonto.files.terms import blank
from mesoonto.validation.data.literals import encode_text

NT = ox.RdfFormat.N_TRIPLES

#: Bytes of one piece of N-Triples, and statements of one piece of another syntax. Larger pieces make the
#: transactions of the store dearer.
_BYTES = 1 << 20
_STATEMENTS = 8192

#: The longest line that is read; the parser refuses terms of more than 16 MiB.
_LONGEST = 1 << 26

#: A blank node in N-Triples as pyoxigraph writes them: one space between terms. A string ends in a quotation
#: mark, so that nothing inside it can be taken for an object. A pattern that begins with the mark itself is
#: found thirty times faster than one that looks before it.
_BLANK = re.compile(rb'_:(?:(?<![^\n]_:)([^\s">]+)|(?<= _:)([^\s">]+)(?= \.$))', re.MULTILINE)

#: The same in N-Triples that others wrote, with labels of few letters.
_GIVEN = re.compile(
    rb"_:(?:(?<![^\n]_:)([A-Za-z0-9][A-Za-z0-9_-]*)(?= <)|(?<=> _:)([A-Za-z0-9][A-Za-z0-9_-]*)(?= \.$))",
    re.MULTILINE,
)

#: Where a comment may begin: its blank nodes are none.
_COMMENT = re.compile(rb"#(?<![^\n\r \t.]#)")

#: What stands in blank nodes, triple terms and escaped letters of IRIs. Python finds a short text faster by
#: a pattern than by the operator ``in``.
_MARK, _TRIPLE = re.compile(b"_:"), re.compile(b"<<")
_ESCAPED = re.compile(rb'\\[uU][^\s"<>]*>')


def pieces(source: Source, file: int) -> Iterator[bytes]:
    """The statements of *source*, which is file number *file*.

    N-Triples that cannot be read raise what pyoxigraph and the system raise, here or when they are stored:
    `parsed_pieces` then gives the same statements and says where the mistake is.
    """
    if source.syntax != NT:
        yield from parsed_pieces(source, file)
        return
    names = _Names(file)
    with source.open() as stream:
        while piece := stream.read(_BYTES):
            piece += stream.readline(_LONGEST)
            plain = names.kept(piece) if _is_plain(piece) else None
            yield encode_text(plain or names.given(_written(ox.parse(piece, format=NT)), source))


def parsed_pieces(source: Source, file: int) -> Iterator[bytes]:
    """As `pieces`, for any syntax; raises InputError with the place of the first mistake."""
    for piece in named_pieces(source, file):
        yield encode_text(piece)


def named_pieces(source: Source, file: int) -> Iterator[bytes]:
    """The statements of *source* with steady names of blank nodes and literals as they are written."""
    names = _Names(file)
    quads = source.quads()
    size = 64  # small at first, for those who look at the beginning
    while batch := list(itertools.islice(quads, size)):
        yield names.given(_written(batch), source)
        size = min(2 * size, _STATEMENTS)


def has_blank(piece: bytes) -> bool:
    """Whether blank nodes may be in *piece*."""
    return _MARK.search(piece) is not None


class _Names:
    """Names the blank nodes of one file."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._names: dict[bytes, bytes] = {}

    def kept(self, text: bytes) -> bytes | None:
        """*text*, N-Triples of somebody, with steady names; None where it is not clear what has one."""
        marks = len(_MARK.findall(text))
        if not marks:
            return text
        if _COMMENT.search(text):
            return None
        if len(_GIVEN.findall(text)) != marks:
            return None
        return _GIVEN.sub(self._named, text)

    def given(self, text: bytes, source: Source) -> bytes:
        """*text*, written by pyoxigraph, with steady names."""
        if b")>> .\n" in text:  # no string and no IRI ends like this
            raise InputError(
                "triple terms are not supported by SHACL 1.0; state the triple and describe it instead",
                Place(source.name),
            )
        return _BLANK.sub(self._named, text) if has_blank(text) else text

    def _named(self, match: re.Match[bytes]) -> bytes:
        label = match[1] or match[2]
        if label not in self._names:
            self._names[label] = str(blank(self._file, len(self._names))).encode()
        return self._names[label]


def _is_plain(piece: bytes) -> bool:
    """Whether *piece* can be stored as it is, but for names: no triple term or oddly written datatype."""
    piece.decode()
    if _TRIPLE.search(piece) or (b"\\" in piece and _ESCAPED.search(piece)):
        return False
    return piece.count(b"^^") == piece.count(b'"^^<')


def _written(quads: Iterator[ox.Quad] | list[ox.Quad]) -> bytes:
    text = ox.serialize(map(attrgetter("triple"), quads), format=NT)
    assert text is not None  # noqa: S101  # no output file was named
    return text
