"""What a storage does when it idles, and how far it can get: the ground on which hard and soft bounds are told apart.

A bound that idling keeps can always be kept, so it is hard. A bound that idling breaks is soft (tier VIOLATION), and its hard
replacement is the idle path itself. So idling is always feasible, and so is every problem.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.conversion import Conversion
from optimizer.ramps import in_force_kw, ramp_kw
from optimizer.taper import full_kwh, taper_h, taper_max_kw
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
    """Return the least and the most energy each storage can hold at each step's end by itself, two (n, T) [kWh].

    Bounds from below and above: without standby, and without discharge caps, which only keep the least from being reached.
    """
    s, bounds, step_h = problem.storages, envelope(problem), problem.grid.step_h
    conversion = Conversion.without_standby(problem)
    charge_kw, discharge_kw = _fastest_kw(problem)
    gain, loss = conversion.stored_kw(charge_kw) * step_h, conversion.drawn_kw(discharge_kw) * step_h
    full, hours = full_kwh(problem), taper_h(problem)
    tapers = np.isfinite(full).any()
    low, high = np.empty_like(loss), np.empty_like(loss)
    least = most = s.initial_energy_kwh
    for t in range(problem.grid.n_steps):
        rise, drain = gain[:, t], s.drain_kwh[:, t]
        if tapers:
            fastest_kw = np.minimum(charge_kw[:, t], taper_max_kw(problem, full[:, t], hours[:, t], most))
            rise = conversion.at(t).stored_kw(fastest_kw) * step_h[t]
        least = low[:, t] = np.maximum(least - loss[:, t] - drain, bounds.floor_kwh[:, t])
        most = high[:, t] = np.minimum(most + rise - drain, bounds.ceiling_kwh[:, t])
    return low, high


def _fastest_kw(problem: Problem) -> tuple[Array, Array]:
    """Return the most charging and discharging power that ramps allow by each step, two (n, T) [kW]."""
    s = problem.storages
    charge_kw, discharge_kw = s.charge_max_kw, s.discharge_max_kw
    if s.converters is None or not np.isfinite(s.converters.ramp_kw_per_h).any():
        return charge_kw, discharge_kw
    charge_kw, discharge_kw, ramp, begin = charge_kw.copy(), discharge_kw.copy(), ramp_kw(problem), in_force_kw(problem)
    charge, discharge = np.maximum(begin, 0.0), np.maximum(-begin, 0.0)
    for t in range(problem.grid.n_steps):
        charge = charge_kw[:, t] = np.minimum(charge_kw[:, t], charge + ramp[:, t])
        discharge = discharge_kw[:, t] = np.minimum(discharge_kw[:, t], discharge + ramp[:, t])
    return charge_kw, discharge_kw


def idle_safe_kwh(problem: Problem) -> tuple[Array, Array]:
    """Return energies, two (n, T) [kWh], between which a storage can idle for ever after without leaving its hard bounds."""
    bounds, drained = envelope(problem), np.cumsum(problem.storages.drain_kwh, axis=1)
    low = np.maximum.accumulate((bounds.floor_kwh + drained)[:, ::-1], axis=1)[:, ::-1] - drained
    high = np.minimum.accumulate((bounds.ceiling_kwh + drained)[:, ::-1], axis=1)[:, ::-1] - drained
    return low, high
