"""The W3C test cases for SHACL core and SHACL-SPARQL, with both engines.

The cases are data files that the project does not ship; tests/suites.py says where they come from.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyoxigraph as ox
import pytest

from mesoonto.cli import main
from mesoonto.errors import MesoontoError
from mesoonto.files.rdf import from_path
from mesoonto.files.terms import TYPE, Term
from mesoonto.validation.data import store as data_files
from mesoonto.validation.data.graph import Graph
from mesoonto.validation.data.vocabulary import sh
from mesoonto.validation.engine.plan import EngineChoice
from mesoonto.validation.shapes.paths import read_path
from tests import suites
from tests.examples import sampled
from tests.validation.helpers import Row, name, outcome, rows, shapes_of

FOLDER = suites.folder("shacl")

pytestmark = pytest.mark.w3c
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
SHT = "http://www.w3.org/ns/shacl-test#"
FAILURE = ox.NamedNode(f"{SHT}Failure")

#: Cases that pySHACL 0.40 fails, with the reason, and whether the compiled engine passes.
PYSHACL_FAILS = {
    "core/property/uniqueLang-002": 'takes the literal "1"^^xsd:boolean for the term true (section 4.4.5)',
    "sparql/node/prefixes-001": "does not follow owl:imports from sh:prefixes (section 5.2.1)",
    "sparql/pre-binding/shapesGraph-001": "does not know $shapesGraph, which is optional (section 5.3.1)",
}
#: Cases that the compiled engine leaves to pySHACL, and which fail there.
NEITHER = {"sparql/pre-binding/shapesGraph-001"}
#: Cases whose constraints do not compile: components that the shapes graph defines.
DELEGATED = {
    "sparql/component/nodeValidator-001",
    "sparql/component/optional-001",
    "sparql/component/propertyValidator-select-001",
    "sparql/component/validator-001",
    "sparql/pre-binding/shapesGraph-001",
}


@dataclass(frozen=True)
class Case:
    name: str
    data: Path
    shapes: Path
    expected: Counter[Row] | None  #: None for a case that must be refused


def cases(folder: Path) -> Iterator[Case]:
    for file in manifests(folder / "manifest.ttl"):
        yield from cases_of(file, folder)


def read(path: Path) -> Graph:
    content = ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=path.as_uri())
    return Graph((q.subject, q.predicate, q.object) for q in content)


def manifests(path: Path) -> Iterator[Path]:
    graph = read(path)
    included = [o for s in graph.subjects() for o in graph.all(s, ox.NamedNode(f"{MF}include"))]
    if not included:
        yield path
    for other in included:
        yield from manifests(local(other))


def local(term: Term) -> Path:
    return Path(unquote(urlsplit(term.value).path))


def cases_of(path: Path, folder: Path) -> Iterator[Case]:
    graph = read(path)
    for test in graph.subjects():
        if ox.NamedNode(f"{SHT}Validate") in graph.all(test, TYPE):
            (action,), (result,) = (graph.all(test, ox.NamedNode(f"{MF}{n}")) for n in ("action", "result"))
            (data,), (shapes,) = (
                graph.all(action, ox.NamedNode(f"{SHT}{n}")) for n in ("dataGraph", "shapesGraph")
            )
            yield Case(
                str(path.relative_to(folder).with_suffix("")),
                local(data),
                local(shapes),
                None if result == FAILURE else Counter(expected(graph, result)),
            )


def expected(graph: Graph, report: Term) -> Iterator[Row]:
    for result in graph.all(report, sh("result")):

        def brief(word: str, result: Term = result) -> str:
            return "".join(name(term) for term in graph.all(result, sh(word)))

        path = graph.all(result, sh("resultPath"))
        yield (
            brief("focusNode"),
            read_path(graph, path[0]).sparql if path else "",
            brief("value"),
            brief("sourceConstraintComponent").rpartition("#")[2].rstrip(">"),
            brief("sourceShape"),
            brief("resultSeverity").rpartition("#")[2].rstrip(">"),
        )


@cache
def found(data: Path, shapes: Path, engine: EngineChoice) -> Counter[Row] | None:
    """The results, or None when the shapes are refused."""
    try:
        asked = shapes_of(shapes, 0 if shapes == data else 1)
        return rows(outcome(data_files.load([from_path(data)]), asked, engine).results)
    except MesoontoError:
        return None


CASES = list(cases(FOLDER)) if FOLDER else []


def test_all_cases_are_found() -> None:
    assert len(CASES) == 120


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_results_are_those_of_the_standard(case: Case) -> None:
    if case.name in NEITHER:
        assert found(case.data, case.shapes, EngineChoice.AUTO) is None
    else:
        assert found(case.data, case.shapes, EngineChoice.AUTO) == case.expected


@pytest.mark.parametrize("case", sampled(CASES))
def test_engines_agree(case: Case) -> None:
    reference = found(case.data, case.shapes, EngineChoice.PYSHACL)
    if case.name in PYSHACL_FAILS:
        assert reference != case.expected, "pySHACL passes by now: take the case out of the table"
    else:
        assert found(case.data, case.shapes, EngineChoice.AUTO) == reference


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_everything_compiles_but_components_of_ones_own(case: Case) -> None:
    if case.expected is None or case.name in NEITHER:
        return
    asked = shapes_of(case.shapes, 0 if case.shapes == case.data else 1)
    plan = outcome(data_files.load([from_path(case.data)]), asked, EngineChoice.AUTO).plan
    assert bool(plan.delegated) == (case.name in DELEGATED), plan.delegated


@pytest.mark.parametrize("case", sampled(CASES))
def test_command_line_gives_every_result_in_every_format(case: Case, tmp_path: Path) -> None:
    files = {form: tmp_path / form for form in ("turtle", "jsonld", "json", "junit", "sarif", "github")}
    wanted = [f"--format={form}={file}" for form, file in files.items()]
    with pytest.raises(SystemExit) as left:
        main(["validate", "--no-strict", "--shapes", str(case.shapes), *wanted, str(case.data)])
    if case.expected is None or case.name in NEITHER:
        assert left.value.code == 2
        return
    grave = any(row[-1] not in ("Warning", "Info") for row in case.expected)
    assert left.value.code == int(grave)
    for form, syntax in (("turtle", ox.RdfFormat.TURTLE), ("jsonld", ox.RdfFormat.JSON_LD)):
        graph = Graph(
            (q.subject, q.predicate, q.object) for q in ox.parse(files[form].read_bytes(), format=syntax)
        )
        (report,) = (s for s in graph.subjects() if sh("ValidationReport") in graph.all(s, TYPE))
        assert without_blank(Counter(expected(graph, report))) == without_blank(case.expected)
        (verdict,) = graph.all(report, sh("conforms"))
        assert verdict.value == str(not case.expected).lower()
    number = case.expected.total()
    assert len(json.loads(files["json"].read_text())["findings"]) == number
    assert files["junit"].read_text().count("<testcase ") == number + 1
    results = json.loads(files["sarif"].read_text())["runs"][0]["results"]
    assert len([r for r in results if not r["ruleId"].startswith("doubt/")]) == number


def without_blank(found: Counter[Row]) -> list[tuple[str, ...]]:
    """The rows with one name for every blank node: a report in RDF names them anew."""
    return sorted(tuple("_:" if part.startswith("_:") else part for part in row) for row in found.elements())
