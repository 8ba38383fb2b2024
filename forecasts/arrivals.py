"""Who will come: arrivals by weekday and hour as on days like it, with the mean stay and energy of cars that came at such times.

    expected[hour] = f · Σ_d w_d·arrivals[d,hour] / Σ_d w_d
    w_d = exp(−age_d/60 d) · (1 if the same weekday, 0.3 if another of the same day type, else 0)

Daily arrivals are over-dispersed: each day has a factor of its own, gamma distributed with shape k and mean 1, so that what has
come today tells of what will come (f = 1 on later days):

    f = (k + arrived today) / (k + expected until now),      Σ_d (n_d − λ_d)² = Σ_d λ_d + Σ_d λ_d²/k

Source: the conjugate gamma–Poisson model, e.g. Gelman et al. (2013), "Bayesian Data Analysis", §2.6; k by moments.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from forecasts.localtime import DAY_S, Calendar, Ints, local_s, seconds, weekdays
from v2g.observation import Observation
from v2g.outlook import LEVELS, Departure, ExpectedSession
from v2g.session import EndedVisit
from v2g.site import Site
from v2g.timegrid import Array, TimeGrid

HOUR_S = 3600
HOURS = DAY_S // HOUR_S
CAPACITY = 20_000
"""Visits that are remembered."""
LEAST_DAYS = 7
"""With fewer whole days nothing is expected."""
MEMORY_DAYS = 60.0
OTHER_WEEKDAY = 0.3
CLOCK_WIDTH_H = 1.0
"""Cars that came this far from an hour of the day tell how long the cars of that hour stay."""
SHAPES = (1.0, 1000.0)
"""Bounds of k: a day with twice as many cars is common, or as rare as chance makes it."""
NEVER_S = 1e12
LEAST_NUMBER = 0.02
"""Fewer cars than this in an hour are nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What a mean car of an hour of the day does: how long it stays [h] and what it takes at the AC side [kWh]."""

    stay_h: float
    energy_kwh: float


class Arrivals:
    """Expected sessions at a site's empty outlets; starts with the visits of `history`."""

    def __init__(self, site: Site, calendar: Calendar, *, history: Sequence[EndedVisit] = ()) -> None:
        self._site, self._calendar = site, calendar
        self._visits: deque[tuple[int, float, float]] = deque(maxlen=CAPACITY)
        self._columns: tuple[Ints, Ints, Array, Array] | None = None
        for visit in history:
            self.learn(visit)

    def learn(self, visit: EndedVisit) -> None:
        """Keep an ended visit."""
        began_s = seconds(visit.plugged_in_at)
        energy = np.nan if visit.energy_kwh is None else visit.energy_kwh
        self._visits.append((began_s, (seconds(visit.left_at) - began_s) / HOUR_S, energy))
        self._columns = None

    def forecast(self, observation: Observation, departures: Sequence[Departure], grid: TimeGrid) -> tuple[ExpectedSession, ...]:
        """Return the sessions to be expected on `grid`, by hour and circuit; nothing before a week has been seen."""
        day, hour, stay_h, energy_kwh = self._known(observation)
        now = seconds(observation.at)
        today, now_hour = (int(x[0]) for x in self._local(np.array([now])))
        first = int(day.min(initial=today)) + 1  # the day of the first visit may be half a day
        if today - first < LEAST_DAYS or not np.isfinite(energy_kwh).any():
            return ()
        counts = np.zeros((today + 1 - first, HOURS))
        seen = (day >= first) & (day <= today)
        np.add.at(counts, (day[seen] - first, hour[seen]), 1.0)
        hours = _clock_hours(grid)
        middles_s = hours.mean(axis=1).astype(np.int64)
        on_day, at_hour = self._local(middles_s)
        rates = self._rates(counts[:-1], first, int(on_day.max()))
        factor = _factor(counts, rates, now_hour + (now % HOUR_S) / HOUR_S)
        numbers = rates[on_day - first, at_hour] * np.where(on_day == today, factor, 1.0) * np.diff(hours)[:, 0] / HOUR_S
        room = _Room(self._site, observation, departures)
        kinds = [_mean_kind(hour, stay_h, energy_kwh, int(h)) for h in at_hour]
        come = [room.take(float(n), int(at), kind) for n, at, kind in zip(numbers, middles_s, kinds, strict=True)]
        return tuple(session for batch in come for session in batch)

    def _known(self, observation: Observation) -> tuple[Ints, Ints, Array, Array]:
        """Return local day, hour, stay [h] and energy [kWh] of all visits; NaN of those that go on."""
        if self._columns is None:
            rows = np.array(self._visits, dtype=np.float64).reshape(-1, 3)
            days, hours = self._local(rows[:, 0].astype(np.int64))
            self._columns = days, hours, rows[:, 1], rows[:, 2]
        days, hours, stay_h, energy_kwh = self._columns
        begun = [seconds(e.session.plugged_in_at) for e in observation.evses if e.session is not None]
        here_days, here_hours = self._local(np.array(begun, dtype=np.int64))
        unknown = np.full(len(begun), np.nan)
        return np.r_[days, here_days], np.r_[hours, here_hours], np.r_[stay_h, unknown], np.r_[energy_kwh, unknown]

    def _local(self, instants_s: Ints) -> tuple[Ints, Ints]:
        """Return the local day and hour of the day of each instant."""
        local = local_s(instants_s, self._calendar.time_zone)
        return local // DAY_S, local % DAY_S // HOUR_S

    def _rates(self, counts: Array, first: int, last: int) -> Array:
        """Return the arrivals expected in each hour of the days `first` to `last` from whole days like them, (n_days, 24).

        `counts` holds those of the days from `first` on; no day counts as like itself.
        """
        days = np.arange(first, last + 1)
        types, weekday, past = self._calendar.types(days), weekdays(days), days[: len(counts)]
        weight = np.exp(-np.abs(days[:, None] - past) / MEMORY_DAYS) * (days[:, None] != past)
        weight *= np.where(weekday[:, None] == weekday[: len(past)], 1.0, OTHER_WEEKDAY)
        weight *= types[:, None] == types[: len(past)]
        return np.asarray(weight @ counts / np.maximum(weight.sum(axis=1, keepdims=True), 1e-12))


