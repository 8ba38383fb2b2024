"""Features against a driver's visits made by hand, and against leaks from what ended later."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.fleet.features import NAMES, RECENT, features
from forecasts.fleet.kernel import like
from forecasts.fleet.visits import Visits
from tests.forecasts.fleet.drivers import DAY_H, START_H, made_visits, workplace

COLUMN = {name: i for i, name in enumerate(NAMES)}
ALL = workplace(5, days=30)


def seen(cars: Visits, past: Visits) -> np.ndarray:
    return np.concatenate([features(some, past) for some in like(cars, past)])


def test_habits_are_those_of_the_drivers_own_visits() -> None:
    begin_h = START_H + 8.0 + DAY_H * np.arange(3)
    past = made_visits(
        begin_h=begin_h,
        left_h=begin_h + np.array([4.0, 6.0, 9.0]),
        driver=np.full(3, 7),
        energy_kwh=[10.0, 20.0, 40.0],
        stated_h=[5.0, 5.0, np.nan],
        requested_kwh=[20.0, 40.0, 40.0],
    )
    car = made_visits(begin_h=begin_h[:1] + 7 * DAY_H + 1.0, driver=np.array([7]))
    row = seen(car, past)[0]
    recent = np.exp(np.array([-2.0, -1.0, 0.0]) / RECENT)
    expected = {
        "own_visits": 3,
        "own_stay": 6.0,
        "own_stay_recent": recent @ [4.0, 6.0, 9.0] / recent.sum(),
        "own_stay_last": 9.0,
        "own_stay_spread": np.std([4.0, 6.0, 9.0]),
        "own_stay_until": recent @ [4.0, 6.0, 9.0] / recent.sum() - 1.0,
        "own_stay_weekday": 4.0,
        "own_energy": 20.0,
        "own_energy_highest": 40.0,
        "own_energy_last": 40.0,
        "own_energy_weekday": 10.0,
        "own_since_left_h": 5 * DAY_H + 1.0 - 9.0,
        "own_since_begin_h": 5 * DAY_H + 1.0,
        "own_stated_error": 0.0,
        "own_request_share": 0.5,
        "clock_h": 9.0,
        "weekday": 0,
    }
    assert {name: row[COLUMN[name]] for name in expected} == pytest.approx(expected)


def test_of_a_stranger_only_the_time_and_like_visits_are_known() -> None:
    row = seen(made_visits(begin_h=np.array([ALL.left_h.max() + 60.0])), ALL.by_end())[0]
    habits = [i for name, i in COLUMN.items() if name.startswith("own_") and name != "own_visits"]
    assert np.isnan(row[habits]).all()
    assert row[COLUMN["own_visits"]] == 0
    assert np.isfinite(row[COLUMN["like_stay"]])


def test_nothing_past_is_nothing_known() -> None:
    row = seen(ALL.take(slice(0, 1)), ALL.take(slice(0, 0)))[0]
    assert np.isnan(row[COLUMN["like_stay"]])
    assert row[COLUMN["like_weight"]] == 0.0


@settings(max_examples=15, deadline=None)
@given(at=st.integers(20, len(ALL) - 1), seed=st.integers(0, 99))
def test_what_ends_later_cannot_change_what_is_told_of_a_car(at: int, seed: int) -> None:
    car, past = ALL.take(slice(at, at + 1)), ALL.by_end()
    later = past.left_h > car.begin_h[0]
    rng = np.random.default_rng(seed)
    energy_kwh, left_h = past.energy_kwh.copy(), past.left_h.copy()
    energy_kwh[later] = rng.uniform(0, 99, later.sum())
    left_h[later] += rng.uniform(0, 99, later.sum())
    kept = {n: getattr(past, n) for n in ("begin_h", "clock_h", "day", "day_type", "driver")}
    changed = made_visits(**kept, left_h=left_h, energy_kwh=energy_kwh).by_end()
    np.testing.assert_array_equal(seen(car, past), seen(car, changed))
    np.testing.assert_allclose(seen(car, past), seen(car, past.take(~later)), rtol=1e-9)
