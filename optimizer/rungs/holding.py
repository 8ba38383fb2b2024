"""What rules may wish near now, so that it can be held: no trickle back, no turn without a rest, whole modules of a cabinet."""

import numpy as np

from optimizer.cabinets import room_kw, shared_kw
from optimizer.rungs.trim import Order
from v2g.holding import TOLERANCE_H, least_discharge_kw, near_steps
from v2g.problem import Problem
from v2g.timegrid import Array

TOLERANCE_KW = 1e-9
"""What rounding may leave of a whole step."""


class Holding:
    """Keeps what each unit did last on a walk through the horizon. Every change is towards 0, so that other bounds stay kept."""

    def __init__(self, problem: Problem) -> None:
        c, n = problem.storages.converters, problem.shape[0]
        self.problem, self.near, self.edges_h = problem, near_steps(problem.grid), problem.grid.edges_h
        self._rest_h = np.zeros(n) if c is None else c.rest_h
        self._step_kw = np.zeros(n) if c is None else c.power_step_kw
        self._last_kw = np.zeros(n) if c is None else np.nan_to_num(c.in_force_kw)
        self._ended_h = np.zeros(n)
        self._least_kw = least_discharge_kw(problem)

    def wish_kw(self, step: int, wish_kw: Array, order: Order) -> Array:
        """Return what of the wishes can be held, (n,) [kW, signed]; modules go to who comes first in `order`."""
        if step >= self.near:
            return wish_kw
        rests = self.edges_h[step] - self._ended_h < self._rest_h - TOLERANCE_H
        wish = np.where((wish_kw * self._last_kw < 0) & rests, 0.0, wish_kw)
        modules = self.problem.circuits.module_kw
        return wish if modules is None else self._in_modules_kw(step, wish, order, modules)

    def kept_kw(self, step: int, power_kw: Array, least_kw: Array) -> Array:
        """Return 0 for who would charge less than `least_kw` or give back less than it can hold; in the first step, whole steps."""
        power = power_kw
        if step == 0 and self._step_kw.any():
            size = np.where(self._step_kw > 0, self._step_kw, 1.0)
            whole = np.sign(power) * np.floor((np.abs(power) + TOLERANCE_KW) / size) * size
            power = np.where(self._step_kw > 0, whole, power)
        least_back_kw = self._least_kw[:, min(step, self.near - 1)]
        return np.where((power < least_kw) & (power > -least_back_kw), 0.0, power)

    def go(self, step: int, power_kw: Array) -> None:
        """Take `power_kw` (n,) through a step."""
        used = power_kw != 0
        self._last_kw = np.where(used, power_kw, self._last_kw)
        self._ended_h = np.where(used, self.edges_h[step + 1], self._ended_h)

    def _in_modules_kw(self, step: int, wish_kw: Array, order: Order, modules: Array) -> Array:
        circuits, held = self.problem.circuits, wish_kw.copy()
        for circuit in np.flatnonzero(modules):
            here = np.array(
                [u for u in order if self.problem.storages.circuit_ids[u] == circuits.circuit_ids[circuit]], dtype=np.int64
            )
            for sign, room in zip((1.0, -1.0), room_kw(self.problem), strict=True):
                power = np.maximum(sign * wish_kw[here], 0.0)
                shared = shared_kw(power, np.arange(len(here)), float(modules[circuit]), float(room[circuit, step]))
                held[here] = np.where(power > 0, sign * np.minimum(power, shared), held[here])
        return held
