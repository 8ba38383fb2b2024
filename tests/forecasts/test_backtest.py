import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from forecasts.backtest import backtest, crps, level_weights, pinball, scores, spread_origins, weekly_naive
from forecasts.series.series import Series
from tests.forecasts.series.synthetic import BERLIN, MIDNIGHT_S, loads
from v2g.outlook import LEVELS
from v2g.timegrid import Array

DAY, WEEK = 24, 168


@given(actual=st.floats(-100, 100), told=st.floats(-100, 100))
def test_one_number_scores_its_distance(actual: float, told: float) -> None:
    quantiles = np.full((len(LEVELS), 1), told)
    np.testing.assert_allclose(crps(np.array([actual]), quantiles), abs(actual - told), atol=1e-9)


def test_levels_stand_for_all_probabilities() -> None:
    weights = level_weights()
    np.testing.assert_allclose(weights, weights[::-1])
    np.testing.assert_allclose(weights.sum(), 1.0)


def test_the_score_is_near_that_of_the_distribution() -> None:
    draws = np.random.default_rng(0).normal(size=200_000)
    quantiles = np.repeat(np.quantile(draws, LEVELS)[:, None], len(draws), axis=1)
    np.testing.assert_allclose(crps(draws, quantiles).mean(), 1 / np.sqrt(np.pi), rtol=0.03)


@given(st.lists(st.floats(-5, 5), min_size=7, max_size=7), st.floats(-5, 5))
def test_pinball_is_least_at_the_truth(told: list[float], actual: float) -> None:
    quantiles = np.array(told)[:, None]
    assert (pinball(np.array([actual]), quantiles) >= 0).all()
    np.testing.assert_allclose(pinball(np.array([actual]), np.full_like(quantiles, actual)), 0.0)


def test_gaps_are_not_scored() -> None:
    actual = np.array([1.0, np.nan, 3.0])
    told = np.repeat(np.array([[0.0, 0, 0, 2, 4, 4, 4]]).T, 3, axis=1)
    score = scores([actual], [told])
    assert score.mae == 1.0
    assert score.coverage80 == 1.0
    assert np.isnan(score.crps[0, 1])
    assert np.isnan(score.below[0, :, 1]).all()


def test_a_forecaster_sees_what_is_before_its_origin_only() -> None:
    series, seen = loads(30), []

    def forecast(history: Series, n_slots: int) -> Array:
        seen.append(len(history.values))
        return np.zeros((len(LEVELS), n_slots))

    score = backtest(series, [300, 500], DAY, forecast)
    assert seen == [300, 500]
    np.testing.assert_allclose(score.mae, np.mean([series.values[300:324], series.values[500:524]]))


def test_the_weekly_naive_repeats_the_week_with_its_own_errors() -> None:
    week = np.random.default_rng(0).uniform(10, 20, WEEK)
    history = Series(start_s=MIDNIGHT_S, slot_s=3600, values=np.tile(week, 12))
    np.testing.assert_allclose(weekly_naive(history, 48), np.repeat(week[None, :48], len(LEVELS), axis=0))
    rising = Series(start_s=MIDNIGHT_S, slot_s=3600, values=np.tile(week, 12) + np.repeat(np.arange(12.0), WEEK))
    np.testing.assert_allclose(weekly_naive(rising, DAY), np.repeat(12 + week[None, :DAY], len(LEVELS), axis=0))


def test_the_weekly_naive_goes_further_back_over_a_gap() -> None:
    values = np.tile(np.arange(float(WEEK)), 6)
    values[-WEEK:] = np.nan
    told = weekly_naive(Series(start_s=MIDNIGHT_S, slot_s=3600, values=values), DAY)
    np.testing.assert_allclose(told[3], np.arange(24.0))


def test_origins_are_midnights_over_the_later_part() -> None:
    series = loads(90, start_s=MIDNIGHT_S + 5 * 3600)
    origins = spread_origins(series, BERLIN, 5, least_days=40, n_slots=48)
    assert len(origins) == len(set(origins)) == 5
    assert origins[0] >= 40 * DAY
    assert origins[-1] + 48 <= len(series.values) < origins[-1] + 48 + DAY + 1
    assert {(series.start_s + origin * 3600 - MIDNIGHT_S) % 86_400 for origin in origins[:2]} == {0}
