"""Visits as columns: those that ended, and cars that are here, whose end is not known yet."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from forecasts.localtime import DAY_S, Calendar, Ints, local_s, weekdays
from v2g.session import ChargingSession, EndedVisit
from v2g.timegrid import Array

STRANGER = -1
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Visits:
    """Columns (n,), in any order. Instants in hours since 1970 UTC, `left_h` infinite while the car is here; NaN is unknown.

    `clock_h` is the local time of day of plugging in, `day` the local day since 1970-01-01; holidays have a Sunday's `day_type`.
    `driver` is a number made from the pseudonym, `STRANGER` without one. `stated_h` is how long the driver said to stay,
    `requested_kwh` what the driver asked for, `energy_kwh` what the car took net at the AC side.
    """

    begin_h: Array
    left_h: Array
    clock_h: Array
    day: Ints
    day_type: Ints
    driver: Ints
    stated_h: Array
    requested_kwh: Array
    energy_kwh: Array

    def __len__(self) -> int:
        return len(self.begin_h)

    @property
    def stay_h(self) -> Array:
        """How long each stayed [h]."""
        return self.left_h - self.begin_h

    @property
    def weekday(self) -> Ints:
        """The local weekday of plugging in, Monday = 0."""
        return weekdays(self.day)

    def take(self, rows: Ints | NDArray[np.bool_] | slice) -> "Visits":
        """Return some rows."""
        return Visits(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def followed_by(self, others: "Visits") -> "Visits":
        """Return these rows and then those of `others`."""
        return Visits(**{f.name: np.concatenate([getattr(self, f.name), getattr(others, f.name)]) for f in fields(self)})

    def by_end(self) -> "Visits":
        """Return the visits, the first to end first."""
        return self.take(np.argsort(self.left_h, kind="stable"))


def ended_visits(visits: Sequence[EndedVisit], calendar: Calendar) -> Visits:
    """Return ended visits as columns, the first to end first."""
    return columns(
        calendar,
        begin_s=np.array([v.plugged_in_at.timestamp() for v in visits]),
        left_s=np.array([v.left_at.timestamp() for v in visits]),
        drivers=[v.driver for v in visits],
        stated_s=np.array([v.stated.timestamp() if v.stated else np.nan for v in visits]),
        requested_kwh=np.array([np.nan if v.requested_kwh is None else v.requested_kwh for v in visits]),
        energy_kwh=np.array([np.nan if v.energy_kwh is None else v.energy_kwh for v in visits]),
    ).by_end()


def cars_here(sessions: Sequence[ChargingSession], calendar: Calendar) -> Visits:
    """Return plugged-in cars as columns, in the order given."""
    wishes = [s.wishes for s in sessions]
    return columns(
        calendar,
        begin_s=np.array([s.plugged_in_at.timestamp() for s in sessions]),
        left_s=np.full(len(sessions), np.inf),
        drivers=[s.driver for s in sessions],
        stated_s=np.array([w.departure.timestamp() if w.departure else np.nan for w in wishes]),
        requested_kwh=np.array([np.nan if w.energy_kwh is None else w.energy_kwh for w in wishes]),
        energy_kwh=np.full(len(sessions), np.nan),
    )


def columns(
    calendar: Calendar,
    *,
    begin_s: Array,
    left_s: Array,
    drivers: Sequence[str],
    stated_s: Array,
    requested_kwh: Array,
    energy_kwh: Array,
) -> Visits:
    """Return columns of visits told in seconds since 1970 UTC."""
    local = local_s(begin_s.astype(np.int64), calendar.time_zone)
    days, index = np.unique(local // DAY_S, return_inverse=True)
    numbers = {name: driver_number(name) for name in set(drivers)}
    return Visits(
        begin_h=begin_s / HOUR_S,
        left_h=left_s / HOUR_S,
        clock_h=local % DAY_S / HOUR_S,
        day=local // DAY_S,
        day_type=calendar.types(days)[index],
        driver=np.array([numbers[name] for name in drivers], dtype=np.int64),
        stated_h=(stated_s - begin_s) / HOUR_S,
        requested_kwh=np.asarray(requested_kwh, dtype=np.float64),
        energy_kwh=np.asarray(energy_kwh, dtype=np.float64),
    )


def driver_number(name: str) -> int:
    """Return the same number for the same pseudonym in every process, `STRANGER` for ""."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest()) if name else STRANGER
