"""Where each slot of a series lies in local time, and which slots are like it: the same wall clock some days before."""

from dataclasses import dataclass

import numpy as np

from forecasts.localtime import DAY_S, Calendar, Ints, local_s, weekdays
from forecasts.series.series import Series
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """Local time of `n` slots from a series' first on; `days` counts from its first local day.

    `days`, `places` (slot of the local day) and `local` [s] are (n,); `types` and `weekdays` are by day, one more before and after.
    """

    n_per_day: int
    days: Ints
    places: Ints
    local: Ints
    types: Ints
    weekdays: Ints
    first_day: int

    @classmethod
    def of(cls, series: Series, calendar: Calendar, n: int) -> "Frame":
        """Return the frame of the first `n` slots of `series`, which may reach beyond its values."""
        local = local_s(series.start_s + series.slot_s * np.arange(n, dtype=np.int64), calendar.time_zone)
        first_day = int(local[0]) // DAY_S
        days = local // DAY_S - first_day
        around = np.arange(first_day - 1, first_day + int(days[-1]) + 2)
        return cls(
            n_per_day=series.n_per_day,
            days=days,
            places=local % DAY_S // series.slot_s,
            local=local,
            types=calendar.types(around),
            weekdays=weekdays(around),
            first_day=first_day,
        )

    @property
    def n_days(self) -> int:
        """How many local days the frame touches."""
        return int(self.days[-1]) + 1

    def back(self, days: int) -> Ints:
        """Return the slots that showed the same wall clock `days` days before each slot, negative before the first, (n,).

        On the day the clock jumps over an hour it is the hour next to it.
        """
        slot_s = DAY_S // self.n_per_day
        plain = np.arange(len(self.local)) - days * self.n_per_day
        here = np.clip(plain, 0, None)
        astray = (self.local[here] - (self.local - days * DAY_S)) // slot_s
        return np.asarray(np.where(plain >= 0, plain - astray, plain))

    def by_day(self, values: Array) -> Array:
        """Return values (m,) of the first slots as local days (n_days, n_per_day), NaN if unknown; repeated hours averaged."""
        known = np.isfinite(values)
        at = (self.days[: len(values)] * self.n_per_day + self.places[: len(values)])[known]
        size = self.n_days * self.n_per_day
        sums, counts = np.bincount(at, values[known], size), np.bincount(at, minlength=size)
        means: Array = np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0)
        return means.reshape(-1, self.n_per_day)

    def known_days(self, values: Array) -> tuple[Array, Ints]:
        """Return the days of values (m,), (n_days, n_per_day), up to the last that is touched, and their types, (n_days,)."""
        n_days = int(self.days[len(values) - 1]) + 1 if len(values) else 0
        return self.by_day(values)[:n_days], self.types[1 : n_days + 1]


def taken(values: Array, at: Ints) -> Array:
    """Return values (m,) at slots (n,), NaN outside, (n,)."""
    inside = (at >= 0) & (at < len(values))
    return np.where(inside, values[np.where(inside, at, 0)], np.nan) if len(values) else np.full(len(at), np.nan)
