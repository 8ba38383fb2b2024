"""The compiled entries: answers of many cars, and plans mixed of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.fleet.caps import least
from optimizer.fleet.gains import net_kw, step_cost
from optimizer.fleet.holding import BENDS, PREVIOUS, drained, find_bends, holding_cost, place
from optimizer.fleet.jit import entry, part
from optimizer.fleet.kernel import DUST_KWH, Work, make_work, step_money
from optimizer.inputs.wishes import STICKY_STEPS
from v2g.timegrid import Array


@entry
def answer_chunks(
    cars: NDArray[np.void],
    tables: Any,
    chunk: NDArray[np.int64],
    first: int,
    behind: int,
    prices: Array,
    moving: float,
    power_kw: Array,
    cost: Array,
    bound: Array,
) -> None:
    """Write what the cars of chunks `first` ≤ b < `behind` do into rows b: power (B, T), own cost (B,), bound (B,)."""
    work = make_work(len(tables.step_h))
    for b in range(first, behind):
        for i in range(chunk[b, 0], chunk[b, 1]):
            car = cars[i]
            curve = prices[car.place]
            fixed = car.fixed_cost + away_cost(car, tables, moving)
            bound[b] += fixed + least(car, tables, curve, moving, work)
            cost[b] += fixed + own_cost(car, tables, moving, work, power_kw[b])


@entry
def mix_chunks(
    cars: NDArray[np.void],
    tables: Any,
    chunk: NDArray[np.int64],
    first: int,
    behind: int,
    prices: Array,
    share: Array,
    moving: float,
    charge_kw: Array,
    discharge_kw: Array,
    energy_kwh: Array,
) -> None:
    """Write the mixed plans of the cars of chunks `first` ≤ b < `behind` into their rows."""
    steps = len(tables.step_h)
    work, mixed, power = make_work(steps), np.empty(steps), np.empty(steps)
    for b in range(first, behind):
        for i in range(chunk[b, 0], chunk[b, 1]):
            car = cars[i]
            mixed[:] = 0.0
            for k in range(len(prices)):
                part_of = share[k, car.group]
                if part_of > 0:
                    least(car, tables, prices[k, car.place], moving, work)
                    for t in range(car.first, car.end):
                        mixed[t] += part_of * work.energy[t]
            work.energy[:] = mixed
            power[:] = 0.0
            own_cost(car, tables, 0.0, work, power)
            _write(car, tables, power, mixed, charge_kw[car.row], discharge_kw[car.row], energy_kwh[car.row])


@part
def net_power(car: Any, tables: Any, step: int, gain_kwh: float) -> float:
    """Return the net power that stores a gain in a step, within its bounds to the last bit [kW]."""
    if abs(gain_kwh) <= DUST_KWH:
        return 0.0
    power = net_kw(gain_kwh / tables.step_h[step], car)
    charge, discharge = tables.charge_kw[place(tables, 0, car.row, step)], tables.discharge_kw[place(tables, 1, car.row, step)]
    return min(max(power, -discharge), charge)


@part
def own_cost(car: Any, tables: Any, moving: float, work: Work, power_kw: Array) -> float:
    """Add the powers of the energies in `work` to `power_kw` (T,); return what they cost in the car's steps, without their price."""
    cost, before, idle = 0.0, car.start_kwh, car.start_kwh
    for t in range(car.first, car.end):
        drain = drained(car, tables, t)
        energy, idle = work.energy[t], idle - drain
        power = net_power(car, tables, t, energy - before + drain)
        cost += step_cost(power, step_money(car, tables, t, 0.0, moving), tables.step_h[t])
        if car.uses & BENDS or t == car.due:
            cost += holding_cost(work.bends, find_bends(work.bends, car, tables, t, idle), energy)
        power_kw[t] += power
        before = energy
    return cost - car.terminal_price * before


@part
def away_cost(car: Any, tables: Any, moving: float) -> float:
    """Return what leaving the previous plan costs in the steps in which the car can do nothing."""
    cost = 0.0
    if moving > 0:
        for t in range(min(STICKY_STEPS, len(tables.step_h))):
            previous = tables.previous_kw[place(tables, PREVIOUS, car.row, t)]
            if not car.first <= t < car.end and not np.isnan(previous):
                cost += moving * abs(previous) * tables.step_h[t]
    return cost


@part
def _write(car: Any, tables: Any, power: Array, energy: Array, charge_kw: Array, discharge_kw: Array, energy_kwh: Array) -> None:
    """Write a car's whole rows; it idles before and after its steps."""
    idle = car.start_kwh
    for t in range(car.first - 1, -1, -1):
        energy_kwh[t] = idle
        idle += drained(car, tables, t)
    idle = energy[car.end - 1] if car.end > car.first else car.start_kwh
    for t in range(car.end, len(power)):
        idle -= drained(car, tables, t)
        energy_kwh[t] = idle
    for t in range(car.first, car.end):
        energy_kwh[t] = energy[t]
    for t in range(len(power)):
        charge_kw[t], discharge_kw[t] = max(power[t], 0.0), max(-power[t], 0.0)
