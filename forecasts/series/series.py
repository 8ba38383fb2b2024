"""A regular series, and the columns that are known ahead of it."""

from dataclasses import dataclass, replace

import numpy as np

from forecasts.localtime import DAY_S
from v2g.errors import InputError
from v2g.timegrid import Array

WHOLE = (60, 300, 600, 900, 1800, 3600)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Means over slots of `slot_s` [s] from `start_s` on (seconds since 1970 UTC, a multiple of the slot).

    `values` is (n,), NaN where nothing was measured. `known` is (n_columns, m), m ≥ n + horizon where it is used: what is known of
    each slot beforehand, as a weather forecast or the clear sky; never what was measured later.
    Raises `InputError` if a day is not a whole number of slots or the start lies between slots.
    """

    start_s: int
    slot_s: int
    values: Array
    known: Array | None = None

    def __post_init__(self) -> None:
        if self.slot_s not in WHOLE:
            raise InputError(f"a slot of {self.slot_s} s: resample to one of {', '.join(map(str, WHOLE))} s")
        if self.start_s % self.slot_s:
            raise InputError(f"the series begins {self.start_s % self.slot_s} s after a slot of {self.slot_s} s: begin it at one")

    @property
    def n_per_day(self) -> int:
        """How many slots a day of 24 hours has."""
        return DAY_S // self.slot_s

    def before(self, origin: int) -> "Series":
        """Return what is known when slot number `origin` begins: the values before it, all of `known`."""
        return replace(self, values=self.values[:origin])

    def latest(self, n_slots: int) -> "Series":
        """Return the last `n_slots` slots, or all if there are fewer."""
        skip = max(len(self.values) - n_slots, 0)
        known = None if self.known is None else self.known[:, skip:]
        return replace(self, start_s=self.start_s + skip * self.slot_s, values=self.values[skip:], known=known)

    def begun(self) -> "Series":
        """Return the series from its first known value on, empty if there is none."""
        known = np.flatnonzero(np.isfinite(self.values))
        return self.latest(len(self.values) - int(known[0]) if len(known) else 0)


def column(series: Series, index: int, n: int) -> Array:
    """Return the first `n` slots of a known column, NaN beyond its end, (n,)."""
    if series.known is None:
        return np.full(n, np.nan)
    row = series.known[index, :n]
    return np.concatenate([row, np.full(n - len(row), np.nan)])
