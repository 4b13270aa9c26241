"""The shapes: each lets a good file pass and refuses a broken one in its own words; and the validator around them.

A file ``tests/shapes/<NodeShape>/invalid_<why>.ttl`` begins with the shapes that must report, each line of them
followed by the focus node of their findings; ``_:`` stands for any blank node.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rdflib import RDF, RDFS, Graph, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from mesoonto import resources
from mesoonto.errors import InputError, ShapeError
from mesoonto.namespaces import PREFIXES, SHAPES
from mesoonto.validation.report import Finding, Report, Severity
from mesoonto.validation.validate import validate

FOLDER = Path(__file__).parent / "shapes"
VALID = sorted(FOLDER.glob("*/valid_*.ttl"))
INVALID = sorted(FOLDER.glob("*/invalid_*.ttl"))

#: What a shape can say beside its constraints. A shape that says nothing else never reports anything itself.
NOT_CONSTRAINTS = {
    RDF.type,
    RDFS.label,
    SH.targetClass,
    SH.target,
    SH.path,
    SH.property,
    SH.severity,
    SH.message,
}


def shipped_shapes() -> Graph:
    graph = Graph()
    for path in resources.shape_files():
        graph.parse(path, format="turtle")
    return graph


GRAPH = shipped_shapes()
NAMED = sorted({s for s in GRAPH.subjects() if isinstance(s, URIRef) and s.startswith(SHAPES)})


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def local(shape: Node) -> str:
    return str(shape).removeprefix(SHAPES)


def folder(shape: Node) -> Path:
    """Where the files of *shape* lie: those of ResultShape-interval are with those of ResultShape."""
    return FOLDER / local(shape).partition("-")[0]


def expected(path: Path) -> set[tuple[str, str]]:
    """The pairs of shape and focus node that the head of *path* announces."""
    pairs: set[tuple[str, str]] = set()
    waiting: list[str] = []
    for kind, name in re.findall(r"^# (expect|focus): (\S+)$", path.read_text(), re.MULTILINE):
        if kind == "expect":
            waiting.append(iri(name))
        else:
            pairs |= {(shape, iri(name)) for shape in waiting}
            waiting.clear()
    assert not waiting, f"{path}: a line '# focus: ...' is missing"
    return pairs


def iri(name: str) -> str:
    if name == "_:" or name.startswith("<"):
        return name.strip("<>")
    prefix, _, rest = name.partition(":")
    return PREFIXES[prefix] + rest


def focus(finding: Finding) -> str:
    """The focus node of *finding*, ``_:`` when it is blank."""
    return finding.focus if ":" in finding.focus else "_:"


def severity(shape: str) -> Node:
    return GRAPH.value(URIRef(shape), SH.severity) or SH.Violation


def alternatives_of(shape: Node) -> Iterator[Node]:
    """The named shapes that have *shape* in a list, such as that of ``sh:or``."""
    waiting = list(GRAPH.subjects(RDF.first, shape))
    while waiting:
        for owner in GRAPH.subjects(None, waiting.pop()):
            if isinstance(owner, URIRef):
                yield owner
            else:
                waiting.append(owner)


def reporters(shape: Node) -> set[str]:
    """The shapes whose findings show that *shape* works."""
    if owners := set(alternatives_of(shape)):
        return {str(owner) for owner in owners}
    if set(GRAPH.predicates(shape)) <= NOT_CONSTRAINTS:
        return {str(part) for part in GRAPH.objects(shape, SH.property)}
    return {str(shape)}


def targets() -> Iterator[tuple[Node, str]]:
    """Every target of every shape, as a query for its nodes."""
    for shape, target in GRAPH.subject_objects(SH.targetClass):
        yield shape, f"SELECT ?this {{ ?this a <{target}> }}"
    for shape, target in GRAPH.subject_objects(SH.target):
        yield shape, str(GRAPH.value(target, SH.select))


# Every shape and its files


@pytest.mark.parametrize("path", VALID, ids=named)
def test_valid_file_conforms_without_a_finding(path: Path) -> None:
    report = validate([path])
    assert report.findings == ()
    assert report.conforms


@pytest.mark.parametrize("path", INVALID, ids=named)
def test_invalid_file_is_refused_as_it_announces(path: Path) -> None:
    report = validate([path])
    pairs = expected(path)
    assert {(finding.shape, focus(finding)) for finding in report.findings} == pairs
    assert {finding.shape: finding.message for finding in report.findings} == {
        shape: str(GRAPH.value(URIRef(shape), SH.message)) for shape, _ in pairs
    }
    assert report.conforms == all(severity(shape) != SH.Violation for shape, _ in pairs)


def test_every_named_shape_has_an_invalid_file() -> None:
    covered = {shape for path in INVALID for shape, _ in expected(path)}
    assert [local(shape) for shape in NAMED if not reporters(shape) & covered] == []


@pytest.mark.parametrize(("shape", "query"), sorted(targets()), ids=lambda x: x.split("/")[-1].strip("> }"))
def test_every_target_has_a_valid_file(shape: Node, query: str) -> None:
    files = folder(shape).glob("valid_*.ttl")
    assert any(len(Graph().parse(path, format="turtle").query(query)) for path in files)


def test_files_lie_where_their_shape_is_named() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {folder(shape).name for shape, _ in targets()}
    assert sorted(path for path in FOLDER.rglob("*") if path.is_file()) == sorted([*VALID, *INVALID])
    assert [named(path) for path in INVALID if not expected(path)] == []
    assert [named(path) for path in VALID if expected(path)] == []


def test_every_shape_that_reports_has_one_message() -> None:
    reporting = [shape for shape in NAMED if reporters(shape) == {str(shape)}]
    assert [local(s) for s in reporting if len(list(GRAPH.objects(s, SH.message))) != 1] == []


# Severity

PREFIX_LINES = """
@prefix ex: <https://example.org/> .
@prefix meso: <https://w3id.org/mesoonto/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

NAME_SHAPE = """
ex:PersonShape a sh:NodeShape ; sh:targetClass ex:Person ; sh:property ex:PersonShape-name .
ex:PersonShape-name a sh:PropertyShape ; sh:path ex:name ; sh:minCount 1 ; sh:message "a person has a name" .
"""

AGE_SHAPE = """
ex:AgeShape a sh:NodeShape ; sh:targetClass ex:Person ; sh:property ex:AgeShape-age .
ex:AgeShape-age a sh:PropertyShape ; sh:path ex:age ; sh:datatype xsd:integer ; sh:message "an age is a number" .
"""


@pytest.fixture
def turtle(tmp_path: Path) -> Iterator[Turtle]:
    return Turtle(tmp_path)


class Turtle:
    """Writes small Turtle files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, name: str, text: str) -> Path:
        path = self.directory / f"{name}.ttl"
        path.write_text(PREFIX_LINES + text)
        return path

    def check(self, data: str, shapes: str) -> Report:
        return validate(data=[self("data", data)], shapes=[self("shapes", shapes)])
