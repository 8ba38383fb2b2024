"""By how much a storage's power may change from step to step.

    ramp_kw[t] = ramp_kw_per_h · (time between the middles of steps t−1 and t);  before the first step the power is `in_force_kw`

Power may grow by no more than that in either direction, always. It should fall by no more than that either, but falling is how a
storage keeps every other bound, and idling must be possible: a fall or a flip beyond the ramp is a `ramp_broken` (tier VIOLATION).
A storage that is away, or whose power at the start is unknown, has no ramp there.
"""

import numpy as np

from v2g.problem import Problem
from v2g.timegrid import Array


def ramp_kw(problem: Problem) -> Array:
    """Return the ramp into each step, (n, T) [kW]; inf = none."""
    s, step_h = problem.storages, problem.grid.step_h
    if s.converters is None:
        return np.full(problem.shape, np.inf)
    between_h = np.concatenate((step_h[:1] / 2, (step_h[1:] + step_h[:-1]) / 2))
    ramp = s.converters.ramp_kw_per_h[:, None] * between_h
    away = (s.charge_max_kw == 0) & (s.discharge_max_kw == 0)
    ramp[np.isnan(s.converters.in_force_kw), 0] = np.inf
    return np.where(away, np.inf, ramp)


def in_force_kw(problem: Problem) -> Array:
    """Return the power before the first step, 0 where it is unknown, (n,) [kW, signed]."""
    s = problem.storages
    return np.zeros(s.n_units) if s.converters is None else np.nan_to_num(s.converters.in_force_kw)
