"""From a ratio and its interval, of any level, to a logarithm and its standard error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

_NORMAL = NormalDist()

#: How far the standard errors that an interval and a p value imply may differ, as a ratio. Tests by
#: ranks, and rounding, move them by tenths; an interval of 80 % taken for one of 95 % by 1.53.
_APART = 1.35
#: How far from the middle of its interval a value may stand, as a share of the way to an end.
_OFF_CENTRE = 0.1
#: Standard errors from no effect below which a p value says too little of the interval.
_TOO_NEAR = 1.0


@dataclass(frozen=True, slots=True)
class LogRatio:
    """The natural logarithm of a ratio, normal about its true value with this standard error."""

    estimate: float
    error: float


def log_ratio(value: float, low: float, high: float, level: float) -> LogRatio:
    """What *value* with a two-sided interval of *level* percent says; half the width is z errors.

    >>> round(log_ratio(0.74, 0.60, 0.91, 96.6).error, 4)  # ln(0.91/0.60) / (2 * 2.1201)
    0.0982

    A ValueError for numbers that no ratio with an interval has.
    """
    if not (0 < low < value < high < math.inf and 0 < level < 100):
        raise ValueError("no ratio within an interval")
    return LogRatio(math.log(value), math.log(high / low) / (2 * quantile(level)))


def quantile(level: float) -> float:
    """How many standard errors a two-sided interval of *level* percent reaches to either side.

    >>> round(quantile(95), 3), round(quantile(80), 3)
    (1.96, 1.282)
    """
    return _NORMAL.inv_cdf(0.5 + level / 200)


def centred(value: float, low: float, high: float, step: float) -> bool:
    """Whether *value* may be the middle of its interval on the logarithmic scale, which the error rests on.

    Each number may be off by half of *step*, the unit of its last printed digit, and the middle by a tenth of
    the way to an end, as in intervals by profile likelihood.

    >>> centred(0.74, 0.60, 0.91, 0.01), centred(0.74, 0.70, 0.91, 0.01)
    (True, False)
    """
    half = step / 2
    slack = math.exp(_OFF_CENTRE * math.log(high / low) / 2)
    lowest = math.sqrt(max(low - half, 1e-9) * (high - half)) / slack
    highest = math.sqrt((low + half) * (high + half)) * slack
    return lowest <= value + half and value - half <= highest


def agrees(ratio: LogRatio, p: float, sides: int | None) -> bool:
    """Whether the p value of a test fits the interval; one with unread sidedness may be of either.

    >>> agrees(log_ratio(0.77, 0.62, 0.95, 95), 0.0167, 2)
    True
    >>> agrees(log_ratio(0.77, 0.62, 0.95, 80), 0.0167, 2)
    False
    """
    shown = abs(ratio.estimate) / ratio.error
    tested = [_NORMAL.inv_cdf(1 - p / 2)] if sides != 1 and 0 < p < 1 else []
    tested += [_NORMAL.inv_cdf(1 - p)] if sides != 2 and 0 < p < 0.5 else []
    if not tested or shown < _TOO_NEAR or max(tested) < _TOO_NEAR:
        return True
    return any(z > 0 and 1 / _APART <= shown / z <= _APART for z in tested)
