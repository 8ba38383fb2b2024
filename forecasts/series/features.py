"""What a learner sees of a slot to forecast: days like it, the calendar, the present level and how far ahead it is.

    row(o, t) = [day columns of t at reach(t − o), its centre, calendar of t, origin columns of o, lead, known columns of t]

The *centre* is what similar days tell, in one number. Day and origin columns are told from the centre, in units of the *scale*, the
mean distance of the last four weeks from it: prices that rose fivefold are learnt from with those before (day-ahead price: 0.557 of
the weekly naive's MAE without it, 0.491 with it). Learners learn (value − centre) / scale.
"""

from dataclasses import dataclass

import numpy as np

from forecasts.localtime import DAY_S, Ints
from forecasts.series.frame import Frame, taken
from forecasts.series.lags import FEW, MANY, WEEK, reach_of, rolling_means, same_type_means, smooth, trailing, weeks_mean
from forecasts.series.series import Series, column
from v2g.timegrid import Array

REACHES = 4
"""A forecast of 48 h after a day without data reaches back three days; one more for the clock's odd hours."""
YEAR_DAYS = 365.2425
SCALE_DAYS = 28
LEAST_SCALE = 0.1
"""Share of the mean distance over all that came before below which the scale does not fall."""

TYPE_MEAN, WEEKS_MEAN, LAST_OF_TYPE, YESTERDAY, WEEK_AGO, ANY_MEAN, YESTERDAY_ALIKE, ANY_ALIKE = range(8)
N_DAY_COLUMNS = 13
CENTRE, PLACE, WEEKDAY, TYPE_BEFORE, TYPE, TYPE_AFTER = range(N_DAY_COLUMNS, N_DAY_COLUMNS + 6)
SEASON = slice(TYPE_AFTER + 1, TYPE_AFTER + 3)
MISSES = slice(SEASON.stop, SEASON.stop + 7)
"""How far the last hour, hours, day and days were from the centre."""
DAY_MISS = MISSES.start + 4
WEEK_CHANGE, LEVEL, LEAD = range(MISSES.stop, MISSES.stop + 3)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """All columns of a series' slots.

    `centre` is (REACHES, n), `of_days` (REACHES, N_DAY_COLUMNS, n), `of_slots` (n_columns, n), `known` (n_known, n), `of_origins`
    (n_columns, n_values + 1) and `scale` (n_values + 1,): column o is known when slot o begins.
    """

    n_per_day: int
    centre: Array
    of_days: Array
    of_slots: Array
    known: Array
    of_origins: Array
    scale: Array

    def rows(self, origins: Ints, targets: Ints) -> Array:
        """Return the rows of pairs of an origin and a target slot, each (n,), as (n, n_columns)."""
        reach, scale = self.reach(origins, targets), self.scale[origins][:, None]
        lead = (targets - origins) / self.n_per_day
        return np.concatenate(
            [
                self.of_days[reach, :, targets] / scale,
                self.centre[reach, targets][:, None],
                self.of_slots[:, targets].T,
                self.of_origins[:-1, origins].T / scale,
                self.of_origins[-1, origins][:, None],
                lead[:, None],
                self.known[:, targets].T,
            ],
            axis=1,
        )

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
    blocks = np.stack([_day_columns(values, days, frame, reach) for reach in range(1, REACHES + 1)])
    centre = np.stack([_centre(block) for block in blocks])
    missed = values - centre[0, : len(values)]
    known = values[np.isfinite(values)]
    centre = np.where(np.isfinite(centre), centre, known.mean() if len(known) else 0.0)
    return Columns(
        n_per_day=frame.n_per_day,
        centre=centre,
        of_days=blocks - centre[:, None, :],
        of_slots=_calendar(frame),
        known=_known(series, len(frame.days)),
        of_origins=_origin_columns(values, missed, frame.n_per_day),
        scale=_scale(missed, frame.n_per_day),
    )


def _day_columns(values: Array, days: Array, frame: Frame, reach: int) -> Array:
    """Return what earlier days tell when those `reach` days back or more are known, (N_DAY_COLUMNS, n)."""
    hour = max(frame.n_per_day // 24, 1)
    near = smooth(values, hour)
    of_type = same_type_means(days, frame, FEW, reach)
    yesterday = taken(values, frame.back(reach))
    of_any = rolling_means(days, WEEK)[np.maximum(frame.days - reach + 1, 0), frame.places]
    alike = frame.types[np.maximum(frame.days - reach, -1) + 1] == frame.types[frame.days + 1]
    return np.stack(
        [
            of_type,
            weeks_mean(values, frame, FEW, reach),
            same_type_means(days, frame, 1, reach),
            yesterday,
            taken(values, frame.back(WEEK)),
            of_any,
            np.where(alike, yesterday, of_type),
            np.where(alike, of_any, of_type),
            same_type_means(days, frame, MANY, reach),
            taken(values, frame.back(reach + 1)),
            taken(values, frame.back(2 * WEEK)),
            taken(near, frame.back(reach) - hour),
            taken(near, frame.back(WEEK)),
        ]
    )


def _centre(block: Array) -> Array:
    """Return the first that is known: the mean of four days of the type, of four weeks, of yesterday and any days' mean, (n,)."""
    yesterday, any_days = block[YESTERDAY], block[ANY_MEAN]
    centre = np.where(np.isfinite(yesterday), 0.5 * (yesterday + any_days), any_days)
    for index in (WEEKS_MEAN, TYPE_MEAN):
        centre = np.where(np.isfinite(block[index]), block[index], centre)
    return np.asarray(centre)


def _calendar(frame: Frame) -> Array:
    """Return place in the day, weekday, types of the day before, the day and the day after, and the season, (n_columns, n)."""
    year = 2 * np.pi * (frame.local / DAY_S % YEAR_DAYS) / YEAR_DAYS
    days = frame.days
    by_day = [frame.weekdays[days + 1], frame.types[days], frame.types[days + 1], frame.types[days + 2]]
    return np.stack([frame.places / frame.n_per_day, *by_day, np.cos(year), np.sin(year)]).astype(np.float64)


def _known(series: Series, n: int) -> Array:
    n_columns = 0 if series.known is None else len(series.known)
    return np.stack([column(series, i, n) for i in range(n_columns)]) if n_columns else np.empty((0, n))


def _origin_columns(values: Array, missed: Array, n_per_day: int) -> Array:
    """Return the mean miss of the last hour, hours, day and days, the last day against its week, its level; (9, n_values + 1)."""
    hour = max(n_per_day // 24, 1)
    widths = (1, hour, 3 * hour, 8 * hour, n_per_day, 3 * n_per_day, WEEK * n_per_day)
    level = trailing(values, n_per_day)
    return np.stack([*(trailing(missed, width) for width in widths), level - trailing(values, WEEK * n_per_day), level])


def _scale(missed: Array, n_per_day: int) -> Array:
    """Return the mean distance from the centre in the last four weeks, (n_values + 1,), never 0; first that of all values."""
    distance = np.abs(missed)
    known = np.isfinite(distance)
    count = np.concatenate([[0], np.cumsum(known)])
    overall = np.concatenate([[0.0], np.cumsum(np.where(known, distance, 0.0))]) / np.maximum(count, 1)
    overall = np.where(count > 0, overall, overall[-1])
    recent = trailing(distance, SCALE_DAYS * n_per_day)
    scale = np.maximum(np.where(np.isfinite(recent), recent, overall), LEAST_SCALE * overall)
    return np.where(scale > 0, scale, 1.0)
