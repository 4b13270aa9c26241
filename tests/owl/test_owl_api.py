"""What the OWL API, the library inside Protégé, and what is built on it say of the ontology."""

from __future__ import annotations

import difflib
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest

from mesoonto import resources
from mesoonto.dataset.store import Engine
from mesoonto.files import obo, rdf
from mesoonto.files.terms import OWL, TYPE
from mesoonto.namespaces import MESO
from mesoonto.ontology.axioms import axioms_of, logical
from mesoonto.ontology.files import DATA
from mesoonto.ontology.wording import Wording
from mesoonto.owl import fmt
from tests import knowledge
from tests.conftest import JARS, ROOT, SHORT_LIVED
from tests.files.test_obo import DOCUMENT

pytestmark = [pytest.mark.java, pytest.mark.owlapi, pytest.mark.checkout, pytest.mark.slow]

TOOLS = ROOT / "tests" / "owl" / "java" / "OwlTools.java"
CATALOG = resources.ontology_dir() / "catalog-v001.xml"
LABELS = knowledge.ontology().labels
ROOT_ONTOLOGY = resources.module_files()[0]
WRITERS = ["", "rio_"]  #: Protégé's Turtle writer, and the other one of the OWL API

#: Sends every request anywhere but to a file into the void, so that an import which needs the network fails.
OFFLINE = [
    "-Dhttp.proxyHost=127.0.0.1",
    "-Dhttp.proxyPort=9",
    "-Dhttps.proxyHost=127.0.0.1",
    "-Dhttps.proxyPort=9",
]