def _factor(counts: Array, rates: Array, now_h: float) -> float:
    """Return by how much today, the last row of `counts`, exceeds its like until `now_h` [h of the local day]."""
    today = len(counts) - 1
    shape = over_dispersion(counts[:-1].sum(axis=1), rates[:today].sum(axis=1))
    until_now = float(rates[today] @ np.clip(now_h - np.arange(HOURS), 0.0, 1.0))
    return float((shape + counts[-1].sum()) / (shape + until_now))


def over_dispersion(counts: Array, means: Array) -> float:
    """Return the shape k of the days' gamma factor by moments, within `SHAPES`."""
    excess = float(((counts - means) ** 2).sum() - means.sum())
    return float(np.clip((means**2).sum() / excess, *SHAPES)) if excess > 0 else SHAPES[1]


class _Room:
    """The empty outlets of each circuit, now and later, as cars that are expected take them."""

    def __init__(self, site: Site, observation: Observation, departures: Sequence[Departure]) -> None:
        leaves = {d.session_id: [t.timestamp() for t in d.quantiles] for d in departures}
        circuit_of = {e.evse_id: e.circuit_id for e in site.evses}
        self._power_kw: dict[str, float] = {}
        self._n_outlets: dict[str, int] = {}
        self._taken: dict[str, list[ExpectedSession]] = {}
        powers: dict[str, list[float]] = {}
        for evse in site.evses:
            powers.setdefault(evse.circuit_id, []).append(evse.charge_max_kw)
        for circuit, powers_kw in powers.items():
            self._power_kw[circuit], self._n_outlets[circuit] = float(np.mean(powers_kw)), len(powers_kw)
            self._taken[circuit] = []
        leaving: dict[str, list[list[float]]] = {circuit: [] for circuit in powers}
        for state in observation.evses:
            if state.session is not None:
                leaving[circuit_of[state.evse_id]].append(leaves.get(state.session.session_id, [NEVER_S] * len(LEVELS)))
        self._leaving = {circuit: np.array(times_s).reshape(-1, len(LEVELS)) for circuit, times_s in leaving.items()}

    def take(self, number: float, at_s: int, kind: _Kind) -> list[ExpectedSession]:
        """Return `number` cars of a kind spread over the outlets empty at an instant, fewer where these are too few."""
        free = {circuit: self._free(circuit, at_s) for circuit in self._n_outlets}
        total = sum(free.values())
        at = datetime.fromtimestamp(at_s, UTC)
        come = [
            ExpectedSession(
                circuit_id=circuit,
                arrives=at,
                departs=datetime.fromtimestamp(at_s + kind.stay_h * HOUR_S, UTC),
                energy_kwh=min(kind.energy_kwh, self._power_kw[circuit] * kind.stay_h),
                power_kw=self._power_kw[circuit],
                number=empty * min(number / total, 1.0),
            )
            for circuit, empty in free.items()
            if empty > 0 and empty * min(number / total, 1.0) >= LEAST_NUMBER
        ]
        for session in come:
            self._taken[session.circuit_id].append(session)
        return come

    def _free(self, circuit: str, at_s: int) -> float:
        """Return the mean number of outlets of a circuit that are empty at an instant."""
        staying = len(self._leaving[circuit]) - float(_left_by(at_s, self._leaving[circuit]).sum())
        taken = sum(s.number for s in self._taken[circuit] if s.departs.timestamp() > at_s)
        return max(self._n_outlets[circuit] - staying - taken, 0.0)


