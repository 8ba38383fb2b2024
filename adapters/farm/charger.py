"""What every simulated charger does, whatever it speaks."""

from datetime import datetime
from typing import Protocol

from adapters.farm.visit import Visit


class Charger(Protocol):
    """A charger on the wire. Only `run` waits; the rest is told by the farm, in the farm's time."""

    async def run(self) -> None:
        """Keep the connection for ever; ends only when cancelled."""
        ...

    def plugged(self, unit: int, visit: Visit) -> None:
        """Note a car at the outlet that is `unit` of the fleet."""
        ...

    def unplugged(self, unit: int) -> None:
        """Note that the car has gone."""
        ...

    def settle(self, now: datetime) -> None:
        """Put the limits of `now` in force and announce what changed."""
        ...

    def cut(self) -> None:
        """Lose the network, without a goodbye."""
        ...

    def mend(self) -> None:
        """Find the network again."""
        ...

    def kill(self) -> None:
        """Lose all power: no network, no energy."""
        ...

    def revive(self) -> None:
        """Get power back: boot, and begin anew with whatever car is there."""
        ...