def owl_tools(*arguments: str | Path) -> str:
    command = ["java", *SHORT_LIVED, *OFFLINE, "-cp", f"{JARS}/*", *map(str, (TOOLS, *arguments))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class Told:
    """What the OWL API wrote and answered, in one run for all tests."""

    saved: Path  #: folder of the modules as it saves them
    profile: list[str]  #: by file, violations of OWL 2 DL and the number of logical axioms
    hermit: set[str]
    with_records: list[str]  #: what HermiT says of the ontology together with the records
    with_contradiction: list[str]  #: and with a record that says of one thing what excludes itself
    obo: Path
    converted: Path  #: the OBO document as ROBOT writes it in Turtle


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    saved = tmp_path_factory.mktemp("saved")
    modules = resources.module_files()
    records = list(knowledge.ontology().triples(DATA))
    study = next(t for t in records if t.predicate == TYPE and t.object == ox.NamedNode(f"{MESO}Study"))
    agent = ox.Triple(study.subject, TYPE, ox.NamedNode(f"{MESO}MESO_0000003"))
    document, converted = saved / "x.obo", saved / "x.ttl"
    document.write_text(DOCUMENT)
    answers = owl_tools(
        *("save", CATALOG, saved, *modules),
        *("then", "profile", CATALOG, *modules, *resources.import_files()),
        *("then", "classify", CATALOG, ROOT_ONTOLOGY, "HERMIT"),
        *("then", "classify-with-records", CATALOG, as_ontology(saved / "records.nt", records)),
        *("then", "classify-with-records", CATALOG, as_ontology(saved / "contradiction.nt", [study, agent])),
        *("then", "robot", "convert", "-i", document, "-o", converted),
    ).split("\f")
    profile, hermit, with_records, contradiction = (answer.splitlines() for answer in answers[1:5])
    return Told(saved, profile, set(hermit), with_records, contradiction, document, converted)


@dataclass(frozen=True)
class ToldMore:
    """What else it wrote and answered, which takes as long again, so in another run."""

    saved_with_class: Path  #: folder of the modules as it saves them, with one class added to each
    elk: set[str]
    whelk: set[str]
    report: Path  #: ROBOT's report on the ontology


@pytest.fixture(scope="module")
def more(tmp_path_factory: pytest.TempPathFactory) -> ToldMore:
    saved = tmp_path_factory.mktemp("added")
    new, parent, report = f"{MESO}MESO_0009999", f"{MESO}MESO_0000001", saved / "report.tsv"
    answers = owl_tools(
        *("save-with-class", CATALOG, saved, new, parent, "new mechanism", *resources.module_files()),
        *("then", "classify", CATALOG, ROOT_ONTOLOGY, "ELK"),
        *("then", "classify", CATALOG, ROOT_ONTOLOGY, "WHELK"),
        *("then", "robot", "--catalog", CATALOG, "merge", "--input", ROOT_ONTOLOGY),
        *("report", "--base-iri", MESO, "--fail-on", "none", "--output", report),
    ).split("\f")
    return ToldMore(saved, set(answers[1].splitlines()), set(answers[2].splitlines()), report)


def as_ontology(path: Path, triples: Iterable[ox.Triple]) -> Path:
    """*triples* in the file *path*, as an ontology that imports this project's."""
    here, imports = ox.NamedNode("urn:records"), ox.NamedNode(f"{OWL}imports")
    header = [
        ox.Triple(here, TYPE, ox.NamedNode(f"{OWL}Ontology")),
        ox.Triple(here, imports, ox.NamedNode(f"{MESO}mesoonto.owl")),
    ]
    ox.serialize([*header, *triples], path, format=ox.RdfFormat.N_TRIPLES)
    return path


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("path", resources.module_files(), ids=lambda p: p.stem)
def test_module_saved_and_formatted_is_the_same(path: Path, writer: str, told: Told) -> None:
    copy = (told.saved / f"{writer}{path.name}").read_text("utf-8")
    assert copy != path.read_text("utf-8"), "the OWL API writes Turtle its own way"
    assert fmt.canonical(copy, path, LABELS) == path.read_text("utf-8")


@pytest.mark.thorough
@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("path", resources.module_files()[1:], ids=lambda p: p.stem)
def test_class_added_there_is_all_that_differs(path: Path, writer: str, more: ToldMore) -> None:
    before = path.read_text("utf-8").splitlines()
    saved = (more.saved_with_class / f"{writer}{path.name}").read_text("utf-8")
    after = fmt.canonical(saved, path, LABELS).splitlines()
    changes = list(difflib.unified_diff(before, after, n=0, lineterm=""))[3:]
    assert sorted(changes) == sorted(
        [
            "+",
            "+meso:MESO_0009999 a owl:Class ;",
            '+    rdfs:label "new mechanism"@en ;',
            "+    rdfs:subClassOf meso:MESO_0000001 .  # immunotherapy resistance mechanism",
        ]
    )


def test_profile_is_owl_2_dl_and_imports_resolve_offline(told: Told) -> None:
    paths = [*resources.module_files(), *resources.import_files()]
    assert [line.partition("\t")[0] for line in told.profile] == [path.name for path in paths]
    assert (
        int(told.profile[0].partition("\t")[2]) > 1400
    )  # logical axioms of the root and all that it imports


@pytest.mark.thorough
def test_three_reasoners_agree(told: Told, more: ToldMore) -> None:
    assert told.hermit == more.elk
    assert told.hermit == more.whelk


def test_dataset_agrees_with_the_reasoner(told: Told, engine: Engine) -> None:
    assert [
        line for line in told.hermit if not line.startswith("below\t")
    ] == []  # unsatisfiable or equivalent
    rows = engine.store.query(
        "SELECT ?a ?b { ?a <http://www.w3.org/2000/01/rdf-schema#subClassOf> ?b FILTER(isIRI(?b)) }",
        use_default_graph_as_union=True,
    )
    ours = {f"below\t{row['a'].value}\t{row['b'].value}" for row in rows}  # type: ignore[union-attr]
    assert ours == told.hermit
    assert len(ours) > 3000


def test_records_that_point_at_classes_entail_nothing_of_them(told: Told) -> None:
    """A class that stands in records as an individual (punning) stays consistent and where it is."""
    assert set(told.with_records) == told.hermit
    assert told.with_contradiction == ["inconsistent"]


def test_obo_gives_the_axioms_that_the_owl_api_gives(told: Told) -> None:
    ours, theirs = (
        logical(axioms_of(triples))
        for triples in ({t for t, _ in obo.read(told.obo)}, {q.triple for q in rdf.read(told.converted)})
    )
    wording = Wording({})
    said = [{wording.say(axiom) for axiom in axioms} for axioms in (ours, theirs)]
    declared = {"is a AnnotationProperty", "is a Class"}  # the OWL API also declares what is only named
    logic = [{words for words in each if words.partition(" ")[2] not in declared} for each in said]
    assert len(logic[0]) > 15
    assert logic[0] == logic[1]


@pytest.mark.thorough
def test_robot_report_finds_nothing(more: ToldMore) -> None:
    """ROBOT's own profile, over our own terms: definitions of other vocabularies are not copied."""
    assert more.report.read_text().splitlines() == ["Level\tRule Name\tSubject\tProperty\tValue"]
