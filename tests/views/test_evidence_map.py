"""The map says of each tie what the statements say: counted by queries of their own."""

from __future__ import annotations

import itertools

import pytest

from mesoonto.dataset.store import Engine
from mesoonto.views.evidence_map import LEVELS, EvidenceMap, evidence_map
from mesoonto.views.facts import Facts
from mesoonto.views.populations import is_histology
from mesoonto.views.statements import CERTAINTIES

WORDS = {"supports": "supported", "refutes": "refuted", "inconclusive": "inconclusive"}


def directions(engine: Engine, intervention: str, mechanism: str) -> set[str]:
    rows = engine.select(
        f"""SELECT DISTINCT ?word {{
            VALUES (?a ?b) {{ (<{intervention}> <{mechanism}>) }}
            ?s meso:hasClaimSubject ?a ; meso:hasClaimObject ?b ; meso:hasDirection/rdfs:label ?word
            FILTER NOT EXISTS {{ ?later meso:supersedes ?s }} }}"""
    )
    return {row["word"] for row in rows}


def test_each_tie_is_an_axiom_and_has_the_certainty_of_its_statements(engine: Engine, facts: Facts) -> None:
    drawn = evidence_map(facts)
    assert len(drawn.edges) > 40
    pairs = {(r["i"], r["m"]) for r in engine.select("SELECT ?i ?m { ?i meso:counters ?m }")}
    for edge in drawn.edges:
        assert (edge.intervention, edge.mechanism) in pairs
        said = directions(engine, edge.intervention, edge.mechanism)
        expected = "rationale" if not said else "disputed" if len(said) > 1 else WORDS[said.pop()]
        assert edge.certainty == expected, edge.title


def test_nodes_stand_apart(facts: Facts) -> None:
    drawn = evidence_map(facts)
    for side in (drawn.mechanisms, drawn.interventions):
        places = [node.y for node in side.nodes]
        assert all(later - earlier >= 18 for earlier, later in itertools.pairwise(places))
        assert len({node.iri for node in side.nodes}) == len(side.nodes)


@pytest.mark.parametrize("certainty", CERTAINTIES)
def test_map_is_narrowed_by_certainty(facts: Facts, certainty: str) -> None:
    assert {edge.certainty for edge in evidence_map(facts, certainty=certainty).edges} <= {certainty}


def test_focus_shows_what_is_tied_to_it(facts: Facts) -> None:
    whole = evidence_map(facts)
    one = whole.edges[0].mechanism
    focused = evidence_map(facts, focus=one)
    assert {edge.mechanism for edge in focused.edges} == {one}
    assert len(focused.edges) == sum(edge.mechanism == one for edge in whole.edges)


def tied(drawn: EvidenceMap) -> set[tuple[str, str]]:
    return {(edge.mechanism, edge.intervention) for edge in drawn.edges}


@pytest.mark.parametrize("level", LEVELS)
def test_level_keeps_what_is_as_strong(facts: Facts, level: str) -> None:
    whole = evidence_map(facts)
    expected = {(e.mechanism, e.intervention) for e in whole.edges if e.level and e.level <= level}
    assert tied(evidence_map(facts, level=level)) == expected


def test_line_keeps_what_was_tried_in_it(engine: Engine, facts: Facts) -> None:
    rows = engine.select(
        """SELECT DISTINCT ?i { ?arm a meso:Arm ; meso:hasArmRole ?role ;
             meso:hasIntervention/meso:hasAgent?/rdfs:subClassOf? ?i ;
             meso:ofCohort/meso:ofStudy/meso:hasTreatmentSetting meso:Maintenance
           FILTER (!CONTAINS(STR(?role), "Comparator")) }"""
    )
    given = {row["i"] for row in rows}
    drawn = {i for _, i in tied(evidence_map(facts, line="maintenance"))}
    assert drawn == {i for _, i in tied(evidence_map(facts))} & given


def test_histology_keeps_what_a_record_speaks_of_in_it(engine: Engine, facts: Facts) -> None:
    """The second way: one query over statements, results and cohorts of epithelioid tumours."""
    state = "<http://purl.obolibrary.org/obo/MONDO_0006378>"
    rows = engine.select(
        f"""SELECT DISTINCT ?x {{
            {{ ?x meso:activeIn|meso:reportedActiveIn {state} }} UNION
            {{ ?s meso:hasPopulation|meso:hasClaimSubject|meso:hasClaimObject {state} ;
                 meso:hasClaimSubject|meso:hasClaimObject ?x }} UNION
            {{ ?r meso:hasPopulation {state} ;
                 (meso:ofArm|meso:hasExperimentalArm)/meso:hasIntervention/meso:hasAgent? ?x }} UNION
            {{ ?a meso:ofCohort/meso:enrolsPopulation {state} ;
                 meso:hasIntervention/meso:hasAgent? ?x }} }}"""
    )
    spoken = {row["x"] for row in rows}
    expected = {(m, i) for m, i in tied(evidence_map(facts)) if {m, i} & spoken}
    assert tied(evidence_map(facts, histology="pleural epithelioid mesothelioma")) == expected
    assert 0 < len(expected) < len(tied(evidence_map(facts)))


@pytest.mark.slow
def test_every_choice_that_is_offered_leaves_something(facts: Facts) -> None:
    whole = evidence_map(facts)
    assert len(whole.choices.histology) >= 3
    for name in ("layer", "kind", "line", "histology", "biomarker"):
        for value in getattr(whole.choices, name)[::5]:
            assert tied(evidence_map(facts, **{name: value})) <= tied(whole), (name, value)
    for state in (*whole.choices.histology, *whole.choices.biomarker[::8]):
        assert tied(evidence_map(facts, biomarker=state)), state


def test_both_columns_are_of_the_same_height(facts: Facts) -> None:
    drawn = evidence_map(facts)
    assert drawn.mechanisms.nodes[-1].y == pytest.approx(drawn.interventions.nodes[-1].y, abs=20)
    assert len(drawn.edges) == len(tied(drawn))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pleural epithelioid mesothelioma", True),
        ("non-epithelioid pleural mesothelioma", True),
        ("pleural sarcomatoid mesothelioma", True),
        ("node-negative epithelioid pleural mesothelioma", False),
        ("PD-L1-positive pleural mesothelioma", False),
    ],
)
def test_histology_is_a_type_alone(name: str, expected: bool) -> None:
    assert is_histology(name) is expected
