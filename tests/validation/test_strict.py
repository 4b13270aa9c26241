"""Nothing passes by accident: doubts, coverage, self-test, and validation of what changed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mesoonto import resources
from mesoonto.files.rdf import find
from mesoonto.validation import changed_since
from mesoonto.validation.advice import selftest
from mesoonto.validation.report.findings import Report
from mesoonto.validation.validate import Options, check, load, read_shape_files, validate
from tests.conftest import ROOT
from tests.validation.helpers import PREFIXES

Run = Callable[..., subprocess.CompletedProcess[str]]

GOOD = "ex:S a sh:NodeShape ; sh:targetClass ex:Person ; sh:property [ sh:path ex:name ; sh:minCount 1 ] ."
DATA = 'ex:ann a ex:Person ; ex:name "Ann" .'


def report(folder: Path, shapes: str, data: str = DATA, ontology: str = "") -> Report:
    files = {"shapes": shapes, "data": data, "ontology": ontology}
    for name, text in files.items():
        (folder / f"{name}.ttl").write_text(PREFIXES + text)
    known = (folder / "ontology.ttl",) if ontology else ()
    options = Options(doubts=True, coverage=True, ontology=known)
    return validate([folder / "data.ttl"], [folder / "shapes.ttl"], options)


def test_sound_shapes_raise_no_doubt(tmp_path: Path) -> None:
    assert report(tmp_path, GOOD).doubts == ()


T = "ex:T a sh:NodeShape ; sh:targetClass ex:Person"
NAME = f"{T} ; sh:property [ sh:path ex:name"
IRI = "sh:nodeKind sh:IRI ."

#: Shapes, the kind of doubt, and words in it.
ACCIDENTS = {
    "no target": (f"ex:T a sh:NodeShape ; {IRI}", "no-target", "<https://example.org/T>"),
    "an unknown target class": (f"{T.replace('Person', 'Persn')} ; {IRI}", "unknown-class", "Persn"),
    "an unknown class": (f"{NAME} ; sh:class ex:Nam ] .", "unknown-class", "Nam"),
    "an unknown path": (f"{NAME}s ; sh:maxCount 1 ] .", "unknown-property", "names"),
    "an unknown target property": (
        f"ex:T a sh:NodeShape ; sh:targetSubjectsOf ex:nam ; {IRI}",
        "unknown-property",
        "nam",
    ),
    "a misspelt parameter": (
        f"{NAME} ; sh:minCout 1 ; sh:maxCount 2 ] .",
        "unknown-term",
        "did you mean sh:minCount",
    ),
    "a misspelt class of SHACL": (
        f"{T.replace('NodeShape', 'NodShape')} ; {IRI}",
        "unknown-term",
        "did you mean sh:NodeShape",
    ),
    "a constraint without effect": (f'{T} ; sh:flags "i" ; {IRI}', "not-evaluated", "sh:flags"),
    "a constraint on no shape": ("ex:T sh:path ex:name ; sh:minCount 1 .", "not-evaluated", "sh:minCount"),
    "a shape that asks nothing": (f"{T} .", "no-constraint", "asks for nothing"),
    "a shape that is not there": (f"{T} ; sh:node ex:Nowhere .", "undefined-shape", "Nowhere"),
    "a deactivated shape": (f"{T} ; sh:deactivated true ; {IRI}", "deactivated", "deactivated"),
}


@pytest.mark.parametrize("case", ACCIDENTS)
def test_what_could_pass_by_accident_is_doubted(tmp_path: Path, case: str) -> None:
    shapes, kind, words = ACCIDENTS[case]
    doubts = report(tmp_path, GOOD + shapes).doubts
    assert kind in {doubt.kind for doubt in doubts}
    assert any(words in f"{doubt.subject} {doubt.message}" for doubt in doubts if doubt.kind == kind)


def test_file_that_no_shape_looks_at_is_doubted(tmp_path: Path) -> None:
    assert [d.kind for d in report(tmp_path, GOOD, "ex:x ex:name 1 . ex:Person a ex:C .").doubts] == [
        "unseen-file"
    ]


def test_ontology_makes_terms_known(tmp_path: Path) -> None:
    shape = "ex:T a sh:NodeShape ; sh:targetClass ex:Robot ; sh:nodeKind sh:IRI ."
    assert report(tmp_path, GOOD + shape).doubts
    assert report(tmp_path, GOOD + shape, ontology="ex:Robot rdfs:subClassOf ex:Thing .").doubts == ()


def test_strict_fails_on_a_doubt_and_is_the_default_in_ci(mesoonto: Run, tmp_path: Path) -> None:
    report(tmp_path, GOOD + ACCIDENTS["no target"][0])
    command = ("validate", "data.ttl", "--shapes", "shapes.ttl")
    assert mesoonto(*command, "--strict").returncode == 1
    assert mesoonto(*command, "--no-strict").returncode == 0
    assert mesoonto(*command, env={"CI": "true"}).returncode == 1
    done = mesoonto(*command, env={"CI": "false"})
    assert done.returncode == 0
    assert "doubt: <https://example.org/T>: the shape has no target" in done.stdout


@pytest.mark.slow
def test_shipped_shapes_and_records_raise_no_doubt() -> None:
    assert validate(options=Options(doubts=True)).doubts == ()


def test_coverage_counts_by_hand(tmp_path: Path, mesoonto: Run) -> None:
    data = DATA + "ex:bob a ex:Robot ; ex:weight 3 ; ex:knows ex:ann . ex:eve ex:weight 4 ."
    found = report(tmp_path, GOOD, data).coverage
    assert [(s.focus_nodes, s.engine) for s in found.shapes] == [(1, "oxigraph")]
    assert (found.nodes, found.nodes_seen) == (3, 1)
    assert set(found.unseen_classes) == {("<https://example.org/Robot>", 1), ("(no class)", 1)}
    assert found.unseen_predicates[0] == ("<https://example.org/weight>", 2)
    text = mesoonto("validate", "data.ttl", "--shapes", "shapes.ttl", "--coverage", "--no-strict").stdout
    assert "1 of 3 described nodes were looked at" in text


# Self-test

EACH = """
ex:S a sh:NodeShape ; sh:targetClass ex:Person ; sh:nodeKind sh:IRI ; sh:closed true ;
    sh:ignoredProperties ( rdf:type ) ;
    sh:property [ sh:path ex:name ; sh:minCount 1 ; sh:maxCount 2 ; sh:datatype xsd:string ; sh:minLength 2 ;
        sh:maxLength 9 ; sh:pattern "^[A-Z]" ] ,
        [ sh:path ex:age ; sh:minInclusive 0 ; sh:maxExclusive 200 ; sh:lessThan ex:limit ] ,
        [ sh:path ex:limit ; sh:nodeKind sh:Literal ] ,
        [ sh:path ex:unit ; sh:in ( "m" "s" ) ; sh:hasValue "m" ] ,
        [ sh:path ex:says ; sh:uniqueLang true ; sh:languageIn ( "en" "de" ) ] ,
        [ sh:path ex:friend ; sh:class ex:Person ; sh:disjoint ex:enemy ] ,
        [ sh:path ex:enemy ; sh:maxCount 5 ] ;
    sh:or ( [ sh:property [ sh:path ex:age ; sh:minCount 1 ] ]
        [ sh:property [ sh:path ex:says ; sh:minCount 1 ] ] ) .
