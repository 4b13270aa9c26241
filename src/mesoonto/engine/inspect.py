"""Looks at a query before it is evaluated, with the SPARQL grammar of tree-sitter.

The engine would fetch any host for SERVICE, and reads its default graph from FROM only when it is not told
otherwise. Both must be known before evaluation.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tree_sitter import Language, Node, Parser, Tree

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
    tree = _parser().parse(text)
    nodes = list(_nodes(tree.root_node))
    kinds = {node.type for node in nodes}
    unclear = tree.root_node.has_error
    return Outline(
        has_service=b"service" in words and (unclear or "service_graph_pattern" in kinds),
        has_dataset_clause="dataset_clause" in kinds,
    )


def _nodes(root: Node) -> Iterator[Node]:
    """All nodes in document order, without recursion: a query can nest deeper than Python's stack."""
    cursor = root.walk()
    while True:
        node = cursor.node
        if node is not None:
            yield node
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def parse(query: str) -> Tree:
    """The syntax tree of *query*; parts that the grammar does not understand are ERROR nodes in it."""
    return _parser().parse(query.encode("utf-8", "replace"))


@cache
def _parser() -> Parser:
    import tree_sitter_sparql

    with warnings.catch_warnings():
        # The grammar package still hands over an int instead of a capsule.
        warnings.simplefilter("ignore", DeprecationWarning)
        return Parser(Language(tree_sitter_sparql.language()))
