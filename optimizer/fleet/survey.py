"""What of a car does not depend on prices: when it can do anything, what bends its costs then, and what it costs anyway."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.fleet.holding import MOST_BENDS, find_bends, holding_cost
from optimizer.fleet.jit import entry, part
from optimizer.fleet.series import (
    CALENDAR,
    CEILING,
    CHARGE,
    DISCHARGE,
    DRAIN,
    DRAINS,
    EARLY,
    EARLY_PRICE,
    EVERYTHING,
    FLOOR,
    IDLE,
    KNEE,
    N_ROWS,
    OUTSIDE,
    SOFT_MAX,
    SOFT_MIN,
    STEP_H,
    TAPER,
    gather,
)
from optimizer.shares import N_SHARES
from v2g.timegrid import Array


@entry
def survey(cars: NDArray[np.void], tables: Any, first: int, behind: int) -> None:
    """Write into records `first` ≤ i < `behind` what `optimizer.fleet.cars.CAR` says of steps, uses, bounds and fixed cost."""
    steps = len(tables.step_h)
    own, bends = np.empty((N_ROWS, steps)), np.empty((MOST_BENDS, 3))
    for i in range(first, behind):
        car = cars[i]
        car.first, car.end = 0, steps
        gather(own, car, tables, EVERYTHING)
        car.uses = _uses(car, own)
        if car.due >= 0:
            need = car.target_kwh - own[IDLE, car.due]
            car.part_kwh = (need if need > 0 else car.target_kwh) / N_SHARES
        _find_steps(car, own, bends)
        _settle_rest(car, own, bends)


@part
def _uses(car: Any, own: Array) -> int:
    """Return what bends the car's costs."""
    uses = 0
    for t in range(own.shape[1]):
        if own[DRAIN, t] != 0:
            uses |= DRAINS
        if own[SOFT_MIN, t] > -np.inf or own[SOFT_MAX, t] < np.inf:
            uses |= OUTSIDE
        if own[EARLY_PRICE, t] > 0:
            uses |= EARLY
    uses |= CALENDAR if car.calendar_price > 0 else 0
    uses |= KNEE if np.isfinite(car.knee_kw) else 0
    return uses | (TAPER if np.isfinite(car.taper_full_kwh) else 0)


@part
def _find_steps(car: Any, own: Array, bends: Array) -> None:
    """Write from when to when the car decides: from its first power to its last, or to the last step in which holding costs."""
    steps = own.shape[1]
    first, end = steps, steps
    for t in range(steps):
        powers = own[CHARGE, t] > 0 or own[DISCHARGE, t] > 0
        if powers and first == steps:
            first = t
        if powers or (first < steps and find_bends(bends, car, own, t) > 0):
            end = t + 1
    car.first, car.end = first, end


@part
def _settle_rest(car: Any, own: Array, bends: Array) -> None:
    """Write what holds outside the car's steps: what it holds and costs before, the bounds and the drain after, and its reach."""
    for t in range(car.first):
        car.fixed_cost += holding_cost(bends, find_bends(bends, car, own, t), own[IDLE, t])
        car.start_kwh = own[IDLE, t]
    low, high = -np.inf, np.inf
    for t in range(own.shape[1] - 1, car.end - 1, -1):
        low, high = max(low, own[FLOOR, t]) + own[DRAIN, t], min(high, own[CEILING, t]) + own[DRAIN, t]
        car.fixed_cost += car.terminal_price * own[DRAIN, t]
    if car.first == car.end:
        low = high = car.start_kwh
    for t in range(car.first, car.end):
        car.gain_kwh += own[STEP_H, t] * own[CHARGE, t] * car.charge_efficiency
        car.draw_kwh += own[STEP_H, t] * own[DISCHARGE, t] * (1.0 / car.discharge_efficiency + car.knee_loss_frac)
    car.low_kwh, car.high_kwh = low, high