"""
EXAMPLE = """
ex:ann a ex:Person ; ex:name "Ann" ; ex:age 40 ; ex:limit 120 ; ex:unit "m" ; ex:friend ex:bob .
ex:bob a ex:Person ; ex:name "Bob" ; ex:unit "m" ; ex:says "hi"@en .
"""


def trials(folder: Path, shapes: str, data: str) -> list[selftest.Trial]:
    report(folder, shapes, data)
    loaded = load(find([folder / "data.ttl"]), Options())
    before = sorted(map(str, loaded.store))
    found = list(selftest.self_test(loaded, read_shape_files([folder / "shapes.ttl"])))
    assert (
        sorted(str(quad) for quad in loaded.store if "urn:mesoonto:focus" not in str(quad.graph_name))
        == before
    )
    return found


def test_every_constraint_is_broken_and_told(tmp_path: Path) -> None:
    found = trials(tmp_path, EACH, EXAMPLE)
    assert [t for t in found if t.outcome != "reported"] == []
    assert len(found) == 20  # counted in the text above


def test_constraint_that_cannot_fail_is_silent(tmp_path: Path) -> None:
    shape = GOOD.replace("sh:minCount 1", "sh:minCount 1 ; sh:pattern ''")
    silent = [trial for trial in trials(tmp_path, shape, DATA) if trial.outcome == "silent"]
    assert [trial.constraint for trial in silent] == ["text that matches "]


def test_self_test_without_a_good_example_says_so(mesoonto: Run, tmp_path: Path) -> None:
    report(tmp_path, GOOD, "ex:ann a ex:Person .")
    done = mesoonto("validate", "--self-test", "data.ttl", "--shapes", "shapes.ttl")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "0 reported, 0 silent, 1 untested"


@pytest.mark.thorough
def test_self_test_of_the_shipped_shapes(mesoonto: Run) -> None:
    """The shipped records are the good examples; a tumour profile, which none is, comes from the tests."""
    shipped = [*resources.module_files(), *resources.record_files()]
    profile = ROOT / "tests" / "shapes" / "TumourProfileShape" / "valid_profile.ttl"
    done = mesoonto("validate", "--self-test", *map(str, [*shipped, profile]))
    assert done.returncode == 0, done.stdout
    assert ", 0 silent, 0 untested" in done.stdout


# What changed

CHAIN = """
ex:S a sh:NodeShape ; sh:targetClass ex:Person ;
    sh:property [ sh:path ( ex:works ex:at ) ; sh:class ex:Place ] .
