"""The model of stays on drivers whose habits are known."""

import pickle

import numpy as np
import pytest

from forecasts.fleet import curves
from forecasts.fleet.stays import LEAST_VISITS, LEVEL_ARRAY, StayModel, fit_stays
from forecasts.fleet.visits import Visits
from tests.forecasts.fleet.drivers import DAY_H, made_visits

LOW, MEDIAN, HIGH = 1, 3, 5


def to_come(visits: Visits, split_h: float) -> Visits:
    return visits.take(visits.begin_h >= split_h)


def test_four_of_five_cars_leave_within_their_band_and_take_what_theirs_says(
    model: StayModel, visits: Visits, split_h: float
) -> None:
    cars = to_come(visits, split_h)
    told = model.forecast(cars, visits.by_end())
    stays = told.leaves_h(split_h) - cars.begin_h[:, None]
    energies = told.needs_kwh(np.zeros(len(cars)))
    for quantiles, came in ((stays, cars.stay_h), (energies, cars.energy_kwh)):
        inside = (quantiles[:, LOW] <= came) & (came <= quantiles[:, HIGH])
        assert 0.75 <= inside.mean() <= 0.9
        assert (np.diff(quantiles, axis=1) >= 0).all()
    assert np.abs(stays[:, MEDIAN] - cars.stay_h).mean() < 1.15 * np.sqrt(2 / np.pi)  # 0.8 h is what nobody can know


@pytest.mark.parametrize("passed_h", [4.0, 8.0, 12.0])
def test_given_that_they_are_still_here_the_bands_hold_too(
    model: StayModel, visits: Visits, split_h: float, passed_h: float
) -> None:
    cars = to_come(visits, split_h)
    cars = cars.take(cars.stay_h > passed_h)
    told = model.forecast(cars, visits.by_end())
    stays = curves.given(told.stay_edges, told.stay_cdf, np.full(len(cars), passed_h), LEVEL_ARRAY)
    assert (stays >= passed_h).all()
    if passed_h < 12.0:
        assert 0.72 <= ((stays[:, LOW] <= cars.stay_h) & (cars.stay_h <= stays[:, HIGH])).mean() <= 0.9
        blind = np.abs(told.leaves_h(-np.inf)[:, MEDIAN] - cars.left_h).mean()
        assert np.abs(stays[:, MEDIAN] - cars.stay_h).mean() < blind


def test_what_was_taken_already_is_the_least_that_is_needed(model: StayModel, visits: Visits, split_h: float) -> None:
    cars = to_come(visits, split_h).take(slice(0, 50))
    told = model.forecast(cars, visits.by_end())
    fresh, later = told.needs_kwh(np.zeros(50)), told.needs_kwh(np.full(50, 15.0))
    assert (later >= 15.0).all()
    assert (later >= fresh - 1e-9).all()


def test_visits_that_end_later_change_no_forecast(model: StayModel, visits: Visits, split_h: float) -> None:
    car = to_come(visits, split_h).take(slice(40, 41))
    past = visits.by_end()
    told = model.forecast(car, past)
    known = model.forecast(car, past.take(past.left_h <= car.begin_h[0]))
    np.testing.assert_allclose(told.stay_cdf, known.stay_cdf, rtol=1e-9)
    np.testing.assert_allclose(told.energy_cdf, known.energy_cdf, rtol=1e-9)


def test_the_same_visits_make_the_same_model(visits: Visits) -> None:
    past = visits.by_end()
    first, second = (fit_stays(past.take(slice(0, 300))), fit_stays(past.take(slice(0, 300))))
    assert first is not None
    assert second is not None
    car = made_visits(begin_h=past.left_h[299:300] + DAY_H)
    np.testing.assert_array_equal(first.forecast(car, past).stay_cdf, second.forecast(car, past).stay_cdf)


def test_with_few_visits_or_unknown_energies_nothing_is_learned(visits: Visits) -> None:
    past = visits.by_end()
    assert fit_stays(past.take(slice(0, LEAST_VISITS - 1))) is None
    unknown = made_visits(begin_h=past.begin_h, left_h=past.left_h)
    assert fit_stays(unknown) is None
    assert fit_stays(past.take(slice(0, 0))) is None


def test_nobody_here_and_a_model_from_another_process(model: StayModel, visits: Visits, split_h: float) -> None:
    assert model.forecast(visits.take(slice(0, 0)), visits.by_end()).leaves_h(0.0).shape == (0, len(LEVEL_ARRAY))
    cars = to_come(visits, split_h).take(slice(0, 5))
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(again.forecast(cars, visits.by_end()).stay_cdf, model.forecast(cars, visits.by_end()).stay_cdf)
