from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from forecasts.series.frame import Frame, taken
from forecasts.series.series import Series
from tests.forecasts.series.synthetic import BERLIN

ZONE = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = datetime(2026, 3, 29, tzinfo=ZONE), datetime(2026, 10, 25, tzinfo=ZONE)


def around(day: datetime) -> tuple[Series, Frame]:
    """Return two weeks of half-hours around a day of 23 or 25 hours."""
    start = day.astimezone(UTC) - timedelta(days=7)
    series = Series(start_s=int(start.timestamp()), slot_s=1800, values=np.arange(14.0 * 48))
    return series, Frame.of(series, BERLIN, len(series.values))


def wall(series: Series, slot: int) -> datetime:
    return datetime.fromtimestamp(series.start_s + slot * series.slot_s, UTC).astimezone(ZONE).replace(tzinfo=None)


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
@pytest.mark.parametrize("days", [1, 2, 7])
def test_days_back_the_wall_shows_the_same_time(day: datetime, days: int) -> None:
    series, frame = around(day)
    back = frame.back(days)
    for slot in range(days * 48 + 2, len(back)):
        apart = wall(series, slot) - wall(series, int(back[slot])) - timedelta(days=days)
        skipped = (wall(series, slot) - timedelta(days=days)).hour == 2 and day is SPRING
        assert apart == timedelta(0) or (skipped and abs(apart) == timedelta(hours=1))


@pytest.mark.parametrize(("day", "n_slots", "known"), [(SPRING, 46, 46), (AUTUMN, 50, 48)])
def test_a_local_day_has_what_was_measured_on_it(day: datetime, n_slots: int, known: int) -> None:
    series, frame = around(day)
    days = frame.by_day(series.values)
    row = int(frame.days[7 * 48 + 10])
    assert (frame.days == row).sum() == n_slots
    assert np.isfinite(days[row]).sum() == known
    here = np.flatnonzero(frame.days == row)
    assert days[row, -1] == series.values[here[-1]]
    twice = here[frame.places[here] == 4]
    np.testing.assert_allclose(days[row, 4], series.values[twice].mean() if len(twice) else np.nan)


def test_outside_nothing_is_known() -> None:
    np.testing.assert_array_equal(taken(np.array([1.0, 2.0]), np.array([-1, 0, 1, 2])), [np.nan, 1, 2, np.nan])
    assert np.isnan(taken(np.zeros(0), np.array([0]))).all()
