"""The files of a checkout that are computed from other files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mesoonto import resources
from mesoonto.owl import hierarchy, imports


def stale_files() -> list[Path]:
    """Generated files that are not what their sources say; needs no Java."""
    stale = list(_stale_slices())
    return stale if hierarchy.is_current() else [*stale, resources.inferred_file()]


def renew() -> Iterator[Path]:
    """Write the stale files anew, and name each.

    Raises NoJavaError when the hierarchy must be computed anew and there is no Java to do it with.
    """
    for path, text in _stale_slices().items():
        path.write_text(text, encoding="utf-8")
        yield path
    if not hierarchy.is_current():
        resources.inferred_file().write_text(hierarchy.turtle(), encoding="utf-8")
        yield resources.inferred_file()


def _stale_slices() -> dict[Path, str]:
    wanted = {
        table.with_name(table.name.replace("_terms.txt", ".ttl")): imports.slice_turtle(table)
        for table in sorted((resources.ontology_dir() / "imports").glob("*_terms.txt"))
    }
    return {
        path: text for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text
    }
