"""A site's forecaster: learned models once there are some, until then day-type profiles and like visits; published prices."""

from collections.abc import Callable, Container, Sequence
from datetime import date, datetime

import numpy as np

from forecasts.arrivals import Arrivals
from forecasts.departures import Departures
from forecasts.fleet.scenarios import drawn_courses
from forecasts.history import History
from forecasts.learned import LearnedMeter
from forecasts.localtime import SLOT_S, Calendar, Ints, seconds
from forecasts.peak import ExpectedPeak
from forecasts.prices import Prices
from forecasts.profile import Prior
from forecasts.seasonal import SeasonalMeter
from forecasts.solar import total_clear_sky_kw
from forecasts.training import Lessons, Models
from forecasts.visits import VisitRecord, VisitWatch
from forecasts.watching import ForecastWatch, MeterWatch, StayWatch
from v2g.observation import Observation, Quality, Reading
from v2g.outlook import LEVELS, Outlook
from v2g.session import EndedVisit
from v2g.signals import Signals
from v2g.site import Site
from v2g.standing import ForecastScore
from v2g.timegrid import Array, TimeGrid

BUSY_AND_CALM = 3
"""Courses of a plan that do without the fleet's."""
CLEARNESS = Prior(low=0.05, high=0.95)  # of the clear-sky power: the rest is lost in inverters and wires on the best of days


