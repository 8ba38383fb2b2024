"""Series from other years and zones, put onto the simulated days by weekday and local time of day."""

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adapters.series.series import Series, SeriesKind
from adapters.series.table import Flags, Instants
from adapters.series.weeks import DAY_S, WEEK_S, Shift, candidate_shifts, season_distance_weeks, wall_s
from v2g.errors import SeriesError
from v2g.timegrid import Array

GAPS_ALLOWED = 0.1  # share of the simulated steps that may be missing in a week before another season's week is preferred
SLOT_S = 900  # local clocks differ from UTC by whole quarter-hours


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aligned:
    """A series on the simulated days, and what stands for what.

    Parameters
    ----------
    start : datetime
        Aware UTC instant at which ``values[0]`` begins.
    step_h : float
        Length of all steps [h].
    values : (n,)
        Means over each step from `start` on; no gaps.
    history : (m,)
        Means over the m steps before `start`, oldest first, NaN where the file has nothing earlier: never filled from later dates.
    note : str
        One sentence for people.
    """

    start: datetime
    step_h: float
    values: Array
    history: Array
    note: str

    @property
    def history_times(self) -> NDArray[np.datetime64]:
        """UTC instants at which the history's steps begin, datetime64[s], (m,)."""
        step_s, n = round(self.step_h * 3600), len(self.history)
        seconds = int(self.start.timestamp()) + step_s * np.arange(-n, 0)
        return seconds.astype("datetime64[s]")


def align(
    series: Series,
    *,
    start: datetime,
    end: datetime,
    time_zone: str,
    series_time_zone: str,
    step_h: float = 0.25,
    days_before: int = 0,
) -> Aligned:
    """Return `series` from `start` to `end`, days of the site's `time_zone`, and for `days_before` days before.

    The same dates are taken where the file has them, else the whole weeks nearest in season, the latest year first; wall
    time in `series_time_zone` stands for the same wall time at the site. Longer steps are held, shorter ones averaged. Gaps
    are filled from the same weekday and time of the nearest weeks, then of the nearest days; PV never measured at a time is 0.

    Raises `SeriesError` if nothing in the file can fill a gap.
    """
    step_s, start_s, end_s = round(step_h * 3600), int(start.timestamp()), int(end.timestamp())
    source = Source(series, math.gcd(step_s, series.step_s, SLOT_S))
    shift = _best_shift(source, (start_s, end_s), days_before, (time_zone, series_time_zone))
    before = start_s + step_s * np.arange(-days_before * DAY_S // step_s, 0)
    during = np.arange(start_s, end_s, step_s)
    parts = shift.to_source(source.parts(during, step_s))
    raw = source.means(parts, step_s)
    values = _filled(source, parts, step_s, raw)
    dark = np.isnan(values)
    if dark.any() and series.kind is not SeriesKind.PV:
        mend = "give a file that covers every time of day"
        raise SeriesError("nothing in the file can fill its gaps", place=series.path, mend=mend)
    gaps = _share("gaps, filled from neighbouring weeks", np.isnan(raw) & ~dark) + _share("never measured, taken as 0", dark)
    return Aligned(
        start=start,
        step_h=step_h,
        values=np.where(dark, 0.0, values),
        history=source.means(shift.to_source(source.parts(before, step_s)), step_s),
        note=f"{Path(series.path).name}, {series.name}: {shift.describe(start, end)}{gaps}",
    )


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A series read at any instant, `base_s` [s] dividing its step and the simulation's."""

    series: Series
    base_s: int

    def parts(self, target: Instants, step_s: int) -> Instants:
        """Return the beginnings of the parts that each step from `target` (n,) on is made of, (n · step_s / base_s,)."""
        return (target[:, None] + np.arange(0, step_s, self.base_s)).ravel()

    def at(self, instants: Instants) -> Array:
        """Return the value that holds at each UTC instant, NaN outside the file and in its gaps, (n,)."""
        place = (instants - self.series.start_s) // self.series.step_s
        inside = (place >= 0) & (place < len(self.series.values))
        return np.where(inside, self.series.values[np.where(inside, place, 0)], np.nan)

    def means(self, parts: Instants, step_s: int) -> Array:
        """Return the mean of each step made of `parts`, NaN where less than half is known, (n,)."""
        values = self.at(parts).reshape(-1, step_s // self.base_s)
        known = np.isfinite(values)
        count = known.sum(axis=1)
        total = np.where(known, values, 0.0).sum(axis=1)
        return np.where(2 * count >= values.shape[1], total / np.maximum(count, 1), np.nan)

    def known_share(self, begin_wall: int, end_wall: int, zone: str) -> float:
        """Return the share of known values between two wall times in `zone`."""
        walls = np.arange(begin_wall, end_wall, self.series.step_s)
        return float(np.isfinite(self.at(walls - self._offset_s(zone))).mean()) if len(walls) else 1.0

    def _offset_s(self, zone: str) -> int:
        """Return the zone's offset at the file's beginning: near enough to count gaps."""
        begin = np.array([self.series.start_s])
        return int((wall_s(begin, zone) - begin)[0])


def _best_shift(source: Source, span_s: tuple[int, int], days_before: int, zones: tuple[str, str]) -> Shift:
    """Return the shift of `span_s` to the best week: few gaps, then near in season, then with a history before it, then late."""
    zone, series_zone = zones
    start_wall, end_wall = (int(w) for w in wall_s(np.array(span_s), zone))
    first, end = (int(w) for w in wall_s(source.series.times[[0, -1]] + np.array([0, source.series.step_s]), series_zone))

    def cost(weeks: int) -> tuple[float, ...]:
        begin = start_wall - weeks * WEEK_S
        missing = 1.0 - source.known_share(begin, end_wall - weeks * WEEK_S, series_zone)
        before = source.known_share(begin - days_before * DAY_S, begin, series_zone)
        excess = round(max(missing - GAPS_ALLOWED, 0.0), 2)
        return excess, weeks != 0, season_distance_weeks(weeks), -round(before, 1), weeks

    shifts = candidate_shifts(start_wall, end_wall - start_wall, first, end)
    return Shift(weeks=min(shifts, key=cost), zone=zone, series_zone=series_zone)


def _filled(source: Source, parts: Instants, step_s: int, values: Array) -> Array:
    """Return `values` (n,), the means of steps made of `parts`, with their gaps filled where any day knows that time."""
    values, by_step = values.copy(), parts.reshape(len(values), -1)
    span_s = source.series.step_s * len(source.series.values) + WEEK_S
    away = [sign * distance for unit_s in (WEEK_S, DAY_S) for distance in range(unit_s, span_s, unit_s) for sign in (-1, 1)]
    for away_s in away:
        gaps = np.isnan(values)
        if not gaps.any():
            break
        values[gaps] = source.means((by_step[gaps] + away_s).ravel(), step_s)
    return values


def _share(what: str, steps: Flags) -> str:
    return f"; {steps.mean():.1%} of the steps were {what}" if steps.any() else ""
