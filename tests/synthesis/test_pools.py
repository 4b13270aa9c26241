"""What is pooled and what is left out: small records that differ in one thing, and the shipped ones."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable, Mapping

import pyoxigraph as ox
import pytest

from mesoonto import extras
from mesoonto.errors import MesoontoError
from mesoonto.namespaces import MESO
from mesoonto.synthesis import report
from mesoonto.synthesis.pools import ALONE, Synthesis, TrialPool, synthesise
from mesoonto.views.facts import Facts

_PREFIXES = """@prefix meso: <https://w3id.org/mesoonto/> . @prefix : <https://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""

#: Agents with what they counter; a regimen; overall survival, hazard ratio, and populations.
_TERMS = """
:angio1 meso:counters :vessels . :angio2 meso:counters :vessels . :immune meso:counters :checkpoint .
:vessels rdfs:label "vessels" . :checkpoint rdfs:label "a checkpoint" . :chemo rdfs:label "chemo" .
:carboplatin rdfs:subClassOf meso:MESO_0002020 . :cisplatin rdfs:subClassOf meso:MESO_0002020 .
:angio1_chemo meso:hasAgent :angio1, :chemo . :angio2_chemo meso:hasAgent :angio2, :chemo .
:immune_chemo meso:hasAgent :immune, :chemo . :placebo_chemo meso:hasAgent meso:MESO_0002110, :chemo_regimen .
:chemo_regimen meso:hasAgent :chemo .
:cisplatin_angio1 meso:hasAgent :angio1, :cisplatin .
:carboplatin_angio2 meso:hasAgent :angio2, :carboplatin .
meso:MESO_0004001 rdfs:label "overall survival" . meso:MESO_0004002 rdfs:label "progression-free survival" .
meso:MESO_0004101 rdfs:label "hazard ratio" .
meso:AllRandomised a meso:AnalysisPopulation ; rdfs:label "all randomised patients" .
meso:AllTreated a meso:AnalysisPopulation ; rdfs:label "all treated patients" .
:pleural rdfs:label "pleural" . :epithelioid rdfs:subClassOf :pleural ; rdfs:label "epithelioid" .
meso:Investigator rdfs:label "investigator" . meso:BlindedCentralReview rdfs:label "central" .
"""

_LIKE = {
    "design": "meso:RandomisedComparative", "setting": "meso:FirstLine", "asks": ":pleural",
    "experimental": ":angio1_chemo", "reference": ":chemo_regimen", "end point": "meso:MESO_0004001",
    "population": "meso:AllRandomised", "value": "0.8", "low": "0.64", "high": "1.0", "level": "95",
    "analysis": "meso:PrimaryAnalysis", "more": "",
}  # fmt: skip


def trial(name: str, changes: Mapping[str, str]) -> str:
    """A study with one comparison; a change to nothing leaves the fact out."""
    t = {**_LIKE, **changes}
    result = {
        "hasPopulation": t["population"], "value": t["value"], "lowerBound": t["low"],
        "upperBound": t["high"], "intervalLevel": t["level"],
    }  # fmt: skip
    facts = " ; ".join(f"meso:{key} {value}" for key, value in result.items() if value)
    return f"""
    :{name} a meso:Study ; meso:hasDesign {t["design"]} ; meso:hasTreatmentSetting {t["setting"]} .
    :{name}_cohort meso:ofStudy :{name} ; meso:enrolsPopulation {t["asks"]} ; rdfs:label "{name}: all" .
    :{name}_x meso:hasIntervention {t["experimental"]} . :{name}_r meso:hasIntervention {t["reference"]} .
    :{name}_analysis meso:hasAnalysisKind {t["analysis"]} .
    :{name}_hr a meso:Result ; rdfs:label "{name}" ; meso:ofCohort :{name}_cohort ;
        meso:hasAnalysis :{name}_analysis ; meso:hasStatistic meso:MESO_0004101 ;
        meso:hasEndPoint {t["end point"]} ; meso:hasExperimentalArm :{name}_x ;
        meso:hasReferenceArm :{name}_r ; {facts} .
    {t["more"]}
    """


def pooled(first: Mapping[str, str] | None = None, second: Mapping[str, str] | None = None) -> Synthesis:
    """The synthesis of two trials that are alike but for changes; the second gives another agent."""
    text = trial("one", first or {}) + trial("two", {"experimental": ":angio2_chemo", **(second or {})})
    store = ox.Store()
    store.load((_PREFIXES + _TERMS + text).encode(), format=ox.RdfFormat.TURTLE)
    return synthesise(Facts(store), by=None)


