from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.series.place import PlacedSession, Placement, align_sessions
from adapters.series.sessions import SessionRow
from v2g.errors import SeriesError

ANGELES, BERLIN = "America/Los_Angeles", "Europe/Berlin"
MONDAY = datetime(2019, 6, 3, tzinfo=ZoneInfo(ANGELES)).astimezone(UTC)
START = datetime(2026, 6, 1, tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)


def row(begin_h: float, stay_h: float = 8.0, charger: str = "A", user: str = "u", stated_h: float | None = None) -> SessionRow:
    plug_in = MONDAY + timedelta(hours=begin_h)
    stated = None if stated_h is None else plug_in + timedelta(hours=stated_h)
    return SessionRow(
        charger=charger,
        user=user,
        plug_in=plug_in,
        plug_out=plug_in + timedelta(hours=stay_h),
        stated_departure=stated,
        requested_kwh=10.0,
        energy_kwh=7.0,
    )


def place(rows: Sequence[SessionRow], evse_ids: Sequence[str] = ("1", "2", "3"), *, days: int = 7, seed: int = 0) -> Placement:
    return align_sessions(
        rows,
        start=START,
        end=START + timedelta(days=days),
        time_zone=BERLIN,
        series_time_zone=ANGELES,
        evse_ids=evse_ids,
        seed=seed,
        days_before=14,
    )


def assert_no_overlap(sessions: Sequence[PlacedSession]) -> None:
    for evse_id in {session.evse_id for session in sessions}:
        own = sorted((s for s in sessions if s.evse_id == evse_id), key=lambda s: s.plug_in)
        assert all(a.plug_out <= b.plug_in for a, b in pairwise(own))


def test_weekday_and_local_time_stay_and_so_do_durations() -> None:
    (session,) = place([row(9.0, stated_h=6.0), row(24 * 8)], days=1).sessions
    wall = session.plug_in.astimezone(ZoneInfo(BERLIN))
    assert (wall.strftime("%a %H:%M"), wall.date().isoformat()) == ("Mon 09:00", "2026-06-01")
    assert session.plug_out - session.plug_in == timedelta(hours=8)
    assert session.stated_departure - session.plug_in == timedelta(hours=6)
    assert (session.user, session.requested_kwh, session.energy_kwh) == ("u", 10.0, 7.0)


@given(
    st.lists(st.tuples(st.floats(0, 500), st.floats(0.1, 60), st.sampled_from("ABCDE")), min_size=1, max_size=60),
    st.integers(1, 6),
    st.integers(0, 3),
)
def test_no_outlet_is_taken_twice_and_every_car_is_placed_or_counted(
    visits: list[tuple[float, float, str]], n: int, seed: int
) -> None:
    placement = place([row(*visit) for visit in visits], [str(i) for i in range(n)], seed=seed)
    assert_no_overlap([*placement.ended, *placement.sessions])
    assert all(START <= s.plug_in < START + timedelta(days=7) for s in placement.sessions)
    assert all(s.plug_out <= START for s in placement.ended)
    assert f"{len(placement.sessions)} sessions" in placement.note


@pytest.mark.parametrize("year", [2020, 2026])
def test_who_comes_in_the_last_hour_of_a_day_of_25_hours_is_placed(year: int) -> None:
    """In 2020 the dates themselves, in 2026 those of another year."""
    zone = ZoneInfo(BERLIN)
    late = datetime(2020, 10, 25, 23, 30, tzinfo=zone).astimezone(UTC)
    first = datetime(2020, 10, 25, tzinfo=zone) if year == 2020 else datetime(2026, 10, 25, tzinfo=zone)
    session = replace(row(0.0), plug_in=late, plug_out=late + timedelta(hours=2))
    placement = align_sessions(
        [session],
        start=first.astimezone(UTC),
        end=(first + timedelta(days=1)).astimezone(UTC),
        time_zone=BERLIN,
        series_time_zone=BERLIN,
        evse_ids=["1"],
        seed=0,
    )
    assert [s.plug_in.astimezone(zone).strftime("%H:%M") for s in placement.sessions] == ["23:30"]


def test_a_charger_keeps_its_outlet_and_a_guest_gets_a_free_one() -> None:
    week = [row(24 * day + 9, charger=charger) for day in range(5) for charger in "AB"]
    sessions = place([*week, row(10.0, 3.0, charger="A"), row(24 * 9, charger="A")]).sessions
    homes = {s.evse_id for s in sessions if s.plug_in.astimezone(ZoneInfo(BERLIN)).hour == 9}
    assert homes == {"1", "2"}
    (guest,) = [s for s in sessions if s.plug_in.astimezone(ZoneInfo(BERLIN)).hour == 10]
    assert guest.evse_id == "3"


def test_who_finds_no_outlet_is_left_out_and_counted() -> None:
    placement = place([row(9.0), row(9.5, charger="B"), row(10.0, charger="C"), row(24 * 8)], ["1"])
    assert len(placement.sessions) == 1
    assert placement.note.endswith("1 sessions; 2 left out for lack of a free outlet")


def test_users_have_a_home_where_the_file_names_no_chargers() -> None:
    rows = [row(24 * day + 9, charger="", user=user) for day in range(5) for user in ("x", "y")]
    sessions = place([*rows, row(24 * 9, charger="", user="x")]).sessions
    assert {(s.user, s.evse_id) for s in sessions} == {("x", "1"), ("y", "2")}


def test_what_ended_before_warms_the_forecast() -> None:
    rows = [row(24 * day + 9, user=str(day)) for day in range(21)]
    placement = align_sessions(
        rows,
        start=START + timedelta(days=14),
        end=START + timedelta(days=21),
        time_zone=BERLIN,
        series_time_zone=ANGELES,
        evse_ids=["1"],
        seed=0,
        days_before=10,
    )
    assert len(placement.sessions) == 7
    assert len(placement.ended) == 10
    assert all(s.plug_out <= START + timedelta(days=14) for s in placement.ended)


def test_the_same_seed_gives_the_same_placement() -> None:
    rows = [row(hour, 5.0, charger=str(hour)) for hour in range(0, 160, 2)]
    assert place(rows, seed=3) == place(rows, seed=3)
    assert place(rows, [str(i) for i in range(9)], seed=3) != place(rows, [str(i) for i in range(9)], seed=4)


def test_a_quiet_week_is_not_chosen() -> None:
    """The week of the same dates is a holiday: the one after stands for it."""
    busy = [row(24 * day + hour) for day in (*range(-14, 0), *range(7, 21)) for hour in (8, 17)]
    assert len(place([*busy, row(24 * 2)]).sessions) > 7


@pytest.mark.parametrize(("rows", "evse_ids"), [([], ["1"]), ([row(0.0)], [])])
def test_nothing_to_place_is_an_error(rows: list[SessionRow], evse_ids: list[str]) -> None:
    with pytest.raises(SeriesError, match="there are no"):
        place(rows, evse_ids)
