"""A discharge cap by its multiplier: each kWh given back in its span costs λ more, so that the cap just holds.

    bound = max over λ ≥ 0 of  least cost(λ) − λ·cap

is concave and piecewise linear in λ. Two plans are held, one beyond the cap and one within, each a line in λ; the next λ is where
they cross, until nothing lies below that. There both are best, and so is their mix that just keeps the cap. Ends exactly, like
Newton's method on a piecewise-linear function.
"""

from typing import Any


from optimizer.fleet.gains import net_kw
from optimizer.fleet.holding import drained
from optimizer.fleet.jit import part
from optimizer.fleet.kernel import DUST_KWH, Work, look_ahead, look_back
from v2g.timegrid import Array

NEVER_PER_KWH = 1e6
"""A penalty at which nobody discharges."""
MOST_ROUNDS = 60
SAME_COST = 1e-13


@part
def least(car: Any, tables: Any, prices: Array, moving: float, work: Work) -> float:
    """Write the best answer's energies under the car's cap, if it has one; return a bound of its cost from below."""
    bound = _uncapped(car, tables, prices, moving, work)
    for w in range(tables.cap_kwh.shape[1]):
        if given_back(car, tables, w, work) > tables.cap_kwh[car.row, w] + DUST_KWH:
            bound = _within(car, tables, prices, moving, work, w, bound)
    return bound


@part
def _uncapped(car: Any, tables: Any, prices: Array, moving: float, work: Work) -> float:
    bound = look_back(car, tables, prices, moving, work)
    look_ahead(car, tables, prices, moving, work)
    return bound


@part
def _within(car: Any, tables: Any, prices: Array, moving: float, work: Work, w: int, bound: float) -> float:
    """Do what `least` does where cap `w` binds; `bound` and the energies are those without it."""
    cap = tables.cap_kwh[car.row, w]
    over, over_cost, over_kwh = work.energy.copy(), bound, given_back(car, tables, w, work)
    rate, under, under_cost, under_kwh = NEVER_PER_KWH, over, 0.0, 0.0
    for _ in range(MOST_ROUNDS):
        work.penalty[:] = rate * tables.window[w]
        found, used = _uncapped(car, tables, prices, moving, work), given_back(car, tables, w, work)
        bound = max(bound, found - rate * cap)
        if under is not over and found >= over_cost + rate * over_kwh - SAME_COST * (1.0 + abs(found)):
            break
        if used > cap:
            over, over_cost, over_kwh = work.energy.copy(), found - rate * used, used
        else:
            under, under_cost, under_kwh = work.energy.copy(), found - rate * used, used
        rate = (under_cost - over_cost) / (over_kwh - under_kwh)
    work.penalty[:] = 0.0
    _meet(car, tables, work, w, (cap - under_kwh) / (over_kwh - under_kwh), over, under)
    return bound


@part
def _meet(car: Any, tables: Any, work: Work, w: int, share: float, over: Array, under: Array) -> None:
    """Mix two plans so that cap `w` just holds; across a knee what is given back is not linear in the share."""
    low, high, cap = 0.0, 1.0, tables.cap_kwh[car.row, w]
    for _ in range(MOST_ROUNDS):
        work.energy[:] = share * over + (1.0 - share) * under
        used = given_back(car, tables, w, work)
        if abs(used - cap) <= DUST_KWH:
            return
        low, high = (share, high) if used < cap else (low, share)
        share = (low + high) / 2
    work.energy[:] = low * over + (1.0 - low) * under


@part
def given_back(car: Any, tables: Any, cap: int, work: Work) -> float:
    """Return what the answer in `work` discharges in a cap's span [kWh at the AC side]."""
    total, before = 0.0, car.start_kwh
    for t in range(car.first, car.end):
        gain = work.energy[t] - before + drained(car, tables, t)
        if gain < -DUST_KWH:
            total -= tables.window[cap, t] * tables.step_h[t] * net_kw(gain / tables.step_h[t], car)
        before = work.energy[t]
    return total
