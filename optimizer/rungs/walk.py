"""Walk through the horizon with a rule that wishes, and limits that dispose."""

from collections.abc import Callable

import numpy as np

from optimizer.flows import Flows, make_flows
from optimizer.rungs.hands import Hands
from optimizer.rungs.holding import Holding
from optimizer.rungs.trim import Order, room, trim
from v2g.problem import Problem
from v2g.timegrid import Array

Wish = Callable[[int, Array], tuple[Array, Order]]
"""(step, energy at its start (n,) [kWh]) → (wished powers (n,) [kW, signed], units by precedence)."""


def walk(problem: Problem, wish: Wish) -> Flows:
    """Return the flows of a rule, within all bounds of every storage, circuit and phase."""
    space, hands, holding = room(problem), Hands(problem), Holding(problem)
    charge, discharge = np.zeros(problem.shape), np.zeros(problem.shape)
    for t in range(problem.grid.n_steps):
        wished, order = wish(t, hands.energy_kwh)
        least = hands.least_kw(t)
        # What cannot be held must go before limits are netted: who charges may count on who gives back.
        held = holding.kept_kw(t, holding.wish_kw(t, hands.powers_kw(t, wished), order), least)
        power = holding.kept_kw(t, trim(held, order, least, space, t), least)
        charge[:, t], discharge[:, t] = np.maximum(power, 0.0), np.maximum(-power, 0.0)
        hands.go(t, power)
        holding.go(t, power)
    return make_flows(problem, charge, discharge)
