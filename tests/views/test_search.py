"""Searching for what people type."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto.dataset import shipped
from mesoonto.views.facts import Facts
from mesoonto.views.search import KINDS, Index, folded

INDEX = Index(Facts(shipped.build()))
LABELS = sorted(
    {hit.link.label for kind in ("mechanism", "intervention", "trial") for hit in INDEX.members(kind)}
)


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
    found = [hit.link.label.lower() for hit in INDEX.find(text)]
    assert any(name.startswith(label.lower()[:60]) for name in found[:4]), found[:6]


@given(label=st.sampled_from(LABELS))
@settings(max_examples=80, deadline=None)
def test_every_label_finds_its_own_entity_first(label: str) -> None:
    assert INDEX.find(label)[0].link.label == label


@given(label=st.sampled_from([x for x in LABELS if len(folded(x)) >= 9]), data=st.data())
@settings(max_examples=80, deadline=None)
def test_a_letter_that_is_missing_is_forgiven(label: str, data: st.DataObject) -> None:
    typed = folded(label)
    place = data.draw(st.integers(1, len(typed) - 2))
    found = [hit.link.label for hit in INDEX.find(typed[:place] + typed[place + 1 :])]
    assert label in found


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_whatever_is_typed_is_answered(text: str) -> None:
    assert len(INDEX.find(text, most=5)) <= 5


@pytest.mark.parametrize("kind", KINDS)
def test_kind_limits_what_is_found(kind: str) -> None:
    found = INDEX.find("mesothelioma", kind=kind)
    assert {hit.kind for hit in found} <= {kind}


def test_nothing_like_it_finds_nothing() -> None:
    assert INDEX.find("zzzzqqqq") == []
