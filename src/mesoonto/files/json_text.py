"""Reads JSON with the place of every key and value (RFC 8259)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_TOKEN = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}\[\],:])', re.DOTALL)
_DEPTH = 300

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Json:
    """A value and the offset, in characters, at which it begins."""

    value: Scalar | list[Json] | dict[str, Json]
    at: int = 0

    def items(self) -> list[tuple[str, Json]]:
        """The members of an object; none of anything else."""
        return list(self.value.items()) if isinstance(self.value, dict) else []

    def elements(self) -> list[Json]:
        """The elements of an array, else the value alone."""
        return self.value if isinstance(self.value, list) else [self]

    def get(self, key: str) -> Json | None:
        """A member of an object, if there is one."""
        return self.value.get(key) if isinstance(self.value, dict) else None


def parse(text: str) -> Json:
    """The value that *text* holds; raises ValueError when it is no JSON, or is nested too deep."""
    return _JsonParser(text).value(0)


def with_places(value: object, at: int = 0) -> Json:
    """A value that is parsed already; everything in it stands at *at*."""
    if isinstance(value, dict):
        return Json({key: with_places(member, at) for key, member in value.items()}, at)
    if isinstance(value, list):
        return Json([with_places(element, at) for element in value], at)
    if value is None or isinstance(value, str | int | float):
        return Json(value, at)
    raise ValueError("not JSON")


class _JsonParser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def _next(self) -> tuple[str, int]:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise ValueError("not JSON")
        self._at = match.end()
        return match[1], match.start(1)

    def value(self, depth: int) -> Json:
        word, at = self._next()
        if depth > _DEPTH:
            raise ValueError("nested too deep")
        if word == "{":
            return Json(self._members(depth), at)
        if word == "[":
            return Json(self._elements(depth), at)
        if word in "]},:":
            raise ValueError("not JSON")
        return Json(json.loads(word), at)

    def _members(self, depth: int) -> dict[str, Json]:
        found: dict[str, Json] = {}
        word, _ = self._next()
        while word != "}":
            if word == ",":
                word, _ = self._next()
            key = json.loads(word)
            self._next()
            found[key] = self.value(depth + 1)
            word, _ = self._next()
        return found

    def _elements(self, depth: int) -> list[Json]:
        found: list[Json] = []
        before = self._at
        word, _ = self._next()
        while word != "]":
            if word != ",":
                self._at = before
            found.append(self.value(depth + 1))
            before = self._at
            word, _ = self._next()
        return found
