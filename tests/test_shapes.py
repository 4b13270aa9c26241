"""The shapes, each with files that it accepts and refuses, and the validator that applies them.

A file ``tests/shapes/<NodeShape>/invalid_<why>.ttl`` opens with the shapes that must report and, after them,
the focus node of their findings, where ``_:`` stands for any blank node.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import RDF, RDFS, Graph, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from mesoonto import resources
from mesoonto.errors import InputError, Place, ShapeError
from mesoonto.namespaces import MESO, PREFIXES, SHAPES
from mesoonto.ontology.files import DATA
from mesoonto.validation.document import document
from mesoonto.validation.engine.plan import EngineChoice
from mesoonto.validation.report.findings import Finding, Report, Severity
from mesoonto.validation.validate import Options, validate
from tests import knowledge
from tests.conftest import ROOT
from tests.validation.helpers import by_shipped_shapes

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


#: What `mesoonto validate` finds in one of these files; each is asked for twice.
found_in = cache(by_shipped_shapes)


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
    if owners := {*alternatives_of(shape), *GRAPH.subjects(SH.node, shape)}:
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
    report = found_in(path)
    assert report.findings == ()
    assert report.conforms


@pytest.mark.parametrize("path", INVALID, ids=named)
def test_invalid_file_is_refused_as_it_announces(path: Path) -> None:
    report = found_in(path)
    pairs = expected(path)
    assert {(finding.shape, focus(finding)) for finding in report.findings} == pairs
    assert {finding.shape: finding.message for finding in report.findings} == {
        shape: str(GRAPH.value(URIRef(shape), SH.message)) for shape, _ in pairs
    }
    assert not report.conforms
    assert report.fails(Severity.VIOLATION) == any(severity(shape) == SH.Violation for shape, _ in pairs)


@pytest.mark.checkout
def test_documentation_of_the_shapes_is_current() -> None:
    text = (ROOT / "docs" / "shapes.md").read_text()
    current = document(resources.shape_files(), FOLDER, lambda path: tuple(found_in(path).findings))
    assert text.partition("\n")[2] == current


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
ex:AgeShape-age a sh:PropertyShape ; sh:path ex:age ; sh:datatype xsd:integer ;
    sh:message "an age is a number" .
"""


PERSON = "ex:ann a ex:Person ."

TWO_PEOPLE = """
ex:ann a ex:Person ; ex:name "Ann" ; ex:age 40 ; ex:knows ex:bob .
ex:bob a ex:Person ; ex:knows ex:ann .
"""


class Turtle:
    """Writes small Turtle files and checks data against shapes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, name: str, text: str) -> Path:
        path = self.directory / f"{name}.ttl"
        path.write_text(PREFIX_LINES + text)
        return path

    def check(self, data: str, *shapes: str) -> Report:
        files = [self(f"shapes{number}", text) for number, text in enumerate(shapes)]
        return validate(data=[self("data", data)], shapes=files)


@pytest.fixture
def turtle(tmp_path: Path) -> Turtle:
    return Turtle(tmp_path)


def test_warnings_do_not_block() -> None:
    report = validate([FOLDER / "ArmShape" / "invalid_without_size.ttl"])
    assert [finding.severity for finding in report.findings] == [Severity.WARNING]
    assert not report.findings[0].blocking
    assert not report.fails(Severity.VIOLATION)


@pytest.mark.parametrize(
    ("word", "severity", "fails"),
    [
        ("sh:Violation", Severity.VIOLATION, True),
        ("sh:Warning", Severity.WARNING, False),
        ("sh:Info", Severity.INFO, False),
        ("ex:Grave", Severity.VIOLATION, True),
    ],
)
def test_only_violations_block(turtle: Turtle, word: str, severity: Severity, fails: bool) -> None:
    report = turtle.check(PERSON, NAME_SHAPE.replace("sh:minCount", f"sh:severity {word} ; sh:minCount"))
    assert [finding.severity for finding in report.findings] == [severity]
    assert report.fails(Severity.VIOLATION) is fails
    assert not report.conforms, "SHACL 3.6.1.1: any result, of whatever severity"


def test_a_violation_blocks_among_warnings(turtle: Turtle) -> None:
    warning = NAME_SHAPE.replace("sh:minCount", "sh:severity sh:Warning ; sh:minCount")
    report = turtle.check('ex:ann a ex:Person ; ex:age "old" .', warning, AGE_SHAPE)
    assert {finding.severity for finding in report.findings} == {Severity.VIOLATION, Severity.WARNING}
    assert not report.conforms


# Shapes and data of one's own


def test_user_shapes_check_user_data(turtle: Turtle) -> None:
    (finding,) = turtle.check('ex:ann a ex:Person ; ex:age "old" .', AGE_SHAPE).findings
    ex = "https://example.org/"
    assert finding.file == str(turtle.directory / "data.ttl")
    assert (finding.focus, finding.record) == (f"{ex}ann", f"{ex}ann")
    assert (finding.path, finding.value) == (f"{ex}age", "old")
    assert (finding.shape, finding.message) == (f"{ex}AgeShape-age", "an age is a number")


def test_user_data_that_fit_user_shapes_conform(turtle: Turtle) -> None:
    report = turtle.check('ex:ann a ex:Person ; ex:name "Ann" ; ex:age 40 .', NAME_SHAPE, AGE_SHAPE)
    assert report.findings == ()
    assert report.conforms
    assert (report.triples, report.shapes) == (3, 2)


def test_several_files_of_shapes_apply_together(turtle: Turtle) -> None:
    report = turtle.check('ex:ann a ex:Person ; ex:age "old" .', NAME_SHAPE, AGE_SHAPE)
    assert {finding.message for finding in report.findings} == {"a person has a name", "an age is a number"}


def test_user_shapes_replace_the_shipped_ones(turtle: Turtle) -> None:
    path = turtle("shapes", NAME_SHAPE)
    assert validate(data=[INVALID[0]], shapes=[path]).findings == ()


def test_user_shapes_see_shipped_classes(turtle: Turtle) -> None:
    shapes = """
