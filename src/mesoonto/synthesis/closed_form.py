"""The estimates of a pool without a library, for pages.

The library takes a second of computing and 140 MB to load, which a worker of a server may not have under
load. These are its formulae; tests hold the two together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from mesoonto.synthesis.estimate import Estimates, Pooled, pooled_by
from mesoonto.synthesis.interval import LogRatio

#: Steps by which the variance between trials is found; each doubles the digits that are right.
_STEPS = 200


def combine_plainly(ratios: Sequence[LogRatio]) -> Estimates:
    """As `estimate.combine`, by its formulae."""
    freedom = len(ratios) - 1
    q, _ = _generalised_q(ratios, 0.0)
    tau2 = _between(ratios)
    return Estimates(
        fixed=_weighted(ratios, 0.0),
        random=_weighted(ratios, tau2),
        q=q,
        freedom=freedom,
        p=chi_squared_tail(q, freedom),
        i2=100 * max(0.0, 1 - freedom / q) if q > 0 else 0.0,
        tau2=tau2,
    )


def chi_squared_tail(q: float, freedom: int) -> float:
    """The probability that a chi-squared variable of *freedom* degrees exceeds *q*.

    >>> round(chi_squared_tail(3.841459, 1), 4), round(chi_squared_tail(5.991465, 2), 4)
    (0.05, 0.05)
    """
    half = q / 2
    if freedom % 2:
        tail, term = math.erfc(math.sqrt(half)), math.sqrt(half) / math.gamma(1.5)
        start = 1.5
    else:
        tail, term, start = 0.0, 1.0, 1.0
    for number in range(freedom // 2):
        tail += math.exp(-half) * term
        term *= half / (start + number)
    return min(tail, 1.0)


def _between(ratios: Sequence[LogRatio]) -> float:
    """The variance at which the generalised Q is its degrees of freedom, by Paule and Mandel.

    By Newton's steps: Q falls ever more slowly, so that they never go too far.
    """
    tau2 = 0.0
    for _ in range(_STEPS):
        q, slope = _generalised_q(ratios, tau2)
        excess = q - (len(ratios) - 1)
        if excess <= 0 or slope <= 0 or tau2 + excess / slope == tau2:
            break
        tau2 += excess / slope
    return tau2


def _generalised_q(ratios: Sequence[LogRatio], tau2: float) -> tuple[float, float]:
    """The weighted squares about the weighted mean, and how fast they fall with *tau2*."""
    weights = [1 / (r.error**2 + tau2) for r in ratios]
    mean = sum(w * r.estimate for w, r in zip(weights, ratios, strict=True)) / sum(weights)
    squares = [(r.estimate - mean) ** 2 for r in ratios]
    q = sum(w * s for w, s in zip(weights, squares, strict=True))
    return q, sum(w * w * s for w, s in zip(weights, squares, strict=True))


def _weighted(ratios: Sequence[LogRatio], tau2: float) -> Pooled:
    weights = [1 / (r.error**2 + tau2) for r in ratios]
    total = sum(weights)
    mean = sum(w * r.estimate for w, r in zip(weights, ratios, strict=True)) / total
    return pooled_by(mean, 1 / math.sqrt(total), [w / total for w in weights])