def names(pool: TrialPool) -> list[str]:
    return [m.result.link.label for m in pool.members]


def why(found: Synthesis, name: str) -> str:
    (one,) = [left for left in found.left_out if left.result.link.label == name]
    return "; ".join(one.reasons)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"level": "80", "low": "0.7", "high": "0.92"},
        {"reference": ":placebo_chemo"},
        {"reference": ":chemo"},
        {"value": "1.2", "low": "0.9", "high": "1.6"},
    ],
)
def test_comparisons_that_are_alike_are_pooled(change: dict[str, str]) -> None:
    found = pooled(second=change)
    assert [names(pool) for pool in found.pools] == [["one", "two"]]
    assert found.left_out == ()
    assert found.pools[0].added == "agents against vessels"
    assert found.pools[0].shared == "chemo"


@pytest.mark.parametrize(
    "change",
    [
        {"experimental": ":immune_chemo"},
        {"experimental": ":angio2", "reference": ":placebo_chemo"},  # in place of, not beside
        {"reference": "meso:MESO_0002110", "experimental": ":angio2"},
        {"setting": "meso:Maintenance"},
        {"asks": ":epithelioid"},
        {"population": ":epithelioid"},
        {"population": "meso:AllTreated"},
    ],
    ids=["mechanism", "in place of", "beside nothing", "line", "asked for", "subgroup", "treated"],
)
def test_comparisons_that_differ_stand_alone(change: dict[str, str]) -> None:
    found = pooled(second=change)
    assert found.pools == ()
    assert why(found, "one") == why(found, "two") == ALONE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"design": "meso:RandomisedNonComparative"}, "not designed to compare"),
        ({"level": ""}, "level of its interval was not read"),
        ({"low": ""}, "no interval with both ends"),
        ({"population": ""}, "patients it counts were not read"),
        ({"more": ":later meso:supersedes :two_hr ."}, "superseded by a later figure"),
        ({"more": ":later meso:supersedes :two_analysis ."}, "a later analysis replaces"),
        ({"value": "0.98"}, "not the middle"),
        ({"value": "1.1"}, "not lie within"),
        ({"more": ":two_hr meso:pValue 0.001 ; meso:sidedness 2 ."}, "p value does not fit"),
        ({"end point": "meso:MESO_0004002"}, "who judged the end point"),
        ({"experimental": ":chemo"}, "do not tell what its arms differ in"),
        (
            {"more": ":s1 meso:basedOn :one_hr ; meso:notIndependentOf :s2 . :s2 meso:basedOn :two_hr ."},
            "not independent of: one",
        ),
        (
            {"more": ":s2 meso:basedOn :two_hr ; meso:notIndependentOf :s1 . :s1 meso:basedOn :one_hr ."},
            "not independent of: one",
        ),
    ],
)
def test_each_obstacle_leaves_one_out_and_the_other_alone(change: dict[str, str], reason: str) -> None:
    found = pooled(second=change)
    assert found.pools == ()
    assert reason in why(found, "two")
    assert why(found, "one") == ALONE


def test_an_interim_analysis_that_none_followed_stays_with_a_caution() -> None:
    (pool,) = pooled(second={"analysis": "meso:InterimAnalysis"}).pools
    assert {m.result.link.label: m.cautions for m in pool.members} == {
        "one": (),
        "two": ("an interim analysis, the last one read",),
    }


def test_cisplatin_and_carboplatin_count_as_one() -> None:
    found = pooled(
        {"experimental": ":cisplatin_angio1", "reference": ":cisplatin"},
        {"experimental": ":carboplatin_angio2", "reference": ":carboplatin"},
    )
    assert [names(pool) for pool in found.pools] == [["one", "two"]]


def test_patients_are_counted_once() -> None:
    again = """
    :again a meso:Result ; rdfs:label "again" ; meso:ofCohort :two_cohort ; meso:hasAnalysis :two_analysis ;
        meso:hasStatistic meso:MESO_0004101 ; meso:hasEndPoint meso:MESO_0004001 ;
        meso:hasExperimentalArm :two_x ; meso:hasReferenceArm :two_r ; meso:hasPopulation meso:AllRandomised ;
        meso:value 0.8 ; meso:lowerBound 0.63 ; meso:upperBound 1.02 ; meso:intervalLevel 96.6 .
    """
    found = pooled(second={"more": again})
    assert [names(pool) for pool in found.pools] == [["one", "two"]]
    assert why(found, "again") == "the same patients as in: two"
    assert found.pools[0].near[0].result.link.label == "again"


