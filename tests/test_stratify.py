"""Stratification: what is told for a tumour is what the records say of its strata, and of no others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from mesoonto.dataset.store import Engine
from mesoonto.errors import InputError, MesoontoError
from mesoonto.knowledge.profile import Profile, ProfileVocabulary, read_profile
from mesoonto.knowledge.strata_records import StrataRecords
from mesoonto.knowledge.stratify import DISCLAIMER, Statement, StratificationReport, stratify
from mesoonto.namespaces import MESO, OBO
from mesoonto.ontology.axioms import axioms_of
from mesoonto.ontology.expressions import SUBCLASS, Some
from mesoonto.owl.entail import Entailments
from mesoonto.views.facts import Facts
from mesoonto.views.results import result
from tests import knowledge

Run = Callable[..., CompletedProcess[str]]

EPITHELIOID, BIPHASIC, SARCOMATOID = (f"{OBO}MONDO_00063{n}" for n in (78, 77, 80))
ASS1_LOSS = f"{MESO}MESO_0003102"


@pytest.fixture(scope="module")
def store(engine: Engine) -> ox.Store:
    return engine.store


@pytest.fixture(scope="module")
def vocabulary() -> ProfileVocabulary:
    return ProfileVocabulary(knowledge.ontology())


def report(store: ox.Store, vocabulary: ProfileVocabulary, *settings: str) -> StratificationReport:
    profile = vocabulary.from_settings(settings)
    return stratify(Engine(store, "1"), profile, vocabulary.strata(profile))


def statements(found: StratificationReport) -> dict[str, Statement]:
    every = [*found.predictions, *found.contradicting, *found.extrapolated]
    for mechanism in found.mechanisms:
        every += [*mechanism.statements, *(s for i in mechanism.interventions for s in i.statements)]
    return {s.iri.rpartition("/")[2]: s for s in every}


def test_settings_become_classes(vocabulary: ProfileVocabulary) -> None:
    profile = vocabulary.from_settings(["histology=sarcomatoid", "ASS1=lost", "setting=first-line"])
    assert profile == Profile(SARCOMATOID, (ASS1_LOSS,), f"{MESO}FirstLine")


def test_strata_follow_from_definitions(vocabulary: ProfileVocabulary) -> None:
    strata = vocabulary.strata(Profile(SARCOMATOID, (ASS1_LOSS,)))
    expected = {f"{MESO}MESO_000{n}" for n in ("3001", "3002", "3047", "3049")}
    assert expected <= strata.states
    assert f"{MESO}MESO_0003048" not in strata.states  # the biphasic kind
    assert {EPITHELIOID, BIPHASIC} <= strata.excluded


@pytest.mark.parametrize(
    "settings",
    [
        ["PD-L1=positive", "PD-L1=negative"],
        ["PD-L1=high", "PD-L1=negative"],  # at least 50 % is a kind of at least 1 %
        ["BAP1=lost", "BAP1=retained"],
        ["S-score=high", "S-score=low"],
        ["cluster2016=biphasic-E", "cluster2016=sarcomatoid"],
        ["methylation=low", "methylation=CIMP"],
        ["histology=epithelioid", "histology=sarcomatoid"],
    ],
)
def test_contradicting_profile_is_refused(vocabulary: ProfileVocabulary, settings: list[str]) -> None:
    with pytest.raises(MesoontoError, match=r"exclude one another|one histology"):
        vocabulary.strata(vocabulary.from_settings(settings))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["BAP1=lost", "bap1=RETAINED"], "BAP1=lost and BAP1=retained exclude one another"),
        (["pd-l1=high", "PD-L1=negative"], "PD-L1=high and PD-L1=negative exclude one another"),
        (["site=peritoneum", "site=Pleura"], "site=peritoneum and site=pleura: a profile has one site"),
        (["merlin=high", "NF2=altered"], "NF2=altered and merlin=high contradict each other: merlin"),
        (["setting=maintenance", "setting=first-line"], "setting=maintenance and setting=first-line: there"),
        (["histology=epithelioid", "histology=biphasic"], "histology=epithelioid and histology=biphasic: a"),
    ],
)
def test_contradiction_is_told_in_the_words_of_the_settings(
    vocabulary: ProfileVocabulary, settings: list[str], said: str
) -> None:
    with pytest.raises(MesoontoError, match=f"^{said}"):
        vocabulary.strata(vocabulary.from_settings(settings))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("ASS1=gone", "ASS1=gone: not known; ASS1 can be lost"),
        ("pd-l1=medium", "PD-L1 can be high, negative, positive"),
        ("histology=round", "histology can be biphasic, epithelioid, non-epithelioid, sarcomatoid"),
        ("ASSS1=lost", "not known; near it: ASS1=lost"),
        ("qqqq", "qqqq: not known; mesoonto stratify --list"),
        ("prior=nivolumb", "no intervention has this name; near it: nivolumab"),
    ],
)
def test_unknown_setting_is_named_with_what_is_near_it(
    vocabulary: ProfileVocabulary, setting: str, said: str
) -> None:
    with pytest.raises(MesoontoError, match=said):
        vocabulary.from_settings([setting])


@given(st.data())
def test_case_of_a_setting_does_not_matter(vocabulary: ProfileVocabulary, data: st.DataObject) -> None:
    others = ["histology=sarcomatoid", "setting=first-line", "site=pleura", "prior=nivolumab"]
    every = [*vocabulary.notations, *others]
    setting = data.draw(st.sampled_from(sorted(every)))
    spelt = "".join(data.draw(st.sampled_from([c.upper(), c.lower()])) for c in setting)
    assert vocabulary.from_settings([spelt]) == vocabulary.from_settings([setting])


@pytest.fixture(scope="module")
def classified() -> Entailments:
    return Entailments(knowledge.ontology().logical_axioms)


@pytest.mark.slow
@budget(max_examples=8)
@given(st.data())
def test_tumour_is_classified_as_a_whole_classification_does(
    vocabulary: ProfileVocabulary, classified: Entailments, data: st.DataObject
) -> None:
    """The strata are those that come of adding the tumour to the axioms and classifying all anew."""
    ontology = knowledge.ontology()
    chosen = data.draw(st.lists(st.sampled_from(sorted(vocabulary.notations)), unique=True, max_size=4))
    histology = data.draw(st.sampled_from(["epithelioid", "biphasic", "sarcomatoid", "non-epithelioid"]))
    profile = vocabulary.from_settings([f"histology={histology}", *chosen])
    has = f"{MESO}hasMarker"
    text = """@prefix owl: <http://www.w3.org/2002/07/owl#> .
    @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . <urn:t> a owl:Class ; rdfs:subClassOf """
    some = "[ a owl:Restriction ; owl:onProperty <{}> ; owl:someValuesFrom <{}> ]"
    text += ", ".join([f"<{profile.disease}>", *(some.format(has, f) for f in profile.features)]) + " ."
    triples = [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)]
    whole = Entailments([*ontology.logical_axioms, *axioms_of(triples)])
    expected = {upper for lower, role, upper in whole.relations() if (lower, role) == ("urn:t", SUBCLASS)}
    before = set(classified.relations())
    found = classified.above([profile.disease, *(Some(has, feature) for feature in profile.features)])
    assert found - {"http://www.w3.org/2002/07/owl#Thing"} == expected
    assert set(classified.relations()) == before


@pytest.mark.slow
def test_records_that_were_read_give_the_same_report(store: ox.Store, vocabulary: ProfileVocabulary) -> None:
    records = StrataRecords(Engine(store, "1"))
    records.read()
    for settings_ in (["histology=sarcomatoid", "ASS1=lost"], [*AFTER_BLOCKADE], ["NF2=altered"]):
        profile = vocabulary.from_settings(settings_)
        again = stratify(records, profile, vocabulary.strata(profile))
        assert again == report(store, vocabulary, *settings_)


def test_site_leaves_out_what_was_found_at_the_other_alone(
    store: ox.Store, vocabulary: ProfileVocabulary
) -> None:
    """PMID32493992: LDHA upregulation in peritoneal mesothelioma of mice."""
    found = report(store, vocabulary, "site=peritoneum")
    said = statements(found)
    assert "statement_PMID32493992_2" in said
    assert "pleural" not in {one.context for one in said.values()}
    assert not said["statement_PMID32493992_2"].extrapolated
    assert not any("CheckMate 743" in r.text for r in found.results)
    for settings_ in (["site=pleura"], []):
        assert "statement_PMID32493992_2" not in statements(report(store, vocabulary, *settings_))
    contexts = {one.context for one in statements(report(store, vocabulary, "site=pleura")).values()}
    assert "pleural" in contexts
    assert "peritoneal" not in contexts
    with pytest.raises(MesoontoError, match=r"site=peritoneum and histology=epithelioid: histologies are of"):
        vocabulary.from_settings(["histology=epithelioid", "site=peritoneum"])


def test_refuted_and_comparators_are_not_offered(store: ox.Store, vocabulary: ProfileVocabulary) -> None:
    """BEAT-meso: no longer survival in epithelioid disease (statement_NCT03762018)."""
    summary = report(store, vocabulary, "histology=epithelioid", "setting=first-line").summary
    assert "atezolizumab plus bevacizumab plus platinum-pemetrexed" in {i.label for i in summary.refuted}
    offered = {i.label for i in summary.options}
    assert offered
    assert "best supportive care" not in offered
    assert not [name for name in offered if "placebo" in name]
    assert all(not i.refuted and not i.had and not i.stopped for i in summary.options)


def test_ass1_deficient_sarcomatoid_tumour(store: ox.Store, vocabulary: ProfileVocabulary) -> None:
    """Against the records of ATOMIC-Meso (study_NCT02709512.ttl), read by hand."""
    found = report(store, vocabulary, "histology=sarcomatoid", "ASS1=lost")
    said = statements(found)
    survival = said["statement_NCT02709512_1"]
    assert (survival.direction, survival.level, survival.extrapolated) == ("supports", "level B", "")
    response = said["statement_NCT02709512_3"]
    assert response.direction == "refutes"
    assert response in found.contradicting
    (mechanism,) = [m for m in found.mechanisms if m.label == "arginine auxotrophy by ASS1 loss"]
    assert "pegargiminase" in {i.label for i in mechanism.interventions}
    (hazard,) = [r for r in found.results if r.iri.endswith("result_NCT02709512_2023_os_hr_all")]
    assert hazard.value == "0.71 (95 % interval 0.55 to 0.93), p = 0.02"
    assert "another's account" in hazard.caution


def test_score_and_class_by_molecules_bring_what_was_found_for_them(
    store: ox.Store, vocabulary: ProfileVocabulary
) -> None:
    found = report(store, vocabulary, "histology=epithelioid", "S-score=high", "methylation=CIMP")
    claims = {(s.subject, s.relation, s.object) for s in found.predictions}
    assert {
        ("high sarcomatoid score", "predicts resistance to", "nivolumab"),
        ("high sarcomatoid score", "predicts benefit from", "nivolumab plus ipilimumab"),
        ("CpG island methylator subtype of 2026", "predicts resistance to", "immune checkpoint inhibitor"),
    } <= claims
    assert "low methylation subtype of 2026" not in {s.subject for s in found.predictions}


def test_other_histologies_are_not_told_of(store: ox.Store, vocabulary: ProfileVocabulary) -> None:
    """BEAT-meso found a gain in non-epithelioid disease and none in epithelioid disease."""
    gain = "In non-epithelioid pleural mesothelioma, adding atezolizumab"
    none = "In epithelioid pleural mesothelioma, adding atezolizumab"

    def texts(histology: str) -> list[str]:
        return [s.text for s in statements(report(store, vocabulary, f"histology={histology}")).values()]

    for histology, told, untold in (("sarcomatoid", gain, none), ("epithelioid", none, gain)):
        assert any(text.startswith(told) for text in texts(histology))
        assert not any(text.startswith(untold) for text in texts(histology))


@pytest.mark.parametrize(("histology", "other"), [(SARCOMATOID, BIPHASIC), (EPITHELIOID, SARCOMATOID)])
def test_results_of_excluded_strata_are_left_out(
    store: ox.Store, vocabulary: ProfileVocabulary, histology: str, other: str
) -> None:
    profile = Profile(histology, ())
    found = stratify(Engine(store, "1"), profile, vocabulary.strata(profile))
    shown = {r.iri for r in found.results}
    rows = store.query(f"SELECT ?r {{ ?r <{MESO}hasPopulation> <{other}> }}", use_default_graph_as_union=True)
    foreign = {row["r"].value for row in rows}  # type: ignore[union-attr]
    assert shown
    assert shown & foreign == set()


def test_what_comes_from_elsewhere_is_marked(store: ox.Store, vocabulary: ProfileVocabulary) -> None:
    found = report(store, vocabulary, "histology=sarcomatoid")
    elsewhere = [s for s in statements(found).values() if s.context != "pleural"]
    assert elsewhere
    assert [s.iri for s in elsewhere if not s.extrapolated] == []
    assert {s.context for s in statements(found).values()}.isdisjoint({"peritoneal"})


def test_every_refuting_statement_is_among_the_contradicting(
    store: ox.Store, vocabulary: ProfileVocabulary
) -> None:
    found = report(store, vocabulary, "histology=epithelioid")
    refuting = {s.iri for s in statements(found).values() if s.direction == "refutes"}
    assert refuting
    assert refuting <= {s.iri for s in found.contradicting}


def test_setting_limits_results(store: ox.Store, vocabulary: ProfileVocabulary) -> None:
    first = report(store, vocabulary, "histology=non-epithelioid", "setting=first-line")
    names = {r.text.partition(":")[0].partition(",")[0] for r in first.results}
    assert "CheckMate 743" in names
    assert "RAMES" not in names  # second line


def test_superseded_results_say_so(store: ox.Store, vocabulary: ProfileVocabulary) -> None:
    found = report(store, vocabulary, "histology=non-epithelioid")
    cautions = {r.caution for r in found.results if r.text.startswith("CheckMate 743")}
    assert any("superseded by a later analysis" in caution for caution in cautions)
    assert len({r.iri for r in found.results}) == len(found.results)


def test_subgroup_that_a_later_analysis_leaves_out_still_stands(
    store: ox.Store, vocabulary: ProfileVocabulary
) -> None:
    """The paper on three years of CheckMate 743 replaces the congress report, which alone tells of subgroups.

    A comparison is shown before a figure of one arm.
    """
    found = report(store, vocabulary, "histology=sarcomatoid", "setting=first-line")
    (option,) = [i for i in found.summary.options if i.label == "nivolumab plus ipilimumab"]
    assert option.best.startswith(
        "[result] CheckMate 743: overall survival, hazard ratio, non-epithelioid; three-year"
    )


def test_superseded_is_the_same_as_on_pages(store: ox.Store) -> None:
    engine = Engine(store, "1")
    facts = Facts(store)
    every = {row["r"] for row in engine.select("SELECT ?r { ?r a meso:Result }")}
    assert StrataRecords(engine).superseded == {r for r in every if result(facts, ox.NamedNode(r)).superseded}


def test_subgroups_of_trials_of_several_sites_say_so(store: ox.Store, vocabulary: ProfileVocabulary) -> None:
    """NIBIT-MESO-1 took in peritoneal mesothelioma; CheckMate 743 did not."""
    found = report(store, vocabulary, "PD-L1=negative")
    cautions = {r.text.partition(":")[0]: r.caution for r in found.results}
    assert "other sites than the pleura" in cautions["NIBIT-MESO-1"]
    assert "other sites than the pleura" not in cautions["CheckMate 743"]


def test_profile_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.ttl"
    path.write_text(
        f"@prefix meso: <{MESO}> . [] a meso:TumourProfile ; "
        f"meso:hasDisease <{SARCOMATOID}> ; meso:hasBiomarker <{ASS1_LOSS}> ."
    )
    assert read_profile(path) == Profile(SARCOMATOID, (ASS1_LOSS,))
    path.write_text("")
    with pytest.raises(InputError, match="0 tumour profiles"):
        read_profile(path)


def test_command_prints_both_forms_and_the_disclaimer_twice(mesoonto: Run) -> None:
    text = mesoonto("stratify", "--set", "histology=sarcomatoid", "--set", "ASS1=lost")
    assert text.returncode == 0
    assert text.stdout.count(DISCLAIMER) == 2
    as_json = json.loads(mesoonto("stratify", "--set", "histology=sarcomatoid", "--format", "json").stdout)
    assert as_json["disclaimer"] == DISCLAIMER
    assert as_json["strata"] == ["non-epithelioid pleural mesothelioma", "pleural sarcomatoid mesothelioma"]


def test_command_names_what_is_wrong_with_a_profile(mesoonto: Run, tmp_path: Path) -> None:
    path = tmp_path / "p.ttl"
    path.write_text(f"@prefix meso: <{MESO}> .\n<http://e/t> a meso:TumourProfile .\n")
    done = mesoonto("stratify", str(path))
    assert done.returncode == 1
    assert f"{path}:2: a profile has one disease" in done.stderr
    assert mesoonto("stratify").returncode == 2


AFTER_BLOCKADE = ("prior=nivolumab plus ipilimumab", "setting=second-or-later-line")


def test_cohort_after_checkpoint_blockade_speaks_of_that_stratum(
    store: ox.Store, vocabulary: ProfileVocabulary
) -> None:
    """PEMMELA, cohort 2 (study_NCT04287829.ttl): 12 of 20 responded after nivolumab plus ipilimumab."""
    found = report(store, vocabulary, *AFTER_BLOCKADE)
    first = found.summary.options[0]
    assert first.label == "pembrolizumab plus lenvatinib"
    assert first.rank[0] is False  # not extrapolated
    values = {r.text: r.value for r in found.results}
    assert values["PEMMELA, cohort 2: objective response, proportion, all treated"].startswith("60 %")
    assert not any(text.startswith("PEMMELA, cohort 1") for text in values)


def test_cohort_after_checkpoint_blockade_is_not_told_of_without_it(
    store: ox.Store, vocabulary: ProfileVocabulary
) -> None:
    found = report(store, vocabulary, "histology=epithelioid")
    assert not any("PEMMELA, cohort 2" in r.text for r in found.results)


def test_what_was_had_and_what_was_stopped_is_set_apart(
    store: ox.Store, vocabulary: ProfileVocabulary
) -> None:
    summary = report(store, vocabulary, *AFTER_BLOCKADE).summary
    assert {"nivolumab", "nivolumab plus ipilimumab", "pembrolizumab"} <= set(summary.had)
    assert "anti-LAG-3 antibody" not in summary.had  # another target
    stopped = " ".join(summary.stopped)
    assert "IAG933 (discontinued (2025-11))" in stopped
    assert "IK-930 (discontinued (2024-05))" in stopped
    offered = {i.label for i in summary.options} | set(summary.without_evidence)
    assert offered.isdisjoint({*summary.had, "IAG933", "IK-930"})


def test_agent_without_a_statement_has_its_rates(store: ox.Store, vocabulary: ProfileVocabulary) -> None:
    """VT3989 (study_NCT04665206.ttl): 26 % of 47 patients with mesothelioma responded."""
    summary = report(store, vocabulary, "NF2=altered").summary
    (agent,) = [i for i in summary.options if i.label == "VT3989"]
    assert "26 %" in agent.best
    assert agent.status.startswith("in clinical trial")


def test_trials_of_another_setting_are_extrapolated(store: ox.Store, vocabulary: ProfileVocabulary) -> None:
    said = statements(report(store, vocabulary, *AFTER_BLOCKADE))
    assert said["statement_NCT02899299_1"].extrapolated == "found in another setting: first line"


@pytest.mark.parametrize("prior", ["nivolumab plus ipilimumab", "pembrolizumab", "volrustomig"])
def test_checkpoint_inhibitor_given_before_sets_the_stratum(
    vocabulary: ProfileVocabulary, prior: str
) -> None:
    profile = vocabulary.from_settings([f"prior={prior}"])
    assert f"{MESO}MESO_0003218" in profile.features
    assert f"{MESO}MESO_0003037" in vocabulary.strata(profile).states


def test_chemotherapy_given_before_does_not(vocabulary: ProfileVocabulary) -> None:
    assert vocabulary.from_settings(["prior=platinum plus pemetrexed"]).features == ()


def test_prior_that_is_no_intervention_is_refused(vocabulary: ProfileVocabulary) -> None:
    with pytest.raises(MesoontoError, match="prior=overall survival: that is no intervention"):
        vocabulary.from_settings(["prior=overall survival"])


@pytest.mark.parametrize(
    "settings", [["histology=sarcomatoid", "ASS1=lost"], [*AFTER_BLOCKADE], ["PD-L1=negative"]]
)
def test_every_intervention_stands_in_one_place_of_the_first_page(
    store: ox.Store, vocabulary: ProfileVocabulary, settings: list[str]
) -> None:
    found = report(store, vocabulary, *settings)
    summary = found.summary
    stopped = [text.partition(" (")[0] for text in summary.stopped]
    tried = [i.label for i in (*summary.options, *summary.refuted)]
    placed = [*tried, *summary.without_evidence, *stopped, *summary.had]
    assert len(placed) == len(set(placed))
    assert {i.label for m in found.mechanisms for i in m.interventions} <= set(placed)
    ranks = [i.rank for i in summary.options]
    assert ranks == sorted(ranks)
