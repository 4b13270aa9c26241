"""A forest plot: ratios with their intervals on a logarithmic axis, as coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mesoonto.views.results import ResultView

#: Places of an axis that people read easily.
_TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

#: Width of the drawing that rows are placed in, and height of one row, in units of the drawing.
WIDTH, ROW = 320.0, 26.0


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One line of the plot; *left* and *right* are None where no interval was read."""

    result: ResultView
    name: str
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
    summaries: tuple[PooledRow, ...] = ()


def forest(
    results: Sequence[ResultView], *, across: bool = False, summaries: Sequence[PooledRow] = ()
) -> Forest | None:
    """The plot of those *results* that are ratios, with *summaries* below; None where there is no ratio.

    Rows are named by population, or by cohort where they are of several trials: *across*.
    """
    drawn = [r for r in results if r.ratio and r.point is not None and r.point > 0]
    if not drawn:
        return None
    ends = [n for r in drawn for n in (r.point, r.low, r.high) if n is not None and n > 0]
    least, most = min(*ends, 0.5), max(*ends, 1.5)
    low = max(t for t in (0.01, *_TICKS) if t <= least)
    high = min(t for t in (*_TICKS, 1000.0) if t >= most)

    def x(number: float) -> float:
        return round(WIDTH * (math.log(number) - math.log(low)) / (math.log(high) - math.log(low)), 1)

    rows = tuple(
        ForestRow(
            result=r,
            name=r.whose if across else r.population or r.comparison,
            y=ROW * index + ROW / 2,
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
            y=ROW * (len(rows) + index) + ROW / 2,
            at=x(one.point),
            left=x(max(one.low, low)),
            right=x(min(one.high, high)),
        )
        for index, one in enumerate(summaries)
    )
    return Forest(rows, ticks, x(1.0), WIDTH, ROW * (len(rows) + len(below)), below)
