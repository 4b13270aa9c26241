"""Finds the line of a Turtle file on which a record, or a property of it, is written."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_PREFIX = re.compile(r"^\s*(?:@prefix|PREFIX)\s+([\w.-]*:)\s*<([^>]*)>", re.MULTILINE | re.IGNORECASE)

#: The end of a record, also with a label behind it.
_END = re.compile(r"\s\.\s*(?:#.*)?$")


def line_of(file: str, record: str, path: str) -> int | None:
    """The line, counted from one, that states *path* of *record* in *file*.

    When the property is missing, or is a path of several steps, the line on which the record begins; None
    when the record cannot be found, as in a syntax other than Turtle.
    """
    lines, names = _source(file)
    start = _find(lines, _written(record, names), 0, begins=True)
    if start is None:
        return None
    end = next((n for n in range(start, len(lines)) if _END.search(lines[n])), len(lines) - 1)
    found = _find(lines[: end + 1], _written(path, names), start, begins=False) if path else None
    return (start if found is None else found) + 1


@cache
def _source(file: str) -> tuple[list[str], dict[str, str]]:
    text = Path(file).read_text(encoding="utf-8")
    return text.splitlines(), {stem: prefix for prefix, stem in _PREFIX.findall(text)}


def _written(iri: str, names: dict[str, str]) -> list[str]:
    """The ways in which *iri* may stand in a file with the prefixes *names*."""
    return [
        f"<{iri}>",
        *(prefix + iri[len(stem) :] for stem, prefix in names.items() if iri.startswith(stem)),
    ]


def _find(lines: list[str], forms: list[str], start: int, *, begins: bool) -> int | None:
    before = "^" if begins else r"(?:^|[\s;\[,])"
    alternatives = "|".join(re.escape(form) for form in forms)
    pattern = re.compile(rf"{before}(?:{alternatives})(?=[\s;,.\]]|$)")
    return next((n for n in range(start, len(lines)) if pattern.search(lines[n])), None)
