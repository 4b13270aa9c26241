"""Experimental models: what each stands for, and the disease context of what was found in it."""

from __future__ import annotations

from mesoonto.dataset.store import Engine


def rows(engine: Engine, query: str) -> set[tuple[str, ...]]:
    return {tuple(row.values()) for row in engine.select(query)}


def test_a_human_line_stands_for_pleural_mesothelioma_or_a_type_of_it(engine: Engine) -> None:
    lines = rows(engine, "SELECT ?x { ?x rdfs:subClassOf meso:MESO_0005002 FILTER(?x != meso:MESO_0005002) }")
    pleural = rows(
        engine,
        """SELECT DISTINCT ?x { ?x rdfs:subClassOf meso:MESO_0005002 ; meso:standsFor ?disease
            FILTER(?x != meso:MESO_0005002) ?disease rdfs:subClassOf* obo:MONDO_0005112 }""",
    )
    assert len(lines) >= 35
    assert lines == pleural


def test_every_model_of_mesothelioma_stands_for_a_disease(engine: Engine) -> None:
    mute = """SELECT ?x { ?x rdfs:subClassOf meso:MESO_0000009 ; rdfs:label ?name
        FILTER(?x NOT IN (meso:MESO_0000009, meso:MESO_0005238))  # MeT-5A is of healthy cells
        FILTER NOT EXISTS { ?x meso:standsFor ?disease } }"""
    assert rows(engine, mute) == set()


def test_context_of_a_finding_follows_from_the_line_it_was_made_in(engine: Engine) -> None:
    """A line from a mouse stands for mesothelioma at large, so what was found in it is not pleural."""
    wrong = """SELECT DISTINCT ?statement {
        ?statement meso:usesModel ?model ; meso:hasDiseaseContext meso:PleuralContext .
        ?model rdfs:subClassOf meso:MESO_0005003 }"""
    assert rows(engine, wrong) == set()


def test_every_mouse_experiment_on_mesothelioma_names_its_model(engine: Engine) -> None:
    mute = """SELECT ?x { ?x a meso:EvidenceStatement ; meso:hasDesign meso:MouseExperiment ;
        meso:hasDiseaseContext ?context
        FILTER(?context IN (meso:PleuralContext, meso:MixedMesotheliomaContext, meso:PeritonealContext))
        FILTER NOT EXISTS { ?x meso:usesModel ?model } }"""
    assert rows(engine, mute) == set()
