from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from forecasts.history import History
from forecasts.localtime import SLOT_S, Calendar
from forecasts.profile import MEDIAN, Prior
from forecasts.seasonal import SeasonalMeter
from v2g.observation import Reading
from v2g.outlook import LEVELS

ZONE = ZoneInfo("Europe/Berlin")
PRIOR = Prior(low=10.0, high=100.0)


def slot(instant: datetime) -> int:
    return int(instant.timestamp()) // SLOT_S


def quarter_hours(begin: str, n_days: int) -> np.ndarray:
    return np.datetime64(begin, "s") + np.arange(96 * n_days) * SLOT_S


def local_hour(times: np.ndarray) -> np.ndarray:
    return np.array([datetime.fromtimestamp(int(t), ZONE).hour for t in times.astype(np.int64)])


def meter(times: np.ndarray, values: np.ndarray) -> SeasonalMeter:
    history = History.from_arrays(times, values)
    return SeasonalMeter(history, calendar=Calendar(time_zone="Europe/Berlin"), prior=PRIOR)


@pytest.mark.parametrize("change", ["2026-03-29", "2026-10-25"])
def test_load_follows_the_wall_clock_through_both_changes(change: str) -> None:
    """A shop that opens at 8 local opens at 8 local on the day the clocks change and on the day after."""
    end = datetime.fromisoformat(change).replace(tzinfo=ZONE)
    times = quarter_hours(str((end - timedelta(days=28)).date()), 31)
    values = np.where(local_hour(times) >= 8, 80.0, 20.0) + np.arange(len(times)) % 2 * 0.1
    past = times.astype(np.int64) < end.timestamp()
    forecast = meter(times[past], values[past]).quantiles(end, slot(end), 2 * 96)[MEDIAN]
    truth = values[~past][: 2 * 96]
    np.testing.assert_allclose(forecast, truth, atol=0.2)


def test_the_band_covers_what_it_says_on_days_not_seen() -> None:
    rng = np.random.default_rng(11)
    times = quarter_hours("2026-01-01", 120)
    shape = 60 + 30 * np.sin(np.arange(96) * 2 * np.pi / 96)
    noise = np.zeros(len(times))
    for i in range(1, len(times)):
        noise[i] = 0.95 * noise[i - 1] + rng.normal(0, 2)
    values = np.tile(shape, 120) + noise
    inside = []
    for day in range(60, 118, 3):
        origin = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=int(rng.integers(24)))
        first = slot(origin) - slot(datetime(2026, 1, 1, tzinfo=UTC))
        quantiles = meter(times[:first], values[:first]).quantiles(origin, slot(origin), 96)
        inside.append((values[first : first + 96] >= quantiles[1]) & (values[first : first + 96] <= quantiles[5]))
    assert 0.72 < np.mean(inside) < 0.88
    assert 0.65 < np.mean([day[:8] for day in inside]) < 0.95, "and so it does in the next two hours"


def test_the_future_cannot_change_a_forecast() -> None:
    times = quarter_hours("2026-01-01", 40)
    rng = np.random.default_rng(3)
    values = rng.uniform(20, 90, len(times))
    origin = datetime(2026, 2, 1, 15, 20, tzinfo=UTC)
    past = times.astype(np.int64) + SLOT_S <= origin.timestamp()
    other = np.where(past, values, 1000.0)
    known, knowing = (meter(times, v).quantiles(origin, slot(origin), 96) for v in (values, other))
    np.testing.assert_array_equal(known, knowing)
    np.testing.assert_array_equal(known, meter(times[past], values[past]).quantiles(origin, slot(origin), 96))


def test_a_cold_start_leans_on_the_site_file_and_then_on_what_is_measured() -> None:
    history = History()
    cold = SeasonalMeter(history, calendar=Calendar(time_zone="UTC"), prior=PRIOR)
    now = datetime(2026, 5, 1, 6, tzinfo=UTC)
    np.testing.assert_allclose(cold.quantiles(now, slot(now), 1)[:, 0], 10 + np.array(LEVELS) * 90)
    for minutes in range(0, 30, 5):
        history.add(Reading(value=150.0 + minutes, at=now + timedelta(minutes=minutes)))
    later = now + timedelta(minutes=30)
    soon, tomorrow = cold.quantiles(later, slot(later), 96)[:, [0, -1]].T
    assert soon[MEDIAN] > 130, "the latest reading speaks first"
    assert tomorrow[-1] > 150, "what was measured can happen again"
    assert tomorrow[0] < 30, "and so can the base"


