"""Sessions moved to the simulated days and onto the simulated outlets."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from adapters.series.sessions import SessionRow
from adapters.series.weeks import DAY_S, WEEK_S, Shift, candidate_shifts, season_distance_weeks, wall_s
from v2g.errors import SeriesError

BUSY_SHARE = 0.5  # weeks with less than this share of the usual number of sessions are holidays or outages: not chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedSession:
    """A car's stay at an outlet of the simulated station; times are aware UTC, `user` is a pseudonym or ""."""

    evse_id: str
    user: str
    plug_in: datetime
    plug_out: datetime
    stated_departure: datetime | None
    requested_kwh: float | None
    energy_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Sessions that begin in the simulated days, those that ended in the days before, both by arrival, and a note for people."""

    sessions: tuple[PlacedSession, ...]
    ended: tuple[PlacedSession, ...]
    note: str


def align_sessions(
    rows: Sequence[SessionRow],
    *,
    start: datetime,
    end: datetime,
    time_zone: str,
    series_time_zone: str,
    evse_ids: Sequence[str],
    seed: int,
    days_before: int = 0,
) -> Placement:
    """Return the sessions that stand for the days from `start` to `end`, on the outlets `evse_ids`, none at an outlet taken.

    The same dates are taken where `rows` have them, else the weeks nearest in season, the latest year first; weekday and
    local time of arrival stay, and so do all durations. Each charger of the file (or user, where it names no chargers) has
    one outlet as its home; a car that finds it taken goes to a free one, picked by `seed`, and is left out if there is none.

    Raises `SeriesError` if there are no sessions or no outlets.
    """
    if not rows or not evse_ids:
        raise SeriesError("there are no sessions" if evse_ids else "there are no outlets", mend="give at least one")
    shift = _best_shift(rows, start, end, (time_zone, series_time_zone))
    moved = [_moved(row, plug_in) for row, plug_in in zip(rows, _arrivals(rows, shift), strict=True)]
    first = start - timedelta(days=days_before)
    chosen = sorted((row for row in moved if first <= row.plug_in < end), key=lambda row: row.plug_in)
    placed = _placed(chosen, evse_ids, np.random.default_rng(seed))
    sessions = tuple(session for session in placed if session.plug_in >= start)
    n_wanted = sum(row.plug_in >= start for row in chosen)
    left_out = f"; {n_wanted - len(sessions)} left out for lack of a free outlet" if n_wanted > len(sessions) else ""
    return Placement(
        sessions=sessions,
        ended=tuple(session for session in placed if session.plug_out <= start),
        note=f"sessions: {shift.describe(start, end)}; {len(sessions)} sessions{left_out}",
    )


def _best_shift(rows: Sequence[SessionRow], start: datetime, end: datetime, zones: tuple[str, str]) -> Shift:
    """Return the shift to the best week: busy as usual, then near in season, then late."""
    zone, series_zone = zones
    start_wall, end_wall = (int(w) for w in wall_s(np.array([int(start.timestamp()), int(end.timestamp())]), zone))
    arrivals = np.sort(wall_s(np.array([int(row.plug_in.timestamp()) for row in rows]), series_zone))
    first_day, end_day = int(arrivals[0]) // DAY_S, int(arrivals[-1]) // DAY_S + 1
    length_s = end_wall - start_wall
    shifts = candidate_shifts(start_wall, length_s, first_day * DAY_S, end_day * DAY_S)
    begins = {weeks: start_wall - weeks * WEEK_S for weeks in shifts}
    busy = {weeks: bisect_left(arrivals, begin + length_s) - bisect_left(arrivals, begin) for weeks, begin in begins.items()}
    least = BUSY_SHARE * float(np.median(list(busy.values())))
    best = min(shifts, key=lambda weeks: (busy[weeks] < least, weeks != 0, season_distance_weeks(weeks), weeks))
    return Shift(weeks=best, zone=zone, series_zone=series_zone)


def _arrivals(rows: Sequence[SessionRow], shift: Shift) -> list[datetime]:
    moved = shift.to_target(np.array([int(row.plug_in.timestamp()) for row in rows]))
    return [datetime.fromtimestamp(int(second), UTC) for second in moved]


def _moved(row: SessionRow, plug_in: datetime) -> SessionRow:
    later = plug_in - row.plug_in
    return SessionRow(
        charger=row.charger,
        user=row.user,
        plug_in=plug_in,
        plug_out=row.plug_out + later,
        stated_departure=row.stated_departure and row.stated_departure + later,
        requested_kwh=row.requested_kwh,
        energy_kwh=row.energy_kwh,
    )


def _placed(rows: Sequence[SessionRow], evse_ids: Sequence[str], rng: np.random.Generator) -> list[PlacedSession]:
    """Return `rows`, in order of arrival, each at an outlet that is free; those that find none are left out."""
    keys = sorted({row.charger or row.user for row in rows})
    homes = dict(zip(keys, evse_ids, strict=False))
    free_from = {evse_id: datetime.min.replace(tzinfo=UTC) for evse_id in evse_ids}
    placed = []
    for row in rows:
        free = [evse_id for evse_id in evse_ids if free_from[evse_id] <= row.plug_in]
        if not free:
            continue
        home = homes.get(row.charger or row.user)
        evse_id = home if home in free else free[int(rng.integers(len(free)))]
        free_from[evse_id] = row.plug_out
        placed.append(_at(row, evse_id))
    return placed


def _at(row: SessionRow, evse_id: str) -> PlacedSession:
    return PlacedSession(
        evse_id=evse_id,
        user=row.user,
        plug_in=row.plug_in,
        plug_out=row.plug_out,
        stated_departure=row.stated_departure,
        requested_kwh=row.requested_kwh,
        energy_kwh=row.energy_kwh,
    )
