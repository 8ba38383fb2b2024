"""Limits of circuits, phases and stored energy, and by how much a plan breaks them."""

import numpy as np

from optimizer.flows import Flows
from v2g.network import N_PHASES
from v2g.problem import Problem
from v2g.timegrid import Array

NEGLIGIBLE_KW = 1e-6
NEGLIGIBLE_KWH = 1e-6


def excess_kw(problem: Problem, power_kw: Array) -> tuple[Array, Array]:
    """Return by how much circuits (2, m, T) and phases (2, m, 3, T) exceed their limits, importing and exporting [kW, ≥ 0]."""
    c, inside = problem.circuits, problem.membership()
    fixed, margin = problem.fixed_below()
    flow = fixed + inside @ power_kw
    circuits = np.stack([flow + margin - c.import_limit_kw, -flow - c.export_limit_kw])
    shares = problem.storages.phase_share.T[None] * inside[:, None, :]
    phase = (fixed / N_PHASES)[:, None] + shares @ power_kw
    limit = c.phase_limit_kw[:, :, None]
    phases = np.stack([phase + (margin / N_PHASES)[:, None] - limit, -phase - limit])
    return np.where(circuits > NEGLIGIBLE_KW, circuits, 0.0), np.where(phases > NEGLIGIBLE_KW, phases, 0.0)


def overload_kwh(problem: Problem, flows: Flows) -> float:
    """Return the energy above the limits of circuits and phases [kWh]."""
    circuits, phases = excess_kw(problem, flows.power_kw)
    return float((circuits.sum(axis=(0, 1)) + phases.sum(axis=(0, 1, 2))) @ problem.grid.step_h)


def energy_outside_kwh_h(problem: Problem, flows: Flows) -> float:
    """Return the stored energy outside its bounds, times how long [kWh·h]."""
    s = problem.storages
    outside = np.maximum(s.energy_min_kwh - flows.energy_kwh, 0.0) + np.maximum(flows.energy_kwh - s.energy_max_kwh, 0.0)
    return float((np.where(outside > NEGLIGIBLE_KWH, outside, 0.0) @ problem.grid.step_h).sum())
