"""Statements by year: counted by a query of its own; and every picture of nothing."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from mesoonto.dataset.store import Engine
from mesoonto.views.approvals import approvals
from mesoonto.views.comparisons import comparisons
from mesoonto.views.evidence_map import evidence_map
from mesoonto.views.facts import Facts
from mesoonto.views.matrix import matrix
from mesoonto.views.timeline import timeline
from mesoonto.views.years import HEIGHT, STEP, by_year


def test_counts_are_those_of_the_records(engine: Engine, facts: Facts) -> None:
    rows = engine.select(
        """SELECT ?year (COUNT(DISTINCT ?s) AS ?n) {
             ?s a meso:EvidenceStatement ; dcterms:source ?source
             OPTIONAL { ?source dcterms:issued ?date BIND (SUBSTR(STR(?date), 1, 4) AS ?year) }
             FILTER NOT EXISTS { ?later meso:supersedes ?s }
             FILTER NOT EXISTS { ?s dcterms:source ?first FILTER (STR(?first) < STR(?source)) } }
           GROUP BY ?year"""
    )
    expected = {row.get("year", ""): int(row["n"]) for row in rows}
    drawn = by_year(facts)
    found = {b.year: b.tally.supporting + b.tally.refuting + b.tally.inconclusive for b in drawn.bars}
    assert {year: n for year, n in found.items() if n} == {y: n for y, n in expected.items() if y}
    assert drawn.undated == expected.get("", 0)


def test_bars_stand_beside_each_other_and_fill_the_height(facts: Facts) -> None:
    drawn = by_year(facts)
    tops = [b.supporting + b.refuting + b.inconclusive for b in drawn.bars]
    assert max(tops) == pytest.approx(HEIGHT, abs=0.2)
    assert [b.x for b in drawn.bars] == [STEP * n for n in range(len(drawn.bars))]
    years = [int(b.year) for b in drawn.bars]
    assert years == list(range(years[0], years[-1] + 1))


def test_pictures_of_no_data_are_empty() -> None:
    nothing = Facts(ox.Store())
    assert by_year(nothing).bars == ()
    assert matrix(nothing).lines == ()
    assert comparisons(nothing).groups == ()
    assert timeline(nothing).tracks == ()
    assert approvals(nothing).rows == ()
    assert evidence_map(nothing).edges == ()
