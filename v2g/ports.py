"""The ports: what the control core needs of the rooms around it. Adapters, planners and forecasters fill them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from v2g.observation import EvseState, Observation, Reading
from v2g.outlook import Outlook
from v2g.problem import Problem
from v2g.record import TickRecord
from v2g.response import Response
from v2g.session import Wishes
from v2g.setpoint import Outcome, Setpoint
from v2g.signals import Signal, Signals
from v2g.site import Site
from v2g.solution import Solution
from v2g.station import Health, HistoryPoint, OpenTransaction
from v2g.timegrid import TimeGrid


class Clock(Protocol):
    """The only source of time: real, accelerated or virtual."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
        ...

    def steady_s(self) -> float:
        """Return seconds of this clock that never jump, from any beginning."""
        ...

    async def sleep(self, duration_s: float) -> None:
        """Wait `duration_s` seconds of this clock."""
        ...


class Chargers(Protocol):
    """One protocol's chargers. One contract suite tests every implementation."""

    def states(self, now: datetime) -> tuple[EvseState, ...]:
        """Return every outlet of this protocol, connected or not; never raises."""
        ...

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Send setpoints side by side; return one outcome each, in order; never raises for a charger's fault."""
        ...


class Meters(Protocol):
    """The site's own meters by name: "site" (net at the connection), "load", "pv"."""

    def reading(self, name: str) -> Reading | None:
        """Return the latest reading [kW], None if it never spoke."""
        ...


class Gateway(Protocol):
    """All chargers, batteries and meters of the station."""

    async def observe(self, now: datetime) -> Observation:
        """Return what is known now; never waits for a device."""
        ...

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Send setpoints; one outcome each, in order."""
        ...


class Forecaster(Protocol):
    """Learns from observations, tells what to expect."""

    def learn(self, observation: Observation) -> None:
        """Take one observation into the history."""
        ...

    def forecast(self, observation: Observation, signals: Signals, grid: TimeGrid) -> Outlook:
        """Return the outlook on `grid`; uses nothing later than ``observation.at``."""
        ...


class Planner(Protocol):
    """Solves a problem. `Ladder` is the planner that always answers; the others may raise `PlanningError`."""

    async def solve(self, problem: Problem) -> Solution:
        """Return a solution of `problem`."""
        ...


class Recorder(Protocol):
    """Keeps what happened."""

    async def keep(self, value: TickRecord) -> None:
        """Keep one tick. Raises `UnavailableError` if it cannot; the loop then goes on and raises an alarm."""
        ...


class Transactions(Protocol):
    """Charging transactions, kept before a charger is answered."""

    async def begin(
        self, *, station_id: str, connector_id: int, driver: str, meter_start_kwh: float, at: datetime, reference: str = ""
    ) -> int:
        """Keep a new transaction and return its id; the same facts again return the same id.

        Where the charger names its transactions, the same `reference` of the same station does, whatever the other facts; a
        driver who was not known before is kept then. Raises `UnavailableError` if it could not be kept.
        """
        ...

    async def end(self, *, transaction_id: int, meter_stop_kwh: float, at: datetime, reason: str) -> None:
        """Keep a transaction's end; again, or for an unknown id, changes nothing. Raises `UnavailableError`."""
        ...

    async def open(self, station_id: str) -> tuple[OpenTransaction, ...]:
        """Return the station's transactions that have not ended."""
        ...


class Station(Protocol):
    """What the people's side may see and do. The daemon fills it; the REST API and the dashboard use it."""

    @property
    def site(self) -> Site:
        """The station as its site file describes it."""
        ...

    def now(self) -> datetime:
        """Return the station's present instant; in the demo its clock runs faster than the wall's."""
        ...

    def observation(self) -> Observation:
        """Return the freshest observation, at most a few seconds old."""
        ...

    def latest(self) -> TickRecord | None:
        """Return the last tick, None before the first."""
        ...

    def signals(self) -> Signals:
        """Return all signals that have not ended."""
        ...

    async def post_signal(self, signal: Signal, *, by: str = "") -> None:
        """Keep a signal, published `by` whom ("" = the station itself), and plan again at once.

        Raises `SignalError` and changes nothing if it is out of bounds.
        """
        ...

    async def withdraw_signal(self, signal_id: str, *, by: str = "") -> bool:
        """Take a signal back and plan again; False if there is none."""
        ...

    def hear(self) -> None:
        """Note that the source of limits lives, for whose silence the site file has a failsafe."""
        ...

    async def set_wishes(self, evse_id: str, wishes: Wishes, *, by: str = "") -> None:
        """Take the wishes of the driver at `evse_id`, told `by` whom ("" = the driver), and plan again.

        Raises `WishError` if nobody is plugged in there.
        """
        ...

    async def signal_effect(self) -> Response | None:
        """Return what the signals of the last tick change, None where there are none. Raises `PlanningError`."""
        ...

    def health(self) -> Health:
        """Return how the daemon is; never raises."""
        ...

    def history(self, hours_h: float) -> tuple[HistoryPoint, ...]:
        """Return the last `hours_h` hours, oldest first."""
        ...
