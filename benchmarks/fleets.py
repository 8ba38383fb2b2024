"""Fleets of any size for the benchmarks: plugged-in cars behind a feeder tree, and the station's next tick.

Half of the cars may give back; powers are those of four kinds of chargers, each with its least power; the site's limit binds in the
cheap hours; the demand charge is that of a day. Circuits: a grid connection, three transformers, nine feeders, of which some bind.
What does not change in time is one number a car, broadcast over the steps.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from v2g.network import Circuits, Connection
from v2g.problem import Problem
from v2g.solution import Solution
from v2g.storages import StorageKind, Storages
from v2g.timegrid import Array, TimeGrid

START = datetime(2026, 1, 5, 16, tzinfo=UTC)
N_STEPS, STEP_H, TICK_H = 96, 0.25, 1 / 12
EFFICIENCY, WEAR_PER_KWH, EXPORT_SHARE, DEMAND_PER_KW, NOISE = 0.95, 0.03, 0.9, 0.3, 0.02
POWERS_KW = np.array([7.4, 11.0, 22.0, 50.0])
LEAST_KW = np.array([1.4, 4.2, 4.2, 2.0])
N_TRANSFORMERS, N_FEEDERS = 3, 9
SITE_KW, TRANSFORMER_SHARE, FEEDER_SHARE = 5.5, 0.36, 0.12
"""The site's limit for each car, and what of it a transformer and a feeder carry."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fleet:
    """What does not change of n cars: all (n,); `at` is each car's feeder, `leaves_h` counts from `START`."""

    at: NDArray[np.int64]
    charge_kw: Array
    discharge_kw: Array
    least_kw: Array
    capacity_kwh: Array
    arrival_kwh: Array
    target_kwh: Array
    leaves_h: Array

    @property
    def n_cars(self) -> int:
        """Number of cars."""
        return len(self.at)


def fleet(n: int, seed: int = 0) -> Fleet:
    """Return `n` cars that are plugged in at `START`."""
    r = np.random.default_rng(seed)
    leaves_h = STEP_H * np.clip(r.normal(40, 18, n).astype(int), 4, N_STEPS)
    kind = r.choice(4, n, p=[0.3, 0.4, 0.2, 0.1])
    charge = POWERS_KW[kind]
    capacity = r.choice([40.0, 60.0, 75.0, 100.0], n)
    arrival = r.uniform(0.15, 0.6, n) * capacity
    return Fleet(
        at=np.sort(r.integers(0, N_FEEDERS, n)),
        charge_kw=charge,
        discharge_kw=charge * (r.random(n) < 0.5),
        least_kw=LEAST_KW[kind],
        capacity_kwh=capacity,
        arrival_kwh=arrival,
        target_kwh=np.minimum(r.uniform(0.7, 0.95, n) * capacity, arrival + leaves_h * charge * 0.9),
        leaves_h=leaves_h,
    )


def at_start(cars: Fleet) -> Problem:
    """Return the problem at `START`, without a plan before it."""
    return _problem(cars, 0.0, cars.arrival_kwh, np.broadcast_to(np.nan, (cars.n_cars, N_STEPS)), seed=1)


def next_tick(cars: Fleet, tick: int, problem: Problem, solution: Solution) -> Problem:
    """Return the problem `tick` ticks after `START`: the cars hold what the plan gave them, load and prices are forecast anew."""
    s, first_h = problem.storages, float(problem.grid.step_h[0])
    gain = s.charge_efficiency * solution.charge_kw[:, 0] - solution.discharge_kw[:, 0] / s.discharge_efficiency
    passed = min(TICK_H / first_h, 1.0)
    now_h = tick * TICK_H
    shift = int(now_h / STEP_H + 1e-9) - int((now_h - TICK_H) / STEP_H + 1e-9)
    previous = np.empty((cars.n_cars, N_STEPS))
    np.subtract(solution.charge_kw[:, shift:], solution.discharge_kw[:, shift:], out=previous[:, : N_STEPS - shift])
    previous[:, N_STEPS - shift :] = np.nan
    return _problem(cars, now_h, s.initial_energy_kwh + passed * first_h * gain, previous, seed=1 + tick)


