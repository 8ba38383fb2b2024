"""Where what others leave on a unit's way to the grid is less than the least it can charge with."""

import numpy as np
from numpy.typing import NDArray

from v2g.problem import Problem
from v2g.why import Codes

GONE = 1.0 - 1e-6
"""A car that has left by a step with this probability is away then."""


def crowded(problem: Problem) -> Codes:
    """Return the circuit that leaves each unit too little in each step, by its place + 1, 0 where there is room; (n, T).

    Of several on the way it is the one with the least room. Only what is fixed counts, not what other units are planned to do.
    """
    s, circuits = problem.storages, problem.circuits
    fixed, margin = problem.fixed_below()
    room, tightest = np.maximum(circuits.import_limit_kw - fixed - margin, 0.0), np.ones(problem.grid.n_steps, dtype=np.int16)
    tightest = tightest * np.arange(1, circuits.n_circuits + 1, dtype=np.int16)[:, None]
    for circuit, parent in enumerate(circuits.parent_index[1:], start=1):  # a parent stands before its children
        tighter = room[parent] < room[circuit]
        room[circuit] = np.where(tighter, room[parent], room[circuit])
        tightest[circuit] = np.where(tighter, tightest[parent], tightest[circuit])
    index = {name: i for i, name in enumerate(circuits.circuit_ids)}
    at = [index[name] for name in s.circuit_ids]
    return np.where(room[at] < s.charge_min_kw[:, None], tightest[at], 0).astype(np.int16)


def here(problem: Problem) -> NDArray[np.bool_]:
    """Return where a unit has not surely left, (n, T)."""
    leaves = problem.storages.departure_probability
    return np.asarray(np.cumsum(leaves, axis=1) - leaves < GONE)
