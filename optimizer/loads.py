"""What units load circuits and their phases with, summed where they hang and then up the tree: no matrix of circuits by units."""

import numpy as np

from optimizer.parts import parts
from v2g.network import N_PHASES
from v2g.problem import Problem
from v2g.timegrid import Array


def loads_kw(problem: Problem, charge_kw: Array, discharge_kw: Array | None = None) -> Array:
    """Return what powers (n, T) make of each circuit's flow and of that on each of its phases, (m, 1 + 3, T) [kW].

    Phases are left at 0 where no circuit limits any.
    """
    m, at = problem.circuits.n_circuits, problem.circuit_index()
    n_flows = 1 + N_PHASES if np.isfinite(problem.circuits.phase_limit_kw).any() else 1
    sums = np.zeros((m, n_flows, problem.grid.n_steps))
    for rows, part in parts(problem):
        power_kw = charge_kw[rows] if discharge_kw is None else charge_kw[rows] - discharge_kw[rows]
        share = np.column_stack((np.ones(len(power_kw)), part.storages.phase_share))[:, :n_flows]
        order = np.argsort(at[rows], kind="stable")
        circuits, first = np.unique(at[rows][order], return_index=True)
        for circuit, units in zip(circuits, np.split(order, first[1:]), strict=False):  # nobody: one part of none
            sums[circuit] += share[units].T @ power_kw[units]
    below = problem.circuits.above() @ sums.reshape(m, -1)
    loads = np.zeros((m, 1 + N_PHASES, problem.grid.n_steps))
    loads[:, :n_flows] = below.reshape(m, n_flows, -1)
    return loads
