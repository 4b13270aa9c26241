"""The files of a checkout that are computed from other files."""

from __future__ import annotations

from pathlib import Path

from mesoonto import resources
from mesoonto.owl import imports


def stale() -> dict[Path, str]:
    """Generated files that are not what their sources say, each with the text it should hold."""
    wanted = {
        table.with_name(table.name.replace("_terms.txt", ".ttl")): imports.slice_turtle(table)
        for table in sorted((resources.ontology_dir() / "imports").glob("*_terms.txt"))
    }
    return {
        path: text for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text
    }
