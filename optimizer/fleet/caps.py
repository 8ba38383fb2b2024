"""A discharge cap by its multiplier: each kWh given back in its span costs λ more, so that the cap just holds.

    bound = max over λ ≥ 0 of  least cost(λ) − λ·cap

is concave and piecewise linear in λ. Two plans are held, one beyond the cap and one within, each a line in λ; the next λ is where
they cross, until nothing lies below that. There both are best, and so is their mix that just keeps the cap. Ends exactly, like
Newton's method on a piecewise-linear function.
"""

from typing import Any

import numpy as np

from optimizer.fleet.gains import net_kw
from optimizer.fleet.jit import part
from optimizer.fleet.kernel import DUST_KWH, Work, look_ahead, look_back
from optimizer.fleet.series import DRAIN, IDLE, PENALTY, STEP_H
from v2g.timegrid import Array

NEVER_PER_KWH = 1e6
"""A penalty at which nobody discharges."""
MOST_ROUNDS = 60
SAME_COST = 1e-13


@part
def least(car: Any, work: Work, prices: Array, moving: float, window: Array, cap_kwh: Array) -> float:
    """Write the best answer's energies under the car's caps (W,) in their spans (W, T); return a bound of its cost from below.

    At most one cap may be finite, see `optimizer.fleet.split`.
    """
    bound = _uncapped(car, work, prices, moving)
    for w in range(len(cap_kwh)):
        if cap_kwh[w] < np.inf and given_back(car, work, window[w]) > cap_kwh[w] + DUST_KWH:
            return _within(car, work, prices, moving, window[w], cap_kwh[w], bound)
    return bound


@part
def _uncapped(car: Any, work: Work, prices: Array, moving: float) -> float:
    bound = look_back(car, work, prices, moving)
    look_ahead(car, work, prices, moving)
    return bound


@part
def _within(car: Any, work: Work, prices: Array, moving: float, window: Array, cap: float, bound: float) -> float:
    """Do what `least` does where a cap binds; `bound` and the energies are those without it."""
    over, over_cost, over_kwh = work.energy.copy(), bound, given_back(car, work, window)
    under, under_cost, under_kwh, rate = over, 0.0, 0.0, NEVER_PER_KWH
    for _ in range(MOST_ROUNDS):
        work.own[PENALTY] = rate * window
        found, used = _uncapped(car, work, prices, moving), given_back(car, work, window)
        bound = max(bound, found - rate * cap)
        if rate < NEVER_PER_KWH and found >= over_cost + rate * over_kwh - SAME_COST * (1.0 + abs(found)):
            break
        if used > cap:
            over, over_cost, over_kwh = work.energy.copy(), found - rate * used, used
        else:
            under, under_cost, under_kwh = work.energy.copy(), found - rate * used, used
        rate = max((under_cost - over_cost) / (over_kwh - under_kwh), 0.0)
    work.own[PENALTY] = 0.0
    _meet(car, work, window, cap, over, under, (cap - under_kwh) / (over_kwh - under_kwh))
    return bound


@part
def keep_caps(car: Any, work: Work, window: Array, cap_kwh: Array) -> None:
    """Let the plan in `work` idle as much as its caps need: mixed across a knee, plans give back more than their mean."""
    for w in range(len(cap_kwh)):
        if cap_kwh[w] < np.inf and given_back(car, work, window[w]) > cap_kwh[w] + DUST_KWH:
            _meet(car, work, window[w], cap_kwh[w], work.energy.copy(), work.own[IDLE], 1.0)


@part
def _meet(car: Any, work: Work, window: Array, cap: float, over: Array, under: Array, share: float) -> None:
    """Mix two plans so that the cap just holds; across a knee what is given back is not linear in the share."""
    low, high = 0.0, 1.0
    for _ in range(MOST_ROUNDS):
        work.energy[:] = share * over + (1.0 - share) * under
        used = given_back(car, work, window)
        if abs(used - cap) <= DUST_KWH:
            return
        low, high = (share, high) if used < cap else (low, share)
        share = (low + high) / 2
    work.energy[:] = low * over + (1.0 - low) * under


@part
def given_back(car: Any, work: Work, window: Array) -> float:
    """Return what the answer in `work` discharges in a span (T,) [kWh at the AC side]."""
    total, before = 0.0, car.start_kwh
    for t in range(car.first, car.end):
        gain = work.energy[t] - before + work.own[DRAIN, t]
        if gain < -DUST_KWH:
            total -= window[t] * work.own[STEP_H, t] * net_kw(gain / work.own[STEP_H, t], car)
        before = work.energy[t]
    return total
