"""Coordinates of a forest plot, against a calculation by hand."""

from __future__ import annotations

import dataclasses

import pyoxigraph as ox
import pytest

from mesoonto.views.facts import Facts
from mesoonto.views.forest import ROW, TALL, WIDTH, forest
from mesoonto.views.results import ResultView, result

NODE = ox.NamedNode("https://w3id.org/mesoonto/data/result_NCT02899299_2021_os_hr_all")


@pytest.fixture(scope="module")
def one(facts: Facts) -> ResultView:
    return result(facts, NODE)


def test_places_are_logarithmic(one: ResultView) -> None:
    # The axis runs from 0.5 to 1.5, so that its length is ln 3:
    # ln(0.74/0.5)/ln(3) = 0.3568, ln(0.6/0.5)/ln(3) = 0.1660, ln(2)/ln(3) = 0.6309.
    plot = forest([one])
    assert plot is not None
    (row,) = plot.rows
    assert row.at == pytest.approx(0.3568 * WIDTH, abs=0.1)
    assert row.left == pytest.approx(0.1660 * WIDTH, abs=0.1)
    assert plot.none == pytest.approx(0.6309 * WIDTH, abs=0.1)
    assert [text for _, text in plot.ticks] == ["0.5", "0.7", "1", "1.5"]
    assert plot.height == ROW


def test_far_results_widen_the_axis_and_stay_on_it(one: ResultView) -> None:
    far = dataclasses.replace(one, point=2.38, low=1.05, high=5.43)
    plot = forest([one, far])
    assert plot is not None
    for row in plot.rows:
        assert row.left is not None
        assert row.right is not None
        assert 0 <= row.left <= row.at <= row.right <= WIDTH


def test_ratio_without_interval_is_a_point(one: ResultView) -> None:
    plot = forest([dataclasses.replace(one, low=None, high=None)])
    assert plot is not None
    assert (plot.rows[0].left, plot.rows[0].right) == (None, None)


def test_what_is_no_ratio_is_not_drawn(one: ResultView) -> None:
    assert forest([dataclasses.replace(one, ratio=False)]) is None


def test_cohorts_are_named_where_several_trials_stand_together(one: ResultView) -> None:
    plot = forest([one, dataclasses.replace(one, population="sarcomatoid")], across=True)
    assert plot is not None
    assert {(row.name, row.below) for row in plot.rows} == {
        ("CheckMate 743: all randomised", "nivolumab plus ipilimumab against platinum plus pemetrexed")
    }
    assert plot.height == 2 * TALL


def test_intervals_that_are_not_of_95_percent_are_marked(one: ResultView) -> None:
    plot = forest([one, dataclasses.replace(one, level="95 %"), dataclasses.replace(one, level="")])
    assert plot is not None
    assert [row.usual for row in plot.rows] == [False, True, False]


def test_plots_among_the_same_results_have_the_same_axis(one: ResultView) -> None:
    far = dataclasses.replace(one, point=2.38, low=1.05, high=5.43)
    drawn = [forest([r], among=[one, far]) for r in (one, far)]
    assert [plot.ticks for plot in drawn if plot] == [
        plot.ticks for plot in (forest([one, far]),) if plot
    ] * 2