def test_judged_end_points_are_pooled_by_who_judged() -> None:
    judged = {"end point": "meso:MESO_0004002", "more": ":{} meso:assessedBy meso:{} ."}

    def by(name: str, who: str) -> dict[str, str]:
        return {**judged, "more": judged["more"].format(f"{name}_hr", who)}

    alike = pooled(by("one", "Investigator"), by("two", "Investigator"))
    assert [pool.assessor for pool in alike.pools] == ["investigator"]
    assert pooled(by("one", "Investigator"), by("two", "BlindedCentralReview")).pools == ()


@pytest.fixture(scope="module")
def found(facts: Facts) -> Synthesis:
    return synthesise(facts)


class TestShipped:
    def test_every_ratio_is_pooled_or_left_out_with_a_reason(self, facts: Facts, found: Synthesis) -> None:
        nodes = (ox.NamedNode(f"{MESO}MESO_000410{n}") for n in (1, 4))
        on_record = {s.value for n in nodes for s in facts.subjects(f"{MESO}hasStatistic", n)}
        members = [m.result.link.iri for pool in found.pools for m in pool.members]
        left = [one.result.link.iri for one in found.left_out]
        assert sorted([*members, *left]) == sorted(on_record)
        assert all(one.reasons for one in found.left_out)

    def test_what_is_pooled_is_current_and_compares(self, found: Synthesis) -> None:
        for pool in found.pools:
            cohorts = [m.result.cohort for m in pool.members]
            assert len({c.iri for c in cohorts if c is not None}) == len(pool.members) > 1
            assert all(m.result.comparative and not m.result.superseded for m in pool.members)
            assert all(m.result.level for m in pool.members)

    def test_bevacizumab_and_nintedanib_beside_chemotherapy(self, found: Synthesis) -> None:
        # MAPS 0.77 (0.62 to 0.95) and LUME-Meso, phase 2, 0.77 (0.46 to 1.29), both of 95 %. metafor 3.8-1:
        # -0.2613647641344 (-0.4585199448135 to -0.0642095834553), exp: 0.770 (0.632 to 0.938), Q = 0
        (pool,) = [p for p in found.pools if "VEGF" in p.added and p.end_point == "overall survival"]
        assert {m.result.value for m in pool.members} == {"0.77"}
        assert pool.estimates is not None
        for one in (pool.estimates.fixed, pool.estimates.random):
            assert (one.ratio, one.low, one.high) == pytest.approx((0.77, 0.63222, 0.93781), abs=1e-5)
        assert pool.estimates.q == pytest.approx(0, abs=1e-9)

    def test_a_trial_of_the_same_arms_that_found_otherwise_is_told_first(self, found: Synthesis) -> None:
        # LUME-Meso, phase 3, enrolled epithelioid disease alone, so other patients: 1.12 (0.79 to 1.58)
        (pool,) = [p for p in found.pools if "VEGF" in p.added and p.end_point == "overall survival"]
        assert [(one.result.value, one.reasons) for one in pool.contrary] == [("1.12", (ALONE,))]
        assert "caution: outside the pooled interval, and not in it: LUME-Meso" in report.text(found)

    def test_reports_hold_all_of_it(self, found: Synthesis) -> None:
        rows = list(csv.DictReader(io.StringIO(report.as_csv(found))))
        members = sum(len(pool.members) for pool in found.pools)
        assert len(rows) == members + 2 * len(found.pools) + len(found.left_out)
        whole = json.loads(report.as_json(found))
        assert len(whole["left_out"]) == len(found.left_out)
        text = report.text(found)
        assert all(one.result.link.label in text for one in found.left_out)
        assert "no medical advice" in text


def test_end_point_is_found_whatever_its_case_and_an_unknown_one_is_told(facts: Facts) -> None:
    some = synthesise(facts, end_point=" Overall Survival", by=None)
    assert {one.result.end_point.label for one in some.left_out if one.result.end_point} == {
        "overall survival"
    }
    with pytest.raises(MesoontoError, match="there are ratios for objective response, overall survival"):
        synthesise(facts, end_point="joy", by=None)


def test_command_pools_without_the_library_and_says_so(
    mesoonto: Callable[..., subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "_is_installed", lambda name: name != "statsmodels")
    ended = mesoonto("pool", "--end-point", "overall survival")
    assert ended.returncode == 2
    assert ended.stderr == (
        "mesoonto: pooling needs the extra synthesis, of which statsmodels is not installed: "
        "pip install 'mesoonto[synthesis]'\n"
    )
    assert "MAPS: all randomised: 0.77 (0.62 to 0.95, 95 %)" in ended.stdout
    assert "fixed effect" not in ended.stdout
