"""The tree of a SPARQL text: productions of the grammar as nodes, tokens as leaves, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class Node:
    """A production or a token of a text.

    Two nodes are equal when they are the same. Offsets count characters.
    """

    __slots__ = ("children", "end", "kind", "parent", "source", "start")

    def __init__(
        self, kind: str, source: str, start: int, end: int, parent: Node | None, children: Sequence[Node] = ()
    ) -> None:
        self.kind = (
            kind  #: name of the production; of a token the keyword in capitals, the sign, or its class
        )
        self.source = source  #: the whole text
        self.start = start
        self.end = end
        self.parent = parent
        self.children = children

    @property
    def text(self) -> str:
        """What the node is written as."""
        return self.source[self.start : self.end]

    @property
    def is_token(self) -> bool:
        """Whether it is a token, and no production."""
        return not self.children

    def child(self, kind: str) -> Node | None:
        """The first child of a kind."""
        return next((child for child in self.children if child.kind == kind), None)

    def has(self, kind: str) -> bool:
        """Whether there is a child of a kind."""
        return self.child(kind) is not None

    def walk(self) -> Iterator[Node]:
        """This node and all below it in the order of the text, without recursion."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            if node.children:
                waiting += node.children[::-1]

    def levels(self) -> int:
        """How deep brackets and signs before an expression nest."""
        most, waiting = 0, [(self, 0)]
        while waiting:
            node, levels = waiting.pop()
            most = max(most, levels)
            for child in node.children:
                if child.children:
                    waiting.append((child, levels + (child.kind == "UnaryExpression")))
                else:
                    levels += (child.kind in ("{", "(", "[")) - (child.kind in ("}", ")", "]"))
        return most

    def __repr__(self) -> str:
        return f"<{self.kind} {self.text[:40]!r}>"
