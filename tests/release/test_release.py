"""A release: the same bytes twice, files that other programs read, and an account of what changed."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import warnings
from html.parser import HTMLParser
from pathlib import Path

import pyoxigraph as ox
import pytest
import rocrate
from rdflib import Dataset, Graph, URIRef
from rocrate.rocrate import ROCrate

from mesoonto import resources
from mesoonto.dataset.store import Engine
from mesoonto.errors import InputError, MesoontoError, OutputError
from mesoonto.namespaces import MESO, PREFIXES
from mesoonto.release import changes, gate, publish
from mesoonto.release import snapshot as snapshots
from mesoonto.release.variants import VARIANTS, stem
from tests.conftest import JARS, ROOT, SHORT_LIVED
from tests.examples import examples

pytestmark = pytest.mark.slow  # a release takes ten seconds to build; test_gate.py builds none

#: The variants, and of them those that a quick run has read by slow readers: the one that registries load.
SOME = list(VARIANTS)[: examples(len(VARIANTS))]
EACH = [pytest.param(name, marks=() if name in SOME else pytest.mark.thorough) for name in VARIANTS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("release") / "0.1.0"
    _build(found, "1")
    return found


def _build(output: Path, seed: str, *options: str) -> None:
    command = [
        sys.executable,
        "-m",
        "mesoonto",
        "release",
        "0.1.0",
        "--date",
        "2026-11-29",
        "--output",
        str(output),
        *options,
    ]
    command += [part for name in gate.CHECKS for part in ("--skip", name)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True)


def declared(path: Path) -> set[str]:
    """The named classes that a Turtle or RDF/XML file declares, by pyoxigraph."""
    form = ox.RdfFormat.TURTLE if path.suffix == ".ttl" else ox.RdfFormat.RDF_XML
    owl_class = ox.NamedNode(PREFIXES["owl"] + "Class")
    quads = ox.parse(path.read_bytes(), format=form)
    return {q.subject.value for q in quads if q.object == owl_class and isinstance(q.subject, ox.NamedNode)}


def own(iris: set[str]) -> set[str]:
    return {iri for iri in iris if iri.startswith(MESO)}


OWN = own(set().union(*(declared(path) for path in resources.module_files())))


@pytest.mark.thorough
def test_two_builds_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    _build(tmp_path / "again", "2")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()} == files
    assert len(files) > 30


def test_checksums_and_catalogue_agree_with_the_files(folder: Path) -> None:
    listed = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    names = {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
    assert set(listed) == names
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    catalogue = Graph().parse(folder / "catalog.ttl")
    files = {
        str(o).rpartition("/")[2]
        for o in catalogue.objects(None, URIRef("http://www.w3.org/ns/dcat#downloadURL"))
    }
    assert files == names - {"catalog.ttl", "ro-crate-metadata.json"}


def test_crate_lists_each_file_as_it_is(folder: Path) -> None:
    crate = ROCrate(folder)
    assert crate.root_dataset["version"] == "0.1.0"
    assert crate.root_dataset["datePublished"] == "2026-11-29"
    assert crate.root_dataset["license"].id == "https://creativecommons.org/licenses/by/4.0/"
    assert crate.root_dataset["creator"]["name"] == "mesoonto contributors"
    listed = {entity.id: entity for entity in crate.data_entities}
    assert set(listed) == {path.name for path in folder.iterdir()} - {"ro-crate-metadata.json"}
    for name in set(listed) - {"SHA256SUMS"}:
        body = (folder / name).read_bytes()
        assert listed[name]["sha256"] == hashlib.sha256(body).hexdigest()
        assert int(listed[name]["contentSize"]) == len(body)
        assert listed[name]["description"]


def test_crate_is_about_each_study(folder: Path) -> None:
    crate = ROCrate(folder)
    with (folder / "studies.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    told = {entity.id: entity for entity in crate.root_dataset["about"]}
    assert set(told) == {row["study"] for row in rows}
    for row in rows:
        entity = told[row["study"]]
        assert (entity.type, entity["name"]) == ("MedicalTrial", row["name"])
        assert row["registry_id"] in entity.get("identifier", [""])
        assert {row["phase"], row["design"], row["setting"]} <= {"", *entity["description"].split(", ")}
        assert {file.id for file in entity["subjectOf"]} == {"mesoonto-data.trig", "studies.csv"}


def test_crate_expands_without_network(folder: Path) -> None:
    context = json.loads((Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_text())["@context"]
    crate = json.loads((folder / "ro-crate-metadata.json").read_text())
    crate["@context"][0] = context
    graph = Graph()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of its own classes, which rdflib uses
        graph.parse(data=json.dumps(crate), format="json-ld", publicID="http://release.example/")
    schema, root = "http://schema.org/", "http://release.example/"
    parts = set(graph.objects(URIRef(root), URIRef(f"{schema}hasPart")))
    assert len(parts) > 30
    for file in parts - {URIRef(f"{root}SHA256SUMS")}:
        assert graph.value(file, URIRef(f"{schema}sha256"))
    keys = {key for entity in crate["@graph"] for key in entity if not key.startswith("@")}
    assert keys <= set(context) | {"sha256", "creditText"}


@pytest.mark.parametrize("name", VARIANTS)
def test_turtle_and_rdf_xml_hold_the_same_graph(name: str, folder: Path) -> None:
    turtle, xml = folder / f"{stem(name)}.ttl", folder / f"{stem(name)}.owl"
    sets = []
    for path, form in ((turtle, ox.RdfFormat.TURTLE), (xml, ox.RdfFormat.RDF_XML)):
        graph = ox.Dataset(ox.parse(path.read_bytes(), format=form))
        graph.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        sets.append(set(map(str, graph)))
    assert sets[0] == sets[1]
    assert declared(turtle) >= OWN
    version = f"{MESO}releases/0.1.0/{stem(name)}.owl"
    assert f"owl:versionIRI <{version}>" in turtle.read_text()


@pytest.mark.parametrize("name", EACH)
def test_rdflib_reads_turtle_and_rdf_xml(name: str, folder: Path) -> None:
    turtle = Graph().parse(folder / f"{stem(name)}.ttl", format="turtle")
    assert len(turtle) == len(Graph().parse(folder / f"{stem(name)}.owl", format="xml")) > 5000


@pytest.mark.parametrize("name", VARIANTS)
def test_owlready2_and_horned_owl_read_rdf_xml(name: str, folder: Path) -> None:
    import owlready2
    import pyhornedowl

    path = folder / f"{stem(name)}.owl"
    world = owlready2.World()
    loaded = world.get_ontology(path.as_uri()).load()
    assert {c.iri for c in loaded.classes()} >= OWN
    world.close()
    assert set(pyhornedowl.open_ontology_from_file(str(path)).get_classes()) >= OWN


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.filterwarnings("ignore")
def test_obo_files_are_read_by_fastobo_and_pronto(name: str, folder: Path) -> None:
    import fastobo
    import pronto

    path = folder / f"{stem(name)}.obo"
    frames = [f for f in fastobo.load(str(path)) if isinstance(f, fastobo.term.TermFrame)]
    ids = {str(frame.id) for frame in frames}
    assert {"MESO:0001051", "meso:Study"} <= ids
    mechanism = pronto.Ontology(str(path))["MESO:0001051"]
    assert mechanism.name == "arginine auxotrophy by ASS1 loss"
    assert "MESO:0001003" in {parent.id for parent in mechanism.superclasses()}


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.filterwarnings("ignore")
def test_obo_graphs_are_read_by_pronto_and_hold_all_terms(name: str, folder: Path) -> None:
    import pronto

    path = folder / f"{stem(name)}.json"
    (graph,) = json.loads(path.read_text())["graphs"]
    assert {node["id"] for node in graph["nodes"] if node["type"] == "CLASS"} >= OWN
    edge = {"sub": f"{MESO}MESO_0002108", "pred": f"{MESO}counters", "obj": f"{MESO}MESO_0001051"}
    assert edge in graph["edges"]
    assert len(list(pronto.Ontology(str(path)).terms())) >= len(OWN)


@pytest.fixture(scope="module")
def told(folder: Path) -> list[list[str]]:
    """What the OWL API and the library of OBO graphs tell of the files, in one run of Java."""
    names = [folder / f"{stem(name)}.{ending}" for name in SOME for ending in ("owl", "ttl", "obo")]
    graphs = [folder / f"{stem(name)}.json" for name in SOME]
    tools = ROOT / "tests" / "owl" / "java" / "OwlTools.java"
    command = ["java", *SHORT_LIVED, "-cp", f"{JARS}/*", tools, "load", *names, "then", "obographs", *graphs]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # type: ignore[arg-type]
    assert done.returncode == 0, done.stderr
    return [answer.splitlines() for answer in done.stdout.split("\f")]


@pytest.mark.java
@pytest.mark.owlapi
@pytest.mark.checkout
def test_owl_api_reads_every_variant_in_every_format(told: list[list[str]]) -> None:
    rows = [line.split("\t") for line in told[0]]
    assert [row[0] for row in rows] == [
        f"{stem(name)}.{ending}" for name in SOME for ending in ("owl", "ttl", "obo")
    ]
    for name, classes, axioms, iri, version, said in rows:
        assert int(classes) >= len(OWN)
        assert int(axioms) > 1000
        assert iri == f"{MESO}{Path(name).stem}.owl"
        assert int(said) > 15
        if not name.endswith(".obo"):
            assert version == f"{MESO}releases/0.1.0/{Path(name).stem}.owl"


@pytest.mark.java
@pytest.mark.owlapi
@pytest.mark.checkout
def test_obo_graphs_are_read_by_their_own_library(folder: Path, told: list[list[str]]) -> None:
    paths = [folder / f"{stem(name)}.json" for name in SOME]
    graphs = [json.loads(path.read_text())["graphs"][0] for path in paths]
    assert told[1] == [
        f"{len(g['nodes'])}\t{len(g['edges'])}\t{len(g['logicalDefinitionAxioms'])}" for g in graphs
    ]


def test_records_are_all_there(folder: Path, engine: Engine) -> None:
    path = folder / "mesoonto-data.trig"
    graph = ox.NamedNode("https://w3id.org/mesoonto/graph/data")
    whole = ox.Dataset(engine.store.quads_for_pattern(None, None, None, graph))
    released = ox.Dataset(ox.parse(path.read_bytes(), format=ox.RdfFormat.TRIG))
    for one in (whole, released):
        one.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    assert len(released) == len(whole) > 40_000


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore")  # rdflib's own, about its names
def test_records_are_read_by_rdflib(folder: Path) -> None:
    path = folder / "mesoonto-data.trig"
    triples = list(ox.parse(path.read_bytes(), format=ox.RdfFormat.TRIG))
    assert len(Dataset().parse(path, format="trig")) == len(triples)


def test_tables_have_a_row_for_each_record(folder: Path, engine: Engine) -> None:
    for name, kind in (("studies", "Study"), ("results", "Result"), ("statements", "EvidenceStatement")):
        with (folder / f"{name}.csv").open(newline="") as file:
            rows = list(csv.reader(file))
        typed = engine.store.quads_for_pattern(
            None, ox.NamedNode(PREFIXES["rdf"] + "type"), ox.NamedNode(MESO + kind)
        )
        assert {row[0] for row in rows[1:]} == {quad.subject.value for quad in typed}  # type: ignore[union-attr]


def test_sssom_bundle_holds_every_mapping(folder: Path) -> None:
    from mesoonto.files import sssom

    bundle = folder / "mesoonto.sssom.tsv"
    single = {(m.subject, m.predicate, m.object) for p in resources.mapping_files() for m in sssom.read(p)}
    assert {(m.subject, m.predicate, m.object) for m in sssom.read(bundle)} == single
    rows = list(csv.DictReader((x for x in bundle.read_text().splitlines() if x[0] != "#"), delimiter="\t"))
    assert len(rows) == len(single)
    assert all(row["object_source"] for row in rows)


@pytest.mark.filterwarnings("ignore")  # rdflib's own, about its names
def test_context_gives_the_same_triples_in_two_libraries(folder: Path) -> None:
    document = json.loads((folder / "context.jsonld").read_text()) | {
        "id": "mesod:x",
        "type": "meso:Result",
        "label": "x",
        "value": "0.71",
        "ofCohort": "mesod:y",
    }
    text = json.dumps(document)
    ours = {str(q.predicate.value) + str(q.object) for q in ox.parse(text, format=ox.RdfFormat.JSON_LD)}
    theirs = Graph().parse(data=text, format="json-ld")
    assert len(theirs) == len(ours) == 4
    assert f'{MESO}value"0.71"^^<http://www.w3.org/2001/XMLSchema#decimal>' in ours
    assert f"{MESO}ofCohort<{MESO}data/y>" in ours


def test_skos_view_has_a_concept_for_each_class(folder: Path) -> None:
    graph = Graph().parse(folder / "mesoonto-skos.ttl")
    ask = {
        "a narrower one that is broader by a detour": "?a skos:broader ?b, ?c . ?c skos:broader+ ?b",
        "neither broader nor top": "?a a skos:Concept "
        "FILTER NOT EXISTS { ?a skos:broader|skos:topConceptOf|owl:deprecated ?b }",
        "top and broader": "?a skos:topConceptOf ?s ; skos:broader ?b",
        "top without its inverse": "?a skos:topConceptOf ?s FILTER NOT EXISTS { ?s skos:hasTopConcept ?a }",
        "top without its converse": "?s skos:hasTopConcept ?a FILTER NOT EXISTS { ?a skos:topConceptOf ?s }",
    }
    for what, pattern in ask.items():
        assert not graph.query(f"ASK {{ {pattern} }}").askAnswer, what
    assert graph.query(
        "ASK { ?s a skos:ConceptScheme ; skos:hasTopConcept ?a ; dcterms:license ?l }"
    ).askAnswer
    found = graph.query(
        f"SELECT ?c {{ ?c a <{PREFIXES['skos']}Concept> ; <{PREFIXES['skos']}prefLabel> ?l }}"
    )
    assert {str(row[0]) for row in found} == OWN  # type: ignore[index]


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore")  # rdflib's own, about its names
def test_every_turtle_file_is_read_alike_by_two_libraries(folder: Path) -> None:
    files = sorted(folder.glob("*.ttl"))
    assert len(files) >= 6
    for path in files:
        ours = set(ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE, base_iri="http://e/"))
        assert len(ours) == len(Graph().parse(path, publicID="http://e/")), path.name


@pytest.mark.sqlite
def test_every_table_is_read_alike_by_python_and_by_sqlite(folder: Path) -> None:
    tables = [*sorted(folder.glob("*.csv")), folder / "mesoonto.sssom.tsv"]
    assert len(tables) >= 4
    for path in tables:
        mode, delimiter = ("csv", ",") if path.suffix == ".csv" else ("tabs", "\t")
        with path.open(newline="") as file:
            lines = file.readlines()
        comments = sum(line.startswith("#") for line in lines) if mode == "tabs" else 0
        rows = list(csv.reader(lines[comments:], delimiter=delimiter))
        assert {len(row) for row in rows} == {len(rows[0])}, path.name
        script = f""".mode {mode}
