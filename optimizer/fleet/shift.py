"""One car's energy put off: what it stores more or less in one step is made up for in others, cheapest first, within all bounds.

    Σ_{t > s} x[t] ≤ |gap| − what bounds do not bear at s         for each step s between the change and t

Amounts x are taken greedily by price: the bounds form a chain, so that no other choice of as much costs less.
"""

from typing import Any, NamedTuple

import numpy as np

from optimizer.fleet.gains import net_kw, stored_kw
from optimizer.fleet.jit import part
from optimizer.fleet.rooms import Ways
from v2g.timegrid import Array

SAME_KWH = 1e-9
SAME_KW = 1e-7
"""Less room than this is none."""
SLACK_KWH = 1e-6
"""By so much a replayed energy may leave a bound, taper or cap: a hundredth of what `optimizer.verify` allows."""


class Tables(NamedTuple):
    """What b cars may do: arrays (b, T), caps (b, W) and their windows (W, T), step lengths (T,).

    `floor_kwh` and `ceiling_kwh` are hard; `low_kwh` and `high_kwh` keep what was promised, or as much of it as the plan kept.
    `hold_kw` (b, near) is the least that can be charged near now, if anything is; inf where a power is to stay as it is.
    """

    hold_kw: Array
    charge_kw: Array
    discharge_kw: Array
    floor_kwh: Array
    ceiling_kwh: Array
    low_kwh: Array
    high_kwh: Array
    full_kwh: Array
    gap_h: Array
    drain_kwh: Array
    cap_kwh: Array
    window: Array
    step_h: Array
    price: Array


@part
def room_up(ways: Ways, place: int, step: int) -> float:
    """Return by how much a power at a place may rise [kW]."""
    room = np.inf
    for e in range(ways.first[place], ways.first[place + 1]):
        room = min(room, max(ways.up_kw[ways.flow[e], step], 0.0) / ways.weight[e])
    return room


@part
def room_down(ways: Ways, place: int, step: int) -> float:
    """Return by how much a power at a place may fall [kW]."""
    room = np.inf
    for e in range(ways.first[place], ways.first[place + 1]):
        room = min(room, max(ways.down_kw[ways.flow[e], step], 0.0) / ways.weight[e])
    return room


@part
def draw(ways: Ways, place: int, step: int, power_kw: float) -> None:
    """Let a place draw so much more."""
    if power_kw == 0:
        return
    for e in range(ways.first[place], ways.first[place + 1]):
        ways.up_kw[ways.flow[e], step] -= ways.weight[e] * power_kw
        ways.down_kw[ways.flow[e], step] += ways.weight[e] * power_kw


@part
def held_kw(i: int, tables: Tables, step: int) -> float:
    """Return the least at which a car charges in a step, if it does [kW]; inf where its power is to stay as it is."""
    return float(tables.hold_kw[i, step]) if step < tables.hold_kw.shape[1] else 0.0


@part
def make_up(
    i: int,
    car: Any,
    tables: Tables,
    ways: Ways,
    plan: Array,
    power: Array,
    energy: Array,
    at: int,
    gap: float,
) -> float:
    """Change `power` (T,) where it is still the `plan`'s so that the energy misses `gap` no more; return what is left of that.

    `energy` (T,) is the plan's, `gap` what the changes so far, the last of them at step `at`, store more, < 0 for less [kWh]. Of
    steps that cost the same the earliest charges; who charges less does so in another one than its neighbours: room comes free in
    all.
    """
    T, left = len(power), abs(gap)
    cost, taken = np.full(T, np.inf), np.zeros(T)
    first, behind = _reach(i, car, tables, power, energy, at, gap) if left > SAME_KWH else (0, 0)
    for t in range(first, behind):
        if power[t] == plan[t]:
            cost[t] = _cost(i, car, tables, ways, power[t], t, gap)
    while left > SAME_KWH:
        best = first
        for j in range(behind - first):
            t = first + (j + i) % (behind - first) if gap > 0 else first + j
            if cost[t] < cost[best]:
                best = t
        if cost[best] == np.inf:
            break
        cost[best] = np.inf
        emptier = _emptier(taken, left, at, best)
        goal, h = farthest(i, car, tables, ways, power, energy, best, gap, emptier), tables.step_h[best]
        amount = min(h * abs(stored_kw(goal, car) - stored_kw(power[best], car)), left)
        if amount > SAME_KWH:
            amount = min(amount, _bearable(i, car, tables, power, energy, taken, left, at, best, gap))
        if amount > SAME_KWH:
            goal = net_kw(stored_kw(power[best], car) - np.sign(gap) * amount / h, car)
            goal = _holdable(goal, power[best], held_kw(i, tables, best))
            amount = h * abs(stored_kw(goal, car) - stored_kw(power[best], car))
            taken[best], power[best] = amount, goal
            left -= amount
    return left


@part
def _holdable(goal: float, now: float, held: float) -> float:
    """Return how far towards a goal a power can go that is 0 or at least `held`."""
    if goal <= SAME_KW or goal >= held:
        return goal if abs(goal) > SAME_KW else 0.0
    return min(now, held)


@part
def _reach(i: int, car: Any, tables: Tables, power: Array, energy: Array, at: int, gap: float) -> tuple[int, int]:
    """Return the first step in which anything of a gap can be made up for, and the one behind the last."""
    first, behind = at, min(at + 2, len(power))
    while first > 0 and _slack(i, car, tables, power, energy, first - 1, first, -gap) > SAME_KWH:
        first -= 1
    while behind < len(power) and _slack(i, car, tables, power, energy, behind - 1, behind - 1, gap) > SAME_KWH:
        behind += 1
    return first, behind


