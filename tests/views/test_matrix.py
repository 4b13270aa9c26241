"""The matrix says what the statements say: counted by queries of their own."""

from __future__ import annotations

import dataclasses

import pyoxigraph as ox
import pytest

from mesoonto.dataset.store import Engine
from mesoonto.namespaces import MESO
from mesoonto.views.facts import Facts
from mesoonto.views.matrix import SHOWS, Matrix, cell, gaps, matrix
from mesoonto.views.statements import StatementView, everything

LAG3, ANY = (ox.NamedNode(f"{MESO}MESO_{n}") for n in ("0001020", "0000002"))


@pytest.fixture(scope="module")
def whole(facts: Facts) -> Matrix:
    return matrix(facts)


@pytest.fixture(scope="module")
def one(facts: Facts) -> StatementView:
    return dataclasses.replace(everything(facts)[0], superseded=False)


def counted(engine: Engine, patterns: str) -> dict[tuple[str, str], int]:
    """Current statements by mechanism and direction, where *patterns* bind ?m and ?s."""
    rows = engine.select(
        f"""SELECT ?m ?word (COUNT(DISTINCT ?s) AS ?n) {{
            ?s a meso:EvidenceStatement ; meso:hasDirection/rdfs:label ?word . {patterns}
            FILTER NOT EXISTS {{ ?later meso:supersedes ?s }} }} GROUP BY ?m ?word"""
    )
    return {(row["m"], row["word"]): int(row["n"]) for row in rows}


def test_statements_about_each_mechanism(engine: Engine, whole: Matrix) -> None:
    expected = counted(engine, "?s meso:hasClaimSubject|meso:hasClaimObject ?m .")
    for line in whole.lines:
        iri, found = line.mechanism.iri, line.tally
        assert [found.supporting, found.refuting, found.inconclusive] == [
            expected.get((iri, word), 0) for word in ("supports", "refutes", "inconclusive")
        ]


def test_statements_of_an_intervention_against_each_mechanism(engine: Engine, whole: Matrix) -> None:
    between = "?s meso:hasClaimObject ?m ; meso:hasClaimSubject ?i . ?m meso:counteredBy ?i ."
    expected = counted(engine, between)
    for line in whole.lines:
        iri, found = line.mechanism.iri, line.cells[0].tally
        assert [found.supporting, found.refuting, found.inconclusive] == [
            expected.get((iri, word), 0) for word in ("supports", "refutes", "inconclusive")
        ]


def test_interventions_and_trials_of_any_kind(engine: Engine, whole: Matrix) -> None:
    rows = engine.select(
        """SELECT ?m (COUNT(DISTINCT ?i) AS ?n) (COUNT(DISTINCT ?study) AS ?trials) {
            ?m meso:counteredBy ?i .
            OPTIONAL {
              ?arm a meso:Arm ; meso:hasArmRole ?role ; meso:ofCohort/meso:ofStudy ?study ;
                meso:hasIntervention/meso:hasAgent?/rdfs:subClassOf? ?i .
              FILTER (!CONTAINS(STR(?role), "Comparator")) } } GROUP BY ?m"""
    )
    expected = {row["m"]: (int(row["n"]), int(row["trials"])) for row in rows}
    for line in whole.lines:
        first = line.cells[0]
        assert (len(first.interventions), first.trials) == expected.get(line.mechanism.iri, (0, 0))


def test_a_kind_is_part_of_any_kind(whole: Matrix) -> None:
    for line in whole.lines:
        every = {link.iri for link in line.cells[0].interventions}
        for one_kind in line.cells[1:]:
            assert {link.iri for link in one_kind.interventions} <= every


@pytest.mark.parametrize("show", SHOWS)
def test_what_is_shown_is_part_of_the_whole(facts: Facts, whole: Matrix, show: str) -> None:
    shown = matrix(facts, show=show)
    assert 0 < len(shown.lines) < len(whole.lines)
    assert {line.mechanism.iri for line in shown.lines} <= {line.mechanism.iri for line in whole.lines}


def test_field_of_lag_3_is_a_gap_that_was_looked_into(facts: Facts) -> None:
    page = cell(facts, LAG3, ANY)
    assert {i.link.label for i in page.interventions} == {"anti-LAG-3 antibody", "relatlimab"}
    assert page.statements == ()
    assert all(i.trials == () for i in page.interventions)
    assert [s.outcome for s in page.searches] == ["not found"]


class TestGaps:
    def test_nothing_said(self) -> None:
        assert gaps([], against=set()) == ("no statement", "no intervention")

    def test_other_disease_only(self, one: StatementView) -> None:
        assert gaps([dataclasses.replace(one, context="pan-cancer")], against=set()) == (
            "nothing from pleural mesothelioma",
            "no intervention",
        )

    def test_interventions_of_which_nothing_is_said(self, one: StatementView) -> None:
        pleural = dataclasses.replace(one, context="pleural")
        assert gaps([pleural], against={"https://example.org/drug"}) == (
            "no statement that an intervention counters it",
        )

    def test_superseded_statement_fills_no_gap(self, one: StatementView) -> None:
        assert gaps([dataclasses.replace(one, superseded=True)], against=set())[0] == "no statement"

    def test_no_gap(self, one: StatementView) -> None:
        pleural = dataclasses.replace(one, context="pleural")
        assert pleural.subject is not None
        assert gaps([pleural], against={pleural.subject.iri}) == ()
