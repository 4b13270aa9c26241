"""Looks at RDF/XML before the engine reads it, which follows entities and elements of any number and depth.

The engine puts a reference's text in wherever it stands, so a few lines of entities can be made to say
gigabytes; and the time for an element grows with how deep it stands.
"""

from __future__ import annotations

import io
import re
from typing import IO
from xml.parsers import expat

from mesoonto.errors import InputError, Place

#: Elements within each other. Lists that are written without parseType nest by one with each member.
LEVELS = 10_000

#: Entities, and the bytes of one with all that it refers to. They are there for the beginnings of IRIs.
ENTITIES = 1000
ENTITY_SIZE = 1024
#: Entities that refer to each other in a row.
_ENTITY_LEVELS = 16
#: Characters of an entity's name.
_NAME = 64

#: What references may add to a document: so many times its size, and so many bytes in any case.
GROWTH = 8
ANY_SIZE = 1 << 20

#: Bytes before the root element.
_HEAD = 1 << 20

_GROWN = f"references to entities make it more than {GROWTH} times as large; write their text instead"

#: The code by which the XML parser says much the same, XML_ERROR_AMPLIFICATION_LIMIT_BREACH.
_AMPLIFIED = 43

_REFERENCE = re.compile(rb"&([^;&\s]{1,%d});" % (4 * _NAME))

#: Bytes that are looked at at one time.
_CHUNK = 1 << 16


class BoundedXml:
    """Passes the XML document in *stream*, called *name*, on to a reader.

    Raises InputError, with line and column, for one that is not well-formed and for one beyond the bounds,
    before the reader sees what is wrong.
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name
        self._ready = io.BytesIO()
        self._size = 0
        self._levels = 0
        self._head: bytearray | None = bytearray()  #: what stands before the root element
        self._entities: dict[str, str] = {}
        self._sizes: dict[bytes, int] = {}  #: of entities, with all that they refer to
        self._added = 0  #: bytes that references add
        self._tail = b""  #: a reference that has not ended
        self._parser = parser = expat.ParserCreate("utf-8")  # the only encoding that the engine takes
        if hasattr(parser, "SetReparseDeferralEnabled"):
            parser.SetReparseDeferralEnabled(False)  # nothing is passed on that was not looked at
        parser.EntityDeclHandler = self._entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next *size* bytes, or all."""
        if size < 0:
            parts = iter(self._looked_at, b"")
            return self._ready.read() + b"".join(parts)
        found = self._ready.read(size)
        if not found:
            self._ready = io.BytesIO(self._looked_at())
            found = self._ready.read(size)
        return found

    def _looked_at(self) -> bytes:
        chunk = self._stream.read(_CHUNK)
        self._size += len(chunk)
        if self._head is not None:
            self._head += chunk
        try:
            self._parser.Parse(chunk)
        except expat.ExpatError as error:
            if error.code == _AMPLIFIED:
                raise self._refusal(_GROWN) from error
            place = Place(self._name, error.lineno, error.offset + 1)
            raise InputError(f"not RDF/XML: {expat.ErrorString(error.code)}", place) from error
        if self._head is not None:
            self._require_near(len(self._head))
        if self._sizes:
            self._count_references(chunk)
        return chunk

    def _entity(self, name: str, is_parameter: bool, value: str | None, *_: str | None) -> None:
        if is_parameter or value is None:
            raise self._refusal(f"the entity {name} is no text; only entities with a text are read")
        if len(self._entities) == ENTITIES or len(name) > _NAME:
            raise self._refusal(f"more than {ENTITIES} entities, or a name of more than {_NAME} characters")
        self._entities[name] = value

    def _start(self, _: str, __: dict[str, str]) -> None:
        if self._head is not None:
            head = self._head[: self._parser.CurrentByteIndex]
            self._require_near(len(head))
            self._head = None
            # The engine takes for a declaration what stands in a comment.
            if head[head.find(b"<!DOCTYPE") :].count(b"<!ENTITY") != len(self._entities):
                raise self._refusal("an entity is declared twice, cannot be read or stands in a comment")
            self._sizes = {name.encode(): self._expanded(name) for name in self._entities}
        self._levels += 1
        if self._levels > LEVELS:
            raise self._refusal(f"more than {LEVELS} elements within each other")

    def _end(self, _: str) -> None:
        self._levels -= 1

    def _expanded(self, name: str, level: int = 0) -> int:
        """The size of the entity *name* with all that it refers to."""
        value = self._entities[name].encode()
        size = len(value)
        if level < _ENTITY_LEVELS:
            for reference in _REFERENCE.findall(value):
                inner = reference.decode()
                if inner in self._entities and size <= ENTITY_SIZE:
                    size += self._expanded(inner, level + 1)
        if level == _ENTITY_LEVELS or size > ENTITY_SIZE:
            raise self._refusal(
                f"the entity {name} stands for more than {ENTITY_SIZE} bytes, or refers to itself; "
                "write its text where it belongs"
            )
        return size

    def _count_references(self, chunk: bytes) -> None:
        text = self._tail + chunk
        for reference in _REFERENCE.findall(text):
            self._added += self._sizes.get(reference, 0)
        start = text.rfind(b"&", -4 * _NAME - 2)
        self._tail = text[start:] if start >= 0 and b";" not in text[start:] else b""
        if self._added > ANY_SIZE + GROWTH * self._size:
            raise self._refusal(_GROWN)

    def _require_near(self, size: int) -> None:
        """Refuse *size* bytes before the root element when they are too many."""
        if size > _HEAD:
            raise self._refusal("more than 1 MiB before the first element")

    def _refusal(self, reason: str) -> InputError:
        parser = self._parser
        place = Place(self._name, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
        return InputError(f"not read: {reason}", place)