.import --skip {comments} "{path}" t
.mode list
SELECT COUNT(*) FROM t;
SELECT COUNT(*) FROM pragma_table_info('t');
"""
        done = subprocess.run(["sqlite3"], input=script, capture_output=True, text=True, check=True)
        assert done.stderr == "", path.name
        assert done.stdout.split() == [str(len(rows) - 1), str(len(rows[0]))], path.name


class Anchors(HTMLParser):
    """Collects what a page links to and what can be linked to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links |= {value for name, value in attrs if name == "href" and value}


def test_page_has_every_class_and_no_dead_link(folder: Path) -> None:
    page = Anchors()
    page.feed((folder / "index.html").read_text())
    assert len(set(page.ids)) == len(page.ids)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    files = {link for link in page.links if re.fullmatch(r"[\w.-]+", link)}
    assert files <= {path.name for path in folder.iterdir()}
    assert page.links >= OWN


@pytest.mark.parametrize("name", VARIANTS)
def test_simple_and_base_hold_no_more_than_they_say(name: str, folder: Path) -> None:
    text = (folder / f"{stem(name)}.ttl").read_text()
    assert ("owl:equivalentClass" in text) == (name != "simple")
    assert ('rdfs:label "T cell"' in text) == (name != "base")
    inferred = ox.Triple(
        ox.NamedNode(f"{MESO}MESO_0003048"),
        ox.NamedNode(PREFIXES["rdfs"] + "subClassOf"),
        ox.NamedNode(f"{MESO}MESO_0003047"),
    )
    triples = {quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)}
    assert (inferred in triples) == (name in ("", "reasoned", "simple"))


