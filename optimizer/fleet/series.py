"""What a car may do step by step, gathered from the problem's tables into one small array that stays in the processor's cache.

Row by row, each (T,): the most charging and discharging [kW], the hard bounds at the step's end (what idling breaks gives way to
what idling holds), what leaves by itself, what should hold where idling breaks it, what idling holds [kWh], the price of a kWh
missing at an early departure, the previous plan [kW], what discharging costs beyond wear, and the step's length [h].
"""

from typing import Any

import numpy as np

from optimizer.envelope import TOLERANCE_KWH
from optimizer.fleet.jit import part
from optimizer.inputs.wishes import STICKY_STEPS
from v2g.timegrid import Array

CHARGE, DISCHARGE, FLOOR, CEILING, DRAIN, SOFT_MIN, SOFT_MAX, IDLE, EARLY_PRICE, PREVIOUS, PENALTY, STEP_H = range(12)
N_ROWS = 12
DRAINS, OUTSIDE, EARLY, CALENDAR, KNEE, TAPER, EVERYTHING = 1, 2, 4, 8, 16, 32, 63
"""What a car uses: energy leaves it by itself, idling breaks a bound, it may leave before its promise, and so on."""


@part
def gather(own: Array, car: Any, tables: Any, uses: int) -> None:
    """Write the car's steps into `own` (N_ROWS, T), apart from the penalty: no rows but those for what it uses."""
    row, first, end, stride = car.row, car.first, car.end, tables.stride
    for t in range(first, end):
        own[CHARGE, t] = tables.charge_kw[row * stride[0, 0] + t * stride[0, 1]]
        own[DISCHARGE, t] = tables.discharge_kw[row * stride[1, 0] + t * stride[1, 1]]
        own[FLOOR, t] = tables.energy_min_kwh[row * stride[2, 0] + t * stride[2, 1]]
        own[CEILING, t] = tables.energy_max_kwh[row * stride[3, 0] + t * stride[3, 1]]
        own[STEP_H, t] = tables.step_h[t]
        own[DRAIN, t] = own[EARLY_PRICE, t] = 0.0
    if uses & DRAINS:
        for t in range(first, end):
            own[DRAIN, t] = tables.drain_kwh[row * stride[4, 0] + t * stride[4, 1]]
    if uses & EARLY:
        for t in range(first, end):
            own[EARLY_PRICE, t] = car.shortfall_price * tables.leaves[row * stride[5, 0] + t * stride[5, 1]]
    for t in range(first, min(end, STICKY_STEPS)):
        own[PREVIOUS, t] = tables.previous_kw[row * stride[6, 0] + t * stride[6, 1]]
    _give_way(own, first, end, car.start_kwh)


@part
def _give_way(own: Array, first: int, end: int, start_kwh: float) -> None:
    """Write what idling holds, and let bounds that it breaks be soft; see `optimizer.envelope`."""
    idle = start_kwh
    for t in range(first, end):
        idle -= own[DRAIN, t]
        low, high = own[FLOOR, t], own[CEILING, t]
        own[IDLE, t] = idle
        own[SOFT_MIN, t] = low if idle < low - TOLERANCE_KWH else -np.inf
        own[SOFT_MAX, t] = high if idle > high + TOLERANCE_KWH else np.inf
        own[FLOOR, t], own[CEILING, t] = min(low, idle), max(high, idle)
