from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

import numpy as np
import pytest

from forecasts.forecaster import SeasonalForecaster
from forecasts.history import History
from forecasts.localtime import SLOT_S
from forecasts.series.model import FittedSeries
from forecasts.training import Models, train
from forecasts.watching import VISITS_A_SCORE, StayWatch, scored
from tests.forecasts.series.synthetic import loads
from tests.forecasts.test_forecaster import DARK, START, grid_from, observed
from v2g.outlook import LEVELS
from v2g.session import ChargingSession, EndedVisit
from v2g.standing import ForecastScore
from v2g.timegrid import Array

N_DAYS = 16


@lru_cache(maxsize=1)
def load() -> Array:
    return loads(N_DAYS + 12, slot_s=SLOT_S).values


def told(n_days: int = N_DAYS) -> History:
    values = load()[: 96 * n_days]
    times = np.datetime64(START.replace(tzinfo=None), "s") - np.arange(len(values), 0, -1) * SLOT_S
    return History.from_arrays(times, values)


def live(forecaster: SeasonalForecaster, days: range, factor: float = 1.0) -> None:
    """Let the forecaster see what comes on days from `START` on."""
    for slot in range(96 * days.start, 96 * days.stop):
        forecaster.learn(observed(15 * slot, load_kw=float(factor * load()[96 * N_DAYS + slot])))


def misled() -> FittedSeries:
    """Return a model that believes in no load below a megawatt."""
    model = train(SeasonalForecaster(DARK, load_history=told()).lessons(START)).load
    assert model is not None
    return replace(model, low=1000.0, high=2000.0)


def test_a_model_that_loses_gives_way_and_what_comes_back_must_win() -> None:
    scores: list[ForecastScore] = []
    forecaster = SeasonalForecaster(DARK, load_history=told(), on_score=scores.append)
    forecaster.adopt(Models(load=misled()))
    live(forecaster, range(3))
    assert [s.signal for s in scores] == ["load"] * len(scores)
    (load_now, stay_now) = forecaster.watch.standings
    assert not load_now.model_in_use
    assert load_now.skill is not None
    assert load_now.skill < -0.05
    assert stay_now.n == 0
    assert forecaster.load.learned is None
    at = observed(3 * 1440)
    assert not any("learned" in note for note in forecaster.forecast(at, (), grid_from(at.at)).notes)
    forecaster.adopt(train(forecaster.lessons(at.at)))
    assert forecaster.load.learned is None  # a new model has yet to prove itself
    live(forecaster, range(3, 12))
    assert len(scores) > 20


def test_scores_of_before_a_restart_are_recalled_and_not_told_again() -> None:
    scores: list[ForecastScore] = []
    first = SeasonalForecaster(DARK, load_history=told(), on_score=scores.append)
    first.adopt(Models(load=misled()))
    live(first, range(3))
    again: list[ForecastScore] = []
    second = SeasonalForecaster(DARK, load_history=told(), on_score=again.append)
    second.watch.recall(scores)
    assert second.watch.standings == first.watch.standings
    second.adopt(Models(load=misled()))
    assert second.load.learned is None
    assert not again


def test_what_is_foretold_is_scored_when_it_has_come_by_what_was_known_then() -> None:
    scores: list[ForecastScore] = []
    forecaster = SeasonalForecaster(DARK, load_history=told(), on_score=scores.append)
    forecaster.adopt(train(forecaster.lessons(START)))
    live(forecaster, range(1))
    assert not scores
    forecaster.learn(observed(1440))
    actual = load()[96 * N_DAYS : 96 * (N_DAYS + 1)]
    known = SeasonalForecaster(DARK, load_history=told())
    known.adopt(train(known.lessons(START)))
    model, baseline = known.load.opinions(START, 96)
    assert model is not None
    assert scores == scored("load", START + timedelta(days=1), actual, model, baseline)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_coverage_is_the_share_within_the_band(share: float) -> None:
    band = np.repeat(np.arange(7.0)[:, None] + 1.0, 10, axis=1)
    actual = np.where(np.arange(10) < 10 * share, 4.0, 100.0)
    (score,) = scored("load", START, actual, band, band)
    assert score.inside == share
    assert score.loss == score.baseline_loss
    assert scored("load", START, np.full(10, np.nan), band, band) == []
    assert scored("pv", START, np.zeros(10), 0 * band, 0 * band) == []


def test_stays_are_scored_in_batches() -> None:
    watch, found = StayWatch(), []
    for i in range(2 * VISITS_A_SCORE):
        came, left = START + timedelta(hours=i), START + timedelta(hours=i + 8)
        session = ChargingSession(session_id=f"{i}", evse_id="A", plugged_in_at=came, driver="d")
        assert watch.new([session]) == [session]
        leaves_h = left.timestamp() / 3600 + np.linspace(-1.0, 1.0, len(LEVELS))
        watch.note(session, leaves_h, leaves_h + 2.0)
        assert watch.new([session]) == []
        found += watch.ended(EndedVisit(driver="d", plugged_in_at=came, left_at=left), left)
    assert [score.n for score in found] == [VISITS_A_SCORE] * 2
    assert all(score.inside == 1.0 and score.loss < score.baseline_loss for score in found)


def test_a_stranger_to_the_watch_is_no_score() -> None:
    watch, left = StayWatch(), START + timedelta(hours=1)
    for i in range(2 * VISITS_A_SCORE):
        assert watch.ended(EndedVisit(driver=f"{i}", plugged_in_at=START, left_at=left), left) == []