def term(name: str, *said: str) -> str:
    return f"meso:{name} a owl:Class ; " + " ; ".join(said) + " ."


def snapshot(ontology: str, records: str = "") -> snapshots.Snapshot:
    heads = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())

    def triples(text: str) -> list[ox.Triple]:
        return [
            ox.Triple(q.subject, q.predicate, q.object)
            for q in ox.parse(heads + text, format=ox.RdfFormat.TURTLE)
        ]

    return snapshots.snapshot(triples(ontology), triples(records))


TOP = term("MESO_0000001", 'rdfs:label "mechanism"@en')
A = 'rdfs:label "a"@en', "rdfs:subClassOf meso:MESO_0000001"
B = term("MESO_2", 'rdfs:label "b"@en', "rdfs:subClassOf meso:MESO_0000001")
OLD = 'mesod:s1 a meso:EvidenceStatement ; rdfs:label "An older finding."@en .'
NEW = 'mesod:s2 a meso:EvidenceStatement ; rdfs:label "A newer finding."@en ; meso:supersedes mesod:s1 .'


MOVED = term("MESO_1", 'rdfs:label "a"@en', "rdfs:subClassOf meso:MESO_2")
RETIRED = term("MESO_1", 'rdfs:label "obsolete a"@en', "owl:deprecated true", "obo:IAO_0100001 meso:MESO_2")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (TOP, TOP + term("MESO_1", *A), ["adds mechanism 'a'"]),
        (TOP + term("MESO_1", *A), TOP, ["removes mechanism 'a'"]),
        (TOP + B + term("MESO_1", *A), TOP + B + MOVED, ["moves 'a' under 'b' (before: 'mechanism')"]),
        (TOP + B + term("MESO_1", *A), TOP + B + RETIRED, ["retires 'a', replaced by 'b'"]),
        (TOP + term("MESO_1", *A), TOP + term("MESO_1", 'rdfs:label "c"@en', A[1]), ["renames 'a' to 'c'"]),
        (TOP, TOP, []),
    ],
)
def test_changes_of_terms_are_told_with_labels(before: str, after: str, words: list[str]) -> None:
    assert [c.words for c in changes.compare(snapshot(before), snapshot(after))] == words


