"""Curves against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasts.fleet import curves
from v2g.outlook import LEVELS

LEVEL_ARRAY = np.array(LEVELS)
EDGES = np.linspace(0.0, 60.0, 4001)
MEAN_H = 5.0


def exponential() -> np.ndarray:
    cdf = 1.0 - np.exp(-EDGES / MEAN_H)
    cdf[-1] = 1.0
    return cdf[None]


@pytest.mark.parametrize("passed_h", [0.0, 4.0, 8.0, 12.0])
def test_an_exponential_rest_does_not_depend_on_what_has_passed(passed_h: float) -> None:
    found = curves.given(EDGES, exponential(), np.array([passed_h]), LEVEL_ARRAY)[0]
    np.testing.assert_allclose(found, passed_h - MEAN_H * np.log1p(-LEVEL_ARRAY), atol=0.01)


def test_a_uniform_stay_given_what_has_passed_is_uniform_on_the_rest() -> None:
    edges, cdf = np.array([0.0, 10.0]), np.array([[0.0, 1.0]])
    np.testing.assert_allclose(curves.given(edges, cdf, np.array([6.0]), LEVEL_ARRAY)[0], 6.0 + 4.0 * LEVEL_ARRAY)


def test_what_outlasts_its_curve_lasts_on_by_a_quarter_of_what_has_passed() -> None:
    edges, cdf = np.array([0.0, 10.0]), np.array([[0.0, 1.0]])
    found = curves.given(edges, cdf, np.array([100.0]), LEVEL_ARRAY)[0]
    np.testing.assert_allclose(found, 100.0 - 25.0 * np.log1p(-LEVEL_ARRAY))


@given(seed=st.integers(0, 500), passed=st.floats(0.0, 30.0))
def test_quantiles_increase_and_lie_beyond_what_has_passed(seed: int, passed: float) -> None:
    rng = np.random.default_rng(seed)
    edges = np.concatenate([[0.0], np.cumsum(rng.uniform(0.1, 3.0, 9))])
    masses = rng.uniform(size=(3, 9)) * (rng.uniform(size=(3, 9)) < 0.7) + 1e-9
    cdf = np.concatenate([np.zeros((3, 1)), np.cumsum(masses, axis=1) / masses.sum(axis=1, keepdims=True)], axis=1)
    found = curves.given(edges, cdf, np.full(3, passed), LEVEL_ARRAY)
    assert (np.diff(found, axis=1) >= -1e-12).all()
    assert (found >= passed).all()


def test_calibration_undoes_a_model_that_is_too_sure() -> None:
    """What ends at levels that are arcsine distributed lies within its 80 % band in 59 of 100 times."""
    seen = np.random.default_rng(2).beta(0.5, 0.5, size=20_000)
    assert ((seen > 0.1) & (seen < 0.9)).mean() == pytest.approx(0.59, abs=0.01)
    reached = curves.calibration(seen)
    np.testing.assert_allclose(reached, np.sin(0.5 * np.pi * curves.KNOTS) ** 2, atol=0.02)
    cdf = curves.calibrated(np.linspace(0.0, 1.0, 2001)[None], reached)
    told = np.interp(seen, np.linspace(0.0, 1.0, 2001), cdf[0])
    assert ((told > 0.1) & (told < 0.9)).mean() == pytest.approx(0.8, abs=0.01)


def test_few_visits_calibrate_little() -> None:
    assert curves.calibration(np.empty(0)) == pytest.approx(curves.KNOTS)
    one = curves.calibration(np.array([0.0]))
    assert one == pytest.approx(curves.KNOTS * curves.IMAGINED / (curves.IMAGINED + 1.0))


def test_the_outer_levels_move_outwards_in_full_and_inwards_half_as_far() -> None:
    narrow, wide = 0.5 + 0.8 * (curves.KNOTS - 0.5), np.clip(0.5 + 1.1 * (curves.KNOTS - 0.5), 0.0, 1.0)
    outer = abs(curves.KNOTS - 0.5) > curves.OUTER - 0.5
    assert curves.hardly_narrower(narrow)[outer] == pytest.approx(0.5 + 0.9 * (curves.KNOTS[outer] - 0.5))
    assert curves.hardly_narrower(wide) == pytest.approx(wide)


def test_pinball_of_the_median_is_half_the_absolute_error() -> None:
    assert curves.pinball(np.array([[3.0]]), np.array([7.0]), np.array([0.5])) == pytest.approx(2.0)
    assert curves.pinball(np.array([[3.0]]), np.array([1.0]), np.array([0.9])) == pytest.approx(0.2)
