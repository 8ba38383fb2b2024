"""Limits of circuits, phases and stored energy, and by how much a plan breaks them."""

import numpy as np

from optimizer.flows import Flows
from optimizer.loads import loads_kw
from v2g.network import N_PHASES
from v2g.problem import Problem
from v2g.timegrid import Array

NEGLIGIBLE_KW = 1e-6
NEGLIGIBLE_KWH = 1e-6


def excess_kw(problem: Problem, power_kw: Array) -> tuple[Array, Array]:
    """Return by how much circuits (2, m, T) and phases (2, m, 3, T) exceed their limits, importing and exporting [kW, ≥ 0]."""
    return excess_of(problem, loads_kw(problem, power_kw))


def excess_of(problem: Problem, loads: Array) -> tuple[Array, Array]:
    """Return what `excess_kw` does for units that load circuits with `loads` (m, 4, T) [kW], see `loads_kw`."""
    c = problem.circuits
    fixed, margin = problem.fixed_below()
    flow = fixed + loads[:, 0]
    circuits = np.stack([flow + margin - c.import_limit_kw, -flow - c.export_limit_kw])
    phase = (fixed / N_PHASES)[:, None] + problem.skew_below() + loads[:, 1:]
    limit = c.phase_limit_kw[:, :, None]
    phases = np.stack([phase + (margin / N_PHASES)[:, None] - limit, -phase - limit])
    return np.where(circuits > NEGLIGIBLE_KW, circuits, 0.0), np.where(phases > NEGLIGIBLE_KW, phases, 0.0)


def overload_kwh(problem: Problem, flows: Flows) -> float:
    """Return the energy above the limits of circuits and phases [kWh]."""
    circuits, phases = excess_of(problem, loads_kw(problem, flows.charge_kw, flows.discharge_kw))
    return float((circuits.sum(axis=(0, 1)) + phases.sum(axis=(0, 1, 2))) @ problem.grid.step_h)


def energy_outside_kwh_h(problem: Problem, flows: Flows) -> float:
    """Return the stored energy outside its bounds, times how long [kWh·h]."""
    s = problem.storages
    outside = np.maximum(s.energy_min_kwh - flows.energy_kwh, 0.0) + np.maximum(flows.energy_kwh - s.energy_max_kwh, 0.0)
    return float((np.where(outside > NEGLIGIBLE_KWH, outside, 0.0) @ problem.grid.step_h).sum())