def _problem(cars: Fleet, now_h: float, energy_kwh: Array, previous_kw: Array, seed: int) -> Problem:
    n, first = cars.n_cars, int(now_h / STEP_H + 1e-9)
    step_h = np.full(N_STEPS, STEP_H)
    step_h[0] -= now_h - first * STEP_H
    last = np.rint(cars.leaves_h / STEP_H).astype(np.int64) - first
    here = np.arange(N_STEPS) < last[:, None]
    charge = here * cars.charge_kw[:, None]
    discharge = here * cars.discharge_kw[:, None]
    del here

    def always(values: Array | float) -> Array:
        return np.broadcast_to(np.reshape(values, (-1, 1)), (n, N_STEPS))

    storages = Storages(
        unit_ids=tuple(map(str, range(n))),
        kinds=(StorageKind.EV,) * n,
        circuit_ids=tuple(np.array(circuit_ids()[1 + N_TRANSFORMERS :], dtype=object)[cars.at]),
        phase_share=np.broadcast_to(1 / 3, (n, 3)),
        charge_max_kw=charge,
        discharge_max_kw=discharge,
        charge_min_kw=cars.least_kw,
        discharge_min_kw=np.where(cars.discharge_kw > 0, cars.least_kw, 0.0),
        energy_min_kwh=always(np.minimum(0.1 * cars.capacity_kwh, energy_kwh)),
        energy_max_kwh=always(np.maximum(cars.capacity_kwh, energy_kwh)),
        initial_energy_kwh=energy_kwh,
        charge_efficiency=np.full(n, EFFICIENCY),
        discharge_efficiency=np.full(n, EFFICIENCY),
        drain_kwh=always(0.0),
        wear_cost_per_kwh=np.full(n, WEAR_PER_KWH),
        target_energy_kwh=np.where(last > 0, cars.target_kwh, 0.0),
        target_step=np.maximum(last, 0),
        priority=np.ones(n),
        departure_probability=always(0.0),
        shortfall_price_per_kwh=np.zeros(n),
        terminal_value_per_kwh=np.zeros(n),
        previous_power_kw=previous_kw,
    )
    hours = now_h + np.cumsum(step_h) - step_h
    grid = TimeGrid(start=START + timedelta(hours=now_h), step_h=step_h)
    return Problem(grid=grid, storages=storages, circuits=_circuits(n, hours, seed), connection=_connection(hours, seed))


def circuit_ids() -> tuple[str, ...]:
    """Return the circuits' names: the connection, the transformers, the feeders."""
    return ("grid", *(f"transformer-{i}" for i in range(N_TRANSFORMERS)), *(f"feeder-{i}" for i in range(N_FEEDERS)))


def _circuits(n: int, hours: Array, seed: int) -> Circuits:
    r = np.random.default_rng([seed, 1])
    load = 2.0 * n * (1 + 0.5 * np.sin((hours + 8) / 24 * 2 * np.pi)) * (1 + NOISE * r.normal(size=N_STEPS))
    shares = np.r_[1.0, np.full(N_TRANSFORMERS, TRANSFORMER_SHARE), np.full(N_FEEDERS, FEEDER_SHARE)]
    limit = SITE_KW * n * shares[:, None] * np.ones(N_STEPS)
    fixed = np.zeros_like(limit)
    fixed[1 + N_TRANSFORMERS :] = load / N_FEEDERS
    feeders = 1 + np.arange(N_FEEDERS) * N_TRANSFORMERS // N_FEEDERS
    return Circuits(
        circuit_ids=circuit_ids(),
        parent_index=np.r_[-1, np.zeros(N_TRANSFORMERS, np.int64), feeders],
        import_limit_kw=limit,
        export_limit_kw=limit,
        phase_limit_kw=np.full((len(shares), 3), np.inf),
        fixed_kw=fixed,
        fixed_margin_kw=np.zeros_like(limit),
    )


def _connection(hours: Array, seed: int) -> Connection:
    steps = (hours / STEP_H + 1e-9).astype(int)
    noise = np.random.default_rng(7).normal(0, 0.01, 4 * N_STEPS)[steps]
    price = (0.12 + 0.08 * np.sin((hours + 13) / 24 * 4 * np.pi) + noise) * (
        1 + NOISE * np.random.default_rng([seed, 2]).normal(size=N_STEPS)
    )
    return Connection(import_price_per_kwh=price, export_price_per_kwh=EXPORT_SHARE * price, demand_charge_per_kw=DEMAND_PER_KW)


def without_last_plan(problem: Problem) -> Problem:
    """Return the same problem without the plan before it."""
    unknown = np.broadcast_to(np.nan, problem.shape)
    return replace(problem, storages=replace(problem.storages, previous_power_kw=unknown))
