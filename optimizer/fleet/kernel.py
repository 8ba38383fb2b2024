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

from optimizer.fleet.gains import MOST_CORNERS, gains, hull, is_convex, net_kw, plain_gains, step_cost, stored_kw
from optimizer.fleet.holding import (
    BENDS,
    KNEE,
    MOST_BENDS,
    PREVIOUS,
    TAPER,
    drained,
    energy_bounds,
    find_bends,
    place,
)
from optimizer.fleet.jit import part
from optimizer.fleet.pieces import bend, spread, steeper, trim, value_at
from optimizer.fleet.tapering import gap_h, spread_tapered
from optimizer.inputs.wishes import STICKY_STEPS
from v2g.timegrid import Array

UNREACHED_KWH = 1e-9
"""By how much more than a car can reach its value function goes: rounding must not cut off where it is."""
DUST_KWH = 1e-12


class Work(NamedTuple):
    """One task's space. `energy` (T,) is the answer [kWh at step ends], `penalty` (T,) what discharging costs beyond wear."""

    at: Array
    slope: Array
    threshold: Array
    kept_at: Array
    kept_slope: Array
    kept: Array
    power: Array
    gain: Array
    price: Array
    bends: Array
    energy: Array
    penalty: Array


@part
def make_work(steps: int) -> Work:
    """Return space for cars of so many steps."""
    size = (MOST_CORNERS + 5) * steps + MOST_BENDS + 8
    return Work(
        np.empty((2, size)),
        np.empty((2, size)),
        np.empty((steps, MOST_CORNERS)),
        np.empty((steps, size)),
        np.empty((steps, size)),
        np.empty((steps, 2)),
        np.empty(MOST_CORNERS + 1),
        np.empty(MOST_CORNERS + 1),
        np.empty(MOST_CORNERS + 1),
        np.empty((MOST_BENDS, 3)),
        np.empty(steps),
        np.zeros(steps),
    )


@part
def step_money(car: Any, tables: Any, step: int, price: float, moving: float) -> tuple[float, float, float, float]:
    """Return what `optimizer.fleet.gains.step_cost` needs: price, wear, price of moving, previous power."""
    if moving > 0 and step < STICKY_STEPS:
        previous = tables.previous_kw[place(tables, PREVIOUS, car.row, step)]
        if not np.isnan(previous):
            return price, car.wear, moving, previous
    return price, car.wear, 0.0, np.nan


@part
def step_gains(car: Any, tables: Any, step: int, price: float, moving: float, work: Work) -> tuple[int, float]:
    """Write a step's corners and prices, discharging at its penalty; return their number and the cost of the largest gain."""
    limits = tables.charge_kw[place(tables, 0, car.row, step)], tables.discharge_kw[place(tables, 1, car.row, step)]
    step_h, wear = tables.step_h[step], car.wear + work.penalty[step]
    if car.uses & (KNEE | TAPER) or (moving > 0 and step < STICKY_STEPS):
        _, _, moving, previous = step_money(car, tables, step, price, moving)
        money = price, wear, moving, previous
        pieces = gains(work.power, work.gain, work.price, car, limits, money, step_h)
        return pieces, step_cost(work.power[pieces], money, step_h)
    return plain_gains(work.gain, work.price, car, limits, price, wear, step_h), price * limits[0] * step_h


