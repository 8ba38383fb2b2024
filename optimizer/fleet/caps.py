"""Discharge caps by their multipliers: each kWh given back in a cap's span costs λ more, so that the cap just holds.

    bound = max over λ ≥ 0 of  least cost(λ) − λ·cap

is concave and piecewise linear in λ. Two plans are held, one beyond the cap and one within, each a line in λ; the next λ is where
they cross, until nothing lies below that. There both are best, and so is their mix that just keeps the cap. Ends exactly, like
Newton's method on a piecewise-linear function.

Where that breaks another cap, this one is kept inside each step of the search for the other's λ: what is maximal in one multiplier
is concave in the next, with the mix as its plan. Only caps that break take part, a few of what a car has.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.fleet.gains import net_kw
from optimizer.fleet.jit import part
from optimizer.fleet.kernel import DUST_KWH, Work, look_ahead, look_back
from optimizer.fleet.series import DRAIN, IDLE, PENALTY, STEP_H
from v2g.timegrid import Array

Index = NDArray[np.int64]

NEVER_PER_KWH = 1e6
"""A penalty at which nobody discharges."""
MOST_ROUNDS = 60
MOST_AT_ONCE = 4
"""Caps that are kept by multipliers; where more break, the car idles for the rest, and the bound stays one."""
SAME_COST = 1e-13
BROKEN_KWH = 1e-9


@part
def least(car: Any, work: Work, prices: Array, moving: float, window: Array, cap_kwh: Array) -> float:
    """Write the best answer's energies under the car's caps (W,) in their spans (W, T); return a bound of its cost from below."""
    bound = _uncapped(car, work, prices, moving)
    if len(cap_kwh) == 0:
        return bound
    kept = np.full(MOST_AT_ONCE, -1)
    broken = _most_broken(car, work, window, cap_kwh, kept)
    if broken < 0:
        return bound
    rate, used = np.zeros(MOST_AT_ONCE), np.empty(MOST_AT_ONCE)
    for n in range(MOST_AT_ONCE):
        kept[n] = broken
        bound = max(bound, _within(car, work, (prices, moving), (window, cap_kwh, kept[: n + 1]), n + 1, rate, used))
        work.own[PENALTY] = 0.0
        broken = _most_broken(car, work, window, cap_kwh, kept)
        if broken < 0:
            break
    keep_caps(car, work, window, cap_kwh)
    return bound


@part
def _uncapped(car: Any, work: Work, prices: Array, moving: float) -> float:
    bound = look_back(car, work, prices, moving)
    look_ahead(car, work, prices, moving)
    return bound


@part
def _within(
    car: Any,
    work: Work,
    money: tuple[Array, float],
    caps: tuple[Array, Array, Index],
    n: int,
    rate: Array,
    used: Array,
) -> float:
    """Keep the first `n` of some caps, the others at their `rate`; write the energies and what is `used` of each of them.

    `money` are the prices and that of moving, `caps` the spans (W, T), caps (W,) and which of them. What is used is the mix of what
    the mixed plans use, as the bound has it: across a knee the energies may give back a little more.
    """
    window, cap_kwh, kept = caps
    if n == 0:
        work.own[PENALTY] = 0.0
        for i in range(len(kept)):
            work.own[PENALTY] += rate[i] * window[kept[i]]
        bound = _uncapped(car, work, money[0], money[1])
        for i in range(len(kept)):
            used[i] = given_back(car, work, window[kept[i]])
        return bound
    mine, cap = n - 1, cap_kwh[kept[n - 1]]
    rate[mine] = 0.0
    bound = _within(car, work, money, caps, n - 1, rate, used)
    if used[mine] <= cap + DUST_KWH:
        return bound
    over, over_used, over_cost = work.energy.copy(), used.copy(), bound
    under, under_used, under_cost = over, over_used, 0.0
    rate[mine] = NEVER_PER_KWH
    for _ in range(MOST_ROUNDS):
        found = _within(car, work, money, caps, n - 1, rate, used)
        bound = max(bound, found - rate[mine] * cap)
        beyond = over_cost + rate[mine] * over_used[mine]
        if rate[mine] < NEVER_PER_KWH and found >= beyond - SAME_COST * (1.0 + abs(found)):
            break
        if used[mine] > cap:
            over, over_used, over_cost = work.energy.copy(), used.copy(), found - rate[mine] * used[mine]
        else:
            under, under_used, under_cost = work.energy.copy(), used.copy(), found - rate[mine] * used[mine]
        rate[mine] = max((under_cost - over_cost) / (over_used[mine] - under_used[mine]), 0.0)
    share = (cap - under_used[mine]) / (over_used[mine] - under_used[mine])
    used[:] = share * over_used + (1.0 - share) * under_used
    _meet(car, work, window[kept[mine]], cap, over, under, share)
    return bound


@part
def _most_broken(car: Any, work: Work, window: Array, cap_kwh: Array, kept: Index) -> int:
    """Return the cap that the plan in `work` breaks most apart from those `kept`, −1 where there is none."""
    worst, most = -1, BROKEN_KWH
    for w in range(len(cap_kwh)):
        if cap_kwh[w] < np.inf and not (kept == w).any():
            excess = given_back(car, work, window[w]) - cap_kwh[w]
            if excess > most:
                worst, most = w, excess
    return worst


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
