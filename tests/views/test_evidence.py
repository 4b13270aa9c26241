"""Pages of figures, statements, publications, decisions, cohorts: held against queries of their own."""

from __future__ import annotations

import re

import pyoxigraph as ox
import pytest

from mesoonto.dataset.store import Engine
from mesoonto.namespaces import DATA, MESO
from mesoonto.ontology.files import DATA as RECORDS
from mesoonto.ontology.files import MODULES
from mesoonto.ontology.model import Ontology
from mesoonto.views import decisions, evidence, history, places, records, schema_org, trial
from mesoonto.views.facts import EntityLink, Facts


def members(engine: Engine, name: str) -> list[ox.NamedNode]:
    rows = engine.select(f"SELECT DISTINCT ?x {{ ?x a/rdfs:subClassOf* meso:{name} }} ORDER BY ?x")
    return [ox.NamedNode(row["x"]) for row in rows]


def asked(engine: Engine, text: str) -> set[str]:
    return {row["x"] for row in engine.select(text)}


def iris(links: tuple[EntityLink, ...]) -> set[str]:
    return {link.iri for link in links}


def test_all_that_names_a_publication_as_source_stands_on_its_page(engine: Engine, facts: Facts) -> None:
    for node in members(engine, "Publication")[::7]:
        page = evidence.publication_page(facts, node)
        expected = asked(
            engine, f"SELECT DISTINCT ?x {{ ?x dcterms:source <{node.value}> FILTER(isIRI(?x)) }}"
        )
        shown = {r.link.iri for r in page.results} | {s.link.iri for s in page.statements}
        shown |= iris(page.decisions) | iris(page.terms) | iris(page.others) | iris(page.trials)
        analyses = asked(engine, f"SELECT ?x {{ ?x dcterms:source <{node.value}> ; a meso:Analysis }}")
        assert expected - analyses <= shown, node


def test_statements_on_the_same_claim_are_found(engine: Engine, facts: Facts) -> None:
    for node in members(engine, "EvidenceStatement")[::9]:
        page = evidence.statement_page(facts, node)
        expected = asked(
            engine,
            f"""SELECT DISTINCT ?x {{ <{node.value}> meso:hasClaimSubject ?s ; meso:hasClaimObject ?o .
                ?x meso:hasClaimSubject ?s ; meso:hasClaimObject ?o FILTER(?x != <{node.value}>) }}""",
        )
        assert {s.link.iri for s in page.same_claim} == expected
        assert page.meaning


def test_conflict_is_seen_from_both_sides(engine: Engine, facts: Facts) -> None:
    pairs = [(r["x"], r["y"]) for r in engine.select("SELECT ?x ?y { ?x meso:conflictsWith ?y }")]
    assert pairs
    for one, other in pairs:
        for here, there in ((one, other), (other, one)):
            page = evidence.statement_page(facts, ox.NamedNode(here))
            assert there in {s.link.iri for s in page.conflicts}


def test_result_tells_the_figures_of_other_analyses(engine: Engine, facts: Facts) -> None:
    node = ox.NamedNode(f"{DATA}result_NCT02899299_2021_os_hr_all")
    page = evidence.result_page(facts, node)
    assert (page.result.value, page.result.interval, page.result.level) == ("0.74", "0.60 to 0.91", "96.6 %")
    assert [(role, size) for role, _, _, size in page.arms] == [("experimental", "303"), ("reference", "302")]
    expected = asked(
        engine,
        """SELECT ?x { ?x meso:ofCohort mesod:cohort_NCT02899299_main ; meso:hasEndPoint meso:MESO_0004001 ;
            meso:hasStatistic meso:MESO_0004101 ; meso:hasPopulation ?p
            { mesod:result_NCT02899299_2021_os_hr_all meso:hasPopulation ?p } }""",
    )
    assert {r.link.iri for r in page.others} == expected - {node.value}
    assert page.result.superseded


def test_decision_stands_beside_those_on_the_same_interventions(engine: Engine, facts: Facts) -> None:
    for node in members(engine, "Decision"):
        page = decisions.decision_page(facts, node)
        expected = asked(
            engine,
            f"""SELECT DISTINCT ?x {{ <{node.value}> meso:hasIntervention ?i . ?x meso:hasIntervention ?i ;
                a/rdfs:subClassOf* meso:Decision FILTER(?x != <{node.value}>) }}""",
        )
        assert {d.link.iri for d in page.elsewhere} == expected
        based = asked(engine, f"SELECT ?x {{ <{node.value}> meso:basedOn ?x }}")
        assert {link.iri for link, _ in page.basis} == based


