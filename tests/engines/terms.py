"""Cells and rows of results as engines may write them differently for the same value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pyoxigraph as ox

from mesoonto.dataset.store import Term

_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = {f"{_XSD}{name}" for name in ("decimal", "integer", "double")}


def value(term: object) -> str:
    """A cell without its type and language, which GROUP_CONCAT may keep or not; its parts in one order."""
    if not isinstance(term, ox.Literal):
        return str(term)
    if term.datatype.value in _NUMBERS:
        return repr(float(term.value))
    return ", ".join(sorted(term.value.split(", ")))


def values(terms: Iterable[object]) -> Counter[str]:
    """Such cells, blank nodes without their labels."""
    return Counter("a blank node" if isinstance(term, ox.BlankNode) else value(term) for term in terms)


def bag(rows: Iterable[dict[str, Term]]) -> Counter[frozenset[tuple[str, str]]]:
    """The rows as CSV tells them apart: an empty string, such as a GROUP_CONCAT of nothing, is no value."""
    return Counter(
        frozenset((name, text) for name, term in row.items() if (text := value(term))) for row in rows
    )
