"""Constant-voltage charging: from some state of charge on, the battery's power falls in a straight line towards full.

    battery_kw ≤ full_kw·(c + (1 − c)·(1 − s) / (1 − s_cv)),   s > s_cv

`c` is the cut-off share: what a battery still takes when it is all but full. Source: two-stage battery of Lee et al. (e-Energy
2019), section 4.3, with a cut-off in place of an endless approach.
"""

from v2g.driver import knows_charge
from v2g.session import ChargingSession
from v2g.unit import Converter

CUT_OFF_FRAC = 0.05
LOSS_MARGIN_FRAC = 0.05
"""A converter draws up to this share of its rating more for the last few kW than its efficiency says."""


def tapering(session: ChargingSession, full_kw: float, from_frac: float) -> Converter:
    """Return the taper of a car that takes `full_kw` [kW, at the battery] up to `from_frac`, unless its vehicle tells better.

    Ideal where the car tells no state of charge or capacity, or `from_frac` is 1.
    """
    told = session.vehicle.taper_from_frac
    begins = from_frac if told is None else told
    capacity_kwh = session.vehicle.capacity_kwh
    if not knows_charge(session) or capacity_kwh is None or begins >= 1.0:
        return Converter()
    width_kwh = (1.0 - begins) * capacity_kwh / (1.0 - CUT_OFF_FRAC)
    return Converter(taper_full_kwh=capacity_kwh + CUT_OFF_FRAC * width_kwh, taper_per_h=full_kw / width_kwh)


def told_taper_frac(session: ChargingSession) -> float:
    """Return the most that a car, by its own word, draws now of its full AC power, 0..1."""
    begins = session.vehicle.taper_from_frac
    if begins is None or begins >= 1.0 or session.soc_frac is None:
        return 1.0
    falls = (1.0 - session.soc_frac) / (1.0 - begins)
    return min(CUT_OFF_FRAC + (1.0 - CUT_OFF_FRAC) * falls + LOSS_MARGIN_FRAC, 1.0)
