"""A car's best answer to a price curve, exactly: backwards what energy is worth at each step's end, forwards what is done.

    V[t−1](e) = min over gains x of cost_t(x) + V[t](e − drain_t + x),    V[t] with what holding energy costs and its bounds

V is convex and piecewise linear: its pieces and the cost's in the order of their slopes (`pieces`), at the taper mapped affinely
(`tapering`). Of each step only the thresholds are kept at which each piece of the cost stops paying. Where burning energy would pay
(prices below 0), the cost's convex hull gives a bound, and the car does its best step by step without burning.
Source: storage value functions, e.g. Cruise et al. (2019), "Control of energy storage with market impact: Lagrangian approach and
horizons", Operations Research 67(1).
"""

from typing import Any, NamedTuple

import numpy as np

from optimizer.fleet.gains import MOST_CORNERS, cost_between, gains, hull, is_convex, net_kw, plain_gains, step_cost, stored_kw
from optimizer.fleet.holding import BENDS, MOST_BENDS, find_bends
from optimizer.fleet.jit import part
from optimizer.fleet.pieces import bend, spread, steeper, trim, value_at, worth_at
from optimizer.fleet.series import (
    CEILING,
    CHARGE,
    DISCHARGE,
    DRAIN,
    FLOOR,
    IDLE,
    KNEE,
    N_ROWS,
    PENALTY,
    PREVIOUS,
    STEP_H,
    TAPER,
)
from optimizer.fleet.tapering import gap_h, spread_tapered
from optimizer.inputs.wishes import STICKY_STEPS
from v2g.timegrid import Array

UNREACHED_KWH = 1e-9
"""By how much more than a car can reach its value function goes: rounding must not cut off where it is."""
DUST_KWH = 1e-12
POWER, GAIN, PRICE = range(3)
AT, SLOPE = range(2)


class Work(NamedTuple):
    """One task's space: `own` as in `optimizer.fleet.series`, the answer's `energy` (T,) at step ends [kWh], and scratch.

    Where energies are to be valued, `probe` (T,) are these at step ends, and `worth` (4, T) becomes the least and the most that a
    kWh there is worth, before and after what holding it costs in that step; else both are empty.
    """

    own: Array
    energy: Array
    threshold: Array
    corner: Array
    bends: Array
    line: Array
    kept: Array
    kept_value: Array
    probe: Array
    worth: Array


@part
def make_work(steps: int, probes: int) -> Work:
    """Return space for cars of so many steps, with so many probes."""
    size = (MOST_CORNERS + 5) * steps + MOST_BENDS + 8
    return Work(
        np.zeros((N_ROWS, steps)),
        np.empty(steps),
        np.empty((steps, MOST_CORNERS)),
        np.empty((3, MOST_CORNERS + 1)),
        np.empty((MOST_BENDS, 3)),
        np.empty((4, size)),
        np.empty((steps, 2, size)),
        np.empty((steps, 2)),
        np.empty(probes),
        np.empty((4, probes)),
    )


@part
def step_money(own: Array, step: int, price: float, wear: float, moving: float) -> tuple[float, float, float, float]:
    """Return what `optimizer.fleet.gains.step_cost` needs: price, wear, price of moving, previous power."""
    if moving > 0 and step < STICKY_STEPS and not np.isnan(own[PREVIOUS, step]):
        return price, wear, moving, own[PREVIOUS, step]
    return price, wear, 0.0, np.nan


@part
def step_gains(car: Any, own: Array, step: int, price: float, moving: float, corner: Array) -> tuple[int, float]:
    """Write a step's corners and prices, discharging at its penalty; return their number and the cost of the largest gain."""
    charge_kw, discharge_kw, step_h = own[CHARGE, step], own[DISCHARGE, step], own[STEP_H, step]
    wear = car.wear + own[PENALTY, step]
    if car.uses & (KNEE | TAPER) or (moving > 0 and step < STICKY_STEPS):
        money = step_money(own, step, price, wear, moving)
        pieces = gains(corner, car, (charge_kw, discharge_kw), money, step_h)
        return pieces, step_cost(corner[POWER, pieces], money, step_h)
    return plain_gains(corner, car, (charge_kw, discharge_kw), (price, wear), step_h), price * charge_kw * step_h


