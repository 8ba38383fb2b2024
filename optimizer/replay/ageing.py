"""What a plan costs in battery life, beyond a flat price on discharge [currency]."""

import numpy as np

from optimizer.depths import taken_kwh
from optimizer.flows import Flows
from v2g.problem import Problem


def cycle_wear(problem: Problem, flows: Flows) -> float:
    """Return the price of what is taken out of each segment of cycle depth."""
    ageing = problem.storages.ageing
    if ageing is None or not (ageing.depth_price_per_kwh > 0).any():
        return 0.0
    return float((ageing.depth_price_per_kwh * taken_kwh(problem, flows)).sum())


def calendar_ageing(problem: Problem, flows: Flows) -> float:
    """Return the price of energy stored above the threshold, times how long."""
    ageing = problem.storages.ageing
    if ageing is None:
        return 0.0
    high = np.maximum(flows.energy_kwh - ageing.calendar_above_kwh[:, None], 0.0)
    return float(ageing.calendar_price_per_kwh_h @ (high @ problem.grid.step_h))
