from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.series.align import Aligned, align
from adapters.series.series import Series, SeriesKind
from v2g.errors import SeriesError

SEOUL, BERLIN, ANGELES = "Asia/Seoul", "Europe/Berlin", "America/Los_Angeles"


Law = Callable[[datetime], float]


def series(begin: str, n_days: float, *, value: Law, step_s: int = 3600, kind: SeriesKind = SeriesKind.LOAD) -> Series:
    """Return a series whose value at each instant is `value(instant)`."""
    start = datetime.fromisoformat(begin).astimezone(UTC)
    instants = [start + timedelta(seconds=step_s * i) for i in range(round(n_days * 86_400 / step_s))]
    values = np.array([float(value(instant)) for instant in instants])
    return Series(
        start_s=int(start.timestamp()), step_s=step_s, values=values, kind=kind, name="load_kw", unit="kW", path="dir/file.csv"
    )


def weekday_and_hour(zone: str) -> Law:
    """Return a function that tells weekday and hour of a wall clock as one number."""

    def value(instant: datetime) -> float:
        wall = instant.astimezone(ZoneInfo(zone))
        return 100.0 * wall.weekday() + wall.hour

    return value


def midnight(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def align_days(source: Series, *, start: datetime, days: int, time_zone: str, **how: Any) -> Aligned:
    end = (start.astimezone(ZoneInfo(time_zone)) + timedelta(days=days)).astimezone(UTC)
    return align(source, start=start, end=end, time_zone=time_zone, **how)


@given(
    zone=st.sampled_from([SEOUL, BERLIN, ANGELES, "Asia/Kolkata"]),
    source_zone=st.sampled_from([SEOUL, BERLIN, ANGELES]),
    day=st.integers(0, 800),
    step_h=st.sampled_from([0.25, 0.5, 1.0]),
)
@settings(max_examples=30)
def test_weekday_and_wall_time_stay_whatever_the_zones_and_years(zone: str, source_zone: str, day: int, step_h: float) -> None:
    """On the 23- and 25-hour days too, but for the hour that one of the clocks does not show once."""
    source = series("2019-01-01T00:00+00:00", 420, value=weekday_and_hour(source_zone))
    start = midnight("2024-06-01", zone) + timedelta(days=day)
    start = start.astimezone(ZoneInfo(zone)).replace(hour=0).astimezone(UTC)
    aligned = align_days(source, start=start, days=3, time_zone=zone, series_time_zone=source_zone, step_h=step_h)
    expected = [weekday_and_hour(zone)(start + timedelta(hours=step_h * i)) for i in range(len(aligned.values))]
    same = np.isclose(aligned.values, expected)
    assert (~same).sum() * step_h <= 2.0


def test_the_same_dates_are_taken_where_the_file_has_them() -> None:
    source = series("2026-03-20T00:00+00:00", 20, value=lambda instant: instant.timestamp())
    start = midnight("2026-03-27", BERLIN)
    aligned = align_days(source, start=start, days=3, time_zone=BERLIN, series_time_zone=BERLIN, step_h=1.0)
    np.testing.assert_array_equal(aligned.values, [(start + timedelta(hours=i)).timestamp() for i in range(71)])
    assert aligned.note == "file.csv, load_kw: the dates themselves, Fri 2026-03-27 to Sun 2026-03-29 (Europe/Berlin)"


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 47), ("2026-10-24", 49)])
def test_the_days_on_which_the_clocks_change_have_all_their_hours_and_no_more(day: str, hours: int) -> None:
    """Each hour is its own, also the one that the clocks show twice."""
    source = series("2026-01-01T00:00+00:00", 365, value=lambda instant: instant.timestamp())
    start = midnight(day, BERLIN)
    aligned = align_days(source, start=start, days=2, time_zone=BERLIN, series_time_zone=BERLIN, step_h=1.0)
    np.testing.assert_array_equal(aligned.values, [(start + timedelta(hours=i)).timestamp() for i in range(hours)])


def test_the_note_says_what_stands_for_what() -> None:
    source = series("2018-01-01T00:00+09:00", 270, value=lambda _: 1.0)
    aligned = align_days(source, start=midnight("2026-06-08", ANGELES), days=7, time_zone=ANGELES, series_time_zone=SEOUL)
    assert aligned.note == (
        "file.csv, load_kw: Mon 2018-06-11 to Sun 2018-06-17 (Asia/Seoul) stands for Mon 2026-06-08 to Sun 2026-06-14 "
        "(America/Los_Angeles), by weekday and local time of day"
    )


@pytest.mark.parametrize(("day", "month"), [("2025-01-08", 1), ("2025-07-10", 7), ("2025-12-28", 12)])
def test_the_week_is_of_the_same_season(day: str, month: int) -> None:
    source = series("2020-01-01T00:00+00:00", 3 * 365, value=lambda instant: 100.0 * instant.year + instant.month)
    aligned = align_days(source, start=midnight(day, "UTC"), days=1, time_zone="UTC", series_time_zone="UTC")
    assert aligned.values[0] % 100 == month
    assert aligned.values[0] // 100 == 2022, "of the latest year"