@part
def look_back(car: Any, work: Work, prices: Array, moving: float) -> float:
    """Write the thresholds of all steps; return the least cost of the start, a bound from below where burning would pay."""
    own, corner = work.own, work.corner
    at, slope, new_at, new_slope = work.line[0], work.line[1], work.line[2], work.line[3]
    at[0], at[1], slope[0] = car.low_kwh, car.high_kwh, -car.terminal_price
    if car.first < car.end:
        at[0], at[1] = max(car.low_kwh, own[FLOOR, car.end - 1]), min(car.high_kwh, own[CEILING, car.end - 1])
    head, tail, value = 0, 1, slope[0] * at[0]
    gain, draw, full = car.gain_kwh + UNREACHED_KWH, car.draw_kwh + UNREACHED_KWH, np.inf
    for t in range(car.end - 1, car.first - 1, -1):
        low, high = max(own[FLOOR, t], own[IDLE, t] - draw), min(own[CEILING, t], own[IDLE, t] + gain, full)
        head, tail, value = trim(at, slope, head, tail, value, low, high)
        if len(work.probe):
            work.worth[0, t], work.worth[1, t] = worth_at(at, slope, head, tail, work.probe[t])
        if car.uses & BENDS or t == car.due:
            for i in range(find_bends(work.bends, car, own, t)):
                tail, value = bend(at, slope, head, tail, value, work.bends[i])
        if len(work.probe):
            work.worth[2, t], work.worth[3, t] = worth_at(at, slope, head, tail, work.probe[t])
        pieces, top_cost = step_gains(car, own, t, prices[t], moving, corner)
        gain, draw, full = gain - corner[GAIN, pieces], draw + corner[GAIN, 0], np.inf
        if is_convex(corner, pieces):
            for k in range(pieces):
                work.threshold[t, k] = at[steeper(slope, head, tail, -corner[PRICE, k])]
        else:
            _keep(work, t, at, slope, head, tail, value)
            hull(corner, pieces)
        if car.uses & TAPER and corner[GAIN, pieces] > 0:
            full = max(car.taper_full_kwh, own[IDLE, t] + own[DRAIN, t])
            gap = gap_h(car, own[STEP_H, t])
            tail, top = spread_tapered(at, slope, head, tail, new_at, new_slope, corner, pieces, own[DRAIN, t], full, gap)
            top_cost -= cost_between(corner, pieces, top)
        else:
            tail = spread(at, slope, head, tail, new_at, new_slope, corner, pieces, own[DRAIN, t])
        head, value = 0, value + top_cost
        at, slope, new_at, new_slope = new_at, new_slope, at, slope
    return trim(at, slope, head, tail, value, car.start_kwh, car.start_kwh)[2]


@part
def _keep(work: Work, step: int, at: Array, slope: Array, head: int, tail: int, value: float) -> None:
    """Keep the value function at the end of a step whose cost is not convex."""
    work.threshold[step, 0] = np.nan
    work.kept_value[step, 0], work.kept_value[step, 1] = tail - head, value
    for i in range(tail - head):
        work.kept[step, AT, i], work.kept[step, SLOPE, i] = at[head + i], slope[head + i]
    work.kept[step, AT, tail - head] = at[tail]


@part
def look_ahead(car: Any, work: Work, prices: Array, moving: float) -> None:
    """Write the energy at each step's end, following the thresholds."""
    own, corner, energy = work.own, work.corner, car.start_kwh
    for t in range(car.first, car.end):
        pieces, _ = step_gains(car, own, t, prices[t], moving, corner)
        most = np.inf
        if car.uses & TAPER:
            full = max(car.taper_full_kwh, own[IDLE, t] + own[DRAIN, t])
            most = own[STEP_H, t] * stored_kw(max(full - energy, 0.0) / gap_h(car, own[STEP_H, t]), car)
        energy -= own[DRAIN, t]
        if pieces > 1 and np.isnan(work.threshold[t, 0]):
            energy += _best_gain(
                car, work, t, energy, most, step_money(own, t, prices[t], car.wear + own[PENALTY, t], moving), pieces
            )
        else:
            gain = corner[GAIN, 0]
            for k in range(pieces):
                wanted = work.threshold[t, k] - energy
                if wanted < corner[GAIN, k + 1]:
                    gain = max(gain, wanted)
                    break
                gain = corner[GAIN, k + 1]
            energy += min(gain, most)
        work.energy[t] = energy


@part
def _best_gain(
    car: Any, work: Work, step: int, energy: float, most: float, money: tuple[float, float, float, float], pieces: int
) -> float:
    """Return the gain that costs least by the kept value function, without charging and discharging at once."""
    at, slope, corner, step_h = work.kept[step, AT], work.kept[step, SLOPE], work.corner, work.own[STEP_H, step]
    tail, value, best, least = int(work.kept_value[step, 0]), work.kept_value[step, 1], 0.0, np.inf
    for k in range(pieces):
        left = max(corner[GAIN, k], at[0] - energy)
        right = min(corner[GAIN, k + 1], at[tail] - energy, most)
        if right >= left - DUST_KWH:
            gain = min(max(at[steeper(slope, 0, tail, -corner[PRICE, k])] - energy, left), right)
            cost = step_cost(net_kw(gain / step_h, car), money, step_h) + value_at(at, slope, tail, value, energy + gain)
            if cost < least:
                best, least = gain, cost
    return best