class SeasonalForecaster:
    """Fills `v2g.ports.Forecaster`.

    Parameters
    ----------
    site : Site
        The station.
    load_history, pv_history : History, optional
        What the meters told before now; the forecaster goes on filling them.
    session_history : sequence of EndedVisit
        Visits that ended before now.
    holidays : container of date
        Local dates on which the site rests as on a Sunday.
    on_score : callable, optional
        Is told how each forecast did once it has come due.

    Load, PV and departures are forecast by day-type profiles and like visits until models are adopted.
    """

    def __init__(
        self,
        site: Site,
        *,
        load_history: History | None = None,
        pv_history: History | None = None,
        session_history: Sequence[EndedVisit] = (),
        holidays: Container[date] = frozenset(),
        on_score: Callable[[ForecastScore], None] = lambda _score: None,
    ) -> None:
        self._calendar = calendar = Calendar(time_zone=site.time_zone, holidays=holidays)
        self._site = site
        self._load_history, self._pv_history = load_history or History(), pv_history or History()
        load = SeasonalMeter(self._load_history, calendar=calendar, prior=_load_prior(site))
        pv = SeasonalMeter(
            self._pv_history,
            calendar=Calendar(time_zone=site.time_zone, typed=False),
            prior=CLEARNESS,
            ceiling=self._clear_sky_kw,
        )
        self.load = LearnedMeter(self._load_history, load)
        self.pv = LearnedMeter(self._pv_history, pv, ceiling=self._clear_sky_kw)
        self._prices = Prices(site.tariff, site.time_zone, holidays=holidays)
        self._visits = VisitRecord(calendar, session_history)
        self._departures = Departures(calendar, default_stay_h=site.rules.default_stay_h, visits=self._visits)
        self._arrivals = Arrivals(site, calendar, visits=self._visits)
        self._peak = ExpectedPeak(site, calendar, load=self._load_history, pv=self._pv_history, visits=self._visits)
        self._visits_watch = VisitWatch()
        self._meter_watches = [MeterWatch("load", self.load, self._load_history)]
        if site.pv:
            self._meter_watches.append(MeterWatch("pv", self.pv, self._pv_history))
        suspend = {w.signal: w.suspend for w in self._meter_watches} | {StayWatch.signal: self._departures.suspend}
        self.watch = ForecastWatch(suspend, on_score)

    def learn(self, observation: Observation) -> None:
        """Take one observation into the history."""
        self._load_history.add(observation.load_kw)
        self._pv_history.add(observation.pv_kw)
        self._peak.learn(observation)
        for visit in self._visits_watch.ended(observation):
            self._visits.add(visit)
            self.watch.add(self._departures.watch.ended(visit, observation.at))
        for meter in self._meter_watches:
            self.watch.add(meter.look(observation.at))

    def lessons(self, at: datetime, *, load: History | None = None, pv: History | None = None) -> Lessons:
        """Return what models of this site learn from at `at`: longer histories of its meters where they are given."""
        return Lessons(
            calendar=self._calendar,
            load=self.load.lesson(at, load),
            pv=self.pv.lesson(at, pv) if self._site.pv else None,
            visits=self._visits.ended(),
        )

    def adopt(self, models: Models) -> None:
        """Forecast with these models from now on."""
        self.load.use(models.load)
        self.pv.use(models.pv)
        self._departures.adopt(models.stays)

    def forecast(self, observation: Observation, signals: Signals, grid: TimeGrid) -> Outlook:
        """Return the outlook on `grid`; uses nothing later than ``observation.at``."""
        prices = self._prices.on(grid, signals)
        sessions = [evse.session for evse in observation.evses if evse.session is not None]
        departures = self._departures.forecast(sessions, observation.at)
        arrivals = self._arrivals.forecast(observation, departures, grid)
        drawn = self._site.horizon.scenarios > BUSY_AND_CALM
        return Outlook(
            grid=grid,
            load_kw=_on_grid(self.load, observation.at, grid, observation.load_kw),
            pv_kw=self._pv_kw(observation, grid),
            import_price_per_kwh=prices.import_per_kwh,
            import_price_quantiles=prices.import_quantiles,
            export_price_per_kwh=prices.export_per_kwh,
            departures=departures,
            arrivals=arrivals,
            fleet_courses=drawn_courses(departures, arrivals, self._arrivals.shape) if drawn else (),
            expected_peak_kw=self._peak.at(observation.at),
            notes=(*self._meter_notes(observation.at), *prices.notes),
        )

    def _pv_kw(self, observation: Observation, grid: TimeGrid) -> Array:
        if not self._site.pv:
            return np.zeros((len(LEVELS), grid.n_steps))
        expected = _on_grid(self.pv, observation.at, grid, observation.pv_kw)
        return np.minimum(expected, sum(array.peak_kw for array in self._site.pv))

    def _clear_sky_kw(self, slots: Ints) -> Array:
        return total_clear_sky_kw(self._site.pv, slots * SLOT_S + SLOT_S // 2)

    def _meter_notes(self, at: datetime) -> tuple[str, ...]:
        load, pv = self.load.n_days(at), self.pv.n_days(at)
        load_note = f"load: like {load} measured days" if load else "load: nothing measured yet, between the site's base and peak"
        pv_note = f"PV: clear sky dimmed as on {pv} measured days" if pv else "PV: nothing measured yet, clear sky dimmed by half"
        load_note, pv_note = _learned_note("load", self.load) or load_note, _learned_note("PV", self.pv) or pv_note
        return (load_note, pv_note) if self._site.pv else (load_note,)


def _learned_note(name: str, meter: LearnedMeter) -> str | None:
    return None if meter.learned is None else f"{name}: learned from {meter.learned.n_days:.0f} days"


def _load_prior(site: Site) -> Prior:
    low = sum(load.base_kw for load in site.loads)
    return Prior(low=low, high=max(low, sum(load.peak_kw for load in site.loads)))


def _on_grid(meter: LearnedMeter, at: datetime, grid: TimeGrid, present: Reading | None) -> Array:
    """Return the meter's quantiles, as means over each step, (len(LEVELS), n_steps) [kW]."""
    edges = (grid.start.timestamp() + grid.edges_h * 3600.0) / SLOT_S
    begin, end = int(np.floor(edges[0])), int(np.ceil(edges[-1]))
    told = present is not None and present.quality is Quality.GOOD and seconds(present.at) // SLOT_S == seconds(at) // SLOT_S
    quantiles = meter.quantiles(at, begin, end - begin, present.value if present and told else None)
    summed = np.concatenate([np.zeros((len(LEVELS), 1)), np.cumsum(quantiles, axis=1)], axis=1)
    places = np.arange(begin, end + 1)
    at_edges = np.stack([np.interp(edges, places, row) for row in summed])
    means = np.diff(at_edges, axis=1) / np.diff(edges)
    return np.asarray(np.maximum.accumulate(means, axis=0))  # where quantiles are alike, sums cross by a rounding
