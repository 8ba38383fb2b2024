"""How much a car could have stored at full power all its stay: the closed form of constant power, then taper, then cut-off.

With full battery power P [kW], taper from s_cv and cut-off share c, capacity C [kWh], and w = (1 − s_cv)·C:

    P·t                                     up to s_cv·C
    missing(t) = missing(0)·exp(−P·t / w)   until the power has fallen to c·P, that is until missing = c·w
    c·P·t                                   until full
"""

import math

import numpy as np

from adapters.farm import physics
from adapters.farm.visit import Visit
from v2g.site import Evse
from v2g.units import h_from_s


def possible_kwh(visit: Visit, evse: Evse, stay_s: float) -> float:
    """Return the stored energy [kWh] after `stay_s` seconds of charging at full power from the arrival's."""
    full_kw = _full_battery_kw(visit, evse)
    left_h = h_from_s(max(stay_s - visit.wake_s, 0.0))
    width_kwh = (1.0 - visit.taper_from_frac) * visit.capacity_kwh
    missing_kwh = visit.capacity_kwh - visit.arrival_kwh
    constant_h = min(max(missing_kwh - width_kwh, 0.0) / full_kw, left_h)
    missing_kwh, left_h = missing_kwh - full_kw * constant_h, left_h - constant_h
    taper_h = min(max(math.log(max(missing_kwh, 1e-12) / (physics.CUT_OFF_FRAC * width_kwh)), 0.0) * width_kwh / full_kw, left_h)
    missing_kwh, left_h = missing_kwh * math.exp(-full_kw * taper_h / width_kwh), left_h - taper_h
    missing_kwh = max(missing_kwh - physics.CUT_OFF_FRAC * full_kw * left_h, 0.0)
    return visit.capacity_kwh - missing_kwh


def _full_battery_kw(visit: Visit, evse: Evse) -> float:
    charge_kw = min(evse.charge_max_kw, visit.charge_max_kw)
    rated_kw = max(charge_kw, min(evse.discharge_max_kw, visit.discharge_max_kw))
    losses = physics.losses_of(np.array([evse.efficiency]), np.array([rated_kw]))
    return float(charge_kw - losses.at(np.array([charge_kw]))[0])