@pytest.mark.parametrize("fault", ["silent", "frozen", "zero"])
def test_a_failing_meter_leaves_the_climatology(fault: str) -> None:
    times = quarter_hours("2026-01-01", 40)
    healthy = 60 + np.random.default_rng(1).normal(0, 3, len(times))
    values = healthy.copy()
    values[-48:] = {"silent": np.nan, "frozen": 95.0, "zero": 0.0}[fault]
    now = datetime(2026, 2, 10, tzinfo=UTC)
    quantiles = meter(times, values).quantiles(now, slot(now), 96)
    np.testing.assert_allclose(quantiles[MEDIAN], 60, atol=4)
    assert (quantiles[-1] - quantiles[0] > 4).all()


def test_a_steady_load_is_believed() -> None:
    times = quarter_hours("2026-01-01", 20)
    now = datetime(2026, 1, 21, tzinfo=UTC)
    np.testing.assert_allclose(meter(times, np.full(len(times), 42.0)).quantiles(now, slot(now), 96), 42.0)


def test_what_is_measured_now_is_the_latest_error_and_leaves_the_rest_of_the_quarter_hour_unsure() -> None:
    rng = np.random.default_rng(3)
    times = quarter_hours("2026-01-01", 40)
    noise = np.zeros(len(times))
    for i in range(1, len(times)):
        noise[i] = 0.95 * noise[i - 1] + rng.normal(0, 2)
    forecaster = meter(times, 50.0 + noise)
    now = datetime(2026, 2, 9, 23, 0, tzinfo=UTC)
    blind, seeing = (forecaster.quantiles(now, slot(now), 4, present_kw) for present_kw in (None, 90.0))
    assert seeing[MEDIAN, 0] == pytest.approx(90.0)
    assert seeing[0, 0] < 90.0 < seeing[-1, 0]
    assert (seeing[MEDIAN] > blind[MEDIAN]).all()
    assert (np.diff(seeing[MEDIAN]) < 0).all()


def first_day(noise_kw: float) -> tuple[np.ndarray, np.ndarray]:
    times = quarter_hours("2026-01-05", 2)
    return times, 50 + np.random.default_rng(5).normal(0, noise_kw, len(times))


def test_on_the_second_day_the_present_is_as_unsure_as_the_first_day_was_restless() -> None:
    """Nothing was tried yet, but a load that moved by 1 kW a quarter-hour will not rise by 20 kW in the next."""
    origin = datetime(2026, 1, 6, 13, 5, tzinfo=ZONE)
    times, values = first_day(1.0)
    past = times.astype(np.int64) + SLOT_S <= origin.timestamp()
    now_kw = float(values[past][-1])
    changes = values[past][-96:]
    for lead, quantiles in enumerate(meter(times[past], values[past]).quantiles(origin, slot(origin), 40, now_kw).T):
        rises = np.append(changes, now_kw)[lead + 1 :] - np.append(changes, now_kw)[: -lead - 1]
        if lead < 1:
            assert quantiles[-1] - quantiles[MEDIAN] < 1.2 * np.quantile(rises, LEVELS[-1])
            assert quantiles[MEDIAN] - quantiles[0] < -1.2 * np.quantile(rises, LEVELS[0])
        else:
            assert quantiles[-1] - quantiles[MEDIAN] > 10
        assert (np.diff(quantiles) >= 0).all()


@pytest.mark.parametrize(("n_slots", "present_kw"), [(60, 50.0), (96 + 52, None)])
def test_without_a_whole_day_or_a_meter_that_speaks_now_anything_is_possible(n_slots: int, present_kw: float | None) -> None:
    times, values = first_day(1.0)
    origin = datetime.fromtimestamp(int(times[n_slots].astype(np.int64)), UTC)
    now = meter(times[:n_slots], values[:n_slots]).quantiles(origin, slot(origin), 1, present_kw)[:, 0]
    assert now[-1] - now[MEDIAN] > 10


def test_changes_of_a_day_never_widen_what_is_believed() -> None:
    times, wild = first_day(60.0)
    origin = datetime(2026, 1, 6, 13, 5, tzinfo=ZONE)
    past = times.astype(np.int64) + SLOT_S <= origin.timestamp()
    restless = meter(times[past], np.abs(wild[past])).quantiles(origin, slot(origin), 1, 50.0)[:, 0]
    most = 0.45 * (max(100.0, np.abs(wild[past]).max()) - min(10.0, np.abs(wild[past]).min()))
    assert restless[-1] - restless[MEDIAN] <= most
