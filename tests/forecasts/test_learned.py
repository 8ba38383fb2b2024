from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np

from forecasts.forecaster import SeasonalForecaster
from forecasts.history import History
from forecasts.learned import LearnedMeter
from forecasts.localtime import SLOT_S, Calendar, Ints
from forecasts.profile import Prior
from forecasts.seasonal import SeasonalMeter
from forecasts.series.model import FittedSeries, SeriesModel
from tests.forecasts.series.synthetic import BERLIN, MIDNIGHT_S, loads
from tests.forecasts.test_forecaster import SITE, assert_sound, grid_from, observed
from v2g.outlook import LEVELS
from v2g.timegrid import Array

N_DAYS = 40
FIRST = MIDNIGHT_S // SLOT_S
NOW = datetime.fromtimestamp(MIDNIGHT_S, UTC) + timedelta(days=N_DAYS, hours=9, minutes=5)
NOW_SLOT = int(NOW.timestamp()) // SLOT_S
PRIOR = Prior(low=0.0, high=100.0)


def told_until_now(values: Array) -> History:
    times = (FIRST + np.arange(len(values))) * SLOT_S
    return History.from_arrays(times.astype("datetime64[s]"), values)


def daylight(slots: Ints) -> Array:
    return 50.0 * np.maximum(np.sin((slots % 96 - 24) * np.pi / 48), 0.0)


@lru_cache(maxsize=1)
def load_history() -> History:
    return told_until_now(loads(N_DAYS + 1, slot_s=900).values[: NOW_SLOT - FIRST])


@lru_cache(maxsize=1)
def fitted() -> FittedSeries:
    model = SeriesModel(BERLIN).fit(LearnedMeter(load_history(), profile(load_history())).series(NOW_SLOT))
    assert isinstance(model, FittedSeries)
    return model


def profile(history: History) -> SeasonalMeter:
    return SeasonalMeter(history, calendar=BERLIN, prior=PRIOR)


def test_until_a_model_is_handed_in_the_profile_speaks() -> None:
    history = load_history()
    meter = LearnedMeter(history, profile(history))
    expected = profile(history).quantiles(NOW, NOW_SLOT, 96, 40.0)
    np.testing.assert_array_equal(meter.quantiles(NOW, NOW_SLOT, 96, 40.0), expected)
    meter.use(fitted())
    assert np.abs(meter.quantiles(NOW, NOW_SLOT, 96, 40.0) - expected)[:, 1:].max() > 0.1
    meter.use(None)
    np.testing.assert_array_equal(meter.quantiles(NOW, NOW_SLOT, 96, 40.0), expected)


def test_the_slot_of_now_stays_with_the_profile() -> None:
    history = load_history()
    meter = LearnedMeter(history, profile(history))
    meter.use(fitted())
    told = meter.quantiles(NOW, NOW_SLOT, 192, 40.0)
    np.testing.assert_array_equal(told[:, 0], profile(history).quantiles(NOW, NOW_SLOT, 192, 40.0)[:, 0])
    assert (np.diff(told, axis=0) >= 0).all()
    np.testing.assert_array_equal(told[:, 2:], meter.quantiles(NOW, NOW_SLOT + 2, 190, 40.0))


def test_after_months_of_silence_the_profile_speaks() -> None:
    meter = LearnedMeter(History(), profile(History()))
    meter.use(fitted())
    np.testing.assert_array_equal(meter.quantiles(NOW, NOW_SLOT, 8), profile(History()).quantiles(NOW, NOW_SLOT, 8))


def test_pv_is_nothing_by_night_and_follows_what_the_sky_allows() -> None:
    slots = np.arange(FIRST, NOW_SLOT)
    dimmed = daylight(slots) * np.random.default_rng(0).uniform(0.5, 0.9, len(slots))
    history = told_until_now(dimmed)
    sky = SeasonalMeter(
        history, calendar=Calendar(time_zone="Europe/Berlin", typed=False), prior=Prior(low=0.05, high=0.95), ceiling=daylight
    )
    meter = LearnedMeter(history, sky, ceiling=daylight)
    model = SeriesModel(BERLIN).fit(meter.series(NOW_SLOT))
    assert isinstance(model, FittedSeries)
    meter.use(model)
    told, ceiling = meter.quantiles(NOW, NOW_SLOT, 96), daylight(np.arange(NOW_SLOT, NOW_SLOT + 96))
    assert not told[:, ceiling == 0].any()
    np.testing.assert_allclose(told[LEVELS.index(0.5)].sum(), 0.7 * ceiling.sum(), rtol=0.1)


def test_the_forecaster_says_what_it_learned_from() -> None:
    forecaster = SeasonalForecaster(SITE, load_history=load_history())
    forecaster.load.use(fitted())
    now = observed((NOW - observed(0).at).total_seconds() / 60)
    outlook = forecaster.forecast(now, (), grid_from(now.at))
    assert_sound(outlook)
    assert "load: learned from 40 days" in outlook.notes
