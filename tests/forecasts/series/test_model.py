"""The whole model on made-up series. Fits of learned models are shared: each takes about a second."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from forecasts.backtest import backtest, weekly_naive
from forecasts.profile import Prior
from forecasts.series.faults import cleaned
from forecasts.series.features import make_columns
from forecasts.series.frame import Frame
from forecasts.series.model import Believed, FittedSeries, SeriesModel
from forecasts.series.series import Series
from tests.forecasts.series.synthetic import BERLIN, MIDNIGHT_S, loads, truth
from v2g.errors import InputError
from v2g.outlook import LEVELS
from v2g.timegrid import Array

MEDIAN = LEVELS.index(0.5)
DAY = 24
SPRING_S, AUTUMN_S = 1_774_738_800, 1_792_879_200
"""Midnights of the days of 23 and 25 hours, 2026-03-29 and 2026-10-25 in Berlin."""


@lru_cache(maxsize=4)
def fitted(n_days: int, start_s: int = MIDNIGHT_S) -> FittedSeries:
    model = SeriesModel(BERLIN).fit(loads(n_days, start_s=start_s))
    assert isinstance(model, FittedSeries)
    return model


def assert_sound(told: Array, n_slots: int) -> None:
    assert told.shape == (len(LEVELS), n_slots)
    assert np.isfinite(told).all()
    assert (told >= 0).all()
    assert (np.diff(told, axis=0) >= 0).all()


def median_error(told: Array, history: Series) -> float:
    """Return the mean distance of the median from the noiseless load of the slots after `history`."""
    n, n_slots = len(history.values), told.shape[1]
    longer = replace(history, values=np.zeros(n + n_slots))
    return float(np.abs(told[MEDIAN] - truth(longer)[n:]).mean())


@pytest.mark.parametrize("n_days", [10, 60])
def test_what_comes_after_the_origin_cannot_change_a_forecast(n_days: int) -> None:
    whole = loads(n_days + 3)
    origin = n_days * DAY
    poisoned = replace(whole, values=np.where(np.arange(len(whole.values)) < origin, whole.values, 1e6))
    model = fitted(n_days)
    told = model.quantiles(whole.before(origin), 48)
    np.testing.assert_array_equal(told, model.quantiles(poisoned.before(origin), 48))
    again = SeriesModel(BERLIN).fit(poisoned.before(origin))
    np.testing.assert_array_equal(told, again.quantiles(poisoned.before(origin), 48))


def test_rows_hold_nothing_later_than_their_origin() -> None:

    whole = loads(40)
    origin = 33 * DAY + 7
    rows = []
    for later in (whole.values, np.full(len(whole.values), 1e6)):
        values = np.where(np.arange(len(whole.values)) < origin, whole.values, later)
        series = replace(whole, values=values)
        columns = make_columns(series, Frame.of(series, BERLIN, len(values)))
        targets = np.arange(origin, origin + 4 * DAY)
        rows.append(columns.rows(np.full(len(targets), origin), targets))
    np.testing.assert_array_equal(*rows)


@pytest.mark.parametrize("n_days", [1, 3, 7, 14, 60])
def test_a_forecast_is_sound_however_little_is_known(n_days: int) -> None:
    history = loads(n_days)
    told = fitted(n_days).quantiles(history, 48)
    assert_sound(told, 48)
    assert median_error(told, history) < (30.0 if n_days < 7 else 8.0)


def test_before_anything_is_measured_the_prior_speaks() -> None:
    nothing = Series(start_s=MIDNIGHT_S, slot_s=900, values=np.full(5, np.nan))
    told = SeriesModel(BERLIN, prior=Prior(low=20.0, high=80.0)).fit(nothing)
    assert isinstance(told, Believed)
    np.testing.assert_allclose(told.quantiles(nothing, 3), np.repeat(20 + 60 * np.array(LEVELS)[:, None], 3, axis=1))
    with pytest.raises(InputError, match="prior"):
        SeriesModel(BERLIN).fit(nothing)


def test_an_hour_of_history_is_enough() -> None:
    assert_sound(SeriesModel(BERLIN).fit(loads(1).latest(1)).quantiles(loads(1).latest(1), 30), 30)


@pytest.mark.parametrize("start_s", [SPRING_S, AUTUMN_S])
@pytest.mark.parametrize("ahead_days", [0, 1])
def test_the_days_the_clock_changes_are_days_like_others(start_s: int, ahead_days: int) -> None:
    history = loads(60 - ahead_days, start_s=start_s - 60 * 86_400)
    told = fitted(60, start_s - 60 * 86_400).quantiles(history, 48)
    assert_sound(told, 48)
    assert median_error(told, history) < 6.0


@pytest.mark.parametrize("fault", ["missing", "frozen", "zero"])
def test_a_last_day_that_is_none_does_little_harm(fault: str) -> None:
    history = loads(60)
    values = history.values.copy()
    values[-DAY:] = {"missing": np.nan, "frozen": values[-DAY], "zero": 0.0}[fault]
    told = fitted(60).quantiles(replace(history, values=values), 24)
    assert_sound(told, 24)
    assert median_error(told, history) < 6.0


def test_gaps_all_over_are_lived_with() -> None:
    history = loads(60)
    values = np.where(np.random.default_rng(5).random(len(history.values)) < 0.3, np.nan, history.values)
    spoilt = replace(history, values=values)
    told = SeriesModel(BERLIN).fit(spoilt).quantiles(spoilt, 24)
    assert_sound(told, 24)
    assert median_error(told, history) < 7.0


def test_a_meter_that_has_been_silent_for_a_week_is_foretold_by_its_days() -> None:
    history = loads(60)
    values = np.concatenate([history.values[: -7 * DAY], np.full(7 * DAY, np.nan)])
    told = fitted(60).quantiles(replace(history, values=values), 24)
    assert_sound(told, 24)
    assert median_error(told, history) < 8.0


def test_what_is_missed_now_moves_the_next_hours_and_not_tomorrow() -> None:
    history = loads(60, noise=4.0)
    higher = history.values.copy()
    higher[-3:] += 10.0
    model = fitted(60)
    moved = model.quantiles(replace(history, values=higher), 24)[MEDIAN] - model.quantiles(history, 24)[MEDIAN]
    assert moved[:2].mean() > 3.0
    assert abs(moved[-6:].mean()) < 5.0


def test_the_band_covers_what_it_says_and_beats_the_weekly_naive() -> None:
    series = loads(100, seed=7)
    model = fitted(60)
    origins = list(range(61 * DAY, 98 * DAY, 37))
    told = backtest(series, origins, DAY, model.quantiles)
    naive = backtest(series, origins, DAY, weekly_naive)
    assert 0.74 < told.coverage80 < 0.87
    assert told.mae < 0.8 * naive.mae
    assert told.mean_crps < 0.8 * naive.mean_crps


def test_a_column_known_ahead_is_used() -> None:
    base = loads(60)
    sun = np.random.default_rng(2).uniform(0, 30, 62 * DAY)
    series = replace(base, values=base.values + sun[: 60 * DAY], known=sun[None, :])
    told = SeriesModel(BERLIN).fit(series).quantiles(series, 24)[MEDIAN] - truth(loads(61))[60 * DAY :]
    assert np.corrcoef(told, sun[60 * DAY : 61 * DAY])[0, 1] > 0.8


def test_the_same_history_gives_the_same_forecast() -> None:
    assert not np.isnan(cleaned(loads(40).values, DAY)).any()
    first, second = (SeriesModel(BERLIN).fit(loads(40)).quantiles(loads(40), 24) for _ in range(2))
    np.testing.assert_array_equal(first, second)
