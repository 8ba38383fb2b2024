"""The two powers next to what was planned near now that each car can hold: towards 0, and away from it."""

import numpy as np
from numpy.typing import NDArray

from v2g.holding import TOLERANCE_H, least_charge_kw, least_discharge_kw, near_steps
from v2g.problem import Problem
from v2g.timegrid import Array

ROUNDING_KW = 1e-9
NEGLIGIBLE_KW = 1e-6
"""Powers below this are none."""


def neighbours_kw(problem: Problem, near_kw: Array) -> tuple[Array, Array]:
    """Return the two powers next to those planned near now (n, near) [kW, signed]; where a power can be held, both are that one."""
    s, c = problem.storages, problem.storages.converters
    near = near_steps(problem.grid)
    size, sign = np.abs(near_kw), np.sign(near_kw)
    least = np.where(near_kw > 0, least_charge_kw(problem), least_discharge_kw(problem))
    most = np.where(near_kw > 0, s.charge_max_kw[:, :near], s.discharge_max_kw[:, :near])
    lower, upper = np.where(size < least - ROUNDING_KW, 0.0, size), np.maximum(size, least)
    if c is not None and c.power_step_kw.any():
        step = np.where(c.power_step_kw > 0, c.power_step_kw, 1.0)
        down = np.floor(size[:, 0] / step + ROUNDING_KW) * step
        down, up = np.where(down < least[:, 0] - ROUNDING_KW, 0.0, down), np.ceil(upper[:, 0] / step - ROUNDING_KW) * step
        lower[:, 0], upper[:, 0] = (np.where(c.power_step_kw > 0, new, old[:, 0]) for new, old in ((down, lower), (up, upper)))
    none = (size < NEGLIGIBLE_KW) | _turns(problem, near_kw)
    lower = np.where(none, 0.0, lower)
    upper = np.where(none | (upper > most + ROUNDING_KW), lower, upper)
    return lower * sign, upper * sign


def _turns(problem: Problem, near_kw: Array) -> NDArray[np.bool_]:
    """Return where a car would turn without the rest that it needs, (n, near). Nobody else's powers give way for it."""
    c, edges_h = problem.storages.converters, problem.grid.edges_h
    turns = np.zeros(near_kw.shape, dtype=np.bool_)
    if c is None or not c.rest_h.any():
        return turns
    before, ended_h = np.nan_to_num(c.in_force_kw), np.zeros(len(near_kw))
    for t in range(near_kw.shape[1]):
        turns[:, t] = (near_kw[:, t] * before < 0) & (edges_h[t] - ended_h < c.rest_h - TOLERANCE_H)
        used = (near_kw[:, t] != 0) & ~turns[:, t]
        before, ended_h = np.where(used, near_kw[:, t], before), np.where(used, edges_h[t + 1], ended_h)
    return turns
