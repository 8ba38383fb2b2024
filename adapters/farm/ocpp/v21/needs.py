"""What a car says of itself on OCPP 2.1: one that can give back says how much (OCPP 2.1, Q01 and K15; ISO 15118-20)."""

from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v2.needs import ac_parameters, charging_needs, dc_parameters, departure, is_dc, needed_wh, one_way
from adapters.farm.outlet import Outlet
from adapters.farm.visit import BMS_FLOOR_FRAC, Visit
from v2g.site import Evse
from v2g.units import w_from_kw, wh_from_kwh


def both_ways(evse: Evse) -> str:
    """Return the mode of energy transfer by which a car takes and gives energy there."""
    return "DC_BPT" if is_dc(evse) else "AC_BPT"


def transfers(evse: Evse) -> tuple[str, ...]:
    """Return the modes of energy transfer of an outlet."""
    return (one_way(evse), both_ways(evse)) if evse.discharge_max_kw > 0.0 else (one_way(evse),)


def needs_21(outlet: Outlet, visit: Visit) -> Payload:
    """Return the chargingNeeds of a car; where both car and outlet can give back it asks for that, whatever its driver wants."""
    evse = outlet.evse
    if outlet.discharge_max_kw <= 0.0:
        return charging_needs(outlet, visit) | {"availableEnergyTransfer": [one_way(evse)]}
    parameters = {"dcChargingParameters": dc_parameters(outlet, visit)} if is_dc(evse) else {}
    return {
        "requestedEnergyTransfer": both_ways(evse),
        "availableEnergyTransfer": list(transfers(evse)),
        "controlMode": "DynamicControl",
        "mobilityNeedsMode": "EVCC_SECC",
        "v2xChargingParameters": _v2x_parameters(outlet, visit),
        **(parameters or {"acChargingParameters": ac_parameters(outlet, visit)}),
        **departure(visit.stated_departure),
    }


def _v2x_parameters(outlet: Outlet, visit: Visit) -> Payload:
    """Return its powers [W, ≥ 0] and, as ISO 15118-20 counts them, energies from now on [Wh, < 0 where there is some to spare]."""
    stored_kwh = outlet.soc_frac * visit.capacity_kwh
    return {
        "minChargePower": w_from_kw(outlet.evse.charge_min_kw),
        "maxChargePower": w_from_kw(min(visit.charge_max_kw, outlet.evse.charge_max_kw)),
        "minDischargePower": 0.0,
        "maxDischargePower": w_from_kw(outlet.discharge_max_kw),
        "evTargetEnergyRequest": needed_wh(outlet, visit),
        "evMinEnergyRequest": round(wh_from_kwh(BMS_FLOOR_FRAC * visit.capacity_kwh - stored_kwh)),
        "evMaxEnergyRequest": round(wh_from_kwh(visit.capacity_kwh - stored_kwh)),
        "evMinV2XEnergyRequest": round(wh_from_kwh(visit.soc_floor_frac * visit.capacity_kwh - stored_kwh)),
        "evMaxV2XEnergyRequest": round(wh_from_kwh(visit.capacity_kwh - stored_kwh)),
        "targetSoC": round(100 * visit.due_kwh / visit.capacity_kwh),
    }
