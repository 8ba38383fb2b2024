"""Daily arrivals against closed forms and draws."""

import numpy as np
import pytest

from forecasts.fleet.counts import HOURS, SHAPES, DayCounts, DayModel, over_dispersion, posterior_factor
from forecasts.fleet.curves import KNOTS
from forecasts.localtime import Calendar

CALENDAR = Calendar(time_zone="UTC")
MONDAY = 4
LEVELS = np.array([0.1, 0.5, 0.9])


def counts(totals: np.ndarray, *, typed: bool = True) -> DayCounts:
    """Days from a Monday on whose cars all come at 08:00."""
    arrivals = np.zeros((len(totals), HOURS))
    arrivals[:, 8] = totals
    return DayCounts(calendar=Calendar(time_zone="UTC", typed=typed), first=MONDAY, arrivals=arrivals)


def test_a_day_expects_what_came_on_days_like_it_before() -> None:
    totals = np.tile([10.0, 20.0, 30.0, 40.0, 50.0, 3.0, 1.0], 8)
    saturday = counts(totals).expected(np.array([MONDAY + 56 + 5]))
    assert saturday.sum() == pytest.approx(3.0)
    assert saturday[0, 8] == pytest.approx(3.0)
    monday = counts(totals).expected(np.array([MONDAY + 56])).sum()
    assert 10.0 < monday < 20.0


def test_a_later_day_cannot_change_what_was_expected() -> None:
    totals = np.random.default_rng(3).poisson(9.0, 40).astype(float)
    changed = totals.copy()
    changed[30:] = 1000.0
    days = MONDAY + np.arange(31)
    np.testing.assert_array_equal(counts(totals).expected(days), counts(changed).expected(days))


def test_over_dispersion_by_moments() -> None:
    totals, means = np.array([0.0, 20.0, 0.0, 20.0]), np.full(4, 10.0)
    assert over_dispersion(totals, means) == pytest.approx(400.0 / (400.0 - 40.0))
    assert over_dispersion(means, means) == SHAPES[1]


def test_the_factor_of_a_day_is_the_posterior_mean() -> None:
    assert posterior_factor(4.0, 6.0, 1.0) == pytest.approx(2.0)
    assert posterior_factor(4.0, 1.0, 1.0) == pytest.approx(1.0)


def test_a_days_quantiles_are_those_of_the_negative_binomial_drawn_by_its_definition() -> None:
    rng = np.random.default_rng(5)
    model = DayModel(shape=6.0, reached=KNOTS)
    drawn = rng.poisson(30.0 * rng.gamma(6.0, 1 / 6.0, 100_000))
    np.testing.assert_allclose(model.quantiles(np.array([30.0]), LEVELS)[0], np.quantile(drawn, LEVELS), atol=1.0)


@pytest.mark.parametrize("shape", [3.0, 12.0])
def test_four_of_five_days_to_come_lie_within_the_band(shape: float) -> None:
    rng = np.random.default_rng(8)
    totals = rng.poisson(40.0 * rng.gamma(shape, 1 / shape, 600)).astype(float)
    inside = []
    for day in range(150, 600, 3):
        before = counts(totals[day - 120 : day], typed=False)
        mean = before.expected(np.array([MONDAY + 120])).sum(axis=1)
        low, _, high = before.day_model().quantiles(mean, LEVELS)[0]
        inside.append(low <= totals[day] <= high)
    assert 0.72 <= np.mean(inside) <= 0.88
