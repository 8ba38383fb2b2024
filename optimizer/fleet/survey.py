"""What of a car does not depend on prices: when it can do anything, what bends its costs then, and what it costs anyway."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.envelope import TOLERANCE_KWH
from optimizer.fleet.holding import (
    CALENDAR,
    DRAIN,
    DRAINS,
    EARLY,
    ENERGY_MAX,
    ENERGY_MIN,
    KNEE,
    LEAVES,
    MOST_BENDS,
    OUTSIDE,
    TAPER,
    drained,
    energy_bounds,
    find_bends,
    holding_cost,
    place,
)
from optimizer.fleet.jit import entry, part
from optimizer.shares import N_SHARES


@entry
def survey(cars: NDArray[np.void], tables: Any, first: int, behind: int) -> None:
    """Write into records `first` ≤ i < `behind` what `optimizer.fleet.cars.CAR` says of steps, uses, bounds and fixed cost."""
    bends = np.empty((MOST_BENDS, 3))
    for i in range(first, behind):
        car = cars[i]
        begin, last = _span(car, tables)
        car.uses = _uses(car, tables)
        idle = car.start_kwh
        for t in range(begin):
            idle -= drained(car, tables, t)
            _promise(car, t, idle)
            car.fixed_cost += holding_cost(bends, find_bends(bends, car, tables, t, idle), idle)
        car.first, car.start_kwh = begin, idle
        end = min(begin, last + 1)
        for t in range(begin, len(tables.step_h)):
            idle -= drained(car, tables, t)
            _promise(car, t, idle)
            if t <= last or find_bends(bends, car, tables, t, idle) > 0:
                end = t + 1
        car.end = end
        _reach(car, tables)
        _tail(car, tables, idle)


@part
def _span(car: Any, tables: Any) -> tuple[int, int]:
    """Return the first and the last step with power bounds above 0; the horizon's end and the step before it where there is none."""
    steps = len(tables.step_h)
    first, last = steps, -1
    for t in range(steps):
        if tables.charge_kw[place(tables, 0, car.row, t)] > 0 or tables.discharge_kw[place(tables, 1, car.row, t)] > 0:
            first, last = min(first, t), t
    return first, max(last, first - 1)


@part
def _uses(car: Any, tables: Any) -> int:
    """Return what bends the car's costs."""
    uses, idle = 0, car.start_kwh
    for t in range(len(tables.step_h)):
        drain = tables.drain_kwh[place(tables, DRAIN, car.row, t)]
        idle -= drain
        if drain != 0:
            uses |= DRAINS
        low = tables.energy_min_kwh[place(tables, ENERGY_MIN, car.row, t)]
        high = tables.energy_max_kwh[place(tables, ENERGY_MAX, car.row, t)]
        if idle < low - TOLERANCE_KWH or idle > high + TOLERANCE_KWH:
            uses |= OUTSIDE
        if car.shortfall_price > 0 and tables.leaves[place(tables, LEAVES, car.row, t)] > 0:
            uses |= EARLY
    if car.calendar_price > 0:
        uses |= CALENDAR
    if np.isfinite(car.knee_kw):
        uses |= KNEE
    if np.isfinite(car.taper_full_kwh):
        uses |= TAPER
    return uses


@part
def _promise(car: Any, step: int, idle_kwh: float) -> None:
    """Write the parts of the promise that is due at a step's end; see `optimizer.shares`."""
    if step == car.due:
        need = car.target_kwh - idle_kwh
        car.part_kwh = (need if need > 0 else car.target_kwh) / N_SHARES


@part
def _reach(car: Any, tables: Any) -> None:
    """Write what the car can gain and draw in all, at most."""
    for t in range(car.first, car.end):
        car.gain_kwh += tables.step_h[t] * tables.charge_kw[place(tables, 0, car.row, t)] * car.charge_efficiency
        drawn = tables.discharge_kw[place(tables, 1, car.row, t)] * (1.0 / car.discharge_efficiency + car.knee_loss_frac)
        car.draw_kwh += tables.step_h[t] * drawn


@part
def _tail(car: Any, tables: Any, idle_kwh: float) -> None:
    """Write the bounds at the end of the car's steps that keep those after it, and what drains from there on."""
    low, high, idle = -np.inf, np.inf, idle_kwh
    for t in range(len(tables.step_h) - 1, car.end - 1, -1):
        floor, ceiling = energy_bounds(car, tables, t, idle)
        drain = drained(car, tables, t)
        low, high, idle = max(low, floor) + drain, min(high, ceiling) + drain, idle + drain
        car.fixed_cost += car.terminal_price * drain
    if car.end > car.first:
        floor, ceiling = energy_bounds(car, tables, car.end - 1, idle)
        car.low_kwh, car.high_kwh = max(low, floor), min(high, ceiling)
    else:
        car.low_kwh = car.high_kwh = idle
    car.idle_kwh = idle
