"""Simulated outlets without a wire: they tell and obey at once, in process."""

import math
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from adapters.farm.fleet import Fleet
from adapters.farm.leases import Leases
from adapters.farm.visit import Visit
from v2g.observation import EvseState, Reading
from v2g.session import ChargingSession, Vehicle, Wishes
from v2g.setpoint import Applied, Outcome, Rejected, Setpoint, Unreachable


class Wireless:
    """The outlets `units` (places in the fleet) of a farm; fills `v2g.ports.Chargers`.

    `touch` brings the farm to the present, which `now` tells. The farm tells of every plug-in and unplug.
    """

    def __init__(
        self, fleet: Fleet, leases: Leases, units: Collection[int], *, now: Callable[[], datetime], touch: Callable[[], None]
    ) -> None:
        self._fleet, self._leases, self._now, self._touch = fleet, leases, now, touch
        self._evses = [(unit, fleet.evses[unit]) for unit in units]
        self._unit_of = {evse.evse_id: unit for unit, evse in self._evses}
        self._cars: dict[int, _Car] = {}

    def plugged(self, unit: int, visit: Visit) -> None:
        """Note a car at the outlet that is `unit` of the fleet."""
        registers = float(self._fleet.imported_kwh[unit]), float(self._fleet.exported_kwh[unit])
        self._cars[unit] = _Car(visit.visit_id, visit, visit.wishes, visit.vehicle, *registers)

    def unplugged(self, unit: int) -> None:
        """Note that the car has gone; an order to give back goes with it."""
        self._cars.pop(unit, None)
        order = self._leases.granted(unit, self._now().timestamp())
        if order is not None and order[0] < 0.0:
            self._leases.revoke(unit)

    def states(self, now: datetime) -> tuple[EvseState, ...]:
        """Return every outlet."""
        self._touch()
        fleet = self._fleet
        granted_kw, until_s = self._leases.all_granted(now.timestamp())
        until = {s: None if s is None else datetime.fromtimestamp(s, UTC) for s in set(until_s)}
        told = list(zip(fleet.imported_kwh.tolist(), fleet.exported_kwh.tolist(), fleet.soc_frac.tolist(), strict=True))
        running_kw = fleet.running_kw.tolist()
        return tuple(
            EvseState(
                evse_id=evse.evse_id,
                online=True,
                session=_session(self._cars[unit], *told[unit], now) if unit in self._cars else None,
                power_kw=Reading(value=running_kw[unit], at=now),
                acknowledged_kw=granted_kw[unit],
                lease_until=until[until_s[unit]],
            )
            for unit, evse in self._evses
        )

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Put setpoints in force at once; refuse what a charger would."""
        self._touch()
        now = self._now()
        return tuple(self._apply(setpoint, now) for setpoint in setpoints)

    def _apply(self, setpoint: Setpoint, now: datetime) -> Outcome:
        unit = self._unit_of.get(setpoint.unit_id)
        if unit is None:
            return Unreachable(setpoint=setpoint)
        return granted(setpoint, unit, self._leases, now, discharge_max_kw=float(self._fleet.discharge_max_kw[unit]))


def granted(setpoint: Setpoint, unit: int, leases: Leases, now: datetime, *, discharge_max_kw: float) -> Outcome:
    """Put a setpoint in force at `now`, or refuse what a charger would that can give back `discharge_max_kw` at most [kW]."""
    if not math.isfinite(setpoint.power_kw):
        return Rejected(setpoint=setpoint, reason="not a finite power")
    if setpoint.valid_until <= now:
        return Rejected(setpoint=setpoint, reason="expired")
    if setpoint.power_kw < 0.0 and discharge_max_kw <= 0.0:
        return Rejected(setpoint=setpoint, reason="cannot discharge")
    leases.grant(unit, setpoint.power_kw, setpoint.valid_until.timestamp())
    return Applied(setpoint=setpoint, at=now)


class _Car(NamedTuple):
    """A car at its outlet: what it tells of itself, made once, and the outlet's registers when it came [kWh]."""

    visit_id: str
    visit: Visit
    wishes: Wishes
    vehicle: Vehicle
    imported_kwh: float
    exported_kwh: float


def _session(car: _Car, imported_kwh: float, exported_kwh: float, soc_frac: float, now: datetime) -> ChargingSession:
    return ChargingSession(
        session_id=car.visit_id,
        evse_id=car.visit.evse_id,
        plugged_in_at=car.visit.arrives_at,
        driver=car.visit.driver,
        wishes=car.wishes,
        vehicle=car.vehicle,
        charged_kwh=imported_kwh - car.imported_kwh,
        discharged_kwh=exported_kwh - car.exported_kwh,
        soc_frac=soc_frac,
        soc_at=now,
    )
