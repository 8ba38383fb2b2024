import numpy as np

from forecasts.cleaning import cleaned, frozen, never_zero

DAYS = 30
RNG = np.random.default_rng(5)
BUSY = 100.0 + RNG.uniform(-20, 20, 96 * DAYS)


def test_a_zero_of_a_site_that_never_rests_means_missing() -> None:
    values = BUSY.copy()
    values[40:50] = 0.0
    clean = cleaned(values)
    assert np.isnan(clean[40:50]).all()
    np.testing.assert_array_equal(np.delete(clean, np.s_[40:50]), np.delete(values, np.s_[40:50]))


def test_a_site_that_does_rest_keeps_its_zeros() -> None:
    resting = np.maximum(0.0, np.sin(np.arange(96 * DAYS) * 2 * np.pi / 96)) * BUSY
    assert not never_zero(resting)
    np.testing.assert_array_equal(cleaned(resting), resting)


def test_a_frozen_day_is_found_and_an_idle_weekday_is_not() -> None:
    once = BUSY.copy()
    once[960:1060] = once[960]
    assert np.flatnonzero(frozen(once)).tolist() == list(range(960, 1060))
    idle = BUSY.copy().reshape(DAYS, 96)
    idle[::7] = 20.0
    assert not frozen(idle.ravel()).any()


def test_nothing_known_stays_nothing() -> None:
    nothing = np.full(96, np.nan)
    np.testing.assert_array_equal(cleaned(nothing), nothing)
