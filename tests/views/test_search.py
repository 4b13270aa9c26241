"""Searching for what people type."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto.dataset import kept
from mesoonto.dataset.store import Engine
from mesoonto.views.facets import FACETS
from mesoonto.views.facts import Facts
from mesoonto.views.search import KINDS, Index, folded
from tests.examples import examples


@cache
def index() -> Index:
    return Index(Facts(kept.engine().store))


@cache
def labels() -> list[str]:
    kinds = ("mechanism", "intervention", "trial")
    hits = (hit for kind in kinds for hit in index().search("", {"kind": kind}, most=1000).hits)
    return sorted({hit.link.label for hit in hits})


LABELS = st.deferred(lambda: st.sampled_from(labels()))
LONG_LABELS = st.deferred(lambda: st.sampled_from([x for x in labels() if len(folded(x)) >= 9]))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("nct02899299", "CheckMate 743"),
        ("33485464", "First-line nivolumab plus ipilimumab in unresectable malignant pleural mesothelioma"),
        ("MESO:0001020", "LAG-3 checkpoint engagement"),
        ("Opdivo", "nivolumab"),
        ("checkmate743", "CheckMate 743"),
        ("pembrolizumb", "pembrolizumab"),
        ("ipilimumab nivolumab", "nivolumab plus ipilimumab"),
    ],
)
def test_names_synonyms_identifiers_and_errors_find(text: str, label: str) -> None:
    found = [hit.link.label.lower() for hit in index().find(text)]
    assert any(name.startswith(label.lower()[:60]) for name in found[:4]), found[:6]


@given(label=LABELS)
@settings(max_examples=examples(80), deadline=None)
def test_every_label_finds_its_own_entity_first(label: str) -> None:
    assert index().find(label)[0].link.label == label


@given(label=LONG_LABELS, data=st.data())
@settings(max_examples=examples(80), deadline=None)
def test_a_letter_that_is_missing_is_forgiven(label: str, data: st.DataObject) -> None:
    typed = folded(label)
    place = data.draw(st.integers(1, len(typed) - 2))
    found = [hit.link.label for hit in index().find(typed[:place] + typed[place + 1 :])]
    assert label in found


@given(st.text(max_size=300))
@settings(max_examples=examples(100), deadline=None)
def test_whatever_is_typed_is_answered(text: str) -> None:
    assert len(index().find(text, most=5)) <= 5


@pytest.mark.parametrize("kind", KINDS)
def test_kind_limits_what_is_found(kind: str) -> None:
    found = index().find("mesothelioma", kind=kind)
    assert {hit.kind for hit in found} <= {kind}


def members(engine: Engine, pattern: str) -> set[str]:
    return {row["x"] for row in engine.select(f"SELECT DISTINCT ?x {{ {pattern} }}")}


#: A study, or one of its cohorts, is of phase 3.
PHASE_3 = "{ { ?x meso:hasPhase meso:Phase3 } UNION { ?c meso:ofStudy ?x ; meso:hasPhase meso:Phase3 } }"


@pytest.mark.parametrize(
    ("chosen", "pattern"),
    [
        ({"kind": "trial"}, "?x a meso:Study"),
        (
            {"kind": "trial", "phase": "phase 3"},
            f"?x a meso:Study . {PHASE_3}",
        ),
        (
            {"kind": "trial", "line": "first line", "phase": "phase 3"},
            f"?x a meso:Study . {PHASE_3}"
            """
               { { ?x meso:hasTreatmentSetting meso:FirstLine } UNION
                 { ?d meso:ofStudy ?x ; meso:hasTreatmentSetting meso:FirstLine } }""",
        ),
        (
            {"kind": "statement", "direction": "refutes"},
            "?x a meso:EvidenceStatement ; meso:hasDirection meso:Refutes",
        ),
        (
            {"kind": "statement", "histology": "sarcomatoid"},
            """?x a meso:EvidenceStatement ; meso:hasClaimSubject|meso:hasClaimObject|meso:hasPopulation ?t .
               ?t rdfs:subClassOf* obo:MONDO_0006380""",
        ),
        (
            {"kind": "mechanism", "layer": "tumour microenvironment resistance mechanism"},
            "?x rdfs:subClassOf* meso:MESO_0001001",
        ),
        (
            {"kind": "decision", "line": "second or later line"},
            "?x a/rdfs:subClassOf* meso:Decision ; meso:hasTreatmentSetting meso:SecondOrLaterLine",
        ),
    ],
)
def test_facets_have_what_the_records_say(engine: Engine, chosen: dict[str, str], pattern: str) -> None:
    found = index().search("", chosen, most=10_000)
    expected = members(engine, pattern)
    assert expected
    assert {hit.link.iri for hit in found.hits} == expected
    assert found.total == len(expected)


@given(
    st.sampled_from(["", "nivolumab", "survival", "checkpoint"]),
    st.dictionaries(st.sampled_from(["kind", *FACETS]), st.integers(0, 5), max_size=2),
)
@settings(max_examples=examples(40), deadline=None)
def test_a_facet_counts_what_it_leads_to(text: str, picks: dict[str, int]) -> None:
    offered = {f.name: [v for v, _ in f.values] for f in index().search(text, {}).facets}
    chosen = {n: offered[n][i % len(offered[n])] for n, i in picks.items() if offered[n]}
    for facet in index().search(text, chosen).facets:
        for value, count in facet.values[:3]:
            assert index().search(text, {**chosen, facet.name: value}).total == count


def test_pages_of_hits_follow_one_another() -> None:
    whole = index().search("", {"kind": "trial"}, most=1000)
    parts = [index().search("", {"kind": "trial"}, start=n, most=20).hits for n in range(0, whole.total, 20)]
    assert [hit for part in parts for hit in part] == list(whole.hits)


def test_nothing_like_it_finds_nothing() -> None:
    assert index().find("zzzzqqqq") == []
