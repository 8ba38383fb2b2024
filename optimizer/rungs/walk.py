"""Walk through the horizon with a rule that wishes, and limits that dispose."""

from collections.abc import Callable

import numpy as np

from optimizer.envelope import idle_safe_kwh
from optimizer.flows import Flows, make_flows
from optimizer.rungs.trim import Order, room, trim
from v2g.problem import Problem
from v2g.timegrid import Array

Wish = Callable[[int, Array], tuple[Array, Order]]
"""(step, energy at its start (n,) [kWh]) → (wished powers (n,) [kW, signed], units by precedence)."""


def walk(problem: Problem, wish: Wish) -> Flows:
    """Return the flows of a rule, within all power, energy, circuit and phase bounds."""
    s, step_h, space = problem.storages, problem.grid.step_h, room(problem)
    low, high = idle_safe_kwh(problem)
    charge, discharge = np.zeros(problem.shape), np.zeros(problem.shape)
    energy = s.initial_energy_kwh
    for t in range(problem.grid.n_steps):
        wished, order = wish(t, energy)
        idle = energy - s.drain_kwh[:, t]
        most = np.minimum(s.charge_max_kw[:, t], np.maximum(high[:, t] - idle, 0.0) / (step_h[t] * s.charge_efficiency))
        least = -np.minimum(s.discharge_max_kw[:, t], np.maximum(idle - low[:, t], 0.0) * s.discharge_efficiency / step_h[t])
        power = trim(np.clip(wished, least, most), order, s.charge_min_kw, space, t)
        charge[:, t], discharge[:, t] = np.maximum(power, 0.0), np.maximum(-power, 0.0)
        energy = idle + step_h[t] * (s.charge_efficiency * charge[:, t] - discharge[:, t] / s.discharge_efficiency)
    return make_flows(problem, charge, discharge)
