from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasts.localtime import DAY_S, SLOT_S, Calendar, DayType, local_s, seconds, utc_offset_s

ZONES = ("Europe/Berlin", "America/Los_Angeles", "Asia/Shanghai", "Australia/Lord_Howe", "Asia/Kathmandu")


@given(zone=st.sampled_from(ZONES), first=st.integers(0, 2**31), n=st.integers(1, 200), step=st.integers(60, 20_000))
def test_offsets_are_those_of_the_zone_at_every_instant(zone: str, first: int, n: int, step: int) -> None:
    instants = first + step * np.arange(n)
    expected = [datetime.fromtimestamp(int(s), ZoneInfo(zone)).utcoffset().total_seconds() for s in instants]
    assert utc_offset_s(instants, zone).tolist() == expected


@pytest.mark.parametrize(("day", "n_slots"), [("2026-03-29", 92), ("2026-10-25", 100), ("2026-06-01", 96)])
def test_a_local_day_has_as_many_quarter_hours_as_its_clock_shows(day: str, n_slots: int) -> None:
    instants = np.arange(seconds(datetime(2026, 1, 1, tzinfo=UTC)), seconds(datetime(2027, 1, 1, tzinfo=UTC)), SLOT_S)
    days = local_s(instants, "Europe/Berlin") // DAY_S
    assert (days == np.datetime64(day).astype(np.int64)).sum() == n_slots


def test_holidays_count_as_sundays_and_alike_days_as_one_type() -> None:
    week = np.datetime64("2026-05-25").astype(np.int64) + np.arange(7)  # Whit Monday first
    typed = Calendar(time_zone="Europe/Berlin", holidays={date(2026, 5, 25)})
    assert typed.types(week).tolist() == [DayType.SUNDAY, *[DayType.WORKDAY] * 4, DayType.SATURDAY, DayType.SUNDAY]
    assert Calendar(time_zone="Europe/Berlin", typed=False).types(week).tolist() == [0] * 7


def test_one_place_is_as_many_places() -> None:
    calendar = Calendar(time_zone="America/Los_Angeles")
    for hour in range(0, 24 * 9, 5):
        instant = datetime(2026, 3, 2, tzinfo=UTC).timestamp() + 3600 * hour
        types, second = calendar.places(np.array([int(instant)]))
        assert calendar.place(datetime.fromtimestamp(instant, UTC)) == (types[0], second[0])
