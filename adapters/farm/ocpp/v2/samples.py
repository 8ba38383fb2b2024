"""What the meter of an EVSE says, as a MeterValueType (OCPP 2.0.1, 2.42; units by 3.63)."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from adapters.farm.ocpp.fields import stamp
from adapters.farm.ocpp.link import Payload
from adapters.farm.outlet import Outlet
from v2g.units import a_from_kw, w_from_kw, wh_from_kwh

IMPORT_POWER, EXPORT_POWER, OFFERED = "Power.Active.Import", "Power.Active.Export", "Power.Offered"
IMPORTED, EXPORTED, SOC = "Energy.Active.Import.Register", "Energy.Active.Export.Register", "SoC"
IMPORT_CURRENT, EXPORT_CURRENT, VOLTAGE = "Current.Import", "Current.Export", "Voltage"
SETPOINT, CAPACITY = "Power.Active.Setpoint", "Display.BatteryEnergyCapacity"
BASIC = (IMPORT_POWER, EXPORT_POWER, IMPORTED, EXPORTED, SOC)
MEASURANDS = (*BASIC, OFFERED, IMPORT_CURRENT, EXPORT_CURRENT, VOLTAGE)


class Measured(NamedTuple):
    """One number, its unit, where it was measured, and the phases that it stands for one by one; none for the whole."""

    value: float
    unit: str
    location: str = "Outlet"
    by_phase: bool = False


def meter_value(outlet: Outlet, now: datetime, measurands: Collection[str], context: str) -> Payload:
    """Return those of `measurands` that the meter knows."""
    sampled = [
        _sampled(name, measured, phase, context)
        for name, measured in _measured(outlet, now).items()
        if name in measurands
        for phase in (outlet.evse.phases if measured.by_phase else (0,))
    ]
    return {"timestamp": stamp(now), "sampledValue": sampled}


def _measured(outlet: Outlet, now: datetime) -> dict[str, Measured]:
    evse, power_kw, ceiling_kw = outlet.evse, outlet.power_kw, outlet.ceiling_kw(now)
    current_a = a_from_kw(power_kw, voltage_v=evse.voltage_v, phases=len(evse.phases))
    measured = {
        IMPORT_POWER: Measured(w_from_kw(max(power_kw, 0.0)), "W"),
        EXPORT_POWER: Measured(w_from_kw(max(-power_kw, 0.0)), "W"),
        IMPORTED: Measured(wh_from_kwh(outlet.imported_kwh), "Wh"),
        EXPORTED: Measured(wh_from_kwh(outlet.exported_kwh), "Wh"),
        OFFERED: Measured(w_from_kw(max(ceiling_kw, 0.0)), "W"),
        SETPOINT: Measured(w_from_kw(ceiling_kw), "W"),
        IMPORT_CURRENT: Measured(max(current_a, 0.0), "A", by_phase=True),
        EXPORT_CURRENT: Measured(max(-current_a, 0.0), "A", by_phase=True),
        VOLTAGE: Measured(evse.voltage_v, "V", by_phase=True),
    }
    if outlet.visit is not None:
        measured[SOC] = Measured(100.0 * outlet.soc_frac, "Percent", "EV")
        measured[CAPACITY] = Measured(wh_from_kwh(outlet.visit.capacity_kwh), "Wh", "EV")
    return measured


def _sampled(name: str, measured: Measured, phase: int, context: str) -> Payload:
    sampled: Payload = {
        "measurand": name,
        "value": round(measured.value, 1),
        "unitOfMeasure": {"unit": measured.unit},
        "location": measured.location,
        "context": context,
    }
    return sampled | ({"phase": f"L{phase}"} if phase else {})
