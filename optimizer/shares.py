"""How a shortage is shared: the more of its need a driver already lacks, the more the next kWh weighs.

Each need is cut into `N_SHARES` equal parts; a kWh lacking in part q weighs ``1 + SHARE_WEIGHT·q/(N_SHARES − 1)`` times the
priority. So among equals nobody lacks a whole part more than another who could have what he gets, and what is lacking in all
(weighed by priority) exceeds the least possible by at most `SHARE_WEIGHT` of it. See docs/decisions/008-a-shortage-is-shared.md.
"""

import numpy as np

from optimizer.envelope import idle_kwh
from v2g.problem import Problem
from v2g.timegrid import Array

N_SHARES = 8
"""Measured, 50 cars at 60 % of the power: the unmet share of needs deviates by 0.42, in 4 parts 0.09, in 8 0.07, in 32 0.05."""
SHARE_WEIGHT = 0.1
RISE = SHARE_WEIGHT * np.arange(N_SHARES) / (N_SHARES - 1)
"""What a kWh lacking in each part weighs more than in the first, (N_SHARES,)."""


def part_kwh(problem: Problem) -> Array:
    """Return the parts of each promise: of what must be charged for it, or of all if idling keeps it, (n, N_SHARES) [kWh]."""
    s = problem.storages
    idle = idle_kwh(problem)[np.arange(s.n_units), np.maximum(s.target_step, 1) - 1]
    need = s.target_energy_kwh - idle
    parts = np.repeat(np.where(need > 0, need, s.target_energy_kwh)[:, None] / N_SHARES, N_SHARES, axis=1)
    parts[:, -1] = np.inf
    return parts


def uneven_kwh(problem: Problem, unmet_kwh: Array) -> Array:
    """Return what each storage's unmet energy weighs beyond itself, before priority, (n,) [kWh]."""
    parts = part_kwh(problem)
    begins = parts[:, :1] * np.arange(N_SHARES)
    return np.asarray(np.clip(unmet_kwh[:, None] - begins, 0.0, parts) @ RISE)
