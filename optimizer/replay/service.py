"""What drivers do not get."""

import numpy as np

from optimizer.flows import Flows
from optimizer.shares import uneven_kwh
from v2g.problem import Problem
from v2g.timegrid import Array

NEGLIGIBLE_KWH = 1e-6


def unmet_target_kwh(problem: Problem, flows: Flows) -> float:
    """Return the energy missing to promises when they are due, weighed by priority [kWh]."""
    return float(problem.storages.priority @ unmet_kwh(problem, flows.energy_kwh))


def fairness_kwh(problem: Problem, flows: Flows) -> float:
    """Return what unmet promises weigh beyond themselves because they are not shared by all, weighed by priority [kWh]."""
    return float(problem.storages.priority @ uneven_kwh(problem, unmet_kwh(problem, flows.energy_kwh)))


def unmet_kwh(problem: Problem, energy_kwh: Array) -> Array:
    """Return what each storage misses to its promise when that is due, (n,) [kWh, ≥ 0]."""
    s = problem.storages
    due = energy_kwh[np.arange(s.n_units), np.maximum(s.target_step, 1) - 1]
    missing = np.where(s.target_step > 0, s.target_energy_kwh - due, 0.0)
    return np.where((missing > NEGLIGIBLE_KWH) & (s.target_energy_kwh > 0), missing, 0.0)
