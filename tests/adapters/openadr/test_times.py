from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.openadr.times import FIRST, LAST, Duration, read_duration, read_instant
from v2g.errors import SignalError

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
EIGHT = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-03T08:00:00Z",
        "2026-03-03t08:00:00z",
        "2026-03-03 08:00:00",
        "2026-03-03T08:00:00",
        "2026-03-03T09:00:00+01:00",
        "2026-03-03 09:00:00 +0100",
        "2026-03-03 08:00:00 +0000 UTC",
        "2026-03-03 08:00:00 UTC",
        "2026-03-03T08:00:00.000000000Z",
        "20260303T080000Z",
        "Tue, 03 Mar 2026 08:00:00 GMT",
        1772524800,
        1772524800000,
        1772524800.0,
    ],
)
def test_an_instant_is_read_in_every_form_found_in_the_field(text: str | float) -> None:
    assert read_instant(text) == EIGHT


@pytest.mark.parametrize("text", ["0001-01-01", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0000-00-00T00:00:00Z"])
def test_the_years_0_and_1_mean_now(text: str) -> None:
    assert read_instant(text) is None


@pytest.mark.parametrize(
    "text", ["", "soon", None, True, [], {}, float("nan"), float("inf"), "9999-12-31T23:59:59Z", -1e18, "1970-01-01"]
)
def test_what_is_no_instant_is_refused(text: object) -> None:
    with pytest.raises(SignalError):
        read_instant(text)


@given(st.one_of(st.text(), st.floats(), st.integers(), st.dates().map(str), st.datetimes().map(str)))
def test_nothing_but_an_instant_or_a_refusal_comes_out(value: object) -> None:
    try:
        instant = read_instant(value)
    except SignalError:
        return
    assert instant is None or (FIRST <= instant <= LAST and instant.tzinfo is UTC)


@given(st.text())
def test_nothing_but_a_duration_or_a_refusal_comes_out(text: str) -> None:
    try:
        read_duration(text)
    except SignalError:
        return


@given(st.from_regex(r"-?P\d{1,12}Y\d{1,12}M\d{1,12}DT\d{1,12}H\d{1,12}S", fullmatch=True), st.sampled_from([FIRST, EIGHT, LAST]))
def test_any_duration_ends_within_the_bounds(text: str, start: datetime) -> None:
    try:
        length = read_duration(text)
    except SignalError:
        assert text.startswith("-")
        return
    assert FIRST <= length.after(start, BERLIN) <= LAST


@pytest.mark.parametrize("text", ["1h", "P", "PT", "P1H", "-P", "PT1D", 3600, [], True])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(SignalError):
        read_duration(text)


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_hours_minutes_and_seconds_are_exact(hours: int, minutes: int, seconds: int) -> None:
    after = read_duration(f"PT{hours}H{minutes}M{seconds}S").after(EIGHT, BERLIN)
    assert after - EIGHT == timedelta(hours=hours, minutes=minutes, seconds=seconds)


@given(st.sampled_from([datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)]), st.integers(1, 400))
def test_days_end_at_local_midnight_however_long_they_are(midnight: datetime, n: int) -> None:
    edges = [midnight]
    for _ in range(n):
        edges.append(read_duration("P1D").after(edges[-1], BERLIN))
    assert all(edge.astimezone(BERLIN).hour == 0 for edge in edges)
    assert {round((b - a).total_seconds() / 3600) for a, b in pairwise(edges)} <= {23, 24, 25}
    assert edges[-1] == read_duration(f"P{n}D").after(midnight, BERLIN)


def test_both_clock_changes_make_days_of_23_and_25_hours() -> None:
    spring, autumn = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert read_duration("P1D").after(spring, BERLIN) - spring == timedelta(hours=23)
    assert read_duration("P1D").after(autumn, BERLIN) - autumn == timedelta(hours=25)
    assert read_duration("PT24H").after(spring, BERLIN) - spring == timedelta(hours=24)


def test_a_month_from_the_31st_ends_on_a_shorter_months_last_day() -> None:
    assert read_duration("P1M").after(datetime(2026, 1, 31, tzinfo=UTC), UTC_ZONE) == datetime(2026, 2, 28, tzinfo=UTC)
    assert read_duration("-P1M").after(datetime(2026, 3, 31, tzinfo=UTC), UTC_ZONE) == datetime(2026, 2, 28, tzinfo=UTC)


def test_9999_years_are_for_ever() -> None:
    assert read_duration("P9999Y").endless
    assert read_duration("P9999Y").after(EIGHT, BERLIN) == LAST
    assert not Duration()
