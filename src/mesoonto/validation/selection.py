"""Chooses the shapes and the nodes that a run is about, by their IRIs or CURIEs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import pyoxigraph as ox

from mesoonto.errors import InputError
from mesoonto.files.terms import Term
from mesoonto.namespaces import PREFIXES
from mesoonto.validation.data.store import Data
from mesoonto.validation.shapes import model


@dataclass(frozen=True, slots=True)
class Selection:
    """The shapes to evaluate, and those of which results count."""

    shapes: model.Shapes
    nodes: frozenset[Term] | None = None  #: None for all

    def covers(self, shape: Term) -> bool:
        """Whether results of *shape* count."""
        return self.nodes is None or shape in self.nodes


def of_shapes(shapes: model.Shapes, names: Sequence[str]) -> Selection:
    """The shapes that *names* name, with all that they name in turn; an InputError for one that is not there.

    A property shape is evaluated for the focus nodes of the shapes around it.
    """
    if not names:
        return Selection(shapes)
    chosen: set[Term] = set()
    for name in names:
        node = _named(name)
        if node not in shapes.by_node:
            raise InputError(f"there is no shape {name}")
        chosen |= {part.node for part in shapes.parts(shapes.by_node[node])}
    asked: set[Term] = {_named(name) for name in names}
    # Rules of other shapes go on: what they add is part of the data.
    asked |= {rule.shape for rule in shapes.rules}
    kept = {
        node: shape if asked & {part.node for part in shapes.parts(shape)} else replace(shape, targets=())
        for node, shape in shapes.by_node.items()
    }
    return Selection(replace(shapes, by_node=kept), frozenset(chosen))


def of_nodes(data: Data, names: Sequence[str], only: Collection[Term] | None) -> Collection[Term] | None:
    """The nodes that *names* name, of those that are to be checked; an InputError for one without data."""
    if not names:
        return only
    nodes: set[Term] = set()
    for name in names:
        node = _named(name)
        if not data.describes(node) and not data.has_object(node):
            raise InputError(f"the data say nothing of {name}")
        nodes.add(node)
    return nodes if only is None else nodes & set(only)


def iris(names: Sequence[str]) -> list[str]:
    """The IRIs that *names* name; an InputError for what is none."""
    return [_named(name).value for name in names]


def _named(name: str) -> ox.NamedNode:
    prefix, colon, local = name.strip("<>").partition(":")
    iri = PREFIXES[prefix] + local if colon and prefix in PREFIXES else name.strip("<>")
    try:
        return ox.NamedNode(iri)
    except ValueError as error:
        raise InputError(f"{name} is no IRI; write it in full") from error
