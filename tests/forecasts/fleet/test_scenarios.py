"""Drawn courses: over many names the forecast's distributions, two opposite ones around its mean, the same at every tick."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from forecasts.fleet.scenarios import drawn_courses, luck, number_at
from tests.support.builders import NOW
from v2g.outlook import LEVELS, Departure, ExpectedSession

HOUR = timedelta(hours=1)
QUANTILES = tuple(NOW + h * HOUR for h in (1, 2, 4, 6, 7, 9, 12))
CARS = [Departure(session_id=f"S{i}", quantiles=QUANTILES, source="history") for i in range(2000)]


def batch(hour: int, number: float = 1.5) -> ExpectedSession:
    return ExpectedSession(
        circuit_id="hall", arrives=NOW + hour * HOUR, departs=NOW + (hour + 4) * HOUR, energy_kwh=9.0, power_kw=11.0, number=number
    )


def test_each_car_leaves_at_an_instant_of_its_own_and_all_together_as_was_told() -> None:
    course, _ = drawn_courses(CARS, (), 4.0)
    left = np.array([[d.quantiles[0] <= at for at in QUANTILES[1:-1]] for d in course.departures])
    np.testing.assert_allclose(left.mean(axis=0), LEVELS[1:-1], atol=0.03)
    assert all(len(set(d.quantiles)) == 1 for d in course.departures)


def test_who_leaves_early_in_one_course_leaves_late_in_the_other() -> None:
    courses = drawn_courses(CARS, (), 4.0)
    first, second = (np.array([d.quantiles[0].timestamp() for d in course.departures]) for course in courses)
    assert np.corrcoef(np.argsort(np.argsort(first)), np.argsort(np.argsort(second)))[0, 1] < -0.99


def test_two_courses_together_expect_as_many_as_the_forecast() -> None:
    expected = [batch(hour) for hour in range(2000)]
    quiet, busy = (np.array([s.number for s in course.arrivals]) for course in drawn_courses((), expected, 4.0))
    assert (quiet.mean(), busy.mean()) == (pytest.approx(0.75, abs=0.06), pytest.approx(2.25, abs=0.1))
    assert (quiet % 1.0 == 0.0).all()


def test_a_car_and_an_hour_keep_their_luck_from_tick_to_tick() -> None:
    later = replace(CARS[0], quantiles=tuple(t + HOUR for t in QUANTILES))
    (now, _), (then, _) = drawn_courses(CARS[:1], [batch(3)], 4.0), drawn_courses([later], [batch(3, 1.51)], 4.0)
    assert then.departures[0].quantiles[0] - now.departures[0].quantiles[0] == HOUR
    assert then.arrivals[0].number == now.arrivals[0].number
    assert luck("S1") != luck("S2")


@given(level=st.floats(1e-6, 1 - 1e-6), mean=st.floats(0.0, 400.0))
def test_numbers_are_quantiles_of_poisson(level: float, mean: float) -> None:
    number = number_at(level, mean)
    assert poisson.cdf(number, mean) >= level - 1e-9
    assert number == 0.0 or poisson.cdf(number - 1.0, mean) <= level + 1e-9
    assert number_at(level, 1e4) == 1e4
