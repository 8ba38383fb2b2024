"""What it costs a car to gain energy in one step: a piecewise-linear function of the gain.

Corner k of it is where the net power is ``power[k]`` [kW, signed], the gain ``gain[k]`` [kWh stored, signed]; between corners k and
k+1 a kWh gained costs ``price[k]``. It is convex where charging and discharging at once would not pay. Elsewhere `hull` makes it
so: what a mix in time would cost, if a step could be shared, and so a bound from below.
"""

from typing import Any

from optimizer.fleet.jit import part
from v2g.timegrid import Array

MOST_CORNERS = 6
"""Most discharging, knee, nothing, previous power, knee, most charging."""
SAME_KW = 1e-12


@part
def stored_kw(power_kw: float, car: Any) -> float:
    """Return what a net power stores, below 0 what it draws [kW]; see `optimizer.conversion`."""
    if power_kw >= 0:
        return float(car.charge_efficiency * power_kw - car.knee_loss_frac * max(power_kw - car.knee_kw, 0.0))
    return float(power_kw / car.discharge_efficiency + car.knee_loss_frac * min(power_kw + car.knee_kw, 0.0))


@part
def net_kw(stored: float, car: Any) -> float:
    """Return the net power that stores as much: the inverse of `stored_kw` [kW]."""
    if stored >= 0:
        bend = car.charge_efficiency * car.knee_kw
        if stored <= bend:
            return float(stored / car.charge_efficiency)
        return float(car.knee_kw + (stored - bend) / (car.charge_efficiency - car.knee_loss_frac))
    bend = -car.knee_kw / car.discharge_efficiency
    if stored >= bend:
        return float(stored * car.discharge_efficiency)
    return float(-car.knee_kw + (stored - bend) / (1.0 / car.discharge_efficiency + car.knee_loss_frac))


@part
def gains(corner: Array, car: Any, limits: tuple[float, float], money: tuple[float, float, float, float], step_h: float) -> int:
    """Write a step's corners (3, ·): powers, gains and, of the pieces after them, prices; return how many pieces there are.

    `limits` are the most charging and discharging [kW]; `money` as in `step_cost`.
    """
    n = _corners(corner[0], limits, car.knee_kw, money[3])
    for k in range(n + 1):
        corner[1, k] = step_h * stored_kw(corner[0, k], car)
    cost = step_cost(corner[0, 0], money, step_h)
    for k in range(n):
        above = step_cost(corner[0, k + 1], money, step_h)
        corner[2, k] = (above - cost) / (corner[1, k + 1] - corner[1, k])
        cost = above
    return n


@part
def plain_gains(corner: Array, car: Any, limits: tuple[float, float], money: tuple[float, float], step_h: float) -> int:
    """Do what `gains` does where nothing but the direction bends the cost, without the powers; `money` are price and wear."""
    (charge_kw, discharge_kw), (price, wear), n = limits, money, 0
    corner[1, 0] = -step_h * discharge_kw / car.discharge_efficiency
    if discharge_kw > 0:
        corner[2, 0], corner[1, 1] = (price - wear) * car.discharge_efficiency, 0.0
        n = 1
    if charge_kw > 0:
        corner[2, n], corner[1, n + 1] = price / car.charge_efficiency, step_h * charge_kw * car.charge_efficiency
        n += 1
    return n


@part
def cost_between(corner: Array, pieces: int, gain: float) -> float:
    """Return what the largest gain costs more than `gain` [currency]."""
    cost = 0.0
    for k in range(pieces):
        cost += corner[2, k] * max(corner[1, k + 1] - max(corner[1, k], gain), 0.0)
    return cost


@part
def step_cost(power_kw: float, money: tuple[float, float, float, float], step_h: float) -> float:
    """Return what a net power costs through a step [currency].

    `money` are the price of a kWh, the wear of one discharged, what one costs by which the power leaves the previous power
    [currency/kWh], and that power [kW].
    """
    price, wear, moving, previous_kw = money
    cost = price * power_kw + wear * max(-power_kw, 0.0)
    if moving > 0:
        cost += moving * abs(power_kw - previous_kw)
    return cost * step_h


@part
def _corners(power: Array, limits: tuple[float, float], knee_kw: float, previous_kw: float) -> int:
    """Write the powers at which the cost may bend, rising; return how many pieces lie between them."""
    charge_kw, discharge_kw = limits
    power[0], n = -discharge_kw, 0
    for bend in (-knee_kw, 0.0, knee_kw, previous_kw):
        if -discharge_kw + SAME_KW < bend < charge_kw - SAME_KW:
            n += 1
            place = n
            while power[place - 1] > bend:
                power[place] = power[place - 1]
                place -= 1
            if bend - power[place - 1] > SAME_KW and (place == n or power[place + 1] - bend > SAME_KW):
                power[place] = bend
            else:
                for i in range(place, n):
                    power[i] = power[i + 1]
                n -= 1
    if charge_kw + discharge_kw > 0:
        n += 1
        power[n] = charge_kw
    return n


@part
def hull(corner: Array, pieces: int) -> None:
    """Make the cost its convex hull: pieces that cost less than those before them share one price with them."""
    gain, price = corner[1], corner[2]
    for k in range(1, pieces):
        first = k
        while first > 0 and price[first - 1] > price[k]:
            shared = price[first - 1]
            while first > 0 and price[first - 1] == shared:
                first -= 1
            cost = 0.0
            for i in range(first, k + 1):
                cost += price[i] * (gain[i + 1] - gain[i])
            price[first : k + 1] = cost / (gain[k + 1] - gain[first])


@part
def is_convex(corner: Array, pieces: int) -> bool:
    """Return whether a kWh more never costs less than the one before."""
    convex = True
    for k in range(1, pieces):
        convex = convex and corner[2, k] >= corner[2, k - 1]
    return convex
