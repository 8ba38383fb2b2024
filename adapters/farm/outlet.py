"""An outlet as its charger's electronics see it: the car, the meter and the limit in force."""

from datetime import datetime
from typing import NamedTuple

from adapters.farm.fleet import Fleet
from adapters.farm.leases import Leases
from adapters.farm.visit import Visit
from v2g.site import Evse

FLOWS_KW = 0.01
FOREVER_S = float("inf")


class Readings(NamedTuple):
    """What the meter and the car tell: power [kW], registers [kWh], state of charge 0..1."""

    power_kw: float
    imported_kwh: float
    exported_kwh: float
    soc_frac: float


class Outlet:
    """One outlet; `unit` is its place in the fleet's arrays. Registers are the meter's, since it was made [kWh].

    What is told may be wrong: `lie_factor` times the power and energy that flow, a state of charge `soc_error_frac` off, or what
    was told when the meter froze.
    """

    def __init__(self, evse: Evse, unit: int, fleet: Fleet, leases: Leases) -> None:
        self.evse, self.unit, self._fleet, self._leases = evse, unit, fleet, leases
        self.visit: Visit | None = None
        self.lie_factor, self.soc_error_frac = 1.0, 0.0
        self._frozen: Readings | None = None

    def freeze(self, *, frozen: bool) -> None:
        """Let the readings stand still, or go on."""
        self._frozen = self.readings if frozen else None

    @property
    def readings(self) -> Readings:
        """What the meter and the car tell now."""
        if self._frozen is not None:
            return self._frozen
        fleet, unit, factor = self._fleet, self.unit, self.lie_factor
        return Readings(
            power_kw=factor * float(fleet.running_kw[unit]),
            imported_kwh=factor * float(fleet.imported_kwh[unit]),
            exported_kwh=factor * float(fleet.exported_kwh[unit]),
            soc_frac=min(max(float(fleet.soc_frac[unit]) + self.soc_error_frac, 0.0), 1.0),
        )

    @property
    def power_kw(self) -> float:
        """AC power that the meter tells [kW, + into the car]."""
        return self.readings.power_kw

    @property
    def flows(self) -> bool:
        """Whether energy flows, either way."""
        return abs(float(self._fleet.running_kw[self.unit])) > FLOWS_KW

    @property
    def imported_kwh(self) -> float:
        """Register of energy drawn."""
        return self.readings.imported_kwh

    @property
    def exported_kwh(self) -> float:
        """Register of energy given back."""
        return self.readings.exported_kwh

    @property
    def soc_frac(self) -> float:
        """State of charge the car reports, 0..1."""
        return self.readings.soc_frac

    @property
    def discharge_max_kw(self) -> float:
        """Most that car and outlet together can give back now [kW]; 0 without a car."""
        return float(self._fleet.discharge_max_kw[self.unit])

    def ceiling_kw(self, now: datetime) -> float:
        """Return what the outlet lets the car do at `now` [kW]."""
        return self._leases.ceiling_kw(self.unit, now.timestamp())

    def let(self, power_kw: float, until: datetime | None = None, then_kw: float = 0.0) -> None:
        """Put `power_kw` in force [kW], for ever or `until` its schedule changes it; from then on, `then_kw`."""
        self._leases.fallback_kw[self.unit] = then_kw
        self._leases.grant(self.unit, power_kw, FOREVER_S if until is None else until.timestamp())
