"""Symbols of what drivers want, and of the plan they had before."""

import numpy as np

from optimizer.shares import part_kwh
from v2g.problem import Problem
from v2g.timegrid import Array

STICKY_STEPS = 4


def wish_symbols(problem: Problem) -> dict[str, Array]:
    """Return the symbols of promises, early departures, ageing by use and the previous plan."""
    s = problem.storages
    target = s.target_energy_kwh[:, None]
    due = np.arange(1, problem.grid.n_steps + 1)[None, :] == s.target_step[:, None]
    early_price = s.departure_probability * s.shortfall_price_per_kwh[:, None]
    previous = s.previous_power_kw[:, :STICKY_STEPS]
    known = np.isfinite(previous)
    return {
        "wear_cost_per_kwh": s.wear_cost_per_kwh,
        "priority": s.priority,
        "unmet_part_kwh": part_kwh(problem),
        "promised_kwh": np.where(due & (target > 0), target, -np.inf),
        "early_target_kwh": np.where((early_price > 0) & (target > 0), s.wanted_kwh[:, None], -np.inf),
        "early_price_per_kwh": early_price,
        "terminal_value_per_kwh": s.terminal_value_per_kwh,
        "previous_min_kw": np.where(known, previous, -np.inf),
        "previous_max_kw": np.where(known, previous, np.inf),
    }
