"""A gateway that keeps what it is sent; some units refuse."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from v2g.observation import Observation
from v2g.setpoint import Applied, Outcome, Rejected, Setpoint


class FakeGateway:
    """Fills `v2g.ports.Gateway`: `batches` are the setpoints sent together, `refusing` the units that say no."""

    def __init__(self, observation: Observation, refusing: frozenset[str] = frozenset()) -> None:
        self.observation, self.refusing = observation, refusing
        self.batches: list[tuple[Setpoint, ...]] = []

    async def observe(self, now: datetime) -> Observation:
        """Return the observation as if it were made at `now`."""
        return replace(self.observation, at=now)

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Confirm each setpoint, or refuse it."""
        self.batches.append(tuple(setpoints))
        outcomes: list[Outcome] = []
        for setpoint in setpoints:
            if setpoint.unit_id in self.refusing:
                outcomes.append(Rejected(setpoint=setpoint, reason="no"))
                continue
            outcomes.append(Applied(setpoint=setpoint, at=self.observation.at))
            evses = tuple(
                replace(e, acknowledged_kw=setpoint.power_kw, lease_until=setpoint.valid_until)
                if e.evse_id == setpoint.unit_id
                else e
                for e in self.observation.evses
            )
            self.observation = replace(self.observation, evses=evses)
        return tuple(outcomes)