def _left_by(at_s: float, leaving_s: Array) -> Array:
    """Return the probability that each car has left by an instant, (n,): nothing before its first quantile, 1 after its last.

    `leaving_s` (n, len(LEVELS)) are the instants of LEVELS, joined by straight lines [s since 1970].
    """
    levels, cars = np.array(LEVELS), np.arange(len(leaving_s))
    last = (leaving_s <= at_s).sum(axis=1) - 1
    before, after = np.maximum(last, 0), np.minimum(last + 1, len(levels) - 1)
    begins_s, ends_s = leaving_s[cars, before], leaving_s[cars, after]
    passed = (at_s - begins_s) / np.where(ends_s > begins_s, ends_s - begins_s, np.inf)
    between = levels[before] + (levels[after] - levels[before]) * passed
    return np.where(last < 0, 0.0, np.where(at_s > leaving_s[:, -1], 1.0, between))


def _clock_hours(grid: TimeGrid) -> Ints:
    """Return begin and end of each clock hour on the grid, the first and the last cut, (n, 2) [s since 1970]."""
    begin_s, end_s = seconds(grid.start), seconds(grid.end)
    marks = np.unique(np.clip(np.arange(begin_s // HOUR_S, end_s // HOUR_S + 2) * HOUR_S, begin_s, end_s))
    return np.stack([marks[:-1], marks[1:]], axis=1)


def _mean_kind(hours: Ints, stay_h: Array, energy_kwh: Array, hour: int) -> _Kind:
    """Return the mean car of an hour of the day, from those that came near it on any day."""
    apart = np.abs((hours - hour + HOURS // 2) % HOURS - HOURS // 2)
    weight = np.exp(-0.5 * (apart / CLOCK_WIDTH_H) ** 2) * np.isfinite(stay_h) * np.isfinite(energy_kwh)
    total = max(float(weight.sum()), 1e-12)
    return _Kind(
        stay_h=float(weight @ np.nan_to_num(stay_h)) / total,
        energy_kwh=float(weight @ np.nan_to_num(energy_kwh)) / total,
    )
