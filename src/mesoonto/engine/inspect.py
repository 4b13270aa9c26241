"""Looks at a query before it is evaluated, with the SPARQL grammar of tree-sitter.

The engine would fetch any host for SERVICE, and reads its default graph from FROM only when it is not told
otherwise. Both must be known before evaluation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mesoonto.engine import tree

_SUSPECTS = re.compile(rb"\b(?:service|from)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Outline:
    """What matters of a query before it runs."""

    has_service: bool
    has_dataset_clause: bool


def outline(query: str) -> Outline:
    """Whether *query* holds SERVICE or FROM.

    Errs on the side of safety: when the grammar does not understand a text in which the word SERVICE stands,
    the text counts as having it.
    """
    text = query.encode("utf-8", "replace")
    words = {match[0].lower() for match in _SUSPECTS.finditer(text)}
    if not words:
        return Outline(has_service=False, has_dataset_clause=False)
    root = tree.parse(text)
    kinds = {node.type for node in tree.nodes(root)}
    unclear = root.has_error
    return Outline(
        has_service=b"service" in words and (unclear or "service_graph_pattern" in kinds),
        has_dataset_clause="dataset_clause" in kinds,
    )
