"""Powers as charging schedules write them, and back, in every version of OCPP."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from adapters.ocpp.frames import Payload
from v2g.site import Evse
from v2g.units import a_from_kw, kw_from_a, kw_from_w, w_from_kw

MIN_CURRENT_A = 6.0  # IEC 61851-1: a control pilot cannot say less, but for nothing
RESOLUTION = 10.0  # multipleOf 0.1 in 1.6's schema; later versions recommend as much
ROUNDING = 1e-6  # 11.04 kW is 15.999999999999998 A, and means 16


class RateUnit(StrEnum):
    """What a limit is written in."""

    WATTS = "W"
    AMPS = "A"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A number for a charging schedule in `unit`, and the power [kW] that it stands for."""

    value: float
    unit: RateUnit
    power_kw: float


def limit_for(power_kw: float, evse: Evse, unit: RateUnit, *, gives_back: bool = False) -> Limit:
    """Return the most that can be written of `power_kw` without exceeding it, in either direction.

    Cut to tenths of `unit`, towards nothing; 0 below what the outlet can hold, and between 0 and 6 A; 0 for a discharge, unless
    the charger `gives_back`.
    """
    if power_kw < 0 and not gives_back:
        power_kw = 0.0
    size = math.floor(_in_unit(abs(power_kw), evse, unit) * RESOLUTION + ROUNDING) / RESOLUTION
    too_little = abs(power_kw) < evse.charge_min_kw - ROUNDING if power_kw > 0 else False
    if too_little or (unit is RateUnit.AMPS and size < MIN_CURRENT_A):
        size = 0.0
    value = -size if power_kw < 0 and size else size
    return Limit(value=value, unit=unit, power_kw=power_of(value, evse, unit))


def ceiling(evses: Iterable[Evse], unit: RateUnit) -> float:
    """Return what outlets may draw together, as one number in `unit`; of currents the most that may meet in one phase."""
    return round(sum(limit_for(evse.charge_max_kw, evse, unit).value for evse in evses), 1)


def power_of(value: float, evse: Evse, unit: str, *, phases: int | None = None) -> float:
    """Return the power [kW] that a schedule's number stands for; without `phases` the outlet's own."""
    if unit == RateUnit.AMPS:
        return kw_from_a(value, voltage_v=evse.voltage_v, phases=phases or len(evse.phases))
    return kw_from_w(value)


def rate_unit(allowed: str) -> RateUnit:
    """Return the unit to limit in, by what a charger says it allows: watts unless only currents are."""
    names = {name.strip().lower() for name in allowed.split(",")}
    only_amps = names & {"current", "a"} and not names & {"power", "w"}
    return RateUnit.AMPS if only_amps else RateUnit.WATTS


def composite_kw(periods: Sequence[Payload], unit: str, evse: Evse) -> float | None:
    """Return the power [kW] of a composite schedule's first period, None where it says none.

    A central setpoint counts rather than the limit beside it. -1 means "no limit" to some chargers, and is never a discharge.
    """
    first = min(periods, key=lambda period: period.get("startPeriod", 0), default={})
    value = first.get("setpoint", first.get("limit"))
    if value is None or value == -1:
        return None
    return power_of(value, evse, unit, phases=first.get("numberPhases"))


def latest_first(periods: Iterable[Payload]) -> list[Payload]:
    """Return a composite schedule's periods, the one that begins last first."""
    return sorted(periods, key=lambda period: -period["startPeriod"])


def _in_unit(power_kw: float, evse: Evse, unit: RateUnit) -> float:
    if unit is RateUnit.AMPS:
        return a_from_kw(power_kw, voltage_v=evse.voltage_v, phases=len(evse.phases))
    return w_from_kw(power_kw)
