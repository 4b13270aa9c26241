"""Runs SHACL validation with pySHACL over data files and shape files.

The graphs are rdflib memory graphs with plain literals: over an Oxigraph-backed graph, or one whose strings
carry the datatype xsd:string, pySHACL is 60 times slower and wrong on ``sh:in`` (measured with pySHACL 0.40).
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pyshacl
from pyshacl.errors import ShapeRecursionWarning
from rdflib import RDF, RDFS, BNode, Graph, Literal, URIRef
from rdflib.namespace import SH, XSD
from rdflib.term import Identifier, Node

from mesoonto import rdf_files, resources
from mesoonto.engine.inspect import outline
from mesoonto.errors import InputError, ShapeError
from mesoonto.namespaces import PREFIXES
from mesoonto.validation.locate import line_of
from mesoonto.validation.report import Finding, Report, Severity

_TYPE = ox.NamedNode(str(RDF.type))
_SUBCLASS = ox.NamedNode(str(RDFS.subClassOf))
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
    with _quiet():
        return _validate(data, shapes)


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


def _validate(data: Sequence[Path], shapes: Sequence[Path]) -> Report:
    data_files = list(data) or [*resources.module_files(), *resources.record_files()]
    graph = Graph()
    home: dict[Identifier, str] = {}
    for path in data_files:
        for node in _read_into(graph, path):
            home.setdefault(node, str(path))
    triples = len(graph)
    background = set(_background(graph)) - set(graph)
    shipped_only = {triple[0] for triple in background} - set(graph.subjects())
    for triple in background:
        graph.add(triple)
    shape_graph = _read_shapes(shapes or resources.shape_files())
    results = _run_pyshacl(graph, shape_graph)
    _leave_out(results, shipped_only)
    findings = tuple(sorted(set(_findings(results, home, graph))))
    return Report(
        findings=findings,
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
            deque(_read_into(graph, path), maxlen=0)
    except InputError as error:
        raise ShapeError(error.message, error.place) from error
    return graph


def _run_pyshacl(data: Graph, shapes: Graph) -> Graph:
    """The validation report of pySHACL; a ShapeError when it cannot make one."""
    for query in _queries(shapes):
        if outline(query).has_service:
            raise ShapeError("the shapes cannot be used: a query in them holds SERVICE, which is refused")
    try:
        _, results, text = pyshacl.validate(
            data, shacl_graph=shapes, advanced=True, allow_warnings=True, inplace=True, do_owl_imports=False
        )
    except Exception as error:
        # pySHACL 0.40 and the libraries below it raise almost anything on odd shapes and odd values, plain
        # Exception among them: re.error, TypeError, KeyError, StopIteration, ParseException ...
        raise ShapeError(f"the shapes cannot be used with these data: {_told(error)}") from error
    if not isinstance(results, Graph):
        raise ShapeError(f"the shapes cannot be used: {text}")
    return results


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__


def _queries(shapes: Graph) -> Iterator[str]:
    for predicate in (SH.select, SH.ask, SH.construct, SH.update):
        yield from map(str, shapes.objects(predicate=predicate))


def _leave_out(results: Graph, nodes: set[Identifier]) -> None:
    """Take the results about *nodes* out of the report, and renew its verdict."""
    (report,) = results.subjects(RDF.type, SH.ValidationReport)
    for result in list(results.objects(report, SH.result)):
        if results.value(result, SH.focusNode) in nodes:
            results.remove((report, SH.result, result))
            results.remove((result, None, None))
    blocking = any(
        results.value(result, SH.resultSeverity) not in (SH.Warning, SH.Info)
        for result in results.objects(report, SH.result)
    )
    results.set((report, SH.conforms, Literal(not blocking)))


def _findings(results: Graph, home: Mapping[Identifier, str], data: Graph) -> Iterator[Finding]:
    for result in results.objects(predicate=SH.result):
        focus = results.value(result, SH.focusNode)
        if focus is None:
            continue
        record = str(_owner(focus, data))
        path = _text(results, results.value(result, SH.resultPath))
        value = results.value(result, SH.value)
        file = home.get(focus, "") if isinstance(focus, Identifier) else ""
        yield Finding(
            file=file,
            line=(line_of(file, record, path) or 0) if file else 0,
            record=record,
            focus=str(focus),
            path=path,
            message="; ".join(sorted(str(m) for m in results.objects(result, SH.resultMessage))),
            value="" if isinstance(value, BNode) else _text(results, value),
            shape=_text(results, results.value(result, SH.sourceShape)),
            severity=_SEVERITIES.get(results.value(result, SH.resultSeverity), Severity.VIOLATION),
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


def _read_into(graph: Graph, path: Path) -> Iterator[Identifier]:
    """Add the triples of *path* to *graph*; gives their subjects, then their objects."""
    objects = []
    for quad in rdf_files.read(path):
        triple = (_node(quad.subject), _node(quad.predicate), _node(quad.object))
        graph.add(triple)
        objects.append(triple[2])
        yield triple[0]
    yield from objects
    for prefix, stem in PREFIXES.items():
        graph.bind(prefix, stem)


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
