"""What a learner sees of a slot to forecast: days like it, the calendar, the present level and how far ahead it is.

    row(o, t) = [day columns of t at reach(t − o), calendar of t, origin columns of o, known columns of t, lead]

The *centre* is what similar days tell, in one number; learners learn what is left of the value when it is taken off.
"""

from dataclasses import dataclass

import numpy as np

from forecasts.localtime import DAY_S, Ints
from forecasts.series.frame import Frame, taken
from forecasts.series.lags import FEW, MANY, WEEK, reach_of, same_type_means, smooth, trailing, weeks_mean
from forecasts.series.series import Series, column
from v2g.timegrid import Array

REACHES = 4
"""A forecast of 48 h after a day without data reaches back three days; one more for the clock's odd hours."""
YEAR_DAYS = 365.2425


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """All columns of a series' slots.

    `centre` is (REACHES, n), `of_days` (REACHES, n_day_columns, n), `of_slots` (n_columns, n) and `of_origins`
    (n_columns, n_values + 1): column o is known when slot o begins.
    """

    n_per_day: int
    centre: Array
    of_days: Array
    of_slots: Array
    of_origins: Array

    def rows(self, origins: Ints, targets: Ints) -> Array:
        """Return the rows of pairs of an origin and a target slot, each (n,), as (n, n_columns)."""
        lead = targets - origins
        reach = self.reach(origins, targets)
        parts = [self.of_days[reach, :, targets], self.of_slots[:, targets].T, self.of_origins[:, origins].T]
        return np.concatenate([*parts, (lead / self.n_per_day)[:, None]], axis=1)

    def centres(self, origins: Ints, targets: Ints) -> Array:
        """Return what similar days tell of the targets, (n,)."""
        return np.asarray(self.centre[self.reach(origins, targets), targets])

    def reach(self, origins: Ints, targets: Ints) -> Ints:
        """Return the index of the block that tells nothing later than the origins, (n,)."""
        return np.minimum(reach_of(targets - origins, self.n_per_day), REACHES) - 1


def make_columns(series: Series, frame: Frame) -> Columns:
    """Return the columns of all slots of `frame`, from the values of `series`, which may end before it."""
    values = series.values
    days = frame.by_day(values)
    blocks = [_day_columns(values, days, frame, reach) for reach in range(1, REACHES + 1)]
    centre = np.stack([_centre(block, values) for block in blocks])
    return Columns(
        n_per_day=frame.n_per_day,
        centre=centre,
        of_days=np.stack(blocks) - centre[:, None, :],
        of_slots=np.concatenate([_calendar(frame), centre[:1], _known(series, len(frame.days))]),
        of_origins=_origin_columns(values, frame, centre[0]),
    )


def _day_columns(values: Array, days: Array, frame: Frame, reach: int) -> Array:
    """Return what earlier days tell when those `reach` days back or more are known, (n_columns, n)."""
    hour = max(frame.n_per_day // 24, 1)
    near = smooth(values, hour)
    return np.stack(
        [
            same_type_means(days, frame, FEW, reach)[0],
            weeks_mean(values, frame, FEW, reach),
            same_type_means(days, frame, MANY, reach)[0],
            same_type_means(days, frame, 1, reach)[0],
            taken(values, frame.back(reach)),
            taken(values, frame.back(reach + 1)),
            taken(values, frame.back(WEEK)),
            taken(values, frame.back(2 * WEEK)),
            taken(near, frame.back(reach) - hour),
            taken(near, frame.back(WEEK)),
        ]
    )


def _centre(block: Array, values: Array) -> Array:
    """Return the first that is known: the mean of four days of the type, of four weeks, yesterday, the mean of all; (n,)."""
    centre = np.where(np.isfinite(block[0]), block[0], block[1])
    centre = np.where(np.isfinite(centre), centre, block[4])
    known = values[np.isfinite(values)]
    return np.asarray(np.where(np.isfinite(centre), centre, known.mean() if len(known) else 0.0))


def _calendar(frame: Frame) -> Array:
    """Return place in the day, weekday, types of the day before, the day and the day after, and the season, (n_columns, n)."""
    year = 2 * np.pi * (frame.local / DAY_S % YEAR_DAYS) / YEAR_DAYS
    days = frame.days
    by_day = [frame.weekdays[days + 1], frame.types[days], frame.types[days + 1], frame.types[days + 2]]
    return np.stack([frame.places / frame.n_per_day, *by_day, np.cos(year), np.sin(year)]).astype(np.float64)


def _known(series: Series, n: int) -> Array:
    n_columns = 0 if series.known is None else len(series.known)
    return np.stack([column(series, i, n) for i in range(n_columns)]) if n_columns else np.empty((0, n))


def _origin_columns(values: Array, frame: Frame, centre: Array) -> Array:
    """Return how far the last hour, hours, day and days were from their centre, and the last day's level, (n_columns, n_values + 1)."""
    missed = values - centre[: len(values)]
    hour, day = max(frame.n_per_day // 24, 1), frame.n_per_day
    widths = (1, hour, 3 * hour, 8 * hour, day, 3 * day, 7 * day)
    level = trailing(values, day)
    return np.stack([*(trailing(missed, width) for width in widths), level, level - trailing(values, WEEK * day)])
