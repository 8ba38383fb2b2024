"""Given powers followed step by step, cut to what each unit can hold and all limits allow: rounding without a solver."""

import numpy as np

from optimizer.flows import Flows
from optimizer.rungs.rule import Laxity
from optimizer.rungs.trim import Order
from optimizer.rungs.walk import walk
from v2g.problem import Problem
from v2g.timegrid import Array


def follow(problem: Problem, power_kw: Array) -> Flows:
    """Return the flows nearest to `power_kw` (n, T) [kW, signed] that can be held; who can wait least comes first."""
    rule = Laxity(problem)

    def wish(step: int, energy_kwh: Array) -> tuple[Array, Order]:
        _, order = rule(step, energy_kwh)
        return np.asarray(power_kw[:, step]), order

    return walk(problem, wish)
