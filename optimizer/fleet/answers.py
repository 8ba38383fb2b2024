"""Answers of all cars to price curves, summed over groups, and plans mixed of them; on all processors the process may use.

Tasks are cut by group and summed in order, so that results do not depend on how many processors there are.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from optimizer.fleet.cars import Cars, make_cars
from optimizer.fleet.plans import plan_chunks
from optimizer.fleet.threads import share_out
from optimizer.tiers import tier_prices
from v2g.network import N_PHASES, Circuits, Connection
from v2g.problem import Problem
from v2g.storages import StorageKind, Storages
from v2g.timegrid import Array, TimeGrid

CHUNKS_A_TASK = 8


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

    share_out(task, n, CHUNKS_A_TASK)
    group = cars.records["group"][cars.chunk[:, 0]]
    power, cost, bound = (np.zeros((cars.n_groups, *parts.shape[1:])) for parts in sums)
    for total, parts in zip((power, cost, bound), sums, strict=True):
        np.add.at(total, group, parts)
    return Answers(power_kw=power, cost=cost, bound=bound)


def warm_up() -> None:
    """Compile all that answers prices, or read it from disk."""
    problem = _tiny()
    one = np.zeros(1, dtype=np.int64)
    cars = make_cars(problem, one, one, one, tier_prices(problem))
    prices, plan = np.zeros((1, 1, 1)), np.zeros((3, 1, 1))
    answer(cars, prices[0])
    mix(cars, prices, np.ones((1, 1)), plan[0], plan[1], plan[2])


def _tiny() -> Problem:
    """Return one car that stays for one step."""
    one, flat, none = np.ones(1), np.ones((1, 1)), np.zeros((1, 1))
    storages = Storages(
        unit_ids=("car",),
        kinds=(StorageKind.EV,),
        circuit_ids=("grid",),
        phase_share=np.full((1, N_PHASES), 1 / N_PHASES),
        charge_max_kw=flat,
        discharge_max_kw=none,
        charge_min_kw=none[0],
        discharge_min_kw=none[0],
        energy_min_kwh=none,
        energy_max_kwh=flat,
        initial_energy_kwh=none[0],
        charge_efficiency=one,
        discharge_efficiency=one,
        drain_kwh=none,
        wear_cost_per_kwh=none[0],
        target_energy_kwh=one,
        target_step=np.ones(1, dtype=np.int64),
        priority=one,
        departure_probability=none,
        shortfall_price_per_kwh=none[0],
        terminal_value_per_kwh=none[0],
        previous_power_kw=none,
    )
    circuits = Circuits(
        circuit_ids=("grid",),
        parent_index=np.full(1, -1),
        import_limit_kw=flat,
        export_limit_kw=flat,
        phase_limit_kw=np.ones((1, N_PHASES)),
        fixed_kw=none,
        fixed_margin_kw=none,
    )
    grid = TimeGrid.uniform(datetime(2026, 1, 1, tzinfo=UTC), step_h=1.0, n_steps=1)
    money = Connection(import_price_per_kwh=one, export_price_per_kwh=one)
    return Problem(grid=grid, storages=storages, circuits=circuits, connection=money)
