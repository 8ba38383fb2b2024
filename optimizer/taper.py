"""The constant-voltage phase: the fuller the battery, the less it takes.

    dE/dt ≤ taper_per_h·(full − E)
    η_c·charge_kw ≤ (full − energy before)·(1 − exp(−taper_per_h·h))/h          over a step of h hours

The second line is the first, exactly: a battery that takes all it can ends the step where the differential equation does. Where
idling holds more than `taper_full_kwh` (a battery fuller than it was thought), `full` is what idling holds: idling is always
allowed. Above a knee the left side is more than what is stored, by the knee's loss: the exact set is not convex there, this is
inside it.
Source: constant-current constant-voltage charging as an exponential decay, e.g. Pelletier et al. (2017), "Battery degradation and
behaviour for electric vehicles", Transportation Research Part B 103.
"""

import numpy as np

from v2g.problem import Problem
from v2g.timegrid import Array


def full_kwh(problem: Problem) -> Array:
    """Return `full` for the energy at the start of each step, (n, T) [kWh]; inf where nothing tapers."""
    s = problem.storages
    if s.converters is None:
        return np.full(problem.shape, np.inf)
    idle = s.initial_energy_kwh[:, None] - np.cumsum(s.drain_kwh, axis=1) + s.drain_kwh
    tapers = np.isfinite(s.converters.taper_full_kwh)[:, None] & (s.charge_max_kw > 0)
    return np.where(tapers, np.maximum(s.converters.taper_full_kwh[:, None], idle), np.inf)


def taper_h(problem: Problem) -> Array:
    """Return h/(1 − exp(−taper_per_h·h)), in which the gap to `full` could be filled at the power of its start, (n, T) [h]."""
    s, step_h = problem.storages, problem.grid.step_h
    if s.converters is None:
        return np.broadcast_to(step_h, problem.shape)
    return np.asarray(step_h / -np.expm1(-s.converters.taper_per_h[:, None] * step_h))


def taper_max_kw(problem: Problem, full: Array, hours: Array, energy_kwh: Array) -> Array:
    """Return the most charging power given the energy at the start of a step, arrays of one shape, units first [kW]."""
    efficiency = problem.storages.charge_efficiency
    if energy_kwh.ndim > 1:
        efficiency = efficiency[:, None]
    return np.asarray(np.maximum(full - energy_kwh, 0.0) / (hours * efficiency))
