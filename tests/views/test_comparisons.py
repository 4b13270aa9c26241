"""Randomised comparisons: counted by a query of its own, and some read by hand."""

from __future__ import annotations

import dataclasses

import pyoxigraph as ox
import pytest

from mesoonto.dataset.store import Engine
from mesoonto.views.comparisons import WHOLE, Comparisons, TrialComparison, comparisons, reading
from mesoonto.views.facts import Facts
from mesoonto.views.results import result

NODE = ox.NamedNode("https://w3id.org/mesoonto/data/result_NCT02899299_2021_os_hr_all")


def shown(found: Comparisons) -> dict[str, TrialComparison]:
    return {c.result.link.iri: c for group in found.groups for c in group.comparisons}


@pytest.mark.parametrize("end_point", ["overall survival", "progression-free survival"])
def test_all_hazard_ratios_of_comparative_trials_are_there(
    engine: Engine, facts: Facts, end_point: str
) -> None:
    rows = engine.select(
        f"""SELECT ?r {{ ?r meso:hasStatistic/rdfs:label "hazard ratio"@en ; meso:hasExperimentalArm ?a ;
              meso:hasReferenceArm ?b ; meso:hasEndPoint/rdfs:label "{end_point}"@en ;
              meso:ofCohort/meso:ofStudy/meso:hasDesign meso:RandomisedComparative }}"""
    )
    found = comparisons(facts, end_point=end_point, earlier=True)
    assert set(shown(found)) == {row["r"] for row in rows}
    assert set(shown(comparisons(facts, end_point=end_point))) < set(shown(found))


def test_trials_that_tested_checkpoint_blockade(facts: Facts) -> None:
    """By hand: NIPU gave checkpoint blockade in both arms, so it did not test it."""
    found = comparisons(facts, tested="immune checkpoint inhibitor", population=WHOLE)
    assert [group.population for group in found.groups] == [WHOLE]
    studies = {c.result.study.label for c in shown(found).values() if c.result.study is not None}
    assert studies >= {"BEAT-meso", "CheckMate 743", "CONFIRM", "DETERMINE", "IND.227", "PROMISE-meso"}
    assert "NIPU" not in studies


def test_verdict_is_that_of_the_analysis_that_settled_it(facts: Facts) -> None:
    """Lancet 2021;397:375: the interim analysis met the end point at 0.74 (96.6 % CI 0.60 to 0.91)."""
    found = comparisons(facts, tested="immune checkpoint inhibitor", population=WHOLE)
    (one,) = [c for c in shown(found).values() if c.result.study and c.result.study.label == "CheckMate 743"]
    assert one.result.value == "0.73"
    assert one.verdict is not None
    assert (one.verdict.value, one.verdict.level, one.verdict.met) == ("0.74", "96.6 %", True)


def test_levels_other_than_95_are_named(engine: Engine, facts: Facts) -> None:
    rows = engine.select(
        """SELECT DISTINCT ?level { ?r meso:hasStatistic/rdfs:label "hazard ratio"@en ;
             meso:intervalLevel ?level ; meso:hasExperimentalArm ?a ;
             meso:hasEndPoint/rdfs:label "overall survival"@en ;
             meso:ofCohort/meso:ofStudy/meso:hasDesign meso:RandomisedComparative }"""
    )
    expected = {f"{row['level']} %" for row in rows} - {"95 %"}
    found = comparisons(facts, earlier=True)
    assert set(found.levels) - {""} == expected
    for group in found.groups:
        assert group.plot is not None
        for row in group.plot.rows:
            assert row.usual == (row.result.level == "95 %")


def test_groups_share_an_axis(facts: Facts) -> None:
    found = comparisons(facts)
    assert len({group.plot.ticks for group in found.groups if group.plot is not None}) == 1


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.6, 0.91, "interval below 1"),
        (0.6, 1.0, "interval includes 1"),
        (1.02, 1.6, "interval above 1"),
        (0.6, None, "no interval read"),
    ],
)
def test_reading_of_an_interval(facts: Facts, low: float, high: float | None, words: str) -> None:
    assert reading(dataclasses.replace(result(facts, NODE), low=low, high=high)) == words


def test_unknown_choice_finds_nothing(facts: Facts) -> None:
    assert comparisons(facts, end_point="nonsense").groups == ()
