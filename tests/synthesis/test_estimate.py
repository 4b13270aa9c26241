"""Pooled estimates, against a calculation by hand and against another program."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import assume, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from mesoonto import extras
from mesoonto.errors import NotInstalledError
from mesoonto.synthesis.closed_form import combine_plainly
from mesoonto.synthesis.estimate import Estimates, combine
from mesoonto.synthesis.interval import LogRatio, log_ratio
from tests.examples import examples

#: Value, ends and level of intervals, and what metafor 3.8-1 under R 4.2.2 gave for them once (Debian 12,
#: r-cran-metafor): rma(yi, sei, method="EE") for the fixed effect, rma(yi, sei, method="PM") with tolerance
#: 1e-12 for random effects, where sei = (log(high) - log(low)) / (2 * qnorm(1 - (1 - level) / 2)).
MIXED_LEVELS = [(0.5, 0.35, 0.72, 96.6), (0.9, 0.75, 1.08, 95), (1.3, 1.0, 1.69, 80), (0.7, 0.5, 0.98, 95),
                (1.1, 0.8, 1.51, 99.8)]  # fmt: skip
METAFOR_MIXED = {
    "fixed": (-0.108896015546152, -0.221573948350002, 0.003781917257697),
    "random": (-0.157119389327999, -0.479100644772690, 0.164861866116692),
    "q": 21.115700110658878,
    "p": 0.000300373099579,
    "tau2": 0.112195440154068,
}
THREE = [(0.5, 0.35, 0.72, 90), (0.9, 0.75, 1.08, 80), (1.3, 1.0, 1.69, 70)]
METAFOR_THREE = {
    "fixed": (-0.1809599427360, -0.3925383266531, 0.0306184411812),
    "random": (-0.1848464050049, -0.7164673771633, 0.3467745671536),
    "q": 8.8059507559298,
    "p": 0.0122408644675,
    "tau2": 0.1781007745512,
}
ALIKE = [(0.73, 0.61, 0.87, 95), (0.79, 0.64, 0.98, 95), (0.71, 0.59, 0.85, 70), (0.90, 0.60, 1.34, 95)]
METAFOR_ALIKE = {
    "fixed": (-0.2736834155557, -0.3946379992451, -0.1527288318663),
    "random": (-0.2736834155557, -0.3946379992451, -0.1527288318663),
    "q": 1.1540936206631,
    "p": 0.7640342721879,
    "tau2": 0.0,
}

ratios = st.lists(
    st.builds(LogRatio, st.floats(-2, 2).map(lambda x: round(x, 6)), st.floats(0.05, 1.5)),
    min_size=2,
    max_size=8,
)
quick = budget(max_examples=examples(40))


@pytest.mark.slow
@pytest.mark.parametrize("by", [combine, combine_plainly])
@pytest.mark.parametrize(
    ("intervals", "expected"),
    [(MIXED_LEVELS, METAFOR_MIXED), (THREE, METAFOR_THREE), (ALIKE, METAFOR_ALIKE)],
    ids=["mixed levels", "three", "alike"],
)
def test_estimates_are_those_of_metafor(
    intervals: list[tuple[float, float, float, float]],
    expected: dict[str, object],
    by: Callable[[Sequence[LogRatio]], Estimates],
) -> None:
    found = by([log_ratio(*one) for one in intervals])
    for name in ("fixed", "random"):
        one = getattr(found, name)
        logs = tuple(map(math.log, (one.ratio, one.low, one.high)))
        assert logs == pytest.approx(expected[name], abs=1e-6)
    assert found.q == pytest.approx(expected["q"], abs=1e-9)
    assert found.p == pytest.approx(expected["p"], abs=1e-9)
    assert found.tau2 == pytest.approx(expected["tau2"], abs=1e-6)


def test_estimates_are_those_by_hand() -> None:
    # y = ln 0.5 = -0.693147, ln 0.8 = -0.223144; errors 0.2 and 0.1, so weights 25 and 100.
    # fixed: (25 * -0.693147 + 100 * -0.223144) / 125 = -0.317144; error 1 / sqrt(125) = 0.0894427
    # ratio 0.72822; interval exp(-0.317144 -+ 1.959964 * 0.0894427) = 0.61113 to 0.86776
    # Q = 25 * (-0.376003)^2 + 100 * 0.094001^2 = 4.41806; I2 = (4.41806 - 1) / 4.41806 = 77.366 %
    # two trials: the sum of Paule and Mandel is d^2 / (v1 + v2 + 2 tau2) = 1, d = 0.470004:
    # tau2 = (0.220903 - 0.05) / 2 = 0.085452
    # random: weights 1 / 0.125452 = 7.97118 and 1 / 0.095452 = 10.47647; mean -0.426230; ratio 0.65296
    found = combine([LogRatio(math.log(0.5), 0.2), LogRatio(math.log(0.8), 0.1)])
    assert found.fixed.ratio == pytest.approx(0.72822, abs=1e-5)
    assert (found.fixed.low, found.fixed.high) == pytest.approx((0.61113, 0.86776), abs=1e-5)
    assert found.fixed.weights == pytest.approx((0.2, 0.8))
    assert found.q == pytest.approx(4.41806, abs=1e-5)
    assert found.freedom == 1
    assert found.i2 == pytest.approx(77.366, abs=1e-3)
    assert found.tau2 == pytest.approx(0.085452, abs=1e-6)
    assert found.random.ratio == pytest.approx(0.65296, abs=1e-5)


def test_equal_ratios_differ_by_nothing() -> None:
    found = combine([LogRatio(-0.26, 0.1), LogRatio(-0.26, 0.3)])
    assert (round(found.q, 9), found.i2, found.tau2) == (0, 0, 0)
    assert found.p == pytest.approx(1)
    assert found.random == found.fixed


@quick
@given(ratios)
def test_pages_compute_what_the_library_does(some: list[LogRatio]) -> None:
    library, page = combine(some), combine_plainly(some)
    for name in ("fixed", "random"):
        here, there = getattr(page, name), getattr(library, name)
        assert (here.ratio, here.low, here.high) == pytest.approx(
            (there.ratio, there.low, there.high), rel=1e-5
        )
        assert here.weights == pytest.approx(there.weights, abs=1e-5)
    assert page.q == pytest.approx(library.q, abs=1e-8, rel=1e-8)
    assert page.p == pytest.approx(library.p, abs=1e-6)
    assert page.tau2 == pytest.approx(library.tau2, abs=1e-5, rel=1e-5)
    assert page.i2 == pytest.approx(library.i2, abs=1e-5)


@quick
@given(ratios, st.randoms(use_true_random=False))
def test_order_does_not_matter(some: list[LogRatio], chance: object) -> None:
    shuffled = list(some)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = combine(some), combine(shuffled)
    for name in ("fixed", "random"):
        assert getattr(one, name).ratio == pytest.approx(getattr(other, name).ratio, rel=1e-6)
    assert one.q == pytest.approx(other.q, abs=1e-6)
    assert one.tau2 == pytest.approx(other.tau2, abs=1e-6)


@quick
@given(ratios)
def test_arms_turned_round_give_the_reciprocal(some: list[LogRatio]) -> None:
    one = combine(some)
    other = combine([LogRatio(-r.estimate, r.error) for r in some])
    for name in ("fixed", "random"):
        here, there = getattr(one, name), getattr(other, name)
        assert here.ratio * there.ratio == pytest.approx(1, rel=1e-6)
        assert here.low * there.high == pytest.approx(1, rel=1e-6)


@quick
@given(ratios)
def test_estimate_lies_among_the_ratios_and_its_weights_add_up(some: list[LogRatio]) -> None:
    found = combine(some)
    least, most = min(r.estimate for r in some), max(r.estimate for r in some)
    for pooled in (found.fixed, found.random):
        assert least - 1e-9 <= math.log(pooled.ratio) <= most + 1e-9
        assert pooled.low <= pooled.ratio <= pooled.high
        assert sum(pooled.weights) == pytest.approx(1)
    assert 0 <= found.i2 <= 100
    assert found.tau2 >= 0


@quick
@given(ratios)
def test_variance_between_trials_solves_its_equation(some: list[LogRatio]) -> None:
    """Paule and Mandel: the generalised Q is its degrees of freedom, or less without variance."""
    found = combine(some)
    weights = [1 / (r.error**2 + found.tau2) for r in some]
    mean = sum(w * r.estimate for w, r in zip(weights, some, strict=True)) / sum(weights)
    q = sum(w * (r.estimate - mean) ** 2 for w, r in zip(weights, some, strict=True))
    if found.q > found.freedom * 1.0001:
        assert q == pytest.approx(found.freedom, abs=1e-5)
    elif found.q < found.freedom:
        assert found.tau2 == 0


@quick
@given(ratios, st.floats(0.2, 5))
def test_larger_errors_widen_the_interval_and_leave_the_fixed_estimate(
    some: list[LogRatio], factor: float
) -> None:
    assume(factor != 1)
    one = combine(some).fixed
    other = combine([LogRatio(r.estimate, r.error * factor) for r in some]).fixed
    assert other.ratio == pytest.approx(one.ratio, rel=1e-9)
    assert math.log(other.high / other.low) == pytest.approx(factor * math.log(one.high / one.low), rel=1e-6)


def test_missing_library_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_is_installed", lambda name: name != "statsmodels")
    with pytest.raises(NotInstalledError, match=r"pip install 'mesoonto\[synthesis\]'") as told:
        combine([LogRatio(0.1, 0.2), LogRatio(0.2, 0.2)])
    assert "\n" not in str(told.value)
