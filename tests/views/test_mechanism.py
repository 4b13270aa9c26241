"""A mechanism's page weighs what its statements say: counted by queries of their own, and read by hand."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from mesoonto.dataset.store import Engine
from mesoonto.namespaces import MESO
from mesoonto.views.facts import Facts
from mesoonto.views.mechanism import MechanismPage, grounds, mechanism
from mesoonto.views.statements import everything
from mesoonto.views.terms import intervention

LAG3, TEAD, PD1 = (f"{MESO}MESO_{n}" for n in ("0001020", "0001046", "0001018"))


@pytest.fixture(scope="module", params=[LAG3, TEAD, PD1])
def page(request: pytest.FixtureRequest, facts: Facts) -> MechanismPage:
    return mechanism(facts, ox.NamedNode(request.param))


def test_every_current_statement_has_one_ground(facts: Facts) -> None:
    every = everything(facts)
    counted = grounds(every)
    totals = [g.tally.supporting + g.tally.refuting + g.tally.inconclusive for g in counted]
    assert sum(totals) == sum(not s.superseded for s in every)
    assert len({g.name for g in counted}) == len(counted)


def test_findings_in_mice_are_counted_apart(engine: Engine, facts: Facts) -> None:
    rows = engine.select(
        """SELECT ?word (COUNT(DISTINCT ?s) AS ?n) {
             ?s a meso:EvidenceStatement ; meso:hasDesign/rdfs:label "mouse experiment"@en ;
               meso:hasDirection/rdfs:label ?word
             FILTER NOT EXISTS { ?later meso:supersedes ?s } } GROUP BY ?word"""
    )
    expected = {row["word"]: int(row["n"]) for row in rows}
    (mice,) = [g for g in grounds(everything(facts)) if g.name == "mice"]
    assert mice.tally.supporting == expected["supports"]
    assert mice.tally.refuting == expected.get("refutes", 0)
    assert mice.tally.inconclusive == expected.get("inconclusive", 0)


def test_interventions_with_statements_and_trials(engine: Engine, page: MechanismPage) -> None:
    rows = engine.select(
        f"""SELECT ?i (COUNT(DISTINCT ?s) AS ?said) {{ <{page.term.link.iri}> meso:counteredBy ?i
            OPTIONAL {{ ?s meso:hasClaimSubject ?i ; meso:hasClaimObject <{page.term.link.iri}>
                        FILTER NOT EXISTS {{ ?later meso:supersedes ?s }} }} }} GROUP BY ?i"""
    )
    found = {
        c.link.iri: c.tally.supporting + c.tally.refuting + c.tally.inconclusive for c in page.countered_by
    }
    assert found == {row["i"]: int(row["said"]) for row in rows}


def test_best_statement_is_about_the_mechanism_where_there_is_one(page: MechanismPage) -> None:
    for one in page.countered_by:
        if one.tally.supporting:
            assert one.best is not None
            assert one.best.object is not None
            assert one.best.object.iri == page.term.link.iri
            assert one.best.direction == "supports"


def test_lag_3_has_evidence_for_and_against_and_a_gap(facts: Facts) -> None:
    page = mechanism(facts, ox.NamedNode(LAG3))
    assert page.tally.supporting >= 2
    assert page.tally.refuting >= 1
    assert page.tally.certainty == "disputed"
    assert page.grounds[0].name == "patients with pleural mesothelioma"
    assert page.grounds[0].conflicts >= 3  # the finding in tissue conflicts with two in effusions
    assert "not found" in {s.outcome for s in page.searches}


def test_members_of_a_kind_with_trials_and_statements(engine: Engine, facts: Facts) -> None:
    page = intervention(facts, ox.NamedNode(f"{MESO}MESO_0002049"))  # TEAD inhibitor
    rows = engine.select(
        """SELECT ?i (COUNT(DISTINCT ?s) AS ?said) {
             ?i rdfs:subClassOf meso:MESO_0002049 FILTER (?i != meso:MESO_0002049)
             OPTIONAL { ?s meso:hasClaimSubject|meso:hasClaimObject ?i
                        FILTER NOT EXISTS { ?later meso:supersedes ?s } } } GROUP BY ?i"""
    )
    found = {m.link.iri: m.tally.supporting + m.tally.refuting + m.tally.inconclusive for m in page.members}
    assert found == {row["i"]: int(row["said"]) for row in rows}
    ended = {m.link.label for m in page.members if m.status is not None and m.status.ended}
    assert ended >= {"IAG933", "IK-930"}