def test_hours_are_held_and_quarters_are_averaged() -> None:
    coarse = series("2026-01-05T00:00+00:00", 7, value=lambda i: i.hour)
    held = align_days(coarse, start=midnight("2026-01-06", "UTC"), days=1, time_zone="UTC", series_time_zone="UTC", step_h=0.25)
    np.testing.assert_array_equal(held.values, np.repeat(np.arange(24), 4))
    fine = series("2026-01-05T00:00+00:00", 7, step_s=900, value=lambda i: i.hour + i.minute / 60)
    averaged = align_days(fine, start=midnight("2026-01-06", "UTC"), days=1, time_zone="UTC", series_time_zone="UTC", step_h=1.0)
    np.testing.assert_allclose(averaged.values, np.arange(24) + 0.375)
    odd = align_days(fine, start=midnight("2026-01-06", "UTC"), days=1, time_zone="UTC", series_time_zone="UTC", step_h=1 / 3)
    assert odd.values.mean() == pytest.approx(averaged.values.mean()), "the mean stays at any step"


def test_a_gap_is_filled_from_the_same_weekday_and_the_note_says_so() -> None:
    source = series("2026-01-05T00:00+00:00", 28, value=weekday_and_hour("UTC"))
    source.values[7 * 24 + 5 : 7 * 24 + 17] = np.nan
    aligned = align_days(source, start=midnight("2026-01-12", "UTC"), days=7, time_zone="UTC", series_time_zone="UTC", step_h=1.0)
    np.testing.assert_array_equal(aligned.values, [100.0 * (i // 24) + i % 24 for i in range(168)])
    assert aligned.note.endswith("7.1% of the steps were gaps, filled from neighbouring weeks")


def test_a_week_full_of_gaps_is_not_chosen() -> None:
    source = series("2024-05-01T00:00+00:00", 90, value=lambda i: i.timetuple().tm_yday)
    source.values[30 * 24 : 50 * 24] = np.nan
    aligned = align_days(source, start=midnight("2026-06-10", "UTC"), days=7, time_zone="UTC", series_time_zone="UTC", step_h=1.0)
    assert "Wed 2024-06-26 to Tue 2024-07-02" in aligned.note
    assert "gaps" not in aligned.note


def test_a_file_shorter_than_the_simulation_repeats_its_days() -> None:
    source = series("2026-01-05T00:00+00:00", 2, value=lambda i: i.hour)
    aligned = align_days(source, start=midnight("2026-06-01", "UTC"), days=7, time_zone="UTC", series_time_zone="UTC", step_h=1.0)
    np.testing.assert_array_equal(aligned.values, np.tile(np.arange(24), 7))


@pytest.mark.parametrize("day", range(1, 8))
@pytest.mark.parametrize("days", [1, 3, 6])
def test_a_file_of_one_day_stands_for_any_weekday(day: int, days: int) -> None:
    source = series("2026-01-05T00:00+00:00", 1, value=lambda i: i.hour)
    start = midnight(f"2026-06-0{day}", "UTC")
    aligned = align_days(source, start=start, days=days, time_zone="UTC", series_time_zone="UTC", step_h=1.0)
    np.testing.assert_array_equal(aligned.values, np.tile(np.arange(24), days))


def test_a_time_of_day_never_measured_is_an_error_but_for_pv() -> None:
    def value(instant: datetime) -> float:
        return instant.hour if 8 <= instant.hour < 18 else np.nan

    place = {"start": midnight("2026-06-01", "UTC"), "days": 2, "time_zone": "UTC", "series_time_zone": "UTC", "step_h": 1.0}
    with pytest.raises(SeriesError, match="nothing in the file can fill its gaps"):
        align_days(series("2026-01-05T00:00+00:00", 14, value=value), **place)
    pv = align_days(series("2026-01-05T00:00+00:00", 14, value=value, kind=SeriesKind.PV), **place)
    np.testing.assert_array_equal(pv.values, np.tile([h if 8 <= h < 18 else 0 for h in range(24)], 2))


def test_the_history_is_what_came_before_and_never_what_comes_after() -> None:
    source = series("2026-05-20T00:00+00:00", 40, value=lambda i: i.timestamp())
    start = midnight("2026-05-25", "UTC")
    aligned = align_days(source, start=start, days=7, time_zone="UTC", series_time_zone="UTC", step_h=1.0, days_before=7)
    assert aligned.history_times[-1] == np.datetime64("2026-05-24T23:00:00")
    assert len(aligned.history) == len(aligned.history_times) == 168
    assert np.isnan(aligned.history[:48]).all()
    np.testing.assert_array_equal(aligned.history[48:], [start.timestamp() - 3600 * (120 - i) for i in range(120)])
