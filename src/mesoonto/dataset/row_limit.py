"""Cuts a result at a number of rows or triples while it is evaluated, once.

Rows go from the engine to its own serialiser, which knows no limit. So what it writes is watched: when one
row more than allowed has come, the evaluation is broken off, and what came before that row is closed.
"""

from __future__ import annotations

import contextlib
import io
import re

from mesoonto.dataset.formats import Format, Kind
from mesoonto.dataset.store import QueryResult

#: The parts of a serialised result between which rows end: text in quotes, which hides whatever it holds, and
#: what ends a row outside of it. A text that is not all there yet does not end with a quote.
_PARTS = {
    "json": re.compile(rb'"(?:[^"\\]|\\.?)*"?|[{}]', re.DOTALL),
    "xml": re.compile(rb"</result>"),
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


class _EnoughError(Exception):
    """Ends the evaluation."""


class _LimitedOutput:
    """Takes what a serialiser writes until *most* rows and the beginning of another are there."""

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most + _HEADS[name]
        self._part = _PARTS[name]
        self._position = 0  #: up to which parts were looked at
        self._next = 0  #: bytes that are to be there before the next look
        self._depth = 0
        self._inside = False  #: whether the rows have begun
        self._rows = 0
        self._end = 0  #: of the last row that is allowed
        self._content = bytearray()
        self.cut = False

    def write(self, data: bytes, /) -> int:
        self._content += data
        if len(self._content) >= self._next:
            self._look()
        return len(data)

    def finish(self) -> None:
        """Look at what has not been looked at."""
        with contextlib.suppress(_EnoughError):
            self._look()

    def _look(self) -> None:
        for match in self._part.finditer(self._content, self._position):
            text = match[0]
            if text[:1] == b'"' and not self._is_whole(text):
                # Not all there; a long text is looked at again when it has grown to twice its length.
                self._next = 2 * len(self._content) - match.start()
                return
            self._position = match.end()
            if not self._ends_row(text):
                continue
            self._rows += 1
            if self._rows == self._most:
                self._end = match.end()
            elif self._rows > self._most:
                self.cut = True
                raise _EnoughError

    def flush(self) -> None:
        """Nothing is held back here."""

    @property
    def body(self) -> bytes:
        """The result, closed behind the last row that is allowed where it was cut."""
        return bytes(self._content[: self._end]) + _TAIL[self._name] if self.cut else bytes(self._content)

    def _is_whole(self, text: bytes) -> bool:
        """Whether *text*, which begins with a quote, ends with one that is not escaped, as JSON does it."""
        if len(text) == 1 or not text.endswith(b'"'):
            return False
        backslashes = len(text) - 1 - len(text[:-1].rstrip(b"\\"))
        return self._name != "json" or backslashes % 2 == 0

    def _ends_row(self, text: bytes) -> bool:
        if text[:1] == b'"':
            self._inside = self._inside or (
                self._name == "json" and text == _BINDINGS and self._depth == _DEPTH
            )
            return False
        if self._name != "json":
            return True
        self._depth += 1 if text == b"{" else -1
        return text == b"}" and self._inside and self._depth == _DEPTH


def limited(result: QueryResult, form: Format, most: int) -> tuple[bytes, bool]:
    """*result* in *form*, with at most *most* rows or triples, and whether it was cut.

    It is in memory as a whole, since its head has to say whether it was cut. Raises what `QueryResult.write`
    does.
    """
    if result.kind is Kind.TRIPLES:
        return result.serialize_triples(form, most)
    if result.kind is Kind.BOOLEAN or form.name not in _PARTS:
        buffer = io.BytesIO()
        result.write(form, buffer)
        return buffer.getvalue(), False
    watched = _LimitedOutput(form.name, most)
    with contextlib.suppress(_EnoughError):
        result.write(form, watched)
        watched.finish()
    return watched.body, watched.cut
