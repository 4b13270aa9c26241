"""Small parts of Markdown, written safely."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_{}\[\]#|])")


def text(words: str) -> str:
    """*words* on one line, as they are: nothing in them is markup."""
    return _SPECIAL.sub(r"\\\1", html.escape(" ".join(words.split()), quote=False))


def code(words: str) -> str:
    """*words* as code within a line."""
    inside = " ".join(words.split())
    marks = "`" * (1 + max((len(run) for run in re.findall("`+", inside)), default=0))
    space = " " if "`" in inside else ""
    return f"{marks}{space}{inside}{space}{marks}"


def fenced(language: str, lines: str) -> str:
    """*lines* as a block of code."""
    marks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", lines)), default=0))
    return f"{marks}{language}\n{lines.strip(chr(10))}\n{marks}\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown themselves."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
