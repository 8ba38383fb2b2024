"""The compiled entries of `optimizer.fleet.settle`: cars one after the other, each changed as little as its neighbours let it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.fleet.gains import net_kw, stored_kw
from optimizer.fleet.jit import entry, part
from optimizer.fleet.rooms import Ways
from optimizer.fleet.shift import SAME_KW, SLACK_KWH, Tables, draw, farthest, held_kw, make_up, replay
from v2g.timegrid import Array

ROUNDING_KW = 1e-9
CRUMB_KWH = 5e-3
"""Nobody charges at the least power for a promise that misses less: some metres."""
AS_ASKED, DOWN, UP, BEYOND, REGARDLESS, IDLE = 0, 1, 2, 3, 4, 5
"""What is tried in turn: the nearer power by what neighbours were rounded, 0, more, more than there is room for (others give way
then), 0 whatever limits say, nothing at all."""


@entry
def round_near(
    cars: NDArray[np.void],
    tables: Tables,
    ways: Ways,
    nowhere: Ways,
    near: int,
    lower_kw: Array,
    upper_kw: Array,
    off_kw: Array,
    power_kw: Array,
    energy_kwh: Array,
    lacking_kwh: Array,
) -> None:
    """Give each car near now one of two powers that it can hold: `lower_kw`, nearer to 0, or `upper_kw`, both (b, near).

    Where these differ from each other or from the plan, its near power is not in the rooms of `ways`; `off_kw` (near,) is by how
    much the cars before were rounded up in all. `power_kw` and `energy_kwh` (b, T) are changed in place, `lacking_kwh` (b,) is what
    drivers then miss of what the plan kept. `nowhere` are ways without limits.
    """
    T = power_kw.shape[1]
    trial, best, energy = np.empty(T), np.empty(T), np.empty(T)
    for i in range(len(cars)):
        car, plan, least, spare = cars[i], power_kw[i], np.inf, np.inf
        for way in (AS_ASKED, DOWN, UP, BEYOND, REGARDLESS, IDLE):
            if way >= REGARDLESS and least < np.inf:
                break
            trial[:] = plan
            if way == IDLE:
                trial[:] = 0.0
            else:
                _round(car.place, ways, near, lower_kw[i], upper_kw[i], off_kw, way, trial)
            limits = nowhere if way >= REGARDLESS else ways
            lacks, left = _settled(i, car, tables, limits, plan, energy_kwh[i], trial, energy)
            over = max(left, 0.0)
            kept = lacks <= CRUMB_KWH and least <= CRUMB_KWH
            if over < spare - SLACK_KWH if kept else lacks < least - SLACK_KWH:
                best[:], least, spare = trial, lacks, over
            if least <= CRUMB_KWH and spare <= CRUMB_KWH:
                break
        for t in range(T):
            taken_off = t < near and not lower_kw[i, t] == upper_kw[i, t] == plan[t]
            draw(ways, car.place, t, best[t] if taken_off else best[t] - plan[t])
            if taken_off:
                off_kw[t] += best[t] - plan[t]
        lacking_kwh[i] = max(replay(i, car, tables, car.start_kwh, best, energy), 0.0)
        power_kw[i], energy_kwh[i] = best, energy


@part
def _round(
    place: int,
    ways: Ways,
    near: int,
    lower_kw: Array,
    upper_kw: Array,
    off_kw: Array,
    way: int,
    trial: Array,
) -> None:
    """Write near powers: as the sum of all asks (the nearer one), or all of one kind; 0 or less where there is no room."""
    for t in range(near):
        low, high, now = lower_kw[t], upper_kw[t], trial[t]
        if low == high:
            trial[t] = low
            continue
        up = abs(off_kw[t] + high - now) < abs(off_kw[t] + low - now)
        needed = _is_short(ways, place, t, high)
        asked = up or needed if way == AS_ASKED else way in (UP, BEYOND)
        trial[t] = high if asked and (needed or way == BEYOND or _fits(ways, place, t, high)) else low


@part
def _is_short(ways: Ways, place: int, step: int, power_kw: float) -> bool:
    """Return whether a limit on the way is broken that the power relieves."""
    for e in range(ways.first[place], ways.first[place + 1]):
        k = ways.flow[e]
        if (power_kw < 0 and ways.up_kw[k, step] < -ROUNDING_KW) or (power_kw > 0 and ways.down_kw[k, step] < -ROUNDING_KW):
            return True
    return False


@part
def _fits(ways: Ways, place: int, step: int, power_kw: float) -> bool:
    for e in range(ways.first[place], ways.first[place + 1]):
        room = ways.up_kw[ways.flow[e], step] if power_kw > 0 else ways.down_kw[ways.flow[e], step]
        if ways.weight[e] * abs(power_kw) > room + ROUNDING_KW:
            return False
    return True


@part
def _settled(
    i: int,
    car: Any,
    tables: Tables,
    ways: Ways,
    plan: Array,
    plan_kwh: Array,
    trial: Array,
    energy: Array,
) -> tuple[float, float]:
    """Make up in `trial` for what it stores more or less than the plan; return what drivers lack, inf: impossible.

    And what it stores more than the plan in the end, < 0 for less, whether anybody lacks it or not [kWh].
    """
    gap, at = 0.0, 0
    for t in range(len(plan)):
        if trial[t] != plan[t]:
            gap, at = gap + tables.step_h[t] * (stored_kw(trial[t], car) - stored_kw(plan[t], car)), t
    left = make_up(i, car, tables, ways, plan, trial, plan_kwh, at, gap)
    missing = replay(i, car, tables, car.start_kwh, trial, energy)
    return missing, np.copysign(left, gap) if left > SLACK_KWH else 0.0


@entry
def relieve(
    cars: NDArray[np.void],
    tables: Tables,
    ways: Ways,
    near: int,
    flow: int,
    step: int,
    effort: tuple[float, float],
    least_kw: Array,
    whole_kw: Array,
    power_kw: Array,
    energy_kwh: Array,
    lacking_kwh: Array,
) -> None:
    """Let cars change their power in a step until one flow is within its limit.

    `effort` are the parts of the energy by which a car gives way that it may lack in the end, and that its driver may. Near powers
    stay 0 or at least `least_kw` (b, 2), charging and discharging, in the first step whole multiples of `whole_kw` (b,). A car that
    cannot give way by so much does so by what it can make up for.
    """
    T = power_kw.shape[1]
    trial, energy = np.empty(T), np.empty(T)
    for i in range(len(cars)):
        car, plan = cars[i], power_kw[i]
        too_much = ways.up_kw[flow, step] < ways.down_kw[flow, step]
        missing = -min(ways.up_kw[flow, step], ways.down_kw[flow, step])
        if missing <= ROUNDING_KW:
            return
        weight = _weight(ways, car.place, flow)
        if weight == 0:
            continue
        goal = plan[step] + (-missing if too_much else missing) / weight
        for beyond in (True, False):
            trial[:] = plan
            trial[step] = _holdable(i, tables, near, step, plan[step], goal, beyond, least_kw[i], whole_kw[i])
            change = trial[step] - plan[step]
            if abs(change) < SAME_KW or (change < 0) != too_much or not _fits(ways, car.place, step, change):
                break
            lacks, left = _settled(i, car, tables, ways, plan, energy_kwh[i], trial, energy)
            given = abs(change) * tables.step_h[step]
            if -left <= effort[0] * given + SLACK_KWH and lacks <= effort[1] * given:
                for t in range(T):
                    draw(ways, car.place, t, trial[t] - plan[t])
                lacking_kwh[i] += lacks
                power_kw[i], energy_kwh[i] = trial, energy
                break
            wanting = max(-left, lacks) if lacks < np.inf else given
            goal = plan[step] + np.sign(change) * max(given - wanting, 0.0) / tables.step_h[step]


@entry
def idle(
    cars: NDArray[np.void],
    tables: Tables,
    ways: Ways,
    flow: int,
    step: int,
    power_kw: Array,
    energy_kwh: Array,
    lacking_kwh: Array,
) -> None:
    """Let cars do nothing at all until one flow is within its limit in a step."""
    T = power_kw.shape[1]
    trial, energy = np.zeros(T), np.empty(T)
    for i in range(len(cars)):
        car, now = cars[i], power_kw[i, step]
        too_much = ways.up_kw[flow, step] < ways.down_kw[flow, step]
        if -min(ways.up_kw[flow, step], ways.down_kw[flow, step]) <= ROUNDING_KW:
            return
        if now == 0 or (now > 0) != too_much or _weight(ways, car.place, flow) == 0:
            continue
        lacks = replay(i, car, tables, car.start_kwh, trial, energy)
        if lacks < np.inf:
            for t in range(T):
                draw(ways, car.place, t, -power_kw[i, t])
            lacking_kwh[i] += lacks
            power_kw[i], energy_kwh[i] = trial, energy


@entry
def catch_up(
    cars: NDArray[np.void],
    tables: Tables,
    ways: Ways,
    due: NDArray[np.int64],
    power_kw: Array,
    energy_kwh: Array,
    lacking_kwh: Array,
) -> None:
    """Let cars charge what they lack before step `due` (b,) in the room that others have left since; `lacking_kwh` falls by it."""
    trial, energy = np.empty(power_kw.shape[1]), np.empty(power_kw.shape[1])
    for i in range(len(cars)):
        car = cars[i]
        for t in range(due[i]):
            now, h = power_kw[i, t], tables.step_h[t]
            if now < held_kw(i, tables, t):
                continue
            goal = farthest(i, car, tables, ways, power_kw[i], energy_kwh[i], t, -1.0, 0.0)
            amount = min(h * (stored_kw(goal, car) - stored_kw(now, car)), lacking_kwh[i])
            for s in range(t, power_kw.shape[1]):
                amount = min(amount, tables.ceiling_kwh[i, s] - energy_kwh[i, s])
            if amount > SLACK_KWH:
                trial[:] = power_kw[i]
                trial[t] = net_kw(stored_kw(now, car) + amount / h, car)
                if replay(i, car, tables, car.start_kwh, trial, energy) < np.inf:
                    draw(ways, car.place, t, trial[t] - now)
                    lacking_kwh[i] -= amount
                    power_kw[i], energy_kwh[i] = trial, energy


@part
def _weight(ways: Ways, place: int, flow: int) -> float:
    for e in range(ways.first[place], ways.first[place + 1]):
        if ways.flow[e] == flow:
            return float(ways.weight[e])
    return 0.0


@part
def _holdable(
    i: int,
    tables: Tables,
    near: int,
    step: int,
    now: float,
    goal: float,
    beyond: bool,
    least_kw: Array,
    whole_kw: float,
) -> float:
    """Return the power next to a goal that a car can hold, beyond it or less far; near now it may start, but not turn."""
    charge, discharge = tables.charge_kw[i, step], tables.discharge_kw[i, step]
    power = min(max(goal, -discharge), charge)
    if step >= near:
        return float(power)
    starts = now == 0 and held_kw(i, tables, step) < np.inf
    way = power if starts else now
    power = max(power, 0.0) if way > 0 else min(power, 0.0) if way < 0 else 0.0
    least, size = least_kw[0] if way > 0 else least_kw[1], abs(power)
    short = size < abs(now) and not beyond
    if short or (starts and beyond):
        size = max(size, least)
    if step == 0 and whole_kw > 0:
        size = (np.ceil(size / whole_kw - ROUNDING_KW) if short else np.floor(size / whole_kw + ROUNDING_KW)) * whole_kw
    return 0.0 if size < least - ROUNDING_KW else float(np.copysign(size, way))
