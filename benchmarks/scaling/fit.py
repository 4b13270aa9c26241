"""How a cost grows with the number of triples: constant, with its logarithm, or linear.

Least squares of the relative errors, because costs here span several powers of ten. What a fit leaves over is
its residue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log, log10, sqrt

#: Points of one measurement: triples and cost.
Points = Sequence[tuple[float, float]]


class Growth(StrEnum):
    """The forms that are tried, the simplest first."""

    CONSTANT = "constant"
    LOGARITHMIC = "log n"
    LINEAR = "linear"


_FEATURE: dict[Growth, Callable[[float], float]] = {
    Growth.CONSTANT: lambda _: 0.0,
    Growth.LOGARITHMIC: log10,
    Growth.LINEAR: lambda n: n,
}


@dataclass(frozen=True, slots=True)
class Fit:
    """cost(n) = base + slope * f(n), where f is none, the decimal logarithm, or n itself."""

    growth: Growth
    base: float
    slope: float
    residue: float  #: root of the mean square of the relative errors at the points
    largest: float  #: triples of the largest point; what lies beyond is extrapolated
    exponent: float = 0.0  #: see `exponent`

    def at(self, triples: float) -> float:
        """The cost at *triples*."""
        return self.base + self.slope * _FEATURE[self.growth](triples)


def fitted(points: Points, growth: Growth) -> Fit:
    """The best fit of one form. Raises ValueError for points that are too few, or a cost of zero."""
    needed = 1 if growth is Growth.CONSTANT else 2
    if len(points) < needed or any(cost <= 0 for _, cost in points):
        raise ValueError(f"{growth} needs {needed} points or more, all of them above zero")
    xs = [_FEATURE[growth](n) for n, _ in points]
    ys = [cost for _, cost in points]
    weights = [1 / y**2 for y in ys]
    total = sum(weights)
    x_mean = sum(w * x for w, x in zip(weights, xs, strict=True)) / total
    y_mean = sum(w * y for w, y in zip(weights, ys, strict=True)) / total
    spread = sum(w * (x - x_mean) ** 2 for w, x in zip(weights, xs, strict=True))
    slope = 0.0
    if spread:
        slope = sum(w * (x - x_mean) * (y - y_mean) for w, x, y in zip(weights, xs, ys, strict=True)) / spread
    base = y_mean - slope * x_mean
    errors = [(base + slope * x - y) / y for x, y in zip(xs, ys, strict=True)]
    residue = sqrt(sum(error**2 for error in errors) / len(errors))
    return Fit(growth, base, slope, residue, max(n for n, _ in points), exponent(points))


def best(points: Points, noise: float) -> Fit:
    """A constant where that leaves no more over than *noise*; else the form that leaves least.

    What is left over counts by degrees of freedom, n - 1 for the constant and n - 2 for the others, as a
    second parameter follows some of the noise; otherwise few points make a line of what does not grow.

    A form that falls with n is not taken: a cost does not fall for ever. Two points lie on a line and on a
    logarithm alike, so that the exponent decides: from a half on, the line.
    """
    flat = fitted(points, Growth.CONSTANT)
    if flat.residue <= noise or flat.exponent <= 0:
        return flat
    line, logarithm = fitted(points, Growth.LINEAR), fitted(points, Growth.LOGARITHMIC)
    if len(points) == 2:
        return line if flat.exponent >= 0.5 else logarithm
    return min(
        (fit for fit in (flat, logarithm, line) if fit.slope >= 0),
        key=lambda fit: fit.residue / sqrt(len(points) - (1 if fit is flat else 2)),
    )


def exponent(points: Points) -> float:
    """The slope between the smallest and the largest point, in logarithms: 0 is constant, 1 is linear."""
    (first, low), (last, high) = min(points), max(points)
    if first == last:
        return 0.0
    return log(high / low) / log(last / first)
