"""Reads SPARQL files whose header says in words what they ask: lines ``#+ key: value``, as grlc has them."""

from __future__ import annotations

from pathlib import Path

from mesoonto.errors import InputError, Place


def read_annotated(path: Path) -> tuple[dict[str, str], str]:
    """The header and the query of the file *path*; an InputError when the header lacks a summary."""
    header: dict[str, str] = {}
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    body_from = 0
    for line in lines:
        if not line.startswith("#+"):
            break
        key, _, value = line[2:].partition(":")
        header[key.strip()] = value.strip()
        body_from += 1
    if not header.get("summary"):
        raise InputError(
            "no summary; begin the file with a line #+ summary: what it asks, in words", Place(str(path), 1)
        )
    return header, "".join(lines[body_from:]).strip() + "\n"
