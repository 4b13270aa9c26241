"""The navigation in mkdocs.yml, with its short forms written out."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

from docs.generate import reference, sources


def filled(items: list[Any]) -> list[Any]:
    """*items* with * replaced by the pages of a folder, and "reference" by those of the reference."""
    return [one for item in items for one in _several(item)]


def _several(item: Any) -> list[Any]:
    if item == "reference":
        return reference.navigation()
    if isinstance(item, dict):
        return [{title: filled(i) if isinstance(i, list) else i for title, i in item.items()}]
    if item.endswith("*"):
        return sorted(
            (name for name in sources.pages_of_docs() if fnmatch(name, item)),
            key=lambda name: (not name.endswith(("/index.md", "/README.md")), name),
        )
    return [item]


def pages(items: list[Any]) -> Iterator[str]:
    """The pages in *items*, in their order."""
    for item in items:
        if isinstance(item, str):
            yield item
        else:
            for inner in item.values():
                yield from pages(inner if isinstance(inner, list) else [inner])
