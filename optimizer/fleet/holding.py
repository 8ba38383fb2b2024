"""What holding energy costs a car at the end of a step: bounds that idling breaks, promises, early departures, calendar ageing.

All of it is a sum of bends, each ``max(below·(where − e), above·(e − where))`` in the energy e: three numbers a bend.
"""

from typing import Any

import numpy as np

from optimizer.fleet.jit import part
from optimizer.fleet.series import CALENDAR, EARLY, EARLY_PRICE, OUTSIDE, SOFT_MAX, SOFT_MIN, STEP_H
from optimizer.shares import N_SHARES, RISE
from v2g.timegrid import Array

BENDS = OUTSIDE | EARLY | CALENDAR
MOST_BENDS = N_SHARES + 4
RISES = np.diff(1.0 + RISE, prepend=0.0)


@part
def find_bends(bends: Array, car: Any, own: Array, step: int) -> int:
    """Write the bends (·, 3) at a step's end: where [kWh], below and above [currency/kWh]; return how many there are."""
    n = 0
    if car.uses & OUTSIDE:
        price = car.outside_price * own[STEP_H, step]
        if own[SOFT_MIN, step] > -np.inf:
            n = _write(bends, n, own[SOFT_MIN, step], price, 0.0)
        if own[SOFT_MAX, step] < np.inf:
            n = _write(bends, n, own[SOFT_MAX, step], 0.0, price)
    if car.uses & EARLY and own[EARLY_PRICE, step] > 0:
        n = _write(bends, n, car.wanted_kwh, own[EARLY_PRICE, step], 0.0)
    if car.uses & CALENDAR:
        n = _write(bends, n, car.calendar_above_kwh, 0.0, car.calendar_price * own[STEP_H, step])
    if step == car.due:
        for q in range(N_SHARES):
            n = _write(bends, n, car.target_kwh - q * car.part_kwh, car.unmet_price * RISES[q], 0.0)
    return n


@part
def holding_cost(bends: Array, n: int, energy_kwh: float) -> float:
    """Return what the first `n` bends cost at an energy [currency]."""
    cost = 0.0
    for i in range(n):
        gap = energy_kwh - bends[i, 0]
        cost += bends[i, 2] * gap if gap > 0 else -bends[i, 1] * gap
    return cost


@part
def _write(bends: Array, n: int, where: float, below: float, above: float) -> int:
    bends[n, 0], bends[n, 1], bends[n, 2] = where, below, above
    return n + 1
