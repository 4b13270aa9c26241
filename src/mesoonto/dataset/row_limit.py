"""Cuts a result at a number of rows or triples, and of bytes, while it is evaluated, once.

Rows go from the engine to its own serialiser, which knows no limit. So what it writes is watched: when one
row more than allowed has come, the evaluation is broken off, and what came before that row is closed.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from dataclasses import dataclass

from mesoonto.dataset.formats import Format, Kind
from mesoonto.dataset.store import QueryResult

#: The parts of a serialised result between which rows end: text in quotes, which hides whatever it holds, and
#: what ends a row outside of it. A text that is not all there yet does not end with a quote.
_PARTS = {
    "json": re.compile(rb'"(?:[^"\\]|\\.?)*"?|[{}]', re.DOTALL),
    "xml": re.compile(rb"</result>|<results>"),
    "csv": re.compile(rb'"[^"]*"?|\r\n'),
    "tsv": re.compile(rb"\n"),
}

#: What comes after the last row.
_TAIL = {"json": b"]}}", "xml": b"</results></sparql>", "csv": b"", "tsv": b""}

#: What ends a row that is none: the line of names.
_HEADS = {"json": 0, "xml": 0, "csv": 1, "tsv": 1}

#: In JSON, braces around the rows, outside of which nothing is a row.
_DEPTH = 2
_BINDINGS = b'"bindings"'
_ARRAY = b":["

#: What comes before the rows in XML.
_RESULTS = b"<results>"


@dataclass(frozen=True, slots=True)
class LimitedResult:
    """A result as far as it may go."""

    body: bytes
    cut: bool  #: whether there is more
    rows: int  #: rows or triples in it; -1 where they are not counted


class _EnoughError(Exception):
    """Ends the evaluation."""


class _LimitedOutput:
    """Takes what a serialiser writes until a row more than *most*, or than go into *most_bytes*, is there."""

    def __init__(self, name: str, most: int, most_bytes: int) -> None:
        self._name = name
        self._most = most + _HEADS[name]
        self._most_bytes = most_bytes
        self._longest = most_bytes + len(_TAIL[name])
        self._part = _PARTS[name]
        self._position = 0  #: up to which parts were looked at
        self._next = 0  #: bytes that are to be there before the next look
        self._depth = 0
        self._inside = False  #: whether the rows have begun
        self._rows = 0
        self._end = 0  #: of the last row that is allowed, or of what comes before the rows
        self._content = bytearray()
        self.cut = False

    def write(self, data: bytes, /) -> int:
        if self.cut:  # whoever writes may try once more what was refused
            raise _EnoughError
        self._content += data
        if len(self._content) >= self._next or len(self._content) > self._longest:
            self._look()
        return len(data)

    def finish(self) -> None:
        """Look at what has not been looked at."""
        with contextlib.suppress(_EnoughError):
            self._look()

    def _look(self) -> None:
        for match in self._part.finditer(self._content, self._position):
            text = match[0]
            if text[:1] == b'"' and not self._is_whole(text, match.end()):
                # Not all there; a long text is looked at again when it has grown to twice its length.
                self._next = 2 * len(self._content) - match.start()
                break
            self._position = match.end()
            if not self._ends_row(text):
                continue
            is_row = self._rows >= _HEADS[self._name]
            if is_row and (self._rows == self._most or match.end() > self._most_bytes):
                self._cut()
            self._rows += 1
            self._end = match.end()
        begun = self._end and len(self._content) - self._end > len(_TAIL[self._name])
        if begun and len(self._content) > self._longest:
            self._cut()

    def _cut(self) -> None:
        self.cut = True
        raise _EnoughError

    def flush(self) -> None:
        """Nothing is held back here."""

    @property
    def rows(self) -> int:
        """The rows that are allowed, and there."""
        return max(0, self._rows - _HEADS[self._name])

    @property
    def body(self) -> bytes:
        """The result, closed behind the last row that is allowed where it was cut."""
        return bytes(self._content[: self._end]) + _TAIL[self._name] if self.cut else bytes(self._content)

    def _is_whole(self, text: bytes, end: int) -> bool:
        """Whether *text*, which begins with a quote, ends at *end* with one that is not escaped, as JSON does
        it; with what tells where the rows begin, when it is that.
        """
        if len(text) == 1 or not text.endswith(b'"'):
            return False
        if self._may_begin_rows(text) and len(self._content) < end + len(_ARRAY):
            return False
        backslashes = len(text) - 1 - len(text[:-1].rstrip(b"\\"))
        return self._name != "json" or backslashes % 2 == 0

    def _may_begin_rows(self, text: bytes) -> bool:
        """Whether *text* is the name before the rows in JSON; a variable in the head may have it too."""
        return text == _BINDINGS and self._name == "json" and self._depth == _DEPTH and not self._inside

    def _ends_row(self, text: bytes) -> bool:
        if text[:1] == b'"':
            end = self._position + len(_ARRAY)
            if self._may_begin_rows(text) and self._content[self._position : end] == _ARRAY:
                self._inside = True
                self._end = end
            return False
        if text == _RESULTS:
            self._end = self._position
            return False
        if self._name != "json":
            return True
        self._depth += 1 if text == b"{" else -1
        return text == b"}" and self._inside and self._depth == _DEPTH


def limited(result: QueryResult, form: Format, most: int, most_bytes: int = sys.maxsize) -> LimitedResult:
    """*result* in *form*, with at most *most* rows or triples, and as many as go into *most_bytes*.

    It is in memory as a whole, since its head has to say whether it was cut. Bytes of triples are those that
    they have in N-Triples. Raises what `QueryResult.write` does.
    """
    if result.kind is Kind.TRIPLES:
        body, rows, cut = result.serialize_triples(form, most, most_bytes)
        return LimitedResult(body, cut, rows)
    if result.kind is Kind.BOOLEAN or form.name not in _PARTS:
        buffer = io.BytesIO()
        result.write(form, buffer)
        return LimitedResult(buffer.getvalue(), cut=False, rows=-1)
    watched = _LimitedOutput(form.name, most, most_bytes)
    with contextlib.suppress(_EnoughError):
        result.write(form, watched)
        watched.finish()
    return LimitedResult(watched.body, watched.cut, watched.rows)
