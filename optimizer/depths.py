"""Segments of cycle depth: how full each is at the start, and what a plan takes out of each."""

import numpy as np

from optimizer.conversion import Conversion
from optimizer.flows import Flows
from v2g.problem import Problem
from v2g.timegrid import Array


def initial_depths(problem: Problem) -> Array:
    """Return what each segment holds at the start, deep ones filled first, (n, J) [kWh]."""
    s = problem.storages
    if s.ageing is None:
        return np.empty((s.n_units, 0))
    size = s.ageing.depth_kwh
    deeper = np.cumsum(size[:, ::-1], axis=1)[:, ::-1] - size
    return np.asarray(np.clip(s.initial_energy_kwh[:, None] - deeper, 0.0, size))


def taken_kwh(problem: Problem, flows: Flows) -> Array:
    """Return what the plan takes out of each segment, shallow ones emptied and filled first, (n, J) [kWh].

    The deepest takes and gives what the others cannot.
    """
    s, step_h = problem.storages, problem.grid.step_h
    conversion = Conversion.of(problem)
    stored, drawn = conversion.stored_kw(flows.charge_kw) * step_h, conversion.drawn_kw(flows.discharge_kw) * step_h
    sizes = np.empty((s.n_units, 0)) if s.ageing is None else s.ageing.depth_kwh
    held, taken = initial_depths(problem), np.zeros_like(sizes)
    for t in range(problem.grid.n_steps):
        given, wanted = np.maximum(stored[:, t], 0.0), drawn[:, t] + np.maximum(-stored[:, t], 0.0)
        for j in range(held.shape[1] - 1):
            out = np.minimum(held[:, j], wanted)
            held[:, j] -= out
            room = np.minimum(sizes[:, j] - held[:, j], given)
            held[:, j] += room
            taken[:, j] += out
            given, wanted = given - room, wanted - out
        if taken.shape[1]:
            taken[:, -1] += wanted
    return taken
