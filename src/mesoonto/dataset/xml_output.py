"""Results in XML that always parse: characters that XML 1.0 cannot hold are replaced.

SPARQL literals may hold U+0001 and its like (SPARQL 1.1 Query, section 19.2); an XML document may not, in
any spelling (XML 1.0, section 2.2, production Char). A carriage return is written as a reference, for parsers
take a bare one for a line feed (section 2.11).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol


class ByteOutput(Protocol):
    """What a result is written to."""

    def write(self, data: bytes, /) -> int:
        """Take all of *data*; the number of its bytes."""

    def flush(self) -> None:
        """Called at the end; nothing has to happen."""


#: In UTF-8: control characters but tab, line feed and carriage return; U+FFFE and U+FFFF.
_IMPOSSIBLE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")

#: U+FFFD, which stands for a character that cannot be shown.
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()

#: The beginning of a character that may turn out to be impossible, at the end of a piece.
_UNFINISHED = re.compile(rb"\xef\xbf?\Z")


class XmlOutput:
    """Passes pieces of an XML document in UTF-8 on to *write*, without impossible characters."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._held = b""

    def write(self, data: bytes, /) -> int:
        """Take all of *data*; the number of its bytes."""
        whole = self._held + data
        unfinished = _UNFINISHED.search(whole)
        end = unfinished.start() if unfinished else len(whole)
        self._held = whole[end:]
        self._write(_IMPOSSIBLE.sub(_REPLACEMENT, whole[:end]).replace(b"\r", b"&#13;"))
        return len(data)

    def flush(self) -> None:
        """Pass on what was held back."""
        if self._held:
            held, self._held = self._held, b""
            self._write(held)
