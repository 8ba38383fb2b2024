"""Scenarios: the forecast's distributions one by one, the past's relations together."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from forecasts.fleet.scenarios import drawn, drawn_newcomers
from forecasts.fleet.stays import LEVEL_ARRAY, StayModel
from forecasts.fleet.visits import Visits
from tests.forecasts.fleet.drivers import made_visits

N = 4000


def test_scenarios_have_the_quantiles_of_the_forecast(model: StayModel, visits: Visits, split_h: float) -> None:
    cars, past = visits.take(visits.begin_h >= split_h).take(slice(0, 6)), visits.by_end()
    at_h = float(cars.begin_h.max() + 1.0)
    told, charged = model.forecast(cars, past), np.full(6, 4.0)
    scenarios = drawn(told, cars, past, at_h=at_h, charged_kwh=charged, rng=np.random.default_rng(1), n=N)
    leaves, energies = told.leaves_h(at_h), told.needs_kwh(charged)
    assert (scenarios.leaves_h >= at_h).all()
    assert (scenarios.energy_kwh >= 4.0).all()
    below = [(scenarios.leaves_h[:, :, None] <= leaves[:, None]), (scenarios.energy_kwh[:, :, None] <= energies[:, None])]
    np.testing.assert_allclose(below[1].mean(axis=1), np.broadcast_to(LEVEL_ARRAY, (6, 7)), atol=0.12)
    np.testing.assert_allclose(below[0].mean(axis=1), np.broadcast_to(LEVEL_ARRAY, (6, 7)), atol=0.12)


def test_who_stays_long_takes_more_as_drivers_did_before(model: StayModel, visits: Visits, split_h: float) -> None:
    car, past = made_visits(begin_h=np.array([split_h + 48.0])), visits.by_end()
    scenarios = drawn(
        model.forecast(car, past),
        car,
        past,
        at_h=float(car.begin_h[0]),
        charged_kwh=np.zeros(1),
        rng=np.random.default_rng(2),
        n=N,
    )
    before = spearmanr(visits.stay_h, visits.energy_kwh).statistic
    assert spearmanr(scenarios.leaves_h[0], scenarios.energy_kwh[0]).statistic == pytest.approx(before, abs=0.12)


def test_without_a_past_stay_and_energy_are_drawn_apart(model: StayModel, visits: Visits) -> None:
    nobody = visits.take(slice(0, 0))
    car = visits.take(slice(0, 1))
    told = model.forecast(car, nobody)
    scenarios = drawn(told, car, nobody, at_h=float(car.begin_h[0]), charged_kwh=np.zeros(1), rng=np.random.default_rng(3), n=N)
    assert abs(spearmanr(scenarios.leaves_h[0], scenarios.energy_kwh[0]).statistic) < 0.05
    low, high = np.quantile(scenarios.energy_kwh, [0.1, 0.9])
    assert told.needs_kwh(np.zeros(1))[0, [1, 5]] == pytest.approx([low, high], rel=0.1)


def test_newcomers_are_like_visits_that_came_at_such_times() -> None:
    begins = np.concatenate([100.0 * 24 + 8.0 + 24.0 * np.arange(20), 100.0 * 24 + 18.0 + 24.0 * np.arange(20)])
    stays = np.repeat([8.0, 2.0], 20)
    past = made_visits(
        begin_h=begins, left_h=begins + stays, energy_kwh=3.0 * stays, day_type=np.zeros(40, dtype=np.int64)
    ).by_end()
    come = made_visits(begin_h=np.array([130.0 * 24 + 8.0] * 50 + [130.0 * 24 + 18.0] * 50))
    stay_h, energy_kwh = drawn_newcomers(come, past, np.random.default_rng(4))
    assert (stay_h == np.repeat([8.0, 2.0], 50)).all()
    np.testing.assert_array_equal(energy_kwh, 3.0 * stay_h)
