"""What units cannot hold near now, and by how much a plan asks it of them."""

import numpy as np

from optimizer.cabinets import room_kw, whole_kw
from v2g.holding import TOLERANCE_H, least_charge_kw, least_discharge_kw, near_steps
from v2g.problem import Problem
from v2g.timegrid import Array


def below_least_kw(problem: Problem, charge_kw: Array, discharge_kw: Array) -> Array:
    """Return by how much each power misses both 0 and the least that can be held, (2, n, near) [kW]."""
    near = near_steps(problem.grid)
    power = np.stack([charge_kw[:, :near], discharge_kw[:, :near]])
    least = np.stack([least_charge_kw(problem), least_discharge_kw(problem)])
    return np.minimum(power, np.maximum(least - power, 0.0))


def off_steps_kw(problem: Problem, power_kw: Array) -> Array:
    """Return by how much each unit's first power misses a whole number of its steps, (n,) [kW]."""
    c, now = problem.storages.converters, np.abs(power_kw[:, 0])
    if c is None:
        return np.zeros(len(now))
    step = np.where(c.power_step_kw > 0, c.power_step_kw, 1.0)
    return np.where(c.power_step_kw > 0, np.abs(now - np.rint(now / step) * step), 0.0)


def above_modules_kw(problem: Problem, charge_kw: Array, discharge_kw: Array) -> Array:
    """Return by how much each shared cabinet's whole modules exceed its room, (2, m, near) [kW]."""
    c, near = problem.circuits, near_steps(problem.grid)
    taken = np.zeros((2, c.n_circuits, near))
    if c.module_kw is None:
        return taken
    at = problem.circuit_index()
    for side, power in enumerate((charge_kw[:, :near], discharge_kw[:, :near])):
        for circuit in np.flatnonzero(c.module_kw):
            taken[side, circuit] = whole_kw(power[at == circuit], float(c.module_kw[circuit])).sum(axis=0)
    rooms = np.stack([room[:, :near] for room in room_kw(problem)])
    return np.where(c.module_kw[None, :, None] > 0, np.maximum(taken - rooms, 0.0), 0.0)


def without_rest_kw(problem: Problem, power_kw: Array) -> float:
    """Return the most power with which a unit turns near now without the rest it needs [kW]."""
    c, near, edges_h = problem.storages.converters, near_steps(problem.grid), problem.grid.edges_h
    if c is None or not c.rest_h.any():
        return 0.0
    before, ended_h, worst = np.nan_to_num(c.in_force_kw), np.zeros(len(c.rest_h)), 0.0
    for t in range(near):
        now = power_kw[:, t]
        turns = (now * before < 0) & (edges_h[t] - ended_h < c.rest_h - TOLERANCE_H)
        worst = max(worst, float(np.where(turns, np.minimum(np.abs(now), np.abs(before)), 0.0).max(initial=0.0)))
        used = np.abs(now) > 0
        before, ended_h = np.where(used, now, before), np.where(used, edges_h[t + 1], ended_h)
    return worst