@part
def look_back(car: Any, tables: Any, prices: Array, moving: float, work: Work) -> float:
    """Write the thresholds of all steps; return the least cost of the start, a bound from below where burning would pay."""
    at, slope, new_at, new_slope = work.at[0], work.slope[0], work.at[1], work.slope[1]
    at[0], at[1], slope[0] = car.low_kwh, car.high_kwh, -car.terminal_price
    head, tail, value = 0, 1, -car.terminal_price * car.low_kwh
    idle, gain, draw, full = car.idle_kwh, car.gain_kwh + UNREACHED_KWH, car.draw_kwh + UNREACHED_KWH, np.inf
    for t in range(car.end - 1, car.first - 1, -1):
        low, high = energy_bounds(car, tables, t, idle)
        head, tail, value = trim(at, slope, head, tail, value, max(low, idle - draw), min(high, idle + gain, full))
        if car.uses & BENDS or t == car.due:
            for i in range(find_bends(work.bends, car, tables, t, idle)):
                where, below, above = work.bends[i]
                head, tail, value = bend(at, slope, head, tail, value, where, below, above)
        pieces, top_cost = step_gains(car, tables, t, prices[t], moving, work)
        drain = drained(car, tables, t)
        idle += drain
        gain, draw = gain - work.gain[pieces], draw + work.gain[0]
        tapered = car.uses & TAPER and pieces > 0 and work.gain[pieces] > 0
        full = max(car.taper_full_kwh, idle) if tapered else np.inf
        if not is_convex(work.price, pieces):
            _keep(at, slope, head, tail, value, t, work)
            hull(work.gain, work.price, pieces)
        else:
            for k in range(pieces):
                work.threshold[t, k] = at[steeper(slope, head, tail, -work.price[k])]
        if tapered:
            gap = gap_h(car, tables.step_h[t])
            tail, top = spread_tapered(
                at, slope, head, tail, new_at, new_slope, work.power, work.gain, work.price, pieces, drain, full, gap
            )
            if top < work.gain[pieces]:
                money = step_money(car, tables, t, prices[t], moving)
                money = money[0], money[1] + work.penalty[t], money[2], money[3]
                top_cost = step_cost(net_kw(top / tables.step_h[t], car), money, tables.step_h[t])
        else:
            tail = spread(at, slope, head, tail, new_at, new_slope, work.gain, work.price, pieces, drain)
        head, value = 0, value + top_cost
        at, slope, new_at, new_slope = new_at, new_slope, at, slope
    _, _, value = trim(at, slope, head, tail, value, car.start_kwh, car.start_kwh)
    return value


@part
def _keep(at: Array, slope: Array, head: int, tail: int, value: float, step: int, work: Work) -> None:
    """Keep the value function at the end of a step whose cost is not convex."""
    work.threshold[step, 0] = np.nan
    work.kept[step, 0], work.kept[step, 1] = tail - head, value
    for i in range(tail - head):
        work.kept_at[step, i], work.kept_slope[step, i] = at[head + i], slope[head + i]
    work.kept_at[step, tail - head] = at[tail]


@part
def look_ahead(car: Any, tables: Any, prices: Array, moving: float, work: Work) -> None:
    """Write the energy at each step's end, following the thresholds."""
    energy, idle = car.start_kwh, car.start_kwh
    for t in range(car.first, car.end):
        pieces, _ = step_gains(car, tables, t, prices[t], moving, work)
        most = np.inf
        if car.uses & TAPER:
            full = max(car.taper_full_kwh, idle)
            most_kw = max(full - energy, 0.0) / gap_h(car, tables.step_h[t])
            most = tables.step_h[t] * stored_kw(most_kw, car)
        drain = drained(car, tables, t)
        energy, idle = energy - drain, idle - drain
        if pieces > 1 and np.isnan(work.threshold[t, 0]):
            energy += _best_gain(car, tables, t, energy, most, step_money(car, tables, t, prices[t], moving), pieces, work)
        else:
            gain = work.gain[0]
            for k in range(pieces):
                wanted = work.threshold[t, k] - energy
                if wanted < work.gain[k + 1]:
                    gain = max(gain, wanted)
                    break
                gain = work.gain[k + 1]
            energy += min(gain, most)
        work.energy[t] = energy


@part
def _best_gain(
    car: Any, tables: Any, step: int, energy: float, most: float, money: tuple[float, float, float, float], pieces: int, work: Work
) -> float:
    """Return the gain that costs least by the kept value function, without charging and discharging at once."""
    at, slope, tail, value = work.kept_at[step], work.kept_slope[step], int(work.kept[step, 0]), work.kept[step, 1]
    step_h, best, least = tables.step_h[step], 0.0, np.inf
    money = money[0], money[1] + work.penalty[step], money[2], money[3]
    for k in range(pieces):
        left = max(work.gain[k], at[0] - energy)
        right = min(work.gain[k + 1], at[tail] - energy, most)
        if right >= left - DUST_KWH:
            gain = min(max(at[steeper(slope, 0, tail, -work.price[k])] - energy, left), right)
            cost = step_cost(net_kw(gain / step_h, car), money, step_h) + value_at(at, slope, 0, tail, value, energy + gain)
            if cost < least:
                best, least = gain, cost
    return best
