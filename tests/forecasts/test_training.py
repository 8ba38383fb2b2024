from datetime import timedelta

import numpy as np
import pytest

from forecasts.daily import TrainedDaily
from forecasts.forecaster import SeasonalForecaster
from forecasts.history import History
from forecasts.localtime import SLOT_S
from forecasts.training import Lessons, Models, train
from tests.forecasts.series.synthetic import MIDNIGHT_S, loads
from tests.forecasts.test_forecaster import DARK, SITE, START, grid_from, observed

FIRST = MIDNIGHT_S // SLOT_S


def told(n_days: int) -> History:
    """Return a history whose last slot ends at `START`."""
    values = loads(n_days, slot_s=SLOT_S).values
    times = np.datetime64(START.replace(tzinfo=None), "s") - np.arange(len(values), 0, -1) * SLOT_S
    return History.from_arrays(times, values)


def test_nothing_is_learnt_from_nothing() -> None:
    models = train(SeasonalForecaster(SITE).lessons(START))
    assert models.load is models.pv is models.stays is None
    assert models.said == "nothing yet: too little is known"


@pytest.mark.parametrize(("n_days", "learns"), [(13, False), (16, True)])
def test_a_load_is_learnt_from_after_two_weeks(n_days: int, learns: bool) -> None:
    models = train(SeasonalForecaster(DARK, load_history=told(n_days)).lessons(START))
    assert (models.load is not None) is learns
    assert (models.said == "load from 16 days") is learns


def test_a_longer_history_teaches_what_the_forecaster_forgot() -> None:
    forecaster = SeasonalForecaster(DARK, load_history=told(3))
    assert train(forecaster.lessons(START)).load is None
    assert train(forecaster.lessons(START, load=told(20))).load is not None


def test_what_is_adopted_speaks_until_nothing_is() -> None:
    forecaster = SeasonalForecaster(DARK, load_history=told(16))
    before = forecaster.forecast(observed(0), (), grid_from(START)).load_kw
    forecaster.adopt(train(forecaster.lessons(START)))
    outlook = forecaster.forecast(observed(0), (), grid_from(START))
    assert "load: learned from 16 days" in outlook.notes
    assert np.abs(outlook.load_kw - before)[:, 1:].max() > 0.1
    forecaster.adopt(Models())
    np.testing.assert_array_equal(forecaster.forecast(observed(0), (), grid_from(START)).load_kw, before)


def test_it_learns_once_a_local_day_from_what_was_before() -> None:
    lessons: list[Lessons] = []

    def teach(given: Lessons) -> Models:
        lessons.append(given)
        return Models()

    forecaster = TrainedDaily(SeasonalForecaster(DARK), "Europe/Berlin", teach)
    for minutes in range(0, 3 * 1440, 60):
        forecaster.learn(observed(minutes, load_kw=40.0))
    offset = timedelta(seconds=lessons[1].load.start_s + SLOT_S * len(lessons[1].load.values) - START.timestamp())
    assert offset == timedelta(hours=22)  # Berlin's midnight of summer
    assert len(lessons) == 4
    assert np.isfinite(lessons[0].load.values).sum() == 0
    assert np.isfinite(lessons[1].load.values).sum() == 22


def test_quantiles_that_are_alike_do_not_cross_by_a_rounding() -> None:
    """A load that rests at 0.1 kW of 300 kW: sums over steps of an hour differ in their last digits."""
    values = np.tile(np.repeat([0.1, 300.0, 0.1], [40, 16, 40]), 16)
    times = np.datetime64(START.replace(tzinfo=None), "s") - np.arange(len(values), 0, -1) * SLOT_S
    forecaster = SeasonalForecaster(DARK, load_history=History.from_arrays(times, values))
    forecaster.adopt(train(forecaster.lessons(START)))
    for minutes in range(0, 1440, 7):
        told = forecaster.forecast(observed(minutes, load_kw=0.1), (), grid_from(observed(minutes).at)).load_kw
        assert (np.diff(told, axis=0) >= 0).all()
