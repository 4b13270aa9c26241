"""The estimates of a pool, by the library statsmodels, which the extra ``synthesis`` installs."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

from mesoonto import extras
from mesoonto.synthesis.interval import LogRatio, quantile

#: The level of intervals of pooled ratios, in percent.
LEVEL = 95.0

#: How near to its degrees of freedom the generalised Q of Paule and Mandel must come. The library takes a
#: sum that falls below them for no variance at all, which rounding does when this is much smaller.
_CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooled ratio with its interval of `LEVEL` percent."""

    ratio: float
    low: float
    high: float
    weights: tuple[float, ...]  #: of the comparisons, in their order; they add up to 1


@dataclass(frozen=True, slots=True)
class Estimates:
    """What several independent ratios say together, and how far they differ."""

    fixed: Pooled  #: one true ratio for all, weighted by the inverse of the variance
    random: Pooled  #: true ratios that vary about a mean; between-trial variance by Paule and Mandel
    q: float  #: Cochran's Q
    freedom: int  #: its degrees of freedom
    p: float  #: of Q, were there one true ratio
    i2: float  #: the share of variation beyond chance, in percent, from Q; not below 0
    tau2: float  #: the variance between trials, of logarithms of ratios


def combine(ratios: Sequence[LogRatio]) -> Estimates:
    """The estimates from at least two *ratios*; a NotInstalledError where statsmodels is missing."""
    # The library below takes a thread and 30 MB for each core, for matrices of a few numbers.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    extras.need("synthesis", "pooling")
    import numpy
    from statsmodels.stats.meta_analysis import combine_effects

    effects = numpy.array([r.estimate for r in ratios])
    variances = numpy.array([r.error for r in ratios]) ** 2
    with numpy.errstate(divide="ignore", invalid="ignore"):  # it divides by Q, which may be 0
        found = combine_effects(effects, variances, method_re="iterated", atol=_CLOSE, maxiter=1000)
        test = found.test_homogeneity()
    q, freedom = max(float(found.q), 0.0), len(ratios) - 1
    return Estimates(
        fixed=pooled_by(found.mean_effect_fe, found.sd_eff_w_fe, found.weights_rel_fe),
        random=pooled_by(found.mean_effect_re, found.sd_eff_w_re, found.weights_rel_re),
        q=q,
        freedom=freedom,
        p=float(test.pvalue),
        i2=100 * max(0.0, 1 - freedom / q) if q > 0 else 0.0,
        tau2=float(found.tau2),
    )


def pooled_by(mean: float, error: float, weights: Sequence[float]) -> Pooled:
    """The pooled ratio of a *mean* of logarithms and its standard error."""
    reach = quantile(LEVEL) * float(error)
    low, ratio, high = (math.exp(float(mean) + shift) for shift in (-reach, 0.0, reach))
    return Pooled(ratio, low, high, tuple(float(w) for w in weights))
