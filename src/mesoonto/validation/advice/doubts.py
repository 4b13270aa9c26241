"""Finds the reasons why a validation may have passed by accident: strict mode."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from mesoonto.errors import MesoontoError
from mesoonto.files.terms import TYPE, Term
from mesoonto.validation.data.graph import Graph, brief
from mesoonto.validation.data.vocabulary import PARAMETERS, SH, TARGETS, sh
from mesoonto.validation.inputs import IMPORTS
from mesoonto.validation.report.findings import Doubt
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.constructs import OBJECTS, PROPERTIES
from mesoonto.validation.shapes.model import Shapes, named_shapes
from mesoonto.validation.shapes.names import Names
from mesoonto.validation.shipped import Vocabulary


def of_shapes(shapes: Shapes, vocabulary: Vocabulary) -> Iterator[Doubt]:
    """Doubts about the shapes themselves; *vocabulary* is what the ontology and the data know."""
    yield from _unknown_words(shapes.graph)
    names = Names(shapes)
    referred = {
        node
        for shape in shapes.by_node.values()
        for constraint in shape.constraints
        for node in named_shapes(constraint)
    }
    for node, shape in shapes.by_node.items():
        if not shape.targets and node not in referred and not shape.deactivated:
            yield Doubt(
                "no-target", brief(node), "the shape has no target, and no other shape refers to it", node
            )
        if shape.deactivated:
            yield Doubt("deactivated", brief(node), "the shape is deactivated", node)
        if node in referred and not shape.constraints and node not in shapes.graph:
            yield Doubt(
                "undefined-shape",
                brief(node),
                "a shape refers to it, and nothing says what it asks for",
                node,
            )
        name = brief(names.named(node))
        yield from _unknown_terms(name, shape, vocabulary)
        yield from _idle(name, shape, shapes.graph)
    ruled = {rule.shape for rule in shapes.rules}
    for shape in shapes.targeted:
        if shape.node not in ruled and not any(part.constraints for part in shapes.parts(shape)):
            yield Doubt(
                "no-constraint",
                brief(shape.node),
                "the shape has targets and asks for nothing",
                shape.node,
            )


def _unknown_words(graph: Graph) -> Iterator[Doubt]:
    seen: set[str] = set()
    for subject, predicate, value in graph:
        for term, known in ((predicate, PROPERTIES), (value, OBJECTS | PROPERTIES)):
            if (
                not isinstance(term, ox.NamedNode)
                or not term.value.startswith(SH)
                or term == value == predicate
            ):
                continue
            local = term.value.removeprefix(SH)
            if local in known or local.endswith(("ConstraintComponent", "ShapeComponent")) or local in seen:
                continue
            seen.add(local)
            close = difflib.get_close_matches(local, sorted(known), 1)
            hint = f"; did you mean sh:{close[0]}" if close else ""
            yield Doubt(
                "unknown-term",
                f"sh:{local}",
                f"SHACL has no such term (at {brief(subject)}){hint}",
                subject,
            )


def _unknown_terms(name: str, shape: model.Shape, vocabulary: Vocabulary) -> Iterator[Doubt]:
    for target in shape.targets:
        if target.kind == "class" and target.term is not None and target.term not in vocabulary:
            message = (
                f"the target class {brief(target.term)} is known neither to the ontology nor to the data"
            )
            yield Doubt("unknown-class", name, message, shape.node)
        if (
            target.kind in ("subjects", "objects")
            and target.term not in vocabulary
            and target.term is not None
        ):
            message = (
                f"the target property {brief(target.term)} is known neither to the ontology nor to the data"
            )
            yield Doubt("unknown-property", name, message, shape.node)
    for predicate in dict.fromkeys(shape.path.predicates() if shape.path else ()):
        if predicate not in vocabulary:
            yield _unknown_property(name, shape, predicate, vocabulary)
    for constraint in shape.constraints:
        if isinstance(constraint, model.Class) and constraint.term not in vocabulary:
            message = f"the class {brief(constraint.term)} is known neither to the ontology nor to the data"
            yield Doubt("unknown-class", name, message, shape.node)


def _unknown_property(
    name: str, shape: model.Shape, predicate: ox.NamedNode, vocabulary: Vocabulary
) -> Doubt:
    """A misspelt property, as far as one can tell; else one that no data use yet."""
    close = vocabulary.like(predicate)
    hint = f"; did you mean {brief(close)}" if close is not None else ""
    if close is not None or vocabulary.defines_others_like(predicate):
        message = f"the property {brief(predicate)} is known neither to the ontology nor to the data{hint}"
        return Doubt("unknown-property", name, message, shape.node)
    return Doubt("unused-property", name, f"no data at hand use the property {brief(predicate)}", shape.node)


def _idle(name: str, shape: model.Shape, graph: Graph) -> Iterator[Doubt]:
    """Words on a shape that have no effect there."""
    needs = {
        "flags": "pattern",
        "ignoredProperties": "closed",
        "qualifiedMinCount": "qualifiedValueShape",
        "qualifiedMaxCount": "qualifiedValueShape",
        "qualifiedValueShapesDisjoint": "qualifiedValueShape",
    }
    for word, needed in needs.items():
        if graph.all(shape.node, sh(word)) and not graph.all(shape.node, sh(needed)):
            yield Doubt("not-evaluated", name, f"sh:{word} has no effect without sh:{needed}", shape.node)


def of_imports(shapes: Shapes) -> Iterator[Doubt]:
    """Graphs that the shapes import and that were not read; shapes that there are none of."""
    for iri in shapes.missing:
        about = next(
            (s for s in shapes.graph.subjects() if ox.NamedNode(iri) in shapes.graph.all(s, IMPORTS)), None
        )
        message = (
            "the shapes import it, and it is not at hand: give its file with the shapes, "
            "or name it in a catalog (--catalog)"
        )
        yield Doubt("not-imported", brief(ox.NamedNode(iri)), message, about)
    if not shapes.targeted:
        yield Doubt("no-shapes", "the shapes", "no shape has a target, so nothing was looked at")


def of_context(errors: Iterable[MesoontoError]) -> Iterator[Doubt]:
    """Files that were to be known and cannot be read."""
    for error in errors:
        place = error.place
        name, line, column = (place.source, place.line or 0, place.column or 0) if place else ("", 0, 0)
        yield Doubt("unread-context", name, error.message, file=name, line=line, column=column)


def of_strays(shapes: Shapes) -> Iterator[Doubt]:
    """Nodes that hold constraints or targets and that no shape leads to: nothing evaluates them."""
    constraining = [sh(word) for word in (*PARAMETERS, *TARGETS)]
    for node in shapes.graph.subjects():
        if node in shapes.by_node or sh("Parameter") in shapes.graph.all(node, TYPE):
            continue
        used = [p for p in shapes.graph.predicates(node) if p in constraining]
        if used and not _is_part_of_something_else(node, shapes.graph):
            words = ", ".join(sorted(brief(p) for p in used))
            yield Doubt(
                "not-evaluated",
                brief(node),
                f"{words} stand on a node that is no shape and that none uses",
                node,
            )


def _is_part_of_something_else(node: Term, graph: Graph) -> bool:
    """Whether *node* is a parameter, a node expression or the like, where such words mean something else."""
    types = {brief(t) for t in graph.all(node, TYPE)}
    if types & {"sh:ConstraintComponent", "sh:SPARQLFunction", "sh:SPARQLTargetType"}:
        return True
    return isinstance(node, ox.BlankNode) and any(
        node in graph.all(subject, predicate)
        for subject in graph.subjects()
        for predicate in graph.predicates(subject)
    )
