"""Tapers, ramps and discharge caps, and by how much a plan breaks them."""

import numpy as np

from optimizer.flows import Flows
from optimizer.ramps import in_force_kw, ramp_kw
from optimizer.taper import full_kwh, taper_h, taper_max_kw
from v2g.problem import Problem
from v2g.timegrid import Array

NEGLIGIBLE_KW = 1e-6


def ramp_broken_kw(problem: Problem, flows: Flows) -> float:
    """Return the changes of power beyond the ramp [kW]."""
    if problem.storages.converters is None:
        return 0.0
    change = np.abs(np.diff(flows.power_kw, axis=1, prepend=in_force_kw(problem)[:, None]))
    beyond = change - ramp_kw(problem)
    return float(np.where(beyond > NEGLIGIBLE_KW, beyond, 0.0).sum())


def grown_beyond_kw(problem: Problem, charge_kw: Array, discharge_kw: Array) -> Array:
    """Return by how much charging and discharging grow beyond the ramp, (2, n, T) [kW], negative where they do not."""
    begin = in_force_kw(problem)[:, None]
    grown = [
        np.diff(charge_kw, axis=1, prepend=np.maximum(begin, 0.0)),
        np.diff(discharge_kw, axis=1, prepend=np.maximum(-begin, 0.0)),
    ]
    return np.asarray(np.stack(grown) - ramp_kw(problem))


def above_taper_kw(problem: Problem, charge_kw: Array, energy_kwh: Array) -> Array:
    """Return by how much charging exceeds what the battery takes, (n, T) [kW], negative where it does not."""
    before = np.concatenate((problem.storages.initial_energy_kwh[:, None], energy_kwh[:, :-1]), axis=1)
    return charge_kw - taper_max_kw(problem, full_kwh(problem), taper_h(problem), before)


def above_caps_kwh(problem: Problem, discharge_kw: Array) -> Array:
    """Return by how much each discharge cap is exceeded, (n, W) [kWh], negative where it is not."""
    caps = problem.storages.caps
    if caps is None:
        return np.empty((problem.shape[0], 0))
    return np.asarray(discharge_kw @ (caps.window * problem.grid.step_h).T - caps.most_kwh)
