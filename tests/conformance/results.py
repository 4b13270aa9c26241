"""Reads SPARQL results in every format and compares them.

The four formats of solutions are read here with the standard library, not with the engine that wrote them.
RDF is read with pyoxigraph, the one parser at hand that knows the triple terms of RDF 1.2.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyoxigraph as ox

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Row = dict[str, Term]

_XSD = "http://www.w3.org/2001/XMLSchema#"
_RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
_SRX = "{http://www.w3.org/2005/sparql-results#}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ITS_DIR = "{http://www.w3.org/2005/11/its}dir"

#: The datatypes of XML Schema whose values are decimal numbers.
_DECIMALS = frozenset(
    {
        "decimal",
        "integer",
        "nonPositiveInteger",
        "negativeInteger",
        "nonNegativeInteger",
        "positiveInteger",
        "long",
        "int",
        "short",
        "byte",
        "unsignedLong",
        "unsignedInt",
        "unsignedShort",
        "unsignedByte",
    }
)
#: Media type by file name suffix.
MEDIA_TYPES = {
    ".srx": "application/sparql-results+xml",
    ".srj": "application/sparql-results+json",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".ttl": "text/turtle",
    ".nt": "application/n-triples",
    ".rdf": "application/rdf+xml",
    ".trig": "application/trig",
    ".nq": "application/n-quads",
}


@dataclass(frozen=True, slots=True)
class Solutions:
    """A table: its variables, and a term or nothing in each place."""

    variables: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """A CSV table, which tells neither the kind nor the datatype of a term."""

    rows: tuple[tuple[str, ...], ...]


Graph = frozenset[ox.Triple]
Result = Solutions | Lines | Graph | bool


def read(content: bytes, media_type: str) -> Result:
    """What an answer of *media_type* says."""
    if media_type == MEDIA_TYPES[".srj"]:
        return _from_json(json.loads(content))
    if media_type == MEDIA_TYPES[".srx"]:
        return _from_xml(ElementTree.fromstring(content))
    if media_type == MEDIA_TYPES[".csv"]:
        return Lines(tuple(tuple(line) for line in csv.reader(io.StringIO(content.decode(), newline=""))))
    if media_type == MEDIA_TYPES[".tsv"]:
        return _from_tsv(content.decode())
    return frozenset(quad.triple for quad in _parsed(content, media_type, None))


def read_expected(file: Path, base: str) -> tuple[Result, bool]:
    """What a result file of the suite says, and whether it fixes the order of the rows."""
    media_type = MEDIA_TYPES[file.suffix]
    content = file.read_bytes()
    if file.suffix in {".ttl", ".rdf", ".nt"}:
        graph = ox.Dataset(_parsed(content, media_type, base))
        described = _from_result_set(graph)
        return described or (frozenset(quad.triple for quad in graph), False)
    return read(content, media_type), file.suffix not in {".csv"}


def _parsed(content: bytes, media_type: str, base: str | None) -> Iterator[ox.Quad]:
    known = ox.RdfFormat.from_media_type(media_type)
    assert known is not None, media_type
    return ox.parse(content, format=known, base_iri=base)


def _from_json(document: dict[str, Any]) -> Solutions | bool:
    if "boolean" in document:
        return bool(document["boolean"])
    rows = [{n: _json_term(t) for n, t in row.items()} for row in document["results"]["bindings"]]
    return Solutions(tuple(document["head"]["vars"]), tuple(rows))


def _json_term(term: dict[str, Any]) -> Term:
    value = term["value"]
    match term["type"]:
        case "uri":
            return ox.NamedNode(value)
        case "bnode":
            return ox.BlankNode(value)
        case "triple":
            return ox.Triple(*(_json_term(value[part]) for part in ("subject", "predicate", "object")))
        case _:
            return _literal(value, term.get("xml:lang"), term.get("its:dir"), term.get("datatype"))


def _literal(value: str, language: str | None, direction: str | None, datatype: str | None) -> ox.Literal:
    if direction:
        return ox.Literal(value, language=language, direction=ox.BaseDirection(direction))
    if language:
        return ox.Literal(value, language=language)
    return ox.Literal(value, datatype=ox.NamedNode(datatype) if datatype else None)


def _from_xml(root: ElementTree.Element) -> Solutions | bool:
    boolean = root.find(f"{_SRX}boolean")
    if boolean is not None:
        return (boolean.text or "").strip() == "true"
    variables = tuple(v.attrib["name"] for v in root.iterfind(f"{_SRX}head/{_SRX}variable"))
    rows = [
        {b.attrib["name"]: _xml_term(b[0]) for b in row.iterfind(f"{_SRX}binding")}
        for row in root.iterfind(f"{_SRX}results/{_SRX}result")
    ]
    return Solutions(variables, tuple(rows))


def _xml_term(element: ElementTree.Element) -> Term:
    text = element.text or ""
    match element.tag.removeprefix(_SRX):
        case "uri":
            return ox.NamedNode(text)
        case "bnode":
            return ox.BlankNode(text)
        case "triple":
            parts = (element.find(f"{_SRX}{part}") for part in ("subject", "predicate", "object"))
            return ox.Triple(*(_xml_term(part[0]) for part in parts if part is not None))
        case _:
            attributes = element.attrib
            return _literal(
                text, attributes.get(_XML_LANG), attributes.get(_ITS_DIR), attributes.get("datatype")
            )


def _from_tsv(text: str) -> Solutions:
    head, *lines = text.rstrip("\n").split("\n")
    variables = tuple(name.removeprefix("?") for name in head.split("\t")) if head else ()
    rows = [
        {n: _turtle_term(t) for n, t in zip(variables, line.split("\t"), strict=True) if t} for line in lines
    ]
    return Solutions(variables, tuple(rows))


def _turtle_term(text: str) -> Term:
    """A term in Turtle, with its abbreviations for numbers, as TSV has it."""
    statement = f"<urn:s> <urn:p> {text.strip()} ."
    return next(iter(ox.parse(statement, format=ox.RdfFormat.TURTLE))).object


def _from_result_set(graph: ox.Dataset) -> tuple[Solutions | bool, bool] | None:
    """Results in the vocabulary that SPARQL 1.0 had for them in its suite; None for another kind of graph."""

    def objects(subject: Any, name: str) -> list[Any]:
        wanted = ox.NamedNode(_RS + name)
        return [quad.object for quad in graph.quads_for_subject(subject) if quad.predicate == wanted]

    root = next((quad.subject for quad in graph.quads_for_object(ox.NamedNode(f"{_RS}ResultSet"))), None)
    if root is None:
        return None
    if boolean := objects(root, "boolean"):
        return boolean[0].value == "true", False
    found: list[tuple[int | None, Row]] = []
    for solution in objects(root, "solution"):
        row = {objects(b, "variable")[0].value: objects(b, "value")[0] for b in objects(solution, "binding")}
        index = objects(solution, "index")
        found.append((int(index[0].value) if index else None, row))
    ordered = bool(found) and all(index is not None for index, _ in found)
    if ordered:
        found.sort(key=lambda pair: pair[0] or 0)
    variables = tuple(sorted(v.value for v in objects(root, "resultVariable")))
    return Solutions(variables, tuple(row for _, row in found)), ordered


def difference(expected: Result, found: Result, *, ordered: bool = False, lax: bool = False) -> str | None:
    """What tells the two apart, up to names of blank nodes; None for equal results."""
    if type(expected) is not type(found):
        return f"expected {expected!r}, found {found!r}"
    if isinstance(expected, Solutions) and isinstance(found, Solutions):
        if set(expected.variables) != set(found.variables):
            return f"expected variables {expected.variables}, found {found.variables}"
        equal = _canonical(_described(expected, ordered, lax)) == _canonical(_described(found, ordered, lax))
    elif isinstance(expected, Lines) and isinstance(found, Lines):
        equal = _by_name(expected) == _by_name(found)
    elif isinstance(expected, frozenset) and isinstance(found, frozenset):
        equal = same_quads(
            (ox.Quad(t.subject, t.predicate, t.object) for t in expected),
            (ox.Quad(t.subject, t.predicate, t.object) for t in found),
        )
    else:
        equal = expected == found
    return None if equal else f"expected {expected}, found {found}"


def same_quads(expected: Iterable[ox.Quad], found: Iterable[ox.Quad]) -> bool:
    """Whether two datasets are isomorphic."""
    return _canonical(map(_normal_quad, expected)) == _canonical(map(_normal_quad, found))


def _normal_quad(quad: ox.Quad) -> ox.Quad:
    return ox.Quad(quad.subject, quad.predicate, _normal(quad.object), quad.graph_name)


def _canonical(quads: Iterable[ox.Quad]) -> frozenset[ox.Quad]:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return frozenset(dataset)


def _described(solutions: Solutions, ordered: bool, lax: bool) -> Iterator[ox.Quad]:
    """The table as a graph: a node for each row, with its place or with the number of its like."""
    keyed = [tuple(sorted((n, _normal(t)) for n, t in row.items())) for row in map(dict, solutions.rows)]
    rows: Iterable[tuple[Any, int]] = (
        ((row, place) for place, row in enumerate(keyed)) if ordered else Counter(keyed).items()
    )
    for row, number in rows:
        node = ox.BlankNode()
        yield ox.Quad(node, ox.NamedNode("urn:number"), ox.Literal(0 if lax else number))
        for name, term in row:
            yield ox.Quad(node, ox.NamedNode(f"urn:variable:{name}"), term)


def _normal(term: Term) -> Term:
    """One spelling for each value: the store keeps values, so "1.50" comes back as 1.5 and +00:00 as Z."""
    if isinstance(term, ox.Triple):
        return ox.Triple(term.subject, term.predicate, _normal(term.object))
    if not isinstance(term, ox.Literal) or not term.datatype.value.startswith(_XSD):
        return term
    value, name = term.value, term.datatype.value.removeprefix(_XSD)
    try:
        if name in _DECIMALS:
            value = format(Decimal(value).normalize(), "f")
        elif name in {"double", "float"}:
            value = repr(float(value))
        elif name == "boolean":
            value = {"1": "true", "0": "false"}.get(value, value)
        elif name in {"dateTime", "date", "time"}:
            value = re.sub(r"[+-]00:00$", "Z", value)
    except (InvalidOperation, ValueError):
        return term  # ill-typed, such as "x"^^xsd:integer
    return ox.Literal(value, datatype=term.datatype)


def _by_name(table: Lines) -> Counter[tuple[tuple[str, str], ...]]:
    """The rows of a CSV table with the columns named, as SELECT * fixes no order of them."""
    head, *rows = table.rows
    return Counter(tuple(sorted(zip(head, map(_plain, row), strict=True))) for row in rows)


def _plain(cell: str) -> str:
    """A CSV cell with numbers in one spelling and blank nodes without their names."""
    if cell.startswith("_:"):
        return "_:"
    try:
        return repr(float(cell))
    except ValueError:
        return cell
