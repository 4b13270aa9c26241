"""A forest plot: ratios with their intervals on a logarithmic axis, as coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mesoonto.views.results import ResultView

#: Places of an axis that people read easily.
_TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

#: Width of the drawing that rows are placed in, and height of a row of one and of two lines, in its units.
WIDTH, ROW, TALL = 320.0, 26.0, 42.0


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One line of the plot; *left* and *right* are None where no interval was read."""

    result: ResultView
    name: str
    below: str  #: the second line, or nothing
    usual: bool  #: whether the interval is of 95 %
    y: float
    at: float
    left: float | None
    right: float | None


@dataclass(frozen=True, slots=True)
class PooledRow:
    """A pooled ratio with its interval, drawn as a diamond below the rows."""

    name: str
    point: float
    low: float
    high: float
    text: str = ""
    y: float = 0.0
    at: float = 0.0
    left: float = 0.0
    right: float = 0.0


@dataclass(frozen=True, slots=True)
class Forest:
    """Rows and ticks in a drawing of *width* by *height*."""

    rows: tuple[ForestRow, ...]
    ticks: tuple[tuple[float, str], ...]
    none: float  #: where the ratio is 1
    width: float
    height: float
    row: float  #: height of one row
    summaries: tuple[PooledRow, ...] = ()


def forest(
    results: Sequence[ResultView],
    *,
    across: bool = False,
    among: Sequence[ResultView] = (),
    summaries: Sequence[PooledRow] = (),
) -> Forest | None:
    """The plot of those *results* that are ratios, with *summaries* below; None where there is no ratio.

    Rows are named by population, or by cohort and regimens where they are of several trials: *across*.
    Plots whose results are *among* the same ones have the same axis.
    """
    drawn = [r for r in results if r.ratio and r.point is not None and r.point > 0]
    if not drawn:
        return None
    scaled = [r for r in among if r.ratio and r.point is not None and r.point > 0] or drawn
    ends = [n for r in scaled for n in (r.point, r.low, r.high) if n is not None and n > 0]
    least, most = min(*ends, 0.5), max(*ends, 1.5)
    low = max(t for t in (0.01, *_TICKS) if t <= least)
    high = min(t for t in (*_TICKS, 1000.0) if t >= most)

    def x(number: float) -> float:
        return round(WIDTH * (math.log(number) - math.log(low)) / (math.log(high) - math.log(low)), 1)

    row = TALL if across else ROW
    rows = tuple(
        ForestRow(
            result=r,
            name=_cohort(r) if across else r.population or r.comparison,
            below=r.comparison if across else "",
            usual=r.level == "95 %",
            y=row * index + row / 2,
            at=x(r.point or 1.0),
            left=x(r.low) if r.low else None,
            right=x(r.high) if r.high else None,
        )
        for index, r in enumerate(drawn)
    )
    ticks = tuple((x(t), f"{t:g}") for t in _TICKS if low <= t <= high)
    below = tuple(
        replace(
            one,
            y=row * len(rows) + ROW * index + ROW / 2,
            at=x(one.point),
            left=x(max(one.low, low)),
            right=x(min(one.high, high)),
        )
        for index, one in enumerate(summaries)
    )
    return Forest(rows, ticks, x(1.0), WIDTH, row * len(rows) + ROW * len(below), row, below)


def _cohort(one: ResultView) -> str:
    return one.cohort.label if one.cohort is not None else one.link.label
