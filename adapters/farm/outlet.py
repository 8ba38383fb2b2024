"""An outlet as its charger's electronics see it: the car, the meter and the limit in force."""

from datetime import datetime

from adapters.farm.fleet import Fleet
from adapters.farm.leases import Leases
from adapters.farm.visit import Visit
from v2g.site import Evse

FLOWS_KW = 0.01
FOREVER_S = float("inf")


class Outlet:
    """One outlet; `unit` is its place in the fleet's arrays. Registers are the meter's, since it was made [kWh]."""

    def __init__(self, evse: Evse, unit: int, fleet: Fleet, leases: Leases) -> None:
        self.evse, self.unit, self._fleet, self._leases = evse, unit, fleet, leases
        self.visit: Visit | None = None

    @property
    def power_kw(self) -> float:
        """AC power now [kW, + into the car]."""
        return float(self._fleet.running_kw[self.unit])

    @property
    def flows(self) -> bool:
        """Whether energy flows, either way."""
        return abs(self.power_kw) > FLOWS_KW

    @property
    def imported_kwh(self) -> float:
        """Register of energy drawn."""
        return float(self._fleet.imported_kwh[self.unit])

    @property
    def exported_kwh(self) -> float:
        """Register of energy given back."""
        return float(self._fleet.exported_kwh[self.unit])

    @property
    def soc_frac(self) -> float:
        """State of charge the car reports, 0..1."""
        return float(self._fleet.soc_frac[self.unit])

    @property
    def discharge_max_kw(self) -> float:
        """Most that car and outlet together can give back now [kW]; 0 without a car."""
        return float(self._fleet.discharge_max_kw[self.unit])

    def ceiling_kw(self, now: datetime) -> float:
        """Return what the outlet lets the car do at `now` [kW]."""
        return float(self._leases.ceilings_kw(now.timestamp())[self.unit])

    def let(self, power_kw: float, until: datetime | None = None) -> None:
        """Put `power_kw` in force [kW], for ever or `until` a lease ends."""
        self._leases.grant(self.unit, power_kw, FOREVER_S if until is None else until.timestamp())
