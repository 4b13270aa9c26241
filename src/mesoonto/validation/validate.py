"""Runs SHACL validation with pySHACL over data files and shape files.

The graphs are rdflib memory graphs with plain literals: over an Oxigraph-backed graph, or one whose strings
carry the datatype xsd:string, pySHACL is 60 times slower and wrong on ``sh:in`` (measured with pySHACL 0.40).
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pyshacl
from pyshacl.errors import ConstraintLoadError, ReportableRuntimeError, RuleLoadError, ShapeLoadError
from rdflib import RDF, RDFS, BNode, Graph, Literal, URIRef
from rdflib.namespace import SH, XSD
from rdflib.term import Identifier, Node

from mesoonto import rdf_files, resources
from mesoonto.errors import InputError, ShapeError
from mesoonto.namespaces import PREFIXES
from mesoonto.validation.locate import line_of
from mesoonto.validation.report import Finding, Report, Severity

_TYPE = ox.NamedNode(str(RDF.type))
_SUBCLASS = ox.NamedNode(str(RDFS.subClassOf))
_BAD_SHAPES = (ShapeLoadError, ConstraintLoadError, RuleLoadError, ReportableRuntimeError)
_SEVERITIES: dict[Node | None, Severity] = {
    SH.Violation: Severity.VIOLATION,
    SH.Warning: Severity.WARNING,
    SH.Info: Severity.INFO,
}


def validate(data: Sequence[Path] = (), shapes: Sequence[Path] = ()) -> Report:
    """Check *data* against *shapes*.

    Without *data*, the shipped modules and records are checked; without *shapes*, the shipped shapes are
    used. What *data* refers to in the shipped ontology and records is known by its classes and their
    superclasses, so that ``sh:class`` sees it; it is not itself checked.

    Raises InputError for a data file, and ShapeError for shapes, that cannot be used.
    """
    # An ill-typed literal is a finding of sh:datatype, not a reason for rdflib to print a stack trace.
    logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)
    data_files = list(data) or [*resources.module_files(), *resources.record_files()]
    graph = Graph()
    home: dict[Identifier, str] = {}
    for path in data_files:
        for subject in _read_into(graph, path):
            home.setdefault(subject, str(path))
    triples = len(graph)
    for triple in _background(graph):
        graph.add(triple)
    shape_graph = _read_shapes(shapes or resources.shape_files())
    results = _run_pyshacl(graph, shape_graph)
    return Report(
        findings=tuple(sorted(_findings(results, home, graph))),
        triples=triples,
        shapes=len(set(shape_graph.subjects(RDF.type, SH.NodeShape))),
        turtle=results.serialize(format="turtle"),
    )


@cache
def _shipped_types() -> dict[Identifier, tuple[tuple[Identifier, Identifier], ...]]:
    """For every entity of the shipped files its classes, and for every class its named superclasses."""
    found: dict[Identifier, set[tuple[Identifier, Identifier]]] = defaultdict(set)
    for path in [*resources.module_files(), *resources.import_files(), *resources.record_files()]:
        for quad in rdf_files.read(path):
            if quad.predicate in (_TYPE, _SUBCLASS) and isinstance(quad.object, ox.NamedNode):
                found[_node(quad.subject)].add((_node(quad.predicate), _node(quad.object)))
    return {subject: tuple(pairs) for subject, pairs in found.items()}


def _background(data: Graph) -> Iterator[tuple[Identifier, Identifier, Identifier]]:
    """Classes and superclasses of the shipped entities that *data* refers to."""
    shipped = _shipped_types()
    waiting: set[Identifier] = {node for node in data.objects() if isinstance(node, URIRef)}
    seen: set[Identifier] = set()
    while waiting:
        node = waiting.pop()
        seen.add(node)
        for predicate, other in shipped.get(node, ()):
            yield (node, predicate, other)
            if other not in seen:
                waiting.add(other)


def _read_shapes(files: Iterable[Path]) -> Graph:
    graph = Graph()
    try:
        for path in files:
            _read_into(graph, path)
    except InputError as error:
        raise ShapeError(error.message, error.place) from error
    return graph


def _run_pyshacl(data: Graph, shapes: Graph) -> Graph:
    try:
        _, results, text = pyshacl.validate(
            data, shacl_graph=shapes, advanced=True, allow_warnings=True, inplace=True, do_owl_imports=False
        )
    except _BAD_SHAPES as error:
        raise ShapeError(f"the shapes cannot be used: {error}") from error
    if not isinstance(results, Graph):
        raise ShapeError(f"the shapes cannot be used: {text}")
    return results


def _findings(results: Graph, home: Mapping[Identifier, str], data: Graph) -> Iterable[Finding]:
    for result in results.subjects(RDF.type, SH.ValidationResult):
        focus = results.value(result, SH.focusNode)
        severity = results.value(result, SH.resultSeverity)
        if not isinstance(focus, Identifier) or focus not in home:
            continue
        record = str(_owner(focus, data))
        path = _text(results, results.value(result, SH.resultPath))
        value = results.value(result, SH.value)
        yield Finding(
            file=home[focus],
            line=line_of(home[focus], record, path) or 0,
            record=record,
            focus=str(focus),
            path=path,
            message="; ".join(sorted(str(m) for m in results.objects(result, SH.resultMessage))),
            value="" if isinstance(value, BNode) else _text(results, value),
            shape=_text(results, results.value(result, SH.sourceShape)),
            severity=_SEVERITIES.get(severity, Severity.VIOLATION),
        )


def _owner(node: Node, data: Graph) -> Node:
    """The IRI that leads to the blank node *node*, or *node* when it is an IRI or nothing leads to it."""
    seen = set()
    while isinstance(node, BNode) and node not in seen:
        seen.add(node)
        node = next(data.subjects(object=node), node)
    return node


def _text(graph: Graph, node: object) -> str:
    """A term as a person writes it; a property path as the steps in it."""
    if node is None:
        return ""
    if isinstance(node, BNode):
        steps = sorted({str(o) for o in graph.objects(node) if isinstance(o, URIRef)})
        return " ".join(steps)
    return str(node)


def _read_into(graph: Graph, path: Path) -> set[Identifier]:
    """Add the triples of *path* to *graph* and give back their subjects."""
    subjects = set()
    for quad in rdf_files.read(path):
        subject = _node(quad.subject)
        graph.add((subject, _node(quad.predicate), _node(quad.object)))
        subjects.add(subject)
    for prefix, stem in PREFIXES.items():
        graph.bind(prefix, stem)
    return subjects


def _node(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Identifier:
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    if isinstance(term, ox.Triple):
        raise InputError(
            "triple terms are not supported by SHACL 1.0; state the triple and describe it instead"
        )
    datatype = URIRef(term.datatype.value)
    if term.language or datatype == XSD.string:
        return Literal(term.value, lang=term.language)
    return Literal(term.value, datatype=datatype, normalize=False)
