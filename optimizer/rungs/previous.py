"""The previous plan, shifted onto this grid and cut to today's bounds and limits; strangers to it charge by the rule."""

import numpy as np

from optimizer.flows import Flows
from optimizer.rungs.rule import Laxity
from optimizer.rungs.trim import Order
from optimizer.rungs.walk import walk
from v2g.errors import PlanningError
from v2g.problem import Problem
from v2g.timegrid import Array


def previous_plan(problem: Problem) -> Flows:
    """Return the flows of the previous plan. Raises `PlanningError` if it knew no storage."""
    previous = problem.storages.previous_power_kw
    known = np.isfinite(previous)
    if not known.any():
        raise PlanningError("there is no previous plan")
    rule = Laxity(problem)

    def wish(step: int, energy_kwh: Array) -> tuple[Array, Order]:
        urgent, order = rule(step, energy_kwh)
        keep = known[:, step]
        return np.where(keep, np.nan_to_num(previous[:, step]), urgent), order[np.argsort(~keep[order], kind="stable")]

    return walk(problem, wish)
