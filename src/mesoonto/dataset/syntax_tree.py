"""The syntax tree of a SPARQL text, by the grammar of tree-sitter, whose parser does not recurse."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache

from tree_sitter import Language, Node, Parser


def parse(text: bytes) -> Node:
    """The root of the tree of *text*; its ``has_error`` tells whether the grammar understood all of it."""
    return _parser().parse(text).root_node


def nodes(root: Node) -> Iterator[Node]:
    """*root* and all nodes below it in document order, without recursion: a query can nest deeper than
    Python's stack.
    """
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


@cache
def _parser() -> Parser:
    import tree_sitter_sparql

    with warnings.catch_warnings():
        # The grammar package still hands over an int instead of a capsule.
        warnings.simplefilter("ignore", DeprecationWarning)
        return Parser(Language(tree_sitter_sparql.language()))
