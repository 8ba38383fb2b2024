"""What holding energy costs a car at the end of a step: bounds that idling breaks, promises, early departures, calendar ageing.

All of it is a sum of bends, each ``max(below·(where − e), above·(e − where))`` in the energy e: three numbers a bend.
"""

from typing import Any

from optimizer.envelope import TOLERANCE_KWH
from optimizer.fleet.jit import part
from optimizer.shares import N_SHARES, RISE
from v2g.timegrid import Array

DRAINS, OUTSIDE, EARLY, CALENDAR, KNEE, TAPER = 1, 2, 4, 8, 16, 32
"""What a car uses: energy leaves it by itself, idling breaks a bound, it may leave before its promise, and so on."""
BENDS = OUTSIDE | EARLY | CALENDAR
MOST_BENDS = N_SHARES + 3
ENERGY_MIN, ENERGY_MAX, DRAIN, LEAVES, PREVIOUS = 2, 3, 4, 5, 6
"""Places of the tables in `optimizer.fleet.cars.Tables`; the first two are the powers."""


@part
def place(tables: Any, table: int, row: int, step: int) -> int:
    """Return where a table's number of a unit and a step lies."""
    return int(row * tables.stride[table, 0] + step * tables.stride[table, 1])


@part
def drained(car: Any, tables: Any, step: int) -> float:
    """Return what leaves the car by itself in a step [kWh]."""
    if car.uses & DRAINS:
        return float(tables.drain_kwh[place(tables, DRAIN, car.row, step)])
    return 0.0


@part
def energy_bounds(car: Any, tables: Any, step: int, idle_kwh: float) -> tuple[float, float]:
    """Return the hard bounds at a step's end: what idling breaks gives way to what idling holds [kWh]."""
    low = tables.energy_min_kwh[place(tables, ENERGY_MIN, car.row, step)]
    high = tables.energy_max_kwh[place(tables, ENERGY_MAX, car.row, step)]
    return min(low, idle_kwh), max(high, idle_kwh)


@part
def find_bends(bends: Array, car: Any, tables: Any, step: int, idle_kwh: float) -> int:
    """Write the bends (·, 3) at a step's end: where [kWh], below and above [currency/kWh]; return how many there are."""
    n = 0
    if car.uses & OUTSIDE:
        price = car.outside_price * tables.step_h[step]
        low = tables.energy_min_kwh[place(tables, ENERGY_MIN, car.row, step)]
        high = tables.energy_max_kwh[place(tables, ENERGY_MAX, car.row, step)]
        if idle_kwh < low - TOLERANCE_KWH:
            n = _write(bends, n, low, price, 0.0)
        if idle_kwh > high + TOLERANCE_KWH:
            n = _write(bends, n, high, 0.0, price)
    if car.uses & EARLY:
        price = car.shortfall_price * tables.leaves[place(tables, LEAVES, car.row, step)]
        if price > 0:
            n = _write(bends, n, car.wanted_kwh, price, 0.0)
    if car.uses & CALENDAR:
        n = _write(bends, n, car.calendar_above_kwh, 0.0, car.calendar_price * tables.step_h[step])
    if step == car.due:
        for q in range(N_SHARES):
            rise = 1.0 + RISE[0] if q == 0 else RISE[q] - RISE[q - 1]
            n = _write(bends, n, car.target_kwh - q * car.part_kwh, car.unmet_price * rise, 0.0)
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
