"""From intervals of any level to standard errors."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mesoonto.synthesis.interval import agrees, centred, log_ratio, quantile

LEVELS = st.sampled_from([50.0, 70.0, 80.0, 90.0, 95.0, 96.6, 99.8])
RATIOS = st.floats(0.1, 10)
ERRORS = st.floats(0.02, 1.5)


def ends(ratio: float, error: float, level: float) -> tuple[float, float]:
    """The interval of a ratio, by the textbook: exp(ln ratio -+ z error)."""
    z = NormalDist().inv_cdf(1 - (1 - level / 100) / 2)
    return math.exp(math.log(ratio) - z * error), math.exp(math.log(ratio) + z * error)


@pytest.mark.parametrize(
    ("level", "z"), [(95, 1.95996), (80, 1.28155), (70, 1.03643), (96.6, 2.12007), (99.8, 3.09023)]
)
def test_quantile_is_that_of_tables(level: float, z: float) -> None:
    # qnorm(1 - (1 - level / 100) / 2) of R 4.2.2
    assert quantile(level) == pytest.approx(z, abs=1e-5)


def test_error_of_an_interval_by_hand() -> None:
    # MAPS: ln(0.95 / 0.62) / (2 * 1.95996) = 0.426739 / 3.919928; metafor 3.8-1 was given 0.108864884743
    assert log_ratio(0.77, 0.62, 0.95, 95).error == pytest.approx(0.108864884743, abs=1e-12)


@given(RATIOS, ERRORS, LEVELS)
def test_error_is_found_again_whatever_the_level(ratio: float, error: float, level: float) -> None:
    low, high = ends(ratio, error, level)
    found = log_ratio(ratio, low, high, level)
    assert found.error == pytest.approx(error, rel=1e-9)
    assert found.estimate == pytest.approx(math.log(ratio), abs=1e-12)


@given(RATIOS, ERRORS, LEVELS)
def test_arms_turned_round_change_the_sign_only(ratio: float, error: float, level: float) -> None:
    low, high = ends(ratio, error, level)
    turned = log_ratio(1 / ratio, 1 / high, 1 / low, level)
    straight = log_ratio(ratio, low, high, level)
    assert turned.error == pytest.approx(straight.error, rel=1e-9)
    assert turned.estimate == pytest.approx(-straight.estimate, abs=1e-9)


@pytest.mark.parametrize(
    "numbers",
    [
        (0.9, 1.0, 1.2, 95),
        (1.0, 1.0, 1.0, 95),
        (0.9, 0.0, 1.2, 95),
        (0.9, 0.5, math.inf, 95),
        (0.9, 0.5, 1.2, 100),
        (0.9, 0.5, 1.2, 0),
        (math.nan, 0.5, 1.2, 95),
    ],
)
def test_what_is_no_interval_is_refused(numbers: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="no ratio"):
        log_ratio(*numbers)


@given(st.floats(0.3, 3), st.floats(0.05, 0.5), LEVELS)
def test_rounding_never_takes_the_middle_away(ratio: float, error: float, level: float) -> None:
    low, high = (round(end, 2) for end in ends(ratio, error, level))
    assume(low > 0)
    assert centred(round(ratio, 2), low, high, 0.01)


@given(st.floats(0.5, 2), st.floats(0.1, 0.3), LEVELS)
def test_value_at_an_end_is_not_the_middle(ratio: float, error: float, level: float) -> None:
    low, high = ends(ratio, error, level)
    assert not centred(low, low, high, 0.0001)


@given(st.floats(0.2, 0.9), ERRORS, LEVELS)
def test_p_of_the_same_test_agrees(ratio: float, error: float, level: float) -> None:
    found = log_ratio(ratio, *ends(ratio, error, level), level)
    z = abs(found.estimate) / found.error
    assume(z < 6)
    two = 2 * (1 - NormalDist().cdf(z))
    assert agrees(found, two, 2)
    assert agrees(found, two / 2, 1)
    assert agrees(found, two, None)
    assert agrees(found, two / 2, None)


def test_level_that_p_belies_is_seen() -> None:
    # RAMES: 0.71 (0.59 to 0.85) with p = 0.028 is an interval of 70 %; read as one of 95 % the p were 0.0002.
    assert agrees(log_ratio(0.71, 0.59, 0.85, 70), 0.028, None)
    assert not agrees(log_ratio(0.71, 0.59, 0.85, 95), 0.028, None)
    # SWOG S0905: 0.71 (0.54 to 0.95), p = 0.062, one-sided, 80 %
    assert agrees(log_ratio(0.71, 0.54, 0.95, 80), 0.062, 1)
    assert not agrees(log_ratio(0.71, 0.54, 0.95, 95), 0.062, 1)
