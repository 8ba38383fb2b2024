"""The ports: what the control core needs of the rooms around it. Adapters, planners and forecasters fill them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from v2g.observation import EvseState, Observation, Reading
from v2g.outlook import Outlook
from v2g.problem import Problem
from v2g.record import TickRecord
from v2g.setpoint import Outcome, Setpoint
from v2g.signals import Signals
from v2g.solution import Solution
from v2g.timegrid import TimeGrid


class Clock(Protocol):
    """The only source of time: real, accelerated or virtual."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC."""
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

    async def write(self, record: TickRecord) -> None:
        """Keep one tick. Raises `UnavailableError` if it cannot; the loop then goes on and raises an alarm."""
        ...