def test_no_page_shows_a_property_by_its_raw_name(engine: Engine, facts: Facts) -> None:
    raw = []
    rows = engine.select("SELECT DISTINCT ?x { ?x a ?c FILTER(STRSTARTS(STR(?x), STR(meso:))) } ORDER BY ?x")
    for row in rows[::9]:
        page = records.record(facts, ox.NamedNode(row["x"]))
        assert not page.kind.startswith("owl:"), row["x"]
        raw += [
            p.property
            for p in (*page.rows, *page.named_by)
            if re.match("(skos|owl|rdfs|dcterms):", p.property)
        ]
    assert sorted(set(raw)) == []


def test_cohort_shows_all_its_figures(engine: Engine, facts: Facts) -> None:
    for node in members(engine, "Cohort")[::5]:
        page = trial.cohort_page(facts, node)
        expected = asked(engine, f"SELECT ?x {{ ?x a meso:Result ; meso:ofCohort <{node.value}> }}")
        assert {r.link.iri for group in page.groups for r in group.results} == expected


def test_places_are_those_at_which_the_files_are_read() -> None:
    ontology = Ontology.shipped(MODULES, RECORDS)
    first: dict[str, str] = {}
    for document in ontology.documents[::6]:
        for triple, line in zip(document.triples, document.lines, strict=True):
            if isinstance(triple.subject, ox.NamedNode):
                first.setdefault(triple.subject.value, f"{document.shown}:{line}")
    assert len(first) > 100
    assert {iri: places.place_of(iri) for iri in first} == first


def test_history_is_the_newest_first_and_names_what_replaces(engine: Engine, facts: Facts) -> None:
    rows = engine.select("SELECT ?old ?new { ?new meso:supersedes ?old }")
    for row in rows:
        events = history.history(facts, ox.NamedNode(row["old"]))
        assert row["new"] in {e.link.iri for e in events if e.words == "replaced by" and e.link}
        dated = [e.date for e in events if e.date]
        assert dated == sorted(dated, reverse=True)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("data/study_NCT02899299", {"MedicalTrial", "http://bioschemas.org/Study"}),
        ("data/study_NCT00651456", {"MedicalTrial"}),  # without the sponsor that Bioschemas asks for
        ("data/statement_PMID31945495_1", {"Claim"}),
    ],
)
def test_entity_is_described_for_search_engines(facts: Facts, name: str, kinds: set[str]) -> None:
    node = ox.NamedNode(MESO + name)
    page = trial.trial(facts, node) if "study" in name else evidence.statement_page(facts, node)
    found = schema_org.describe(page, facts.link(node))
    stated = found["@type"]
    assert kinds == ({stated} if isinstance(stated, str) else set(stated))
    assert found["@id"] == node.value


class TestLanguage:
    TURTLE = """
    @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
    <urn:a> rdfs:label "Lunge"@de, "lung"@en, "poumon"@fr . <urn:b> rdfs:label "Rippenfell"@de .
    <urn:c> rdfs:label "plain", "pleura"@de-AT .
    """

    @pytest.fixture
    def store(self) -> ox.Store:
        store = ox.Store()
        store.load(self.TURTLE.encode(), format=ox.RdfFormat.TURTLE)
        return store

    @pytest.mark.parametrize(
        ("languages", "iri", "label"),
        [
            ((), "urn:a", "lung"),
            (("fr", "de"), "urn:a", "poumon"),
            (("ja", "de"), "urn:a", "Lunge"),
            (("ja",), "urn:a", "lung"),
            (("fr",), "urn:b", "Rippenfell"),
            (("de",), "urn:c", "pleura"),
            (("fr",), "urn:c", "plain"),
        ],
    )
    def test_label_is_in_the_language_that_is_liked_best(
        self, store: ox.Store, languages: tuple[str, ...], iri: str, label: str
    ) -> None:
        assert Facts(store, languages).label(ox.NamedNode(iri)) == label


def test_second_readings_stand_on_the_pages_of_what_was_read_again(engine: Engine, facts: Facts) -> None:
    rows = engine.select(
        """SELECT ?record ?outcome ?page {
        ?reading a meso:SecondReading ; meso:readAt ?page ; meso:hasReadingItem ?item .
        ?item meso:ofRecord ?record ; meso:hasReadingOutcome/rdfs:label ?outcome }"""
    )
    expected: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        expected.setdefault(row["record"], set()).add((row["outcome"], row["page"]))
    assert expected
    for record in sorted(expected)[::5]:
        again = evidence.reading(facts, ox.NamedNode(record)).again
        assert {(a.outcome, a.page.iri) for a in again if a.page is not None} == expected[record]
        assert all(a.read_on and a.basis for a in again)
