"""What a driver is owed: the energy in the car, the target, the floor, and whether it may give back."""

from v2g.session import ChargingSession
from v2g.site import Evse, Rules


def knows_charge(session: ChargingSession) -> bool:
    """Return whether the car tells its state of charge and its capacity."""
    return session.soc_frac is not None and session.vehicle.capacity_kwh is not None


def stored_energy_kwh(session: ChargingSession, evse: Evse) -> float:
    """Return the energy in the car's battery [kWh]; counted from 0 at plug-in where the car tells nothing."""
    if session.soc_frac is not None and session.vehicle.capacity_kwh is not None:
        return session.soc_frac * session.vehicle.capacity_kwh
    return max(session.charged_kwh * evse.efficiency - session.discharged_kwh / evse.efficiency, 0.0)


def target_energy_kwh(session: ChargingSession, evse: Evse, rules: Rules, arrival_kwh: float | None) -> float:
    """Return the stored energy the driver wants at departure [kWh], never more than the battery holds."""
    capacity = session.vehicle.capacity_kwh if knows_charge(session) else None
    wishes = session.wishes
    if wishes.energy_kwh is not None:
        now = stored_energy_kwh(session, evse)
        added = session.charged_kwh * evse.efficiency - session.discharged_kwh / evse.efficiency
        at_plug_in = (now - added if arrival_kwh is None else arrival_kwh) if knows_charge(session) else 0.0
        target = at_plug_in + wishes.energy_kwh
    elif capacity is not None:
        target = capacity * (rules.default_target_frac if wishes.soc_target_frac is None else wishes.soc_target_frac)
    else:
        target = rules.default_energy_kwh
    return min(target, capacity) if capacity is not None else target


def soc_floor_frac(session: ChargingSession, rules: Rules) -> float:
    """Return what discharge must leave in the car, 0..1: the driver's floor or the site's, whichever is more."""
    return max(session.wishes.soc_floor_frac or 0.0, rules.soc_floor_frac)


def may_discharge(session: ChargingSession, evse: Evse, rules: Rules) -> bool:
    """Return whether this car may give back: the site, the outlet and the driver allow it, and its charge is known."""
    able = evse.discharge_max_kw > 0 and session.vehicle.discharge_max_kw != 0
    return rules.discharge and able and session.wishes.discharge_consent and knows_charge(session)
