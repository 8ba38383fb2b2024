import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from adapters.clock import VirtualClock
from adapters.store import Store
from adapters.store.forecasting import VERSIONS
from config.station.learning import Learning, read_meters
from forecasts.forecaster import SeasonalForecaster
from forecasts.kept import SCHEMA, pack
from forecasts.training import Lessons, Models, train
from tests.forecasts.series.synthetic import loads
from tests.forecasts.test_forecaster import DARK, START, grid_from, observed
from v2g.errors import TrainingError
from v2g.standing import ForecastScore
from v2g.station import Condition, HistoryPoint

N_DAYS = 16


class Taught:
    """Stands in for the training process: learns where it is, or fails."""

    def __init__(self, trouble: str = "") -> None:
        self.trouble, self.asked = trouble, 0

    async def train(self, lessons: Lessons) -> bytes:
        self.asked += 1
        if self.trouble:
            raise TrainingError(self.trouble)
        return pack(train(lessons))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(f"sqlite:///{tmp_path / 'station.db'}", VirtualClock(START)) as opened:
        yield opened


async def seen(store: Store, n_days: int) -> None:
    """Keep a load as points of a quarter-hour that end at START."""
    kw = dict.fromkeys(("import_kw", "pv_kw", "charge_kw", "discharge_kw", "import_limit_kw", "price_per_kwh"), 1.0)
    begin, values = START - timedelta(days=n_days), loads(n_days, slot_s=900).values
    points = [HistoryPoint(at=begin + timedelta(minutes=15 * i), load_kw=float(v), **kw) for i, v in enumerate(values)]
    await asyncio.gather(*(store.keep(point) for point in points))


def learning(store: Store, taught: Taught) -> tuple[Learning, SeasonalForecaster]:
    forecaster = SeasonalForecaster(DARK)
    return Learning(forecaster, store, VirtualClock(START), process=taught, holidays=frozenset()), forecaster


async def test_meters_are_read_in_parts_as_one(store: Store) -> None:
    await seen(store, N_DAYS)
    load, pv = await read_meters(store, START, 30)
    end = int(START.timestamp()) // 900
    np.testing.assert_allclose(load.window(end, 96 * N_DAYS), loads(N_DAYS, slot_s=900).values)
    assert np.isnan(load.window(end - 96 * N_DAYS, 96)).all()
    np.testing.assert_array_equal(pv.window(end, 96), 1.0)


async def test_what_is_learnt_is_kept_and_speaks_after_a_restart(store: Store) -> None:
    await seen(store, N_DAYS)
    first, forecaster = learning(store, Taught())
    assert first.health.detail == "nothing learnt yet"
    await first.learn()
    assert first.health.condition is Condition.OK
    assert first.health.detail == f"version 1 of {START:%Y-%m-%d %H:%M} UTC: load from 16 days"
    second, again = learning(store, Taught())
    await second.recall()
    assert second.health == first.health
    for each in (forecaster, again):
        each.learn(observed(0, load_kw=40.0))
    one, other = (f.forecast(observed(0), (), grid_from(START)) for f in (forecaster, again))
    assert "load: learned from 16 days" in one.notes
    assert other.notes == one.notes


async def test_a_failure_leaves_what_is_in_use_and_is_told(store: Store) -> None:
    await seen(store, N_DAYS)
    taught = Taught()
    lessons, forecaster = learning(store, taught)
    await lessons.learn()
    model = forecaster.load.learned
    taught.trouble = "it took longer than 900 s and was killed"
    await lessons.learn()
    assert forecaster.load.learned is model is not None
    assert lessons.health.condition is Condition.DEGRADED
    assert "learning failed: it took longer" in lessons.health.detail
    taught.trouble = ""
    await lessons.learn()
    assert lessons.health.condition is Condition.OK


async def test_the_last_sound_models_are_used_and_the_damaged_are_told(store: Store) -> None:
    await seen(store, N_DAYS)
    lessons, _ = learning(store, Taught())
    await lessons.learn()
    await store.save_models(trained_at=START, schema=SCHEMA, said="cut short", packed=b"PK\x03\x04")
    await store.save_models(trained_at=START, schema=SCHEMA + 1, said="of another release", packed=b"")
    again, forecaster = learning(store, Taught())
    await again.recall()
    assert forecaster.load.learned is not None
    assert again.health.detail.startswith("version 1 ")


async def test_nothing_is_asked_of_a_process_before_there_is_enough_to_learn_from(store: Store) -> None:
    await seen(store, 3)
    taught = Taught()
    lessons, _ = learning(store, taught)
    await lessons.learn()
    assert taught.asked == 0
    assert lessons.health.condition is Condition.OK


async def test_a_model_that_lost_to_its_baseline_shows(store: Store) -> None:
    for hours in range(5):
        at = START - timedelta(hours=hours)
        await store.keep(ForecastScore(signal="load", at=at, n=96, inside=0.3, loss=2.0, baseline_loss=1.0))
    lessons, _ = learning(store, Taught())
    await lessons.recall()
    assert lessons.health.condition is Condition.DEGRADED
    assert "load: the model lost to the baseline, which speaks" in lessons.health.detail


async def test_the_latest_versions_are_kept(store: Store) -> None:
    packed = pack(Models())
    versions = [await store.save_models(trained_at=START, schema=SCHEMA, said=f"{i}", packed=packed) for i in range(VERSIONS + 3)]
    kept = await store.models(SCHEMA)
    assert [k.version for k in kept] == versions[: -VERSIONS - 1 : -1]
    assert (kept[0].said, kept[0].packed, kept[0].trained_at) == (f"{VERSIONS + 2}", packed, START)
