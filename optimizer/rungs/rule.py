"""Least laxity first: who can wait least charges first, at full power, under all limits. Nobody discharges.

    laxity[u] = (due[u] − now) − missing[u] / stored_kw(charge_max_kw[u])          [h]

Source: Mok (1983), least-laxity-first scheduling; for charging e.g. Lee et al. (2021), "Adaptive charging networks", §IV.
"""

import numpy as np

from optimizer.conversion import Conversion
from optimizer.flows import Flows
from optimizer.rungs.trim import Order
from optimizer.rungs.walk import walk
from v2g.problem import Problem
from v2g.timegrid import Array

DONE_KWH = 1e-6


def least_laxity(problem: Problem) -> Flows:
    """Return the flows of the rule: every car towards its target, and every storage above its floor."""
    return walk(problem, Laxity(problem))


class Laxity:
    """The rule as a wish at each step (see `walk`)."""

    def __init__(self, problem: Problem) -> None:
        s, edges_h = problem.storages, problem.grid.edges_h
        self.problem, self.edges_h, self.conversion = problem, edges_h, Conversion.of(problem)
        self.goal_kwh = np.maximum(s.target_energy_kwh[:, None], s.energy_min_kwh)
        self.due_h = np.where(s.target_step > 0, edges_h[s.target_step], edges_h[-1])

    def __call__(self, step: int, energy_kwh: Array) -> tuple[Array, Order]:
        """Return full power for all that miss something, and the order of laxity."""
        s, step_h, conversion = self.problem.storages, self.problem.grid.step_h[step], self.conversion.at(step)
        missing = np.maximum(self.goal_kwh[:, step] + s.drain_kwh[:, step] - energy_kwh, 0.0)
        fastest_kw = conversion.stored_kw(s.charge_max_kw[:, step])
        duration_h = np.divide(missing, fastest_kw, out=np.full_like(missing, np.inf), where=fastest_kw > 0)
        laxity_h = np.where(missing > DONE_KWH, self.due_h - self.edges_h[step] - duration_h, np.inf)
        wish_kw = np.maximum(conversion.charge_kw(missing / step_h), s.charge_min_kw)
        return np.where(missing > DONE_KWH, wish_kw, 0.0), np.argsort(laxity_h, kind="stable")
