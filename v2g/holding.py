"""What units can hold near now: nothing, or at least their least power. Further off a plan counts in means and is made again.

A car that fills up within a step takes less than its least power on the mean of the step: it holds that power until it is full.
Nobody charges at so little power that standby takes it all, or gives back less than standby takes.
"""

import numpy as np

from v2g.problem import Problem
from v2g.timegrid import Array, TimeGrid

NEAR_H = 0.5
"""Steps that begin before this are near now: decided in whole, as they will be sent. Measured on ten 11 kW chargers with least
powers behind a limit that binds all day: 1 h takes four times the solving time of 0.5 h."""
TOLERANCE_H = 1e-9


def near_steps(grid: TimeGrid) -> int:
    """Return how many steps begin within `NEAR_H`, at least the first."""
    return max(int((grid.edges_h[:-1] < NEAR_H - TOLERANCE_H).sum()), 1)


def least_charge_kw(problem: Problem) -> Array:
    """Return the least mean power at which each unit charges in the near steps if it charges, (n, near) [kW]."""
    s, near = problem.storages, near_steps(problem.grid)
    missing_kwh = s.energy_max_kwh[:, :near] - s.initial_energy_kwh[:, None]
    fills_kw = missing_kwh / (problem.grid.step_h[:near] * s.charge_efficiency[:, None])
    least = np.broadcast_to(s.charge_min_kw[:, None], fills_kw.shape)
    return np.maximum(np.where(fills_kw > 0, np.minimum(least, fills_kw), least), run_least_kw(problem)[0][:, None])


def run_least_kw(problem: Problem) -> tuple[Array, Array]:
    """Return the powers below which standby takes more than is stored, and than is given back, two (n,) [kW]."""
    s, c = problem.storages, problem.storages.converters
    if c is None:
        return np.zeros(s.n_units), np.zeros(s.n_units)
    frac = c.standby_kw / c.knee_kw
    return c.standby_kw / (s.charge_efficiency + frac), c.standby_kw / (1.0 + frac)


def least_discharge_kw(problem: Problem) -> Array:
    """Return the least power at which each unit discharges in the near steps if it discharges, (n, near) [kW]."""
    s, near = problem.storages, near_steps(problem.grid)
    least = np.maximum(s.discharge_min_kw, run_least_kw(problem)[1])
    return np.broadcast_to(least[:, None], (s.n_units, near)).copy()
