"""The map says of each tie what the statements say: counted by queries of their own."""

from __future__ import annotations

import itertools

import pytest

from mesoonto.dataset.store import Engine
from mesoonto.views.evidence_map import CERTAINTIES, evidence_map
from mesoonto.views.facts import Facts

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
