"""The name by which people know a shape: its own, or that of the shape around it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pyoxigraph as ox

from mesoonto.files.terms import Term
from mesoonto.validation.shapes import model


class Names:
    """Names and labels of *shapes*."""

    def __init__(self, shapes: model.Shapes) -> None:
        self._shapes = shapes
        self._parents: dict[Term, list[Term]] = defaultdict(list)
        for shape in shapes.by_node.values():
            for constraint in shape.constraints:
                for node in model.named_shapes(constraint):
                    self._parents[node].append(shape.node)

    def named(self, node: Term) -> Term:
        """The nearest shape that is no blank node; *node* where there is none."""
        return next((above for above in self._above(node) if not isinstance(above, ox.BlankNode)), node)

    def label(self, node: Term) -> str:
        """The label of the shape, or of the nearest shape around it that has one; empty where none has."""
        labels = (self._shapes.by_node[above].label for above in self._above(node))
        return next(filter(None, labels), "")

    def _above(self, node: Term) -> Iterator[Term]:
        """*node* and the shapes around it, as long as only one leads to each."""
        seen: set[Term] = set()
        while node not in seen:
            seen.add(node)
            yield node
            parents = self._parents.get(node, [])
            if len(parents) == 1:
                node = parents[0]
