"""Weeks that stand for other weeks: whole weeks are shifted, so that weekday and local time of day stay."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from adapters.series.table import Instants

DAY_S = 86_400
WEEK_S = 7 * DAY_S
YEAR_S = round(365.2425 * DAY_S)


def wall_s(instants: Instants, zone: str) -> Instants:
    """Return what wall clocks in `zone` show at each UTC instant [s, counted as if from 1970], (n,)."""
    walls = pd.DatetimeIndex(instants.astype("datetime64[s]"), tz=UTC).tz_convert(zone).tz_localize(None)
    return np.asarray(walls.as_unit("s").asi8, dtype=np.int64)


def utc_s(walls: Instants, zone: str) -> Instants:
    """Return the UTC instant of each wall time [s]: the first of two, the next that exists of none, (n,)."""
    clock = pd.DatetimeIndex(walls.astype("datetime64[s]"))
    zoned = clock.tz_localize(zone, ambiguous=np.ones(len(clock), dtype=np.bool_), nonexistent="shift_forward")
    return np.asarray(zoned.as_unit("s").asi8, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """`weeks` to go back from the simulated to the source's wall time, in `zone` there and `series_zone` here."""

    weeks: int
    zone: str
    series_zone: str

    @property
    def same(self) -> bool:
        """Whether each instant stands for itself, also in the hour that the clocks show twice."""
        return self.weeks == 0 and self.zone == self.series_zone

    def to_source(self, instants: Instants) -> Instants:
        """Return the source's UTC instant for each simulated one [s], (n,)."""
        return instants if self.same else utc_s(wall_s(instants, self.zone) - self.weeks * WEEK_S, self.series_zone)

    def to_target(self, instants: Instants) -> Instants:
        """Return the simulated UTC instant for each of the source's [s], (n,)."""
        return instants if self.same else utc_s(wall_s(instants, self.series_zone) + self.weeks * WEEK_S, self.zone)

    def describe(self, start: datetime, end: datetime) -> str:
        """Return which dates stand for which, for people."""
        first, last = (instant.astimezone(ZoneInfo(self.zone)) for instant in (start, end - timedelta(seconds=1)))
        target = _span(first, last)
        if self.same:
            return f"the dates themselves, {target} ({self.zone})"
        source = _span(first - timedelta(weeks=self.weeks), last - timedelta(weeks=self.weeks))
        return f"{source} ({self.series_zone}) stands for {target} ({self.zone}), by weekday and local time of day"


def _span(first: datetime, last: datetime) -> str:
    return f"{first:%a %Y-%m-%d} to {last:%a %Y-%m-%d}"


def season_distance_weeks(weeks: int) -> int:
    """Return how many weeks apart in the year two dates are that lie `weeks` apart."""
    into = weeks * WEEK_S % YEAR_S
    return round(min(into, YEAR_S - into) / WEEK_S)


def candidate_shifts(start_wall: int, length_s: int, first_wall: int, last_wall: int) -> list[int]:
    """Return all shifts [weeks] that put the simulated days wholly into [first_wall, last_wall), else those that touch it.

    Where none touches it, there is one: that to the nearest week.
    """
    latest = -(-(start_wall - first_wall) // WEEK_S)
    earliest = (start_wall - last_wall) // WEEK_S
    weeks_long = length_s // WEEK_S
    around = range(earliest - 1 - weeks_long, latest + 2 + weeks_long)
    begins = {weeks: start_wall - weeks * WEEK_S for weeks in around}
    inside = [weeks for weeks, begin in begins.items() if begin >= first_wall and begin + length_s <= last_wall]
    away_s = {weeks: max(begin - last_wall, first_wall - begin - length_s) for weeks, begin in begins.items()}
    return inside or [weeks for weeks in around if away_s[weeks] < 0] or [min(around, key=away_s.__getitem__)]
