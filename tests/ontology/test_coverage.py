"""What the knowledge base must cover: numbers that may grow and never shrink, and the trials by name."""

from __future__ import annotations

import pytest

from mesoonto.dataset.store import Engine
from mesoonto.knowledge import statistics

FLOOR = {
    "mechanisms": 60,
    "interventions": 90,
    "biomarkers": 50,
    "studies": 45,
    "cohorts": 50,
    "evidence statements": 420,
    "publications": 150,
    "decisions": 15,
}

#: Registry numbers as in the registries' own records, and the name that people use.
TRIALS = {
    "NCT02899299": "CheckMate 743",
    "NCT00651456": "MAPS",
    "NCT02716272": "MAPS2",
    "NCT02588131": "NIBIT-MESO-1",
    "NCT03048474": "INITIATE",
    "NCT03063450": "CONFIRM",
    "NCT02991482": "PROMISE-meso",
    "JapicCTI-163247": "MERIT",
    "NCT02497508": "NivoMes",
    "NCT02054806": "KEYNOTE-028",
    "NCT02628067": "KEYNOTE-158",
    "NCT01772004": "JAVELIN",
    "NCT01843374": "DETERMINE",
    "NCT01649024": "MESOT-TREM-2008",
    "NCT01655888": "MESOT-TREM-2012",
    "NCT02784171": "IND.227",
    "NCT03762018": "BEAT-meso",
    "ACTRN12616001170415": "DREAM",
    "NCT04334759": "DREAM3R",
    "NCT02899195": "PrE0505",
    "NCT02709512": "ATOMIC-Meso",
    "NCT01279967": "ADAM",
    "NCT02029690": "TRAP",
    "NCT03610360": "DENIM",
    "NCT03710876": "INFINITE",
    "NCT02879669": "ONCOS-102",
    "NCT04300244": "NIPU",
    "NCT03907852": "gavo-cel",
    "NCT02414269": "mesothelin CAR T cells",
    "NCT01907100": "LUME-Meso",
    "NCT02860286": "tazemetostat",
    "NCT03654833": "MiST",
    "NCT05455424": "NERO",
    "NCT04287829": "PEMMELA",
    "NCT01870609": "COMMAND",
    "NCT02610140": "ARCS-M",
    "NCT04665206": "VT3989",
    "NCT04177953": "NICITA",
    "NCT06097728": "eVOLVE-Meso",
    "NCT04480372": "SAKK 17/18",
    "NCT04115111": "DIADEM",
    "NCT00797719": "SMART",
    "ISRCTN72767336": "SMART",
    "NCT02040272": "MARS 2",
    "NCT02397928": "STELLAR",
    "NCT01675765": "CRS-207",
    "NCT01721018": "HSV1716",
    "NCT01503177": "MV-NIS",
    "NCT01265433": "galinpepimut-S",
    "NCT02798536": "LMB-100",
    "NCT03918252": "perioperative nivolumab",
    "EudraCT 2016-001132-36": "RAMES",
}


def values(engine: Engine, query: str) -> set[str]:
    return {row["x"] for row in engine.select(query)}


@pytest.mark.parametrize("kind", FLOOR)
def test_counts_do_not_shrink(engine: Engine, kind: str) -> None:
    assert statistics.count(engine)[kind] >= FLOOR[kind]


def test_every_trial_of_the_list_is_there(engine: Engine) -> None:
    known = values(engine, "SELECT ?x { ?study a meso:Study ; meso:registryId ?x }")
    assert {f"{number} ({name})" for number, name in TRIALS.items() if number not in known} == set()


def test_every_cohort_has_an_arm_and_every_randomised_study_two(engine: Engine) -> None:
    one_armed = """SELECT ?x { ?cohort meso:ofStudy ?study . ?study meso:hasDesign ?design ; rdfs:label ?x .
        FILTER(?design IN (meso:RandomisedComparative, meso:RandomisedNonComparative))
        { SELECT ?study (COUNT(DISTINCT ?arm) AS ?arms)
          { ?arm meso:ofCohort/meso:ofStudy ?study } GROUP BY ?study }
        FILTER(?arms < 2) }"""
    assert values(engine, one_armed) == set()


def test_mechanisms_lie_in_every_layer(engine: Engine) -> None:
    per_layer = """SELECT ?x (COUNT(DISTINCT ?mechanism) AS ?n) {
        ?layer rdfs:label ?x . ?mechanism rdfs:subClassOf ?layer . FILTER(?mechanism != ?layer)
        VALUES ?layer { meso:MESO_0001001 meso:MESO_0001002 meso:MESO_0001003
            meso:MESO_0001004 meso:MESO_0001005 meso:MESO_0001006 } } GROUP BY ?x"""
    counts = {row["x"]: int(row["n"]) for row in engine.select(per_layer)}
    assert len(counts) == 6
    assert min(counts.values()) >= 2


def test_shown_and_extrapolated_can_be_told_apart(engine: Engine) -> None:
    contexts = values(
        engine, "SELECT DISTINCT ?x { ?s a meso:EvidenceStatement ; meso:hasDiseaseContext ?x }"
    )
    assert "https://w3id.org/mesoonto/PleuralContext" in contexts
    assert "https://w3id.org/mesoonto/OtherCancerContext" in contexts


def test_publications_have_a_doi_or_pmid(engine: Engine) -> None:
    numbered = "SELECT DISTINCT ?x { ?x a meso:Publication ; bibo:doi|bibo:pmid ?id }"
    assert len(values(engine, numbered)) >= 150
