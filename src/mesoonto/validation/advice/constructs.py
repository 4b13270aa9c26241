"""Doubts about constructs that nothing evaluates, and about classes that stand where properties belong."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from mesoonto.files.terms import OWL, RDFS, SUBCLASS, TYPE, Term
from mesoonto.validation.data.graph import brief
from mesoonto.validation.report.findings import Doubt
from mesoonto.validation.shapes import constructs, model
from mesoonto.validation.shapes.model import Shapes
from mesoonto.validation.shapes.names import Names

_CLASSES = (ox.NamedNode(OWL + "Class"), ox.NamedNode(RDFS + "Class"))


def of_constructs(shapes: Shapes) -> Iterator[Doubt]:
    """Words of SHACL or of its drafts that are not evaluated here."""
    names = Names(shapes)
    for subject, row in constructs.unevaluated(shapes.graph):
        yield Doubt("not-evaluated", brief(names.named(subject)), _told(row), subject)


def of_data(store: ox.Store) -> Iterator[Doubt]:
    """Words in the data by which the drafts steer validation, and which are not evaluated here."""
    for row in constructs.in_data(store):
        yield Doubt("not-evaluated", "the data", _told(row))


def _told(row: constructs.Construct) -> str:
    return f"{row.name} ({row.standard.value}) is not evaluated"


def of_roles(shapes: Shapes, store: ox.Store) -> Iterator[Doubt]:
    """Classes in the place of a property: they have no values, so nothing can be found."""
    names = Names(shapes)
    for node, shape in shapes.by_node.items():
        for predicate in dict.fromkeys(_predicates(shape)):
            if _is_class(predicate, shapes, store):
                message = f"{brief(predicate)} is a class, and stands where a property is needed"
                yield Doubt("unknown-property", brief(names.named(node)), message, node)


def _predicates(shape: model.Shape) -> Iterator[ox.NamedNode]:
    if shape.path is not None:
        yield from shape.path.predicates()
    for constraint in shape.constraints:
        if isinstance(constraint, model.Pair):
            yield constraint.predicate
    for target in shape.targets:
        if target.kind in ("subjects", "objects") and isinstance(target.term, ox.NamedNode):
            yield target.term


def _is_class(term: ox.NamedNode, shapes: Shapes, store: ox.Store) -> bool:
    """Whether the data or the shapes take *term* for a class, and the data never for a property."""
    if next(store.quads_for_pattern(None, term, None), None) is not None:
        return False
    kinds: list[Term] = list(shapes.graph.all(term, TYPE))
    kinds += [quad.object for quad in store.quads_for_pattern(term, TYPE, None)]  # type: ignore[misc]
    patterns = ((None, TYPE, term), (term, SUBCLASS, None), (None, SUBCLASS, term))
    used = any(next(store.quads_for_pattern(*pattern), None) is not None for pattern in patterns)
    return used or any(kind in _CLASSES for kind in kinds)
