import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasts.profile import MEDIAN, Miss, Prior, corrected, fit, median_by_slot, sorted_quantiles
from v2g.outlook import LEVELS

PRIOR = Prior(low=0.0, high=50.0)
SEEDS = st.integers(0, 2**32 - 1)


def sample(seed: int, n_days: int, gaps: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.where(rng.uniform(size=(n_days, 96)) < gaps, np.nan, rng.normal(100, 20, (n_days, 96)))


def days_and_types(seed: int, n_days: int, gaps: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    return sample(seed, n_days, gaps), np.arange(n_days) % 7 // 5


@given(SEEDS, st.integers(0, 12), st.sampled_from([0.0, 0.3, 0.9]))
def test_median_and_quantiles_are_those_of_the_known_values(seed: int, n: int, gaps: float) -> None:
    values = sample(seed, n, gaps)
    known = np.isfinite(values).any(axis=0)
    medians, quantiles = median_by_slot(values), sorted_quantiles(values, PRIOR)
    np.testing.assert_allclose(medians[known], np.nanmedian(values[:, known], axis=0) if known.any() else [])
    np.testing.assert_allclose(
        quantiles[:, known], np.nanquantile(values[:, known], LEVELS, axis=0) if known.any() else quantiles[:, known]
    )
    assert np.isnan(medians[~known]).all()
    np.testing.assert_array_equal(quantiles[:, ~known], np.tile(PRIOR.errors()[:, None], (~known).sum()))


def test_without_history_the_forecast_is_uniform_between_base_and_peak() -> None:
    profile = fit(np.empty((0, 96)), np.empty(0, dtype=np.int64), PRIOR)
    quantiles = corrected(profile, np.zeros(3, dtype=np.int64), np.array([0, 40, 95]), None)
    np.testing.assert_allclose(quantiles, np.tile(np.array(LEVELS)[:, None] * 50.0, 3))


def test_after_one_day_any_day_looks_like_yesterday() -> None:
    yesterday = np.linspace(10, 30, 96)
    profile = fit(yesterday[None], np.array([0]), PRIOR)
    np.testing.assert_allclose(profile.centre, np.tile(yesterday, (3, 1)))


def test_a_saturday_looks_like_saturdays_and_not_like_fridays() -> None:
    days, types = days_and_types(0, 28)
    days[types == 1] = 5.0
    profile = fit(days, types, PRIOR)
    np.testing.assert_array_equal(profile.centre[1], 5.0)
    assert (profile.centre[0] > 50).all()


@given(SEEDS, st.integers(0, 30), st.sampled_from([0.0, 0.5]), st.floats(-100, 100), st.floats(0, 30))
def test_quantiles_never_cross(seed: int, n_days: int, gaps: float, error: float, spread: float) -> None:
    profile = fit(*days_and_types(seed, n_days, gaps), PRIOR)
    slots = np.arange(96)
    miss = Miss(error=error, spread=spread, lead_h=slots / 4)
    quantiles = corrected(profile, slots % 3, slots, miss)
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=0) >= -1e-9).all()


def test_the_latest_error_moves_the_next_hours_and_fades() -> None:
    profile = fit(*days_and_types(1, 20), PRIOR)
    slots, types = np.arange(96), np.zeros(96, dtype=np.int64)
    plain = corrected(profile, types, slots, None)
    moved = corrected(profile, types, slots, Miss(error=30.0, spread=1.0, lead_h=slots / 4))
    shift = moved[MEDIAN] - plain[MEDIAN]
    assert shift[0] == pytest.approx(30.0)
    np.testing.assert_allclose(shift, 30.0 * profile.phi ** (slots / 4), atol=1e-9)
    width, plain_width = moved[-1] - moved[0], plain[-1] - plain[0]
    ahead_h = np.maximum(slots / 4, 0.25)  # what is left of a quarter-hour that was measured is as sure as the next one
    np.testing.assert_allclose(width, plain_width * np.sqrt(1 - profile.phi ** (2 * ahead_h)))


def test_a_great_error_now_is_scaled_down_to_hours_that_vary_less() -> None:
    days, types = days_and_types(2, 20)
    days[:, 48:] = 10.0 + 0.01 * days[:, 48:]
    profile = fit(days, types, PRIOR)
    lead = Miss(error=30.0, spread=30.0, lead_h=np.zeros(1))
    noon = corrected(profile, np.array([0]), np.array([60]), lead) - corrected(profile, np.array([0]), np.array([60]), None)
    assert 0 < noon[MEDIAN, 0] < 1.0
