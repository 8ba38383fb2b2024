"""What a stored kWh is worth to each car at each step's end along its plan, and what the last kWh of its promise costs.

    worth[t] = −dV[t]/de      at the energy held; at a corner the least that agrees with the step's own action
    promise  = worth with the promise − worth without it, at the step when it is due

V is the car's value function at its price curve (`optimizer.fleet.kernel`); discharge caps are left out.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.fleet.cars import CARS_A_TASK, Cars
from optimizer.fleet.jit import entry, part
from optimizer.fleet.kernel import GAIN, PRICE, Work, look_back, make_work, step_gains
from optimizer.fleet.series import DRAIN, gather
from optimizer.fleet.threads import share_out
from v2g.timegrid import Array

SAME_KWH = 1e-7


def find_worths(cars: Cars, price_per_kwh: Array, energy_kwh: Array) -> tuple[Array, Array]:
    """Return the worths (m, T) and what promises cost (m,) [currency/kWh] of cars in their own order.

    `price_per_kwh` (L, T) are the price curves of their places, `energy_kwh` (n, T) what the problem's units hold.
    """
    worth, promise = np.zeros((len(cars.records), price_per_kwh.shape[1])), np.zeros(len(cars.records))
    prices, held = np.ascontiguousarray(price_per_kwh, dtype=np.float64), np.ascontiguousarray(energy_kwh, dtype=np.float64)

    def task(first: int, behind: int) -> None:
        value(cars.records, cars.tables, (first, behind), (prices, cars.moving_per_kwh), held, worth, promise)

    share_out(task, len(cars.records), CARS_A_TASK)
    return worth, promise


@entry
def value(
    cars: NDArray[np.void],
    tables: Any,
    task: tuple[int, int],
    money: tuple[Array, float],
    energy_kwh: Array,
    worth: Array,
    promise: Array,
) -> None:
    """Write what `find_worths` returns of some cars."""
    (prices, moving), steps = money, len(tables.step_h)
    work = make_work(steps, steps)
    for i in range(task[0], task[1]):
        car = cars[i]
        gather(work.own, car, tables, car.uses)
        work.probe[:], work.worth[:] = energy_kwh[car.row], car.terminal_price
        look_back(car, work, prices[car.place], moving)
        worth[i] = car.terminal_price
        for t in range(car.first, car.end):
            worth[i, t] = _by_action(car, work, t, prices[car.place, t], moving)
        if car.first < car.end:
            worth[i, : car.first] = worth[i, car.first]
        if car.first <= car.due < car.end:
            without = min(max(worth[i, car.due], work.worth[0, car.due]), work.worth[1, car.due])
            promise[i] = worth[i, car.due] - without


@part
def _by_action(car: Any, work: Work, step: int, price: float, moving: float) -> float:
    """Return what a kWh is worth at a step's end: of all it may be, the least that agrees with the step's gain."""
    least, most = work.worth[2, step], work.worth[3, step]
    before = work.probe[step - 1] if step > car.first else car.start_kwh
    gain = work.probe[step] - before + work.own[DRAIN, step]
    pieces, _ = step_gains(car, work.own, step, price, moving, work.corner)
    low = -np.inf
    for k in range(pieces):
        if gain > work.corner[GAIN, k] + SAME_KWH:
            low = work.corner[PRICE, k]
    return float(min(max(least, low), most))
