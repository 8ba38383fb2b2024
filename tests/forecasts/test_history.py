from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasts.history import History
from forecasts.localtime import SLOT_S, SLOTS_PER_DAY
from v2g.observation import Quality, Reading

START = datetime(2026, 1, 5, tzinfo=UTC)
SLOT = int(START.timestamp()) // SLOT_S


def reading(minutes: float, value: float, quality: Quality = Quality.GOOD) -> Reading:
    return Reading(value=value, at=START + timedelta(minutes=minutes), quality=quality)


def test_readings_become_quarter_hour_means() -> None:
    history = History(days=1)
    for minutes, value in ((0, 10.0), (5, 20.0), (14, 30.0), (15, 7.0)):
        history.add(reading(minutes, value))
    np.testing.assert_array_equal(history.window(SLOT + 3, 4), [np.nan, 20.0, 7.0, np.nan])


@pytest.mark.parametrize(
    "bad", [None, reading(1, np.nan), reading(1, np.inf), reading(1, 5.0, Quality.STALE), reading(1, 5.0, Quality.SUSPECT)]
)
def test_doubtful_readings_are_left_out(bad: Reading | None) -> None:
    history = History(days=1)
    history.add(bad)
    assert np.isnan(history.window(SLOT + 1, 1)).all()


def test_the_same_reading_counts_once_and_a_negative_one_as_zero() -> None:
    history = History(days=1)
    for each in (reading(0, -4.0), reading(1, 6.0), reading(1, 6.0)):
        history.add(each)
    assert history.window(SLOT + 1, 1).tolist() == [3.0]


@given(st.lists(st.tuples(st.integers(0, 4 * SLOTS_PER_DAY), st.floats(0, 1e3)), max_size=60), st.integers(1, SLOTS_PER_DAY))
def test_the_ring_tells_what_a_full_record_would(heard: list[tuple[int, float]], n: int) -> None:
    """Readings in any order: every slot less than a day older than the newest is the mean of what was heard in it."""
    history, record = History(days=1), {}
    for i, (slot, value) in enumerate(heard):
        history.add(Reading(value=value, at=START + timedelta(seconds=SLOT_S * slot, microseconds=i)))
        record.setdefault(slot, []).append(value)
    newest = max(record, default=0)
    expected = [np.mean(record[slot]) if slot in record else np.nan for slot in range(newest + 1 - n, newest + 1)]
    np.testing.assert_allclose(history.window(SLOT + newest + 1, n), expected)


def test_preloaded_hours_fill_their_quarters_and_minutes_are_averaged() -> None:
    times = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(2) * 3600
    hourly = History.from_arrays(times, np.array([8.0, np.nan]), step_s=3600)
    np.testing.assert_array_equal(hourly.window(SLOT + 5, 5), [8.0, 8.0, 8.0, 8.0, np.nan])
    times = np.datetime64("2026-01-05T00:00:00", "s") + np.arange(30) * 60
    minutely = History.from_arrays(times, np.arange(30.0), step_s=60)
    np.testing.assert_allclose(minutely.window(SLOT + 2, 2), [7.0, 22.0])