@part
def _cost(i: int, car: Any, tables: Tables, ways: Ways, power: float, step: int, gap: float) -> float:
    """Return what a kWh made up for in a step costs [currency/kWh]; infinite where that is impossible or a plain loss."""
    most, least = tables.charge_kw[i, step], -tables.discharge_kw[i, step]
    if step < tables.hold_kw.shape[1]:
        hold, least = tables.hold_kw[i, step], 0.0
        if power < 0 or 0 < power < hold or hold > most or (power == 0 and room_up(ways, car.place, step) < hold):
            return np.inf
    if gap < 0 and (power >= most or room_up(ways, car.place, step) < SAME_KW):
        return np.inf
    if gap > 0 and (power <= least or room_down(ways, car.place, step) < SAME_KW):
        return np.inf
    price = tables.price[car.place, step]
    worth = (price - car.wear) * car.discharge_efficiency
    if gap < 0:
        return float(worth if power < 0 else price / car.charge_efficiency)
    if power > 0:
        return float(-price / car.charge_efficiency)
    return float(-worth) if worth > 0 else np.inf


@part
def farthest(
    i: int,
    car: Any,
    tables: Tables,
    ways: Ways,
    power: Array,
    energy: Array,
    step: int,
    gap: float,
    emptier: float,
) -> float:
    """Return the power to which a step can go, on the same side of 0, to make up for a gap.

    `emptier` is by how much less than `energy` it holds at the step's start, where the gap is < 0 [kWh].
    """
    now = power[step]
    if gap < 0:
        room = room_up(ways, car.place, step)
        if now < 0:
            return float(min(0.0, now + room))
        before = energy[step - 1] if step > 0 else car.start_kwh
        takes = (tables.full_kwh[i, step] - before + emptier) / tables.gap_h[i, step]
        return float(max(now, min(now + room, tables.charge_kw[i, step], takes)))
    room = room_down(ways, car.place, step)
    if now > 0:
        return float(max(now - room, 0.0))
    most = min(tables.discharge_kw[i, step], -now + room)
    for w in range(len(tables.window)):
        share = tables.window[w, step] * tables.step_h[step]
        if share > 0:
            most = min(most, -now + max(tables.cap_kwh[i, w] - discharged(tables, power, w), 0.0) / share)
    return float(min(now, -most))


@part
def _emptier(taken: Array, left: float, at: int, step: int) -> float:
    """Return by how much less a car holds at a step's start, where what it lacks since `at` is made up for in steps `taken`."""
    less = left if step > at else 0.0
    for t in range(len(taken)):
        if step > at and t >= step:
            less += taken[t]
        if step < at and t < step:
            less -= taken[t]
    return less


@part
def discharged(tables: Tables, power: Array, window: int) -> float:
    """Return the energy that powers (T,) give back in a window [kWh]."""
    total = 0.0
    for t in range(len(power)):
        total += tables.window[window, t] * tables.step_h[t] * max(-power[t], 0.0)
    return total


@part
def _bearable(
    i: int,
    car: Any,
    tables: Tables,
    power: Array,
    energy: Array,
    taken: Array,
    left: float,
    at: int,
    step: int,
    gap: float,
) -> float:
    """Return how much of a gap may wait from `at` until `step`, or be made up for in advance, for the bounds in between [kWh].

    What is charged now takes nothing of the taper's room from steps that charge more since they begin emptier.
    """
    least = np.inf
    if step > at:
        beyond = 0.0
        for t in range(len(power) - 1, step, -1):
            beyond += taken[t]
            if gap < 0 and taken[t] > 0:
                room = tables.full_kwh[i, t] - energy[t - 1] + left + beyond - tables.gap_h[i, t] * power[t]
                least = min(least, max(room, 0.0))
        for s in range(step - 1, at, -1):
            least = min(least, _slack(i, car, tables, power, energy, s, s, gap) - beyond)
            beyond += taken[s]
        return max(least, 0.0)
    before = 0.0
    for t in range(step):
        before += taken[t]
    for s in range(step, at):
        before += taken[s]
        least = min(least, _slack(i, car, tables, power, energy, s, s + 1, -gap) - before)
    return max(least, 0.0)


@part
def _slack(i: int, car: Any, tables: Tables, power: Array, energy: Array, step: int, taper: int, gap: float) -> float:
    """Return what the energy at a step's end can bear in a gap's direction, the charging in step `taper` included [kWh]."""
    if gap < 0:
        return float(energy[step] - tables.low_kwh[i, step])
    slack = tables.high_kwh[i, step] - energy[step]
    if power[taper] > 0:
        before = energy[taper - 1] if taper > 0 else car.start_kwh
        slack = min(slack, tables.full_kwh[i, taper] - before - tables.gap_h[i, taper] * power[taper])
    return float(slack)


@part
def replay(i: int, car: Any, tables: Tables, start_kwh: float, power: Array, energy: Array) -> float:
    """Write the energies that follow from powers; return what is missing to promises kept before, inf where bounds are broken."""
    before, missing = start_kwh, 0.0
    for t in range(len(power)):
        now = before + tables.step_h[t] * stored_kw(power[t], car) - tables.drain_kwh[i, t]
        if not tables.floor_kwh[i, t] - SLACK_KWH <= now <= tables.ceiling_kwh[i, t] + SLACK_KWH:
            return np.inf
        if power[t] > 0 and power[t] * tables.gap_h[i, t] > tables.full_kwh[i, t] - before + SLACK_KWH:
            return np.inf
        missing = max(missing, tables.low_kwh[i, t] - now, now - tables.high_kwh[i, t])
        energy[t] = before = now
    for w in range(len(tables.window)):
        if discharged(tables, power, w) > tables.cap_kwh[i, w] + SLACK_KWH:
            return np.inf
    return missing if missing > SLACK_KWH else 0.0