def test_superseded_evidence_is_told() -> None:
    found = changes.compare(snapshot("", OLD), snapshot("", OLD + NEW))
    assert [c.words for c in found] == [
        "adds evidence 'A newer finding.'",
        "evidence 'An older finding.' superseded by 'A newer finding.'",
    ]
    assert found[1].subject == f"{MESO}data/s1"


def test_release_compared_with_an_older_one(folder: Path, tmp_path: Path) -> None:
    for name in ("mesoonto-full.ttl", "mesoonto-data.trig"):
        text = (folder / name).read_text().replace('"ipilimumab"', '"ipilimumab antibody"')
        (tmp_path / name).write_text(text)
    now = snapshots.read_release(folder)
    found = changes.compare(snapshots.read_release(tmp_path), now)
    assert changes.compare(now, now) == []
    told = changes.in_words(found, "0.1.0").splitlines()[2:]
    assert told == ["- renames 'ipilimumab antibody' to 'ipilimumab'"]
    graph = Graph().parse(data=changes.in_rdf(found, "0.1.0"), format="turtle")
    assert [str(o) for o in graph.objects() if "renames" in str(o)] == [told[0][2:]]


def test_what_cannot_be_built_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(MesoontoError, match="a version is three numbers"):
        publish.release("next", tmp_path / "x")
    with pytest.raises(OutputError, match="exists already"):
        publish.release("0.1.0", folder)
    with pytest.raises(InputError, match=r"mesoonto-full\.ttl is missing"):
        publish.release("0.1.0", tmp_path / "x", tmp_path)
    assert not (tmp_path / "x").exists()