"""
PEOPLE = """
ex:ann a ex:Person ; ex:works ex:job1 .
ex:bob a ex:Person ; ex:works ex:job2 .
ex:job1 ex:at ex:here .
ex:job2 ex:at ex:there .
ex:here a ex:Place .
ex:there a ex:Place .
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "shapes.ttl").write_text(PREFIXES + CHAIN)
    (tmp_path / "data.ttl").write_text(PREFIXES + PEOPLE)
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True)
    commit(tmp_path)
    return tmp_path


def commit(folder: Path) -> None:
    for arguments in (["add", "."], ["-c", "user.name=x", "-c", "user.email=x@e", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True)


def affected(folder: Path) -> tuple[set[str], set[str] | None, Report]:
    loaded = load(find([folder / "data.ttl"]), Options())
    shapes = read_shape_files([folder / "shapes.ttl"])
    found = changed_since.since("HEAD", loaded, shapes)
    names = [
        None if nodes is None else {n.value.rpartition("/")[2] for n in nodes}
        for nodes in (found.changed, found.affected)
    ]
    assert names[0] is not None
    return names[0], names[1], check(loaded, shapes, Options(), found.affected)


@pytest.mark.parametrize(
    ("old", "new", "nodes", "people"),
    [
        ("", "", set(), set()),
        ("ex:here a ex:Place .", "ex:here a ex:Plase .", {"here"}, {"ann"}),
        ("ex:here a ex:Place .", "", {"here"}, {"ann"}),
        ("ex:job2 ex:at ex:there", "ex:job2 ex:at ex:nowhere", {"job2"}, {"bob"}),
        ("ex:bob a ex:Person ;", "ex:bob a ex:Person ; ex:likes [ ex:colour 1 ] ;", {"bob"}, {"bob"}),
        ("ex:ann a ex:Person ; ex:works ex:job1 .", "ex:ann ex:works ex:job1 ; a ex:Person .", set(), set()),
    ],
)
def test_what_looks_at_a_changed_node_is_affected(
    repository: Path, old: str, new: str, nodes: set[str], people: set[str]
) -> None:
    path = repository / "data.ttl"
    path.write_text(path.read_text().replace(old, new) if old else path.read_text())
    differing, reached, found = affected(repository)
    assert differing == nodes
    assert reached is not None
    assert {name for name in reached if name in ("ann", "bob")} == people
    whole = validate([path], [repository / "shapes.ttl"])
    assert {f.focus for f in found.findings} == {f.focus for f in whole.findings}


def test_many_nodes_and_targets_by_query(repository: Path) -> None:
    query = "SELECT ?this { ?this <https://example.org/%s> ?x }"
    target = f'sh:target [ a sh:SPARQLTarget ; sh:select "{query}" ]'
    (repository / "shapes.ttl").write_text(
        PREFIXES
        + f"ex:S a sh:NodeShape ; {target % 'works'} ; sh:property [ sh:path ex:name ; sh:minCount 1 ] ."
        + f"ex:T a sh:NodeShape ; {target % 'at'} ; sh:property [ sh:path ex:at ; sh:class ex:Place ] ."
    )
    path = repository / "data.ttl"
    commit(repository)
    people = "".join(f"ex:p{n} ex:works ex:j{n} . ex:j{n} ex:at ex:here .\n" for n in range(40))
    assert affected(repository)[2].findings == ()
    path.write_text(PREFIXES + PEOPLE + people)
    _, reached, found = affected(repository)
    assert reached is not None
    assert {f"p{n}" for n in range(40)} <= reached
    assert {f.focus.rpartition("/")[2] for f in found.findings} == {f"p{n}" for n in range(40)}


def test_change_of_the_class_tree_affects_everything(repository: Path) -> None:
    path = repository / "data.ttl"
    path.write_text(path.read_text() + "ex:Flat rdfs:subClassOf ex:Place .")
    assert affected(repository)[1] is None


def test_changed_since_tells_what_it_looks_at(repository: Path, mesoonto: Run) -> None:
    path = repository / "data.ttl"
    path.write_text(path.read_text().replace("ex:here a ex:Place", "ex:here a ex:Plase"))
    command = ("validate", "data.ttl", "--shapes", "shapes.ttl", "--changed-since")
    done = mesoonto(*command, "HEAD", "--no-strict")
    assert done.returncode == 1
    assert "1 nodes differ from HEAD" in done.stderr
    for name in ("nowhere", "--upload-pack=x"):
        refused = mesoonto(*command, name)
        assert refused.returncode == 2
        assert "Traceback" not in refused.stderr
