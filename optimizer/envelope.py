"""What a storage does when it idles, and how far it can get: the ground on which hard and soft bounds are told apart.

A bound that idling keeps can always be kept, so it is hard. A bound that idling breaks is soft (tier VIOLATION), and its hard
replacement is the idle path itself. So idling is always feasible, and so is every problem.
"""

from dataclasses import dataclass

import numpy as np

from v2g.problem import Problem
from v2g.timegrid import Array

TOLERANCE_KWH = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Envelope:
    """Energy bounds, each (n, T) [kWh].

    `floor_kwh` and `ceiling_kwh` are hard; `soft_min_kwh` and `soft_max_kwh` are what should hold where the hard ones are
    wider, else ∓inf.
    """

    floor_kwh: Array
    ceiling_kwh: Array
    soft_min_kwh: Array
    soft_max_kwh: Array


def idle_kwh(problem: Problem) -> Array:
    """Return the stored energy at step ends if nobody charges or discharges, (n, T) [kWh]."""
    s = problem.storages
    return np.asarray(s.initial_energy_kwh[:, None] - np.cumsum(s.drain_kwh, axis=1))


def envelope(problem: Problem) -> Envelope:
    """Return the hard and the soft energy bounds of every storage."""
    s, idle = problem.storages, idle_kwh(problem)
    return Envelope(
        floor_kwh=np.minimum(s.energy_min_kwh, idle),
        ceiling_kwh=np.maximum(s.energy_max_kwh, idle),
        soft_min_kwh=np.where(idle < s.energy_min_kwh - TOLERANCE_KWH, s.energy_min_kwh, -np.inf),
        soft_max_kwh=np.where(idle > s.energy_max_kwh + TOLERANCE_KWH, s.energy_max_kwh, np.inf),
    )


def reach_kwh(problem: Problem) -> tuple[Array, Array]:
    """Return the least and the most energy each storage can hold at each step's end by itself, two (n, T) [kWh]."""
    s, bounds, step_h = problem.storages, envelope(problem), problem.grid.step_h
    gain = s.charge_efficiency[:, None] * s.charge_max_kw * step_h - s.drain_kwh
    loss = s.discharge_max_kw / s.discharge_efficiency[:, None] * step_h + s.drain_kwh
    low, high = np.empty_like(gain), np.empty_like(gain)
    least = most = s.initial_energy_kwh
    for t in range(problem.grid.n_steps):
        least = low[:, t] = np.maximum(least - loss[:, t], bounds.floor_kwh[:, t])
        most = high[:, t] = np.minimum(most + gain[:, t], bounds.ceiling_kwh[:, t])
    return low, high


def idle_safe_kwh(problem: Problem) -> tuple[Array, Array]:
    """Return energies, two (n, T) [kWh], between which a storage can idle for ever after without leaving its hard bounds."""
    bounds, drained = envelope(problem), np.cumsum(problem.storages.drain_kwh, axis=1)
    low = np.maximum.accumulate((bounds.floor_kwh + drained)[:, ::-1], axis=1)[:, ::-1] - drained
    high = np.minimum.accumulate((bounds.ceiling_kwh + drained)[:, ::-1], axis=1)[:, ::-1] - drained
    return low, high