ex:DrugShape a sh:NodeShape ; sh:targetSubjectsOf ex:agent ;
    sh:property [ sh:path ex:agent ; sh:class owl:Class ] .
"""
    report = turtle.check("ex:a ex:agent meso:MESO_0000003 . ex:b ex:agent meso:NoSuchThing .", shapes)
    assert [finding.focus for finding in report.findings] == ["https://example.org/b"]


def test_data_files_are_checked_together_and_told_apart(turtle: Turtle) -> None:
    paths = [turtle("ann", 'ex:ann a ex:Person ; ex:name "Ann" .'), turtle("bob", "ex:bob a ex:Person .")]
    report = validate(data=paths, shapes=[turtle("shapes", NAME_SHAPE)])
    assert [finding.file for finding in report.findings] == [str(paths[1])]


def test_finding_in_a_blank_node_names_its_record() -> None:
    (finding,) = validate([FOLDER / "RegimenComponentShape" / "invalid_dose_without_unit.ttl"]).findings
    assert finding.record == f"{PREFIXES['mesod']}arm_NCT00000001_a"


def test_finding_names_the_line_to_mend(turtle: Turtle) -> None:
    report = turtle.check('ex:ann a ex:Person ;\n    ex:age "old" .', NAME_SHAPE, AGE_SHAPE)
    first = len(PREFIX_LINES.splitlines()) + 1
    lines = {finding.message: finding.line for finding in report.findings}
    assert lines == {"a person has a name": first, "an age is a number": first + 1}


def test_publication_of_a_shipped_record_need_not_be_described_again(turtle: Turtle) -> None:
    publication = next(
        subject
        for path in resources.record_files()
        for subject in Graph().parse(path, format="turtle").subjects(RDF.type, URIRef(f"{MESO}Publication"))
    )
    text = (FOLDER / "DecisionShape" / "valid_appraisal.ttl").read_text()
    decision = text.partition("# The records that it needs")[0]
    path = turtle("decision", decision.replace("<https://example.org/paper>", f"<{publication}>"))
    assert validate([path]).findings == ()


def test_result_of_a_shipped_study_conforms_in_a_file_of_its_own(tmp_path: Path) -> None:
    """What `mesoonto new result` advises: the records that it points at are known whole."""
    records = list(knowledge.ontology().triples(DATA))
    found = [
        subject
        for name in ("hasExperimentalArm", "ofArm")
        for subject in sorted({t.subject.value for t in records if t.predicate.value == MESO + name})[:5]
    ]
    assert len(found) == 10
    own = [
        ox.Triple(ox.NamedNode(f"https://example.org/result{number}"), triple.predicate, triple.object)
        for number, result in enumerate(found)
        for triple in records
        if triple.subject.value == result
    ]
    ox.serialize(own, file := tmp_path / "own.ttl", format=ox.RdfFormat.TURTLE)
    report = validate([file])
    assert [finding for finding in report.findings if finding.blocking] == []
    assert {finding.record for finding in report.findings} <= {
        f"https://example.org/result{n}" for n in range(10)
    }


FOCUS_NOT_A_SUBJECT = {
    "a target node that no file describes": (
        "sh:targetNode ex:bob ; sh:property [ sh:path ex:name ; sh:minCount 1 ]",
        "ex:ann ex:knows ex:eve .",
    ),
    "a literal": ("sh:targetObjectsOf ex:knows ; sh:nodeKind sh:IRI", 'ex:ann ex:knows "Bob" .'),
    "an object": ("sh:targetObjectsOf ex:knows ; sh:class ex:Person", "ex:ann ex:knows ex:bob ."),
    "a value of a value": (
        "sh:targetNode ex:ann ; "
        "sh:property [ sh:path ex:knows ; sh:property [ sh:path ex:name ; sh:minCount 1 ] ]",
        "ex:ann ex:knows ex:bob .",
    ),
}


@pytest.mark.parametrize("case", FOCUS_NOT_A_SUBJECT)
def test_finding_is_kept_when_its_focus_is_not_a_subject(turtle: Turtle, case: str) -> None:
    shape, data = FOCUS_NOT_A_SUBJECT[case]
    assert not turtle.check(data, f"ex:S a sh:NodeShape ; {shape} .").conforms


@pytest.mark.slow
def test_turtle_report_has_the_same_verdict(turtle: Turtle) -> None:
    record = next(
        subject
        for path in resources.record_files()
        for subject in Graph().parse(path, format="turtle").subjects(RDF.type, URIRef(f"{MESO}Study"))
    )
    path = turtle("data", f"ex:ann ex:knows <{record}> .")
    report = validate([path])
    assert report.conforms
    assert "sh:conforms true" in report.turtle


# Shapes that cannot be used

#: Shapes that are Turtle and that pySHACL itself refuses.
REFUSED = {
    "a count that is text": 'sh:property [ sh:path ex:name ; sh:minCount "x" ]',
    "a count below zero": "sh:property [ sh:path ex:name ; sh:minCount -1 ]",
    "no path": "sh:property [ a sh:PropertyShape ; sh:minCount 1 ]",
    "two paths": "sh:property [ sh:path ex:name , ex:age ; sh:minCount 1 ]",
    "a path that is text": 'sh:property [ sh:path "name" ; sh:minCount 1 ]',
    "a path of an unknown kind": "sh:property [ sh:path [ ex:then ex:name ] ; sh:minCount 1 ]",
    "a path that leads to itself": "sh:property [ sh:path _:path ] . _:path sh:inversePath _:path",
    "alternatives that are no list": "sh:or ex:name",
    "two datatypes": "sh:property [ sh:path ex:age ; sh:datatype xsd:integer , xsd:decimal ]",
    "a count of a node": "sh:minCount 1",
    "a query without text": "sh:sparql [ a sh:SPARQLConstraint ]",
    "a query of another server": (
        'sh:sparql [ sh:select "SELECT $this { SERVICE <http://127.0.0.1:9/> { $this ?p ?o } }" ]'
    ),
    "an unknown rule": "sh:rule [ a ex:Rule ]",
}

#: Shapes that are Turtle and on which pySHACL, or a library below it, raises an error of another kind.
LEAKING = {
    "a count that is no number": ('sh:property [ sh:path ex:name ; sh:minCount "x"^^xsd:integer ]'),
    "a bound that is an IRI": "sh:property [ sh:path ex:age ; sh:minInclusive ex:old ]",
    "a pattern that is no pattern": 'sh:property [ sh:path ex:name ; sh:pattern "(" ]',
    "a pattern that is a number": "sh:property [ sh:path ex:name ; sh:pattern 3 ]",
    "an endless list": ("sh:or _:list . _:list rdf:first [ sh:nodeKind sh:IRI ] ; rdf:rest _:list"),
    "a query that is not SPARQL": 'sh:sparql [ sh:select "SELEC $this {}" ]',
    "a query with an unknown prefix": 'sh:sparql [ sh:select "SELECT $this { $this no:p ?o }" ]',
    "a target that is not SPARQL": ('sh:target [ a sh:SPARQLTarget ; sh:select "SELEC ?this {}" ]'),
    "a target without query": "sh:target [ a sh:SPARQLTarget ]",
    "a target that does not select ?this": (
        'sh:target [ a sh:SPARQLTarget ; sh:select "SELECT ?x { ?x a ?y }" ]'
    ),
    "a target on another server": (
        "sh:target [ a sh:SPARQLTarget ; "
        'sh:select "SELECT ?this { SERVICE <http://127.0.0.1:9/> { ?this a ?y } }" ]'
    ),
    "a rule without subject": "sh:rule [ a sh:TripleRule ]",
    "an unknown function": "sh:expression [ ex:f () ]",
}


@pytest.mark.parametrize("case", REFUSED)
def test_shapes_that_are_not_shacl_are_refused(turtle: Turtle, case: str) -> None:
    with pytest.raises(ShapeError, match="shapes cannot be used"):
        turtle.check(TWO_PEOPLE, f"ex:S a sh:NodeShape ; sh:targetClass ex:Person ; {REFUSED[case]} .")


@pytest.mark.parametrize("case", LEAKING)
def test_shapes_that_break_the_engine_are_refused(turtle: Turtle, case: str) -> None:
    with pytest.raises(ShapeError, match="shapes cannot be used"):
        turtle.check(TWO_PEOPLE, f"ex:S a sh:NodeShape ; sh:targetClass ex:Person ; {LEAKING[case]} .")


def test_shapes_that_are_not_turtle_are_refused_with_line_and_column(turtle: Turtle) -> None:
    data, shapes = turtle("data", PERSON), turtle("shapes", "ex:S a sh:NodeShape\n  sh:nodeKind .")
    with pytest.raises(ShapeError, match="not Turtle") as caught:
        validate(data=[data], shapes=[shapes])
    place = caught.value.place
    assert place is not None
    assert place.source == str(shapes)
    assert place.line == len(PREFIX_LINES.splitlines()) + 2
    assert place.column is not None
    assert str(caught.value).startswith(f"{shapes}:{place.line}:{place.column}: ")


@pytest.mark.parametrize(("name", "message"), [("no_such.ttl", "no such file"), ("shapes.docx", "file type")])
def test_shapes_that_cannot_be_read_are_refused(turtle: Turtle, name: str, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        validate(data=[turtle("data", PERSON)], shapes=[turtle.directory / name])


# Data that cannot be used, and data that are merely wrong


def test_data_with_a_syntax_error_are_refused_with_line_and_column(turtle: Turtle) -> None:
    path = turtle("data", "ex:ann a ex:Person\n  ex:name .")
    with pytest.raises(InputError, match="not Turtle") as caught:
        validate([path])
    place = caught.value.place
    assert place is not None
    assert (place.source, place.line) == (str(path), len(PREFIX_LINES.splitlines()) + 2)
    assert place.column is not None


def test_data_that_are_not_utf8_are_refused_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "data.ttl"
    path.write_bytes(b"# caf\xc3\xa9\n# caf\xe9\n")
    with pytest.raises(InputError, match="not UTF-8") as caught:
        validate([path])
    assert caught.value.place == Place(str(path), 2, 6)


@pytest.mark.parametrize("name", ["data.docx", "data"])
def test_data_of_unknown_type_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(PERSON)
    with pytest.raises(InputError, match="unknown file type"):
        validate([tmp_path / name])


def test_missing_data_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        validate([tmp_path / "no_such.ttl"])


ANY_VALUES = ['"abc"', '"abc"@en', "true", "10", '"2026-01-01"^^xsd:date', "meso:AllRandomised"]


def result_with_value(turtle: Turtle, value: str) -> Path:
    text = (FOLDER / "ResultShape" / "valid_interval.ttl").read_text()
    return turtle("result", text.replace("meso:value 10.0", f"meso:value {value}"))


@pytest.mark.parametrize("value", ANY_VALUES)
def test_value_of_any_kind_is_a_finding(turtle: Turtle, value: str) -> None:
    report = validate([result_with_value(turtle, value)])
    assert f"{SHAPES}ResultShape-value" in {finding.shape for finding in report.findings}


@pytest.mark.parametrize("value", ["[]", "( 10.0 )", '"abc"^^xsd:decimal', '"NaN"^^xsd:double'])
def test_value_that_cannot_be_compared_is_a_finding(turtle: Turtle, value: str) -> None:
    # pySHACL cannot compare it with the bounds of the interval, and makes no report at all.
    path = result_with_value(turtle, value)
    shapes = {finding.shape for finding in validate([path]).findings}
    assert f"{SHAPES}ResultShape-value" in shapes
    with pytest.raises(ShapeError) as caught:
        validate([path], options=Options(engine=EngineChoice.PYSHACL))
    assert "\n" not in str(caught.value)


def test_ill_typed_literal_is_a_finding(turtle: Turtle) -> None:
    report = turtle.check('ex:ann a ex:Person ; ex:age "abc"^^xsd:decimal .', AGE_SHAPE)
    assert [finding.message for finding in report.findings] == ["an age is a number"]
