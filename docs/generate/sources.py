"""Which files of the repository the documentation needs, and where each goes in the site.

Sources are named by their path from the root of the repository, so that MkDocs follows the same relative
links that readers follow in the repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]

#: Pages to begin with; those that they link to follow.
FIRST = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")

_FENCED = re.compile(r"^( *)(```+|~~~+).*?^\1\2 *$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(`+)[^`].*?\1", re.DOTALL)
_LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")


def links(markdown: str) -> Iterator[str]:
    """The targets of links and images that are written in *markdown*, but not of those in code."""
    for found in _LINK.finditer(_CODE.sub("", _FENCED.sub("", markdown))):
        yield found[1]


def target(source: str, link: str) -> str | None:
    """The path from the root that *link* in *source* leads to; None for its own page and other hosts."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or not parts.path:
        return None
    return normpath(join(dirname(source), unquote(parts.path)))


def pages_of_docs() -> list[str]:
    """The pages of docs/ itself."""
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))


def linked() -> list[str]:
    """The pages, and the files that they lead to by way of each other; what is not there is left out."""
    found = [*pages_of_docs(), *FIRST]
    waiting = list(found)
    while waiting:
        source = waiting.pop()
        for link in links((ROOT / source).read_text("utf-8")):
            name = target(source, link)
            if name is None or name in found or name.startswith("..") or not (ROOT / name).is_file():
                continue
            found.append(name)
            if name.endswith(".md"):
                waiting.append(name)
    return found


def place(source: str) -> str:
    """Where *source* goes in the site: docs/ is its root, names are in lower case, no pages in files/."""
    inside = source.removeprefix("docs/")
    path = Path(inside)
    if path.suffix != ".md":
        return inside if inside != source else f"files/{source}"
    if path.stem.lower() == "index" or (path.stem == "README" and path.parent != Path(".")):
        return (path.parent / "index.html").as_posix().lower()
    return (path.with_suffix("") / "index.html").as_posix().lower()
