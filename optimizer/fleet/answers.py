"""Answers of all cars to price curves, summed over groups, and plans mixed of them; on all processors the process may use.

Tasks are cut by group and summed in order, so that results do not depend on how many processors there are.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.fleet.cars import Cars
from optimizer.fleet.plans import plan_chunks
from optimizer.fleet.threads import share_out
from v2g.timegrid import Array

CHUNKS_A_TASK, CARS_A_TASK = 8, 128
"""A task has at most so many chunks, and fewer where that many cars are in them: to wake a thread takes as long as ten cars."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What G groups of cars do at T prices.

    Parameters
    ----------
    power_kw : (G, T)
        Net power of all cars of each group at the AC side [kW].
    cost : (G,)
        What it costs them apart from the energy's price [currency].
    bound : (G,)
        The least that `cost` and the price of their energy can be together, from below [currency]: what it is where burning
        energy does not pay.
    """

    power_kw: Array
    cost: Array
    bound: Array


def answer(cars: Cars, price_per_kwh: Array, *, moving: bool = True) -> Answers:
    """Return how the cars answer the price curves (L, T) of their places [currency/kWh].

    Without `moving`, leaving the previous plan has no price. Raises nothing: idling is always possible.
    """
    return _plan(cars, price_per_kwh[None], np.ones((1, cars.n_groups)), _no_plan(cars), moving=moving)


def idle_cost(cars: Cars, *, moving: bool = True) -> Array:
    """Return what it costs each group's cars to do nothing, (G,) [currency]."""
    curves = np.empty((0, 1, len(cars.tables.step_h)))
    return _plan(cars, curves, np.empty((0, cars.n_groups)), _no_plan(cars), moving=moving).cost


def mix(
    cars: Cars, prices: Array, share: Array, charge_kw: Array, discharge_kw: Array, energy_kwh: Array, *, moving: bool = True
) -> Answers:
    """Write each car's plan into its rows of three arrays (n, T) of the problem's shape: a mix of its answers; return the sums.

    `prices` (K, L, T) are the curves, `share` (K, G) what part each has in each group; the rest, if any, idles. Energies are
    mixed, and powers follow from them, so that nobody charges and discharges at once. Of the sums, `bound` is the bounds' mix.
    """
    return _plan(cars, prices, share, (charge_kw, discharge_kw, energy_kwh), moving=moving)


def _no_plan(cars: Cars) -> tuple[Array, Array, Array]:
    none = np.empty((0, len(cars.tables.step_h)))
    return none, none, none


def _plan(cars: Cars, prices: Array, share: Array, plan: tuple[Array, Array, Array], *, moving: bool) -> Answers:
    n, T = len(cars.chunk), len(cars.tables.step_h)
    sums = np.zeros((n, T)), np.zeros(n), np.zeros(n)
    rate = cars.moving_per_kwh if moving else 0.0
    money = np.ascontiguousarray(prices, dtype=np.float64), np.ascontiguousarray(share, dtype=np.float64), rate

    def task(first: int, behind: int) -> None:
        plan_chunks(cars.records, cars.tables, (cars.chunk, first, behind), money, sums, plan)

    share_out(task, n, _chunks_a_task(cars))
    group = cars.records["group"][cars.chunk[:, 0]]
    power, cost, bound = (np.zeros((cars.n_groups, *parts.shape[1:])) for parts in sums)
    for total, parts in zip((power, cost, bound), sums, strict=True):
        np.add.at(total, group, parts)
    return Answers(power_kw=power, cost=cost, bound=bound)


def _chunks_a_task(cars: Cars) -> int:
    n_cars = int((cars.chunk[:, 1] - cars.chunk[:, 0]).sum())
    return max(min(CHUNKS_A_TASK, CARS_A_TASK * len(cars.chunk) // max(n_cars, 1)), 1)
