"""Runs pySHACL: the reference for the compiled engine, and the engine for what does not compile.

The graphs are rdflib memory graphs with plain literals: over an Oxigraph-backed graph, or one whose strings
carry the datatype xsd:string, pySHACL is 60 times slower and wrong on ``sh:in`` (measured with pySHACL 0.40).
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterable, Iterator

import pyoxigraph as ox
import pyshacl
from pyshacl.errors import ShapeRecursionWarning
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import SH, XSD
from rdflib.term import Identifier, Node

from mesoonto.files.terms import OWL, RDFS, TYPE, Term
from mesoonto.validation.data.graph import Graph as ShapesGraph
from mesoonto.validation.data.graph import brief, unusable
from mesoonto.validation.data.vocabulary import TARGETS, sh
from mesoonto.validation.engine.results import Result
from mesoonto.validation.shapes.model import Shape, Shapes
from mesoonto.validation.shapes.paths import read_path

#: Shapes that have nothing but the rules of others, whose names follow.
_ALONE = "urn:mesoonto:rules-of:"
_OF_RULES = frozenset(map(sh, (*TARGETS, "rule", "order", "deactivated")))

_CLASSES = (ox.NamedNode(RDFS + "Class"), ox.NamedNode(OWL + "Class"))


def run(
    statements: Iterable[tuple[Term, ox.NamedNode, Term]],
    shapes: Shapes,
    targeted: Iterable[Shape],
    *,
    rules: bool = True,
    repeat: bool = False,
) -> list[Result]:
    """The results of pySHACL for the shapes *targeted*; a ShapeError when it makes no report.

    It runs the rules, too, unless *rules* says that this is done; with *repeat* until nothing new comes.
    """
    keep = {shape.node for shape in targeted}
    asked = [
        statement
        for statement in shapes.graph
        if statement[0] in keep or not _makes_target(shapes, *statement)
        if statement[1] != sh("rule") or (rules and statement[0] in keep)
    ]
    if rules:
        for node in dict.fromkeys(rule.shape for rule in shapes.rules if rule.shape not in keep):
            asked += _alone(node, shapes)
    with _quiet():
        report = _run(_graph(statements), _graph(asked), repeat)
        return list(_results(report, shapes))


def _graph(statements: Iterable[tuple[Term, ox.NamedNode, Term]]) -> Graph:
    graph = Graph()
    for subject, predicate, value in statements:
        graph.add((to_rdflib(subject), URIRef(predicate.value), to_rdflib(value)))
    return graph


def _makes_target(shapes: Shapes, subject: Term, predicate: ox.NamedNode, value: Term) -> bool:
    """Whether a statement of the shapes graph gives a shape its focus nodes."""
    if any(predicate == sh(target) for target in TARGETS):
        return True
    return subject in shapes.by_node and predicate == TYPE and value in _CLASSES


def _alone(node: Term, shapes: Shapes) -> Iterator[tuple[Term, ox.NamedNode, Term]]:
    """The rules of the shape *node*, with its targets, at a shape that asks for nothing."""
    alone = ox.NamedNode(f"{_ALONE}{node.value}")
    yield alone, TYPE, sh("NodeShape")
    for predicate in shapes.graph.predicates(node):
        for value in shapes.graph.all(node, predicate):
            if predicate in _OF_RULES:
                yield alone, predicate, value
            elif _makes_target(shapes, node, predicate, value):
                yield alone, sh("targetClass"), node


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the remarks of pySHACL and rdflib off the terminal; a finding or our own error says the same."""
    quiet = [logging.getLogger(name) for name in ("pyshacl", "rdflib.term")]
    levels = [logger.level for logger in quiet]
    for logger in quiet:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", ShapeRecursionWarning)
            yield
    finally:
        for logger, level in zip(quiet, levels, strict=True):
            logger.setLevel(level)


def _run(data: Graph, shapes: Graph, repeat: bool) -> Graph:
    try:
        _, results, text = pyshacl.validate(
            data,
            shacl_graph=shapes,
            advanced=True,
            allow_warnings=True,
            inplace=True,
            do_owl_imports=False,
            iterate_rules=repeat,
        )
    except ShapeRecursionWarning as error:
        raise unusable(
            "a shape leads back to itself over these data, and pySHACL, which has to evaluate it, breaks "
            "recursion off"
        ) from error
    except Exception as error:
        # pySHACL 0.40 and the libraries below it raise almost anything on odd shapes and odd values, plain
        # Exception among them: re.error, TypeError, KeyError, StopIteration, ParseException ...
        raise unusable(f"pySHACL makes no report: {str(error) or type(error).__name__}") from error
    if not isinstance(results, Graph):
        raise unusable(str(text))
    return results


def _results(report: Graph, shapes: Shapes) -> Iterator[Result]:
    copied = ShapesGraph(
        (from_rdflib(s), ox.NamedNode(str(p)), from_rdflib(o)) for s, p, o in report if isinstance(p, URIRef)
    )
    (top,) = report.subjects(SH.conforms)
    for result in report.objects(top, SH.result):

        def value(name: str, result: Node = result) -> Term | None:
            found = report.value(result, SH[name])
            return from_rdflib(found) if isinstance(found, Identifier) else None

        focus, shape, component = value("focusNode"), value("sourceShape"), value("sourceConstraintComponent")
        if focus is None or shape is None or not isinstance(component, ox.NamedNode):
            raise unusable(f"pySHACL reports a result without focus node, at {brief(from_rdflib(top))}")
        path, severity = value("resultPath"), value("resultSeverity")
        messages = [from_rdflib(m) for m in report.objects(result, SH.resultMessage)]
        yield Result(
            focus,
            None if path is None else read_path(copied, path),
            value("value"),
            component.value,
            shape,
            severity.value if isinstance(severity, ox.NamedNode) else shapes.by_node[shape].severity,
            tuple(m for m in messages if isinstance(m, ox.Literal)),
            value("sourceConstraint"),
        )


def to_rdflib(term: Term) -> Identifier:
    """The term for rdflib, its literal not rewritten and plain where it is a string."""
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    datatype = URIRef(term.datatype.value)
    if term.language or datatype == XSD.string:
        return Literal(term.value, lang=term.language)
    return Literal(term.value, datatype=datatype, normalize=False)


def from_rdflib(term: Node) -> Term:
    """The term for pyoxigraph."""
    if isinstance(term, URIRef):
        return ox.NamedNode(str(term))
    if isinstance(term, BNode):
        return ox.BlankNode(str(term))
    if isinstance(term, Literal):
        if term.language:
            return ox.Literal(str(term), language=term.language)
        return ox.Literal(str(term), datatype=ox.NamedNode(str(term.datatype or XSD.string)))
    raise TypeError(f"{term!r} is no RDF term")
