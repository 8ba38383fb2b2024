"""A plan followed step by step, cut to what each unit can hold and all limits allow: rounding without a solver."""

from dataclasses import replace

import numpy as np

from optimizer.flows import Flows
from optimizer.replay.reserve import fitted
from optimizer.rungs.rule import Laxity
from optimizer.rungs.trim import Order
from optimizer.rungs.walk import walk
from v2g.problem import Problem
from v2g.timegrid import Array


def follow(problem: Problem, planned: Flows) -> Flows:
    """Return the flows nearest to what is `planned` that can be held; who can wait least comes first.

    Of the reserve planned, what these flows leave room for is held.
    """
    rule, power_kw = Laxity(problem), planned.power_kw

    def wish(step: int, energy_kwh: Array) -> tuple[Array, Order]:
        _, order = rule(step, energy_kwh)
        return np.asarray(power_kw[:, step]), order

    flows = walk(problem, wish)
    return flows if planned.reserve is None else replace(flows, reserve=fitted(problem, flows, planned.reserve))
