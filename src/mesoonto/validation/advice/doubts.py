"""Finds the reasons why a validation may have passed by accident: strict mode."""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterator

import pyoxigraph as ox

from mesoonto.files.terms import TYPE, Term
from mesoonto.validation.data.graph import Graph, told
from mesoonto.validation.data.vocabulary import PARAMETERS, PROPERTIES, SH, TARGETS, sh
from mesoonto.validation.report.findings import Doubt
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.model import Shapes, named_shapes
from mesoonto.validation.shapes.names import Names

#: Terms of SHACL that may stand as objects: classes, node kinds, severities.
_OBJECTS = frozenset(
    (
        "AbstractResult", "BlankNode", "BlankNodeOrIRI", "BlankNodeOrLiteral", "ConstraintComponent",
        "Function", "IRI", "IRIOrLiteral", "Info", "JSConstraint", "JSExecutable", "JSFunction",
        "JSLibrary", "JSRule", "JSTarget", "JSTargetType", "JSValidator", "Literal", "NodeShape",
        "Parameter", "Parameterizable", "PrefixDeclaration", "PropertyGroup", "PropertyShape",
        "ResultAnnotation", "Rule", "SPARQLAskExecutable", "SPARQLAskValidator", "SPARQLConstraint",
        "SPARQLConstructExecutable", "SPARQLExecutable", "SPARQLFunction", "SPARQLRule",
        "SPARQLSelectExecutable", "SPARQLSelectValidator", "SPARQLTarget", "SPARQLTargetType",
        "SPARQLUpdateExecutable", "Severity", "Shape", "Target", "TargetType", "TripleRule",
        "ValidationReport", "ValidationResult", "Validator", "Violation", "Warning", "this",
    )
)  # fmt: skip
_ACCEPTED_BUT_IGNORED = ("entailment",)


def of_shapes(shapes: Shapes, vocabulary: Container[Term]) -> Iterator[Doubt]:
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
            yield Doubt("no-target", told(node), "the shape has no target, and no other shape refers to it")
        if shape.deactivated:
            yield Doubt("deactivated", told(node), "the shape is deactivated")
        if node in referred and not shape.constraints and node not in shapes.graph:
            yield Doubt(
                "undefined-shape", told(node), "a shape refers to it, and nothing says what it asks for"
            )
        name = told(names.named(node))
        yield from _unknown_terms(name, shape, vocabulary)
        yield from _idle(name, shape, shapes.graph)
    for shape in shapes.targeted:
        if not any(part.constraints for part in shapes.parts(shape)):
            yield Doubt("no-constraint", told(shape.node), "the shape has targets and asks for nothing")


def _unknown_words(graph: Graph) -> Iterator[Doubt]:
    seen: set[str] = set()
    for subject, predicate, value in graph:
        for term, known in ((predicate, PROPERTIES), (value, _OBJECTS | PROPERTIES)):
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
            yield Doubt("unknown-term", f"sh:{local}", f"SHACL has no such term (at {told(subject)}){hint}")


def _unknown_terms(name: str, shape: model.Shape, vocabulary: Container[Term]) -> Iterator[Doubt]:
    for target in shape.targets:
        if target.kind == "class" and target.term is not None and target.term not in vocabulary:
            message = f"the target class {told(target.term)} is known neither to the ontology nor to the data"
            yield Doubt("unknown-class", name, message)
        if (
            target.kind in ("subjects", "objects")
            and target.term not in vocabulary
            and target.term is not None
        ):
            message = (
                f"the target property {told(target.term)} is known neither to the ontology nor to the data"
            )
            yield Doubt("unknown-property", name, message)
    for predicate in dict.fromkeys(shape.path.predicates() if shape.path else ()):
        if predicate not in vocabulary:
            message = f"the property {told(predicate)} is known neither to the ontology nor to the data"
            yield Doubt("unknown-property", name, message)
    for constraint in shape.constraints:
        if isinstance(constraint, model.Class) and constraint.term not in vocabulary:
            message = f"the class {told(constraint.term)} is known neither to the ontology nor to the data"
            yield Doubt("unknown-class", name, message)


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
            yield Doubt("not-evaluated", name, f"sh:{word} has no effect without sh:{needed}")
    for word in _ACCEPTED_BUT_IGNORED:
        if graph.all(shape.node, sh(word)):
            yield Doubt("not-evaluated", name, f"sh:{word} is not evaluated")


def of_strays(shapes: Shapes) -> Iterator[Doubt]:
    """Nodes that hold constraints or targets and that no shape leads to: nothing evaluates them."""
    constraining = [sh(word) for word in (*PARAMETERS, *TARGETS)]
    for node in shapes.graph.subjects():
        if node in shapes.by_node or sh("Parameter") in shapes.graph.all(node, TYPE):
            continue
        used = [p for p in shapes.graph.predicates(node) if p in constraining]
        if used and not _is_part_of_something_else(node, shapes.graph):
            words = ", ".join(sorted(told(p) for p in used))
            yield Doubt(
                "not-evaluated", told(node), f"{words} stand on a node that is no shape and that none uses"
            )


def _is_part_of_something_else(node: Term, graph: Graph) -> bool:
    """Whether *node* is a parameter, a node expression or the like, where such words mean something else."""
    types = {told(t) for t in graph.all(node, TYPE)}
    if types & {"sh:ConstraintComponent", "sh:SPARQLFunction", "sh:SPARQLTargetType"}:
        return True
    return isinstance(node, ox.BlankNode) and any(
        node in graph.all(subject, predicate)
        for subject in graph.subjects()
        for predicate in graph.predicates(subject)
    )
