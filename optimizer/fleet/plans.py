"""The compiled entry: how many cars answer, or plans mixed of their answers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.fleet.caps import keep_caps, least
from optimizer.fleet.gains import net_kw, step_cost
from optimizer.fleet.holding import BENDS, find_bends, holding_cost
from optimizer.fleet.jit import entry, part
from optimizer.fleet.kernel import DUST_KWH, Work, make_work, step_money
from optimizer.fleet.series import CHARGE, DISCHARGE, DRAIN, IDLE, STEP_H, gather
from optimizer.inputs.wishes import STICKY_STEPS
from v2g.timegrid import Array


@entry
def plan_chunks(
    cars: NDArray[np.void],
    tables: Any,
    tasks: tuple[NDArray[np.int64], int, int],
    money: tuple[Array, Array, float],
    sums: tuple[Array, Array, Array],
    plan: tuple[Array, Array, Array],
) -> None:
    """Write what the cars of some chunks do into these rows of `sums`, and each car's `plan` into its own.

    `tasks` are the chunks (B, 2), the first of them and the one behind the last; `money` the price curves (K, L, T), each one's
    share of each group (K, G), the rest of which idles, and the price of moving; `sums` the chunks' power (B, T), own cost (B,)
    and bound (B,), the curves' mixed; `plan` charging, discharging and energy (n, T), or without rows where no plan is wanted.
    """
    (chunk, first, behind), (prices, share, moving), (power_kw, cost, bound) = tasks, money, sums
    work = make_work(len(tables.step_h), 0)
    mixed, power = np.empty(len(tables.step_h)), np.empty(len(tables.step_h))
    for b in range(first, behind):
        for i in range(chunk[b, 0], chunk[b, 1]):
            car = cars[i]
            gather(work.own, car, tables, car.uses)
            fixed = car.fixed_cost + _away_cost(car, tables, moving)
            mixed[:], power[:] = 0.0, 0.0
            for k in range(len(prices)):
                part_of = share[k, car.group]
                if part_of > 0:
                    caps = tables.cap_kwh[car.row]
                    bound[b] += part_of * (fixed + least(car, work, prices[k, car.place], moving, tables.window, caps))
                    for t in range(car.first, car.end):
                        mixed[t] += part_of * work.energy[t]
            _idle_else(car, work.own, mixed, share)
            if len(plan[0]):
                work.energy[:] = mixed
                keep_caps(car, work, tables.window, tables.cap_kwh[car.row])
                mixed[:] = work.energy
            cost[b] += fixed + _own_cost(car, work, mixed, moving, power)
            for t in range(car.first, car.end):
                power_kw[b, t] += power[t]
            if len(plan[0]):
                _write(car, tables, mixed, power, plan[0][car.row], plan[1][car.row], plan[2][car.row])


@part
def _idle_else(car: Any, own: Array, energy: Array, share: Array) -> None:
    """Let what no curve has idle."""
    rest = 1.0
    for k in range(len(share)):
        rest -= share[k, car.group]
    if rest != 0:
        for t in range(car.first, car.end):
            energy[t] += rest * own[IDLE, t]


@part
def _own_cost(car: Any, work: Work, energy: Array, moving: float, power_kw: Array) -> float:
    """Write the powers of the energies at step ends; return what they cost in the car's steps, without their price."""
    own, cost, before = work.own, 0.0, car.start_kwh
    for t in range(car.first, car.end):
        gain = energy[t] - before + own[DRAIN, t]
        if abs(gain) > DUST_KWH:
            power_kw[t] = min(max(net_kw(gain / own[STEP_H, t], car), -own[DISCHARGE, t]), own[CHARGE, t])
        cost += step_cost(power_kw[t], step_money(own, t, 0.0, car.wear, moving), own[STEP_H, t])
        if car.uses & BENDS or t == car.due:
            cost += holding_cost(work.bends, find_bends(work.bends, car, own, t), energy[t])
        before = energy[t]
    return float(cost - car.terminal_price * before)


@part
def _away_cost(car: Any, tables: Any, moving: float) -> float:
    """Return what leaving the previous plan costs in the steps in which the car can do nothing."""
    cost = 0.0
    if moving > 0:
        for t in range(min(STICKY_STEPS, len(tables.step_h))):
            previous = tables.previous_kw[car.row * tables.stride[6, 0] + t * tables.stride[6, 1]]
            if not car.first <= t < car.end and not np.isnan(previous):
                cost += moving * abs(previous) * tables.step_h[t]
    return cost


@part
def _write(car: Any, tables: Any, energy: Array, power: Array, charge_kw: Array, discharge_kw: Array, energy_kwh: Array) -> None:
    """Write a car's whole rows; it idles before and after its steps."""
    row, stride = car.row * tables.stride[4, 0], tables.stride[4, 1]
    idle = car.start_kwh
    for t in range(car.first - 1, -1, -1):
        energy_kwh[t] = idle
        idle += tables.drain_kwh[row + t * stride]
    idle = car.start_kwh
    for t in range(car.first, car.end):
        energy_kwh[t] = idle = energy[t]
    for t in range(car.end, len(power)):
        idle -= tables.drain_kwh[row + t * stride]
        energy_kwh[t] = idle
    for t in range(len(power)):
        charge_kw[t], discharge_kw[t] = max(power[t], 0.0), max(-power[t], 0.0)
