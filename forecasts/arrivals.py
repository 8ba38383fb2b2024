"""Who will come: arrivals as on days like it, as busy as today turned out, with the mean stay and energy of cars at such times.

Numbers by `forecasts.fleet.counts`: hours of like days, times the posterior mean of today's gamma factor. The stay and the energy
of those that come at an hour are the means of visits by `forecasts.fleet.kernel`, as of drivers that nobody knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from forecasts.fleet import kernel
from forecasts.fleet.counts import HOURS, SHAPES, DayCounts, posterior_factor
from forecasts.fleet.visits import Visits, columns
from forecasts.localtime import DAY_S, Calendar, Ints, local_s, seconds
from forecasts.visits import VisitRecord
from v2g.observation import Observation
from v2g.outlook import LEVELS, Departure, ExpectedSession
from v2g.site import Site
from v2g.timegrid import Array, TimeGrid

HOUR_S = 3600
LEAST_DAYS = 7
"""With fewer whole days nothing is expected."""
COUNTED_DAYS = 120
"""Days whose arrivals are counted, the latest."""
NEVER_S = 1e12
LEAST_NUMBER = 0.02
"""Fewer cars than this in an hour are nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What a mean car of an hour of the day does: how long it stays [h] and what it takes at the AC side [kWh]."""

    stay_h: float
    energy_kwh: float


class Arrivals:
    """Expected sessions at a site's empty outlets, from its `visits`, which others fill."""

    def __init__(self, site: Site, calendar: Calendar, *, visits: VisitRecord) -> None:
        self._site, self._calendar, self._visits = site, calendar, visits
        self.shape = SHAPES[1]
        """k of the gamma factor by which days differ, as the last forecast took it."""

    def forecast(self, observation: Observation, departures: Sequence[Departure], grid: TimeGrid) -> tuple[ExpectedSession, ...]:
        """Return the sessions to be expected on `grid`, by hour and circuit; nothing before a week has been seen."""
        ended, now = self._visits.ended(), seconds(observation.at)
        today, now_hour = (int(x[0]) for x in self._local(np.array([now])))
        first, counts = self._counts(ended, observation, today)
        known = ended.take(np.isfinite(ended.energy_kwh)).take(slice(-kernel.NEWEST, None))
        if today - first < LEAST_DAYS or not len(known):
            return ()
        before = DayCounts(calendar=self._calendar, first=first, arrivals=counts[:-1])
        hours = _clock_hours(grid)
        middles_s = hours.mean(axis=1).astype(np.int64)
        on_day, at_hour = self._local(middles_s)
        rates = before.expected(np.arange(today, int(on_day.max()) + 1))
        until_now = float(rates[0] @ np.clip(now_hour + (now % HOUR_S) / HOUR_S - np.arange(HOURS), 0.0, 1.0))
        self.shape = before.day_model().shape
        factor = posterior_factor(self.shape, float(counts[-1].sum()), until_now)
        numbers = rates[on_day - today, at_hour] * np.where(on_day == today, factor, 1.0) * np.diff(hours)[:, 0] / HOUR_S
        room = _Room(self._site, observation, departures)
        kinds = self._kinds(known, middles_s, observation.at)
        come = [room.take(float(n), int(at), kind) for n, at, kind in zip(numbers, middles_s, kinds, strict=True)]
        return tuple(session for batch in come for session in batch)

    def _counts(self, ended: Visits, observation: Observation, today: int) -> tuple[int, Array]:
        """Return the first whole day that is counted and the arrivals by hour from then on, today's last, (n_days, 24)."""
        begun = [seconds(e.session.plugged_in_at) for e in observation.evses if e.session is not None]
        here_day, here_hour = self._local(np.array(begun, dtype=np.int64))
        day, hour = np.r_[ended.day, here_day], np.r_[ended.clock_h.astype(np.int64), here_hour]
        first = max(int(day.min(initial=today)) + 1, today - COUNTED_DAYS)  # the day of the first visit may be half a day
        counts = np.zeros((max(today + 1 - first, 0), HOURS))
        seen = (day >= first) & (day <= today)
        np.add.at(counts, (day[seen] - first, hour[seen]), 1.0)
        return first, counts

    def _kinds(self, known: Visits, at_s: Ints, now: datetime) -> list[_Kind]:
        """Return the mean car of those that come at each instant, from `known` visits."""
        nothing = np.full(len(at_s), np.nan)
        come = columns(
            self._calendar,
            begin_s=at_s.astype(np.float64),
            left_s=np.full(len(at_s), np.inf),
            drivers=[""] * len(at_s),
            stated_s=nothing,
            requested_kwh=nothing,
            energy_kwh=nothing,
        )
        weight = kernel.weights(come, known, np.full(len(at_s), now.timestamp() / HOUR_S))
        total = np.maximum(weight.sum(axis=1), 1e-12)
        stays_h, energies_kwh = weight @ known.stay_h / total, weight @ known.energy_kwh / total
        return [_Kind(stay_h=float(stay), energy_kwh=float(energy)) for stay, energy in zip(stays_h, energies_kwh, strict=True)]

    def _local(self, instants_s: Ints) -> tuple[Ints, Ints]:
        """Return the local day and hour of the day of each instant."""
        local = local_s(instants_s, self._calendar.time_zone)
        return local // DAY_S, local % DAY_S // HOUR_S


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
