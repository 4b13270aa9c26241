"""What was decided where: counted by a query of its own, and read by hand for four jurisdictions."""

from __future__ import annotations

import pytest

from mesoonto.dataset.store import Engine
from mesoonto.views.approvals import Approvals, approvals
from mesoonto.views.facts import Facts

DUAL = "https://w3id.org/mesoonto/MESO_0002301"


@pytest.fixture(scope="module")
def grid(facts: Facts) -> Approvals:
    return approvals(facts)


def test_each_decision_stands_in_the_field_of_its_regimen_and_place(engine: Engine, grid: Approvals) -> None:
    rows = engine.select(
        """SELECT DISTINCT ?d ?i ?place {
             ?d a/rdfs:subClassOf* meso:Decision ; meso:hasIntervention ?i ; meso:jurisdiction ?place }"""
    )
    found = {
        (one.decision.link.iri, row.intervention.iri, place)
        for row in grid.rows
        for place, cell in zip(grid.places, row.cells, strict=True)
        for one in cell
    }
    assert found == {(row["d"], row["i"], row["place"]) for row in rows}
    assert len(grid.decided) == len({d.decision.link.iri for d in grid.decided})


def test_dual_blockade_in_four_jurisdictions(grid: Approvals) -> None:
    (row,) = [row for row in grid.rows if row.intervention.iri == DUAL]
    assert grid.places[:4] == ("US", "EU", "GB-ENG", "JP")
    said = [{(d.decision.body, d.decision.date, d.decision.outcome) for d in cell} for cell in row.cells[:4]]
    assert ("FDA", "2020-10-02", "approved") in said[0]
    assert said[1] == {("European Commission", "2021-06", "approved")}
    assert ("NICE", "2022", "recommended with restriction") in said[2]
    assert said[3] == {("MHLW", "2021-05", "approved")}


def test_draft_that_was_replaced_says_so(grid: Approvals) -> None:
    (draft,) = [d for d in grid.decided if "draft" in d.decision.link.label]
    assert draft.tone == "bad"
    assert [link.label[:11] for link in draft.replaced_by] == ["NICE TA818:"]


def test_one_kind(facts: Facts, grid: Approvals) -> None:
    for kind in grid.kinds:
        found = approvals(facts, kind=kind)
        assert {d.kind for d in found.decided} == {kind}
        assert found.kinds == grid.kinds
    assert sum(len(approvals(facts, kind=kind).decided) for kind in grid.kinds) == len(grid.decided)
