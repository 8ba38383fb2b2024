"""What a car says it needs, by ISO 15118 through its station: the part that both editions share (OCPP 2.0.1, K15)."""

from datetime import datetime

from adapters.farm.cars import AC_MAX_KW
from adapters.farm.ocpp.fields import stamp
from adapters.farm.ocpp.link import Payload
from adapters.farm.outlet import Outlet
from adapters.farm.visit import Visit
from v2g.site import Evse
from v2g.units import a_from_kw, w_from_kw, wh_from_kwh

MIN_CURRENT_A = 6
DC_VOLTAGE_V = 800
BY_PHASES = {1: "AC_single_phase", 2: "AC_two_phase", 3: "AC_three_phase"}


def is_dc(evse: Evse) -> bool:
    """Return whether the converter stands in the station."""
    return evse.charge_max_kw > AC_MAX_KW


def one_way(evse: Evse) -> str:
    """Return the mode of energy transfer by which a car takes energy there."""
    return "DC" if is_dc(evse) else BY_PHASES[len(evse.phases)]


def needed_wh(outlet: Outlet, visit: Visit) -> int:
    """Return what is still to be added to the battery [Wh, ≥ 0]."""
    return max(round(wh_from_kwh(visit.due_kwh - outlet.soc_frac * visit.capacity_kwh)), 0)


def charging_needs(outlet: Outlet, visit: Visit) -> Payload:
    """Return the chargingNeeds of a car that only takes energy; it says when it wants to leave if its driver did."""
    evse = outlet.evse
    needs: Payload = {"requestedEnergyTransfer": one_way(evse)}
    if is_dc(evse):
        needs["dcChargingParameters"] = dc_parameters(outlet, visit)
    else:
        needs["acChargingParameters"] = ac_parameters(outlet, visit)
    return needs | departure(visit.stated_departure)


def ac_parameters(outlet: Outlet, visit: Visit) -> Payload:
    """Return what an AC car can take."""
    evse = outlet.evse
    return {
        "energyAmount": needed_wh(outlet, visit),
        "evMinCurrent": MIN_CURRENT_A,
        "evMaxCurrent": round(a_from_kw(visit.charge_max_kw, voltage_v=evse.voltage_v, phases=len(evse.phases))),
        "evMaxVoltage": round(evse.voltage_v),
    }


def dc_parameters(outlet: Outlet, visit: Visit) -> Payload:
    """Return what a DC car can take, and how full it is."""
    return {
        "evMaxCurrent": round(a_from_kw(visit.charge_max_kw, voltage_v=DC_VOLTAGE_V, phases=1)),
        "evMaxVoltage": DC_VOLTAGE_V,
        "energyAmount": needed_wh(outlet, visit),
        "evMaxPower": round(w_from_kw(visit.charge_max_kw)),
        "stateOfCharge": round(100 * outlet.soc_frac),
        "evEnergyCapacity": round(wh_from_kwh(visit.capacity_kwh)),
    }


def departure(at: datetime | None) -> Payload:
    """Return the field that says when the car wants to leave, if it does."""
    return {} if at is None else {"departureTime": stamp(at)}
