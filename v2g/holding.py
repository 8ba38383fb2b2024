"""What units can hold near now: nothing, or at least their least power. Further off a plan counts in means and is made again.

A car that fills up within a step takes less than its least power on the mean of the step: it holds that power until it is full.
So does one whose taper has fallen below it: it is offered the least power and draws what its battery takes. Limits are kept by what
is offered. Nobody charges at so little power that standby takes it all, or gives back less than standby takes.
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
    takes_kw = np.minimum(fills_kw, _tapered_kw(problem))
    least = np.broadcast_to(s.charge_min_kw[:, None], fills_kw.shape)
    return np.maximum(np.where(takes_kw > 0, np.minimum(least, takes_kw), least), run_least_kw(problem)[0][:, None])


def _tapered_kw(problem: Problem) -> Array:
    """Return what each battery takes in the near steps if it has taken all it could before, (n, near) [kW]; inf without a taper.

    What is missing to `taper_full_kwh` then falls by exp(−taper_per_h·h) in h hours: exact in the first step, the least that it can
    be in those after it.
    """
    s, near = problem.storages, near_steps(problem.grid)
    takes_kw = np.full((s.n_units, near), np.inf)
    if s.converters is None:
        return takes_kw
    tapers = np.flatnonzero(np.isfinite(s.converters.taper_full_kwh))
    missing_kwh = s.converters.taper_full_kwh[tapers] - s.initial_energy_kwh[tapers]
    kept = np.exp(-s.converters.taper_per_h[tapers, None] * problem.grid.step_h[:near])
    before = np.cumprod(np.pad(kept[:, :-1], ((0, 0), (1, 0)), constant_values=1.0), axis=1)
    at_battery_kw = missing_kwh[:, None] * before * (1.0 - kept) / problem.grid.step_h[:near]
    takes_kw[tapers] = at_battery_kw / s.charge_efficiency[tapers, None]
    return takes_kw


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
