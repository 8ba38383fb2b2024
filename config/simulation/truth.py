"""A forecaster that tells the truth: what better forecasts could still bring, while plans roll on as they do.

Load, PV, prices, departures and arrivals are as they will be; the peak that the month will hardly stay below and the notes are
another forecaster's. What plans leave free for errors is as wide as the quantiles, which are one here.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from adapters.farm.surroundings import StepSeries
from adapters.farm.visit import Visit
from config.simulation.closed_loop import Scenario
from config.simulation.hindsight import mean_kw
from forecasts.prices import Prices
from v2g.observation import Observation
from v2g.outlook import LEVELS, Departure, ExpectedSession, Outlook
from v2g.ports import Forecaster
from v2g.session import ChargingSession
from v2g.signals import Signals
from v2g.site import Evse
from v2g.timegrid import Array, TimeGrid


class TrueForecaster:
    """Fills `v2g.ports.Forecaster` with what happens in `scenario`, and by `other` what nobody can know."""

    def __init__(self, other: Forecaster, scenario: Scenario) -> None:
        self._other, self._scenario = other, scenario
        self._evses = {e.evse_id: e for e in scenario.site.evses}
        self._visits = {v.visit_id: v for v in scenario.visits}
        self._prices = Prices(scenario.site.tariff, scenario.site.time_zone)

    def learn(self, observation: Observation) -> None:
        """Let the other learn."""
        self._other.learn(observation)

    def forecast(self, observation: Observation, signals: Signals, grid: TimeGrid) -> Outlook:
        """Return the truth on `grid`."""
        prices = self._prices.on(grid, self._scenario.signals)
        sessions = [evse.session for evse in observation.evses if evse.session is not None]
        return replace(
            self._other.forecast(observation, signals, grid),
            load_kw=_surely(self._scenario.load_kw, grid),
            pv_kw=_surely(self._scenario.pv_kw, grid),
            import_price_per_kwh=prices.import_per_kwh,
            import_price_quantiles=prices.import_quantiles,
            export_price_per_kwh=prices.export_per_kwh,
            departures=self._departures(sessions),
            arrivals=self._arrivals(observation.at, grid),
        )

    def _departures(self, sessions: Sequence[ChargingSession]) -> tuple[Departure, ...]:
        leaves = [(s.session_id, self._visits[s.session_id].leaves_at) for s in sessions]
        return tuple(Departure(session_id=name, quantiles=(at,) * len(LEVELS), source="truth") for name, at in leaves)

    def _arrivals(self, now: datetime, grid: TimeGrid) -> tuple[ExpectedSession, ...]:
        return tuple(_expected(v, self._evses[v.evse_id]) for v in self._scenario.visits if now < v.arrives_at < grid.end)


def _surely(series: StepSeries, grid: TimeGrid) -> Array:
    return np.repeat(mean_kw(series, grid)[None, :], len(LEVELS), axis=0)


def _expected(visit: Visit, evse: Evse) -> ExpectedSession:
    return ExpectedSession(
        circuit_id=evse.circuit_id,
        arrives=visit.arrives_at,
        departs=visit.leaves_at,
        energy_kwh=max(visit.due_kwh - visit.arrival_kwh, 0.0) / evse.efficiency,
        power_kw=min(evse.charge_max_kw, visit.charge_max_kw),
        number=1.0,
    )
