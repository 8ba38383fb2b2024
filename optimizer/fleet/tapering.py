"""The constant-voltage phase in a car's value function: how much it can gain falls with what it holds.

    charge_kw ≤ (full_kwh − energy)/gap_h,   gap_h = η_c·taper_h           (see `optimizer.taper`)

At the taper the gain falls with the energy e at the step's start, by κ for each kWh, and what is held after it rises by 1 − κ: a
piece of slope s maps to one of slope (1 − κ)·s − κ·price, 1/(1 − κ) times as long. The function stays convex.
"""

from typing import Any

import numpy as np

from optimizer.fleet.jit import part
from v2g.timegrid import Array

SAME_KWH = 1e-12


@part
def gap_h(car: Any, step_h: float) -> float:
    """Return the hours in which the power at a step's start would fill the gap to `full`, times the efficiency [h]."""
    return float(car.charge_efficiency * step_h / -np.expm1(-car.taper_per_h * step_h))


@part
def spread_tapered(
    at: Array,
    slope: Array,
    head: int,
    tail: int,
    new_at: Array,
    new_slope: Array,
    corner: Array,
    pieces: int,
    drain: float,
    full: float,
    gap: float,
) -> tuple[int, float]:
    """Do what `optimizer.fleet.pieces.spread` does where the gain is limited by the taper, up to `full`.

    Return the tail and the gain at the left end. Walks from the least energy e to the most: the gain x stays while holding more is
    worth its price, gives way where it is not, and follows the taper where that is in the way.
    """
    power, gain, price = corner[0], corner[1], corner[2]
    k, x = _most_gain(power, gain, pieces, at[head] + drain, full, gap)
    e, q, n, left = at[head] + drain - x, head, 0, x
    z = at[head]
    new_at[0] = e
    while e < full:
        if q == tail or (k >= 0 and slope[q] > -price[k]):
            if k < 0:
                break
            step, steep = x - gain[k], -price[k]
            x, k = gain[k], k - 1
        else:
            rate = (power[k + 1] - power[k]) / (gain[k + 1] - gain[k]) if x > 0 else 0.0
            room = full - e - gap * (power[k] + (x - gain[k]) * rate) if x > 0 else np.inf
            step, steep = at[q + 1] - z, slope[q]
            if room > SAME_KWH:
                if step <= room:
                    z, q = at[q + 1], q + 1
                else:
                    step = room
                    z += step
            else:
                kept = 1.0 - 1.0 / (gap * rate)
                steep = kept * slope[q] - (1.0 - kept) * price[k]
                step = step / kept if kept > 0 else np.inf
                corner = (x - gain[k]) / (1.0 - kept)
                if step < corner:
                    x -= step * (1.0 - kept)
                    z, q = at[q + 1], q + 1
                else:
                    step = corner
                    z += step * kept
                    x, k = gain[k], k - 1
        if step > 0:
            e += step
            new_slope[n] = steep
            n += 1
            new_at[n] = e
    return n, left


@part
def _most_gain(power: Array, gain: Array, pieces: int, top: float, full: float, gap: float) -> tuple[int, float]:
    """Return the most gain that ends at `top` (drain included) within the taper, and the piece it lies in."""
    k = pieces - 1
    if top - gain[pieces] + gap * power[pieces] <= full:
        return k, gain[pieces]
    while k > 0 and power[k] > 0 and top - gain[k] + gap * power[k] > full:
        k -= 1
    rate = gap * (power[k + 1] - power[k]) / (gain[k + 1] - gain[k]) - 1.0
    x = gain[k] + (full - top + gain[k] - gap * power[k]) / rate if rate > 0 else gain[k + 1]
    return k, min(max(x, gain[k]), gain[k + 1])
