"""A garage whose forecasts are wrong anew at every tick: 30 chargers, half of them V2G, behind a building's load, in closed loop.

Cars come and go, prices and load follow the day, a demand charge and the connection's limit bind at times. The planner sees hourly
prices and the load with errors that grow over 4 h of lead time to 5 %, and each car's departure 15 min off; all are drawn anew at
every tick, from the seed and the tick alone, so that two runs meet the same ones.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from optimizer.exact import ExactPlanner
from tests.optimizer.instances import START, root_only
from v2g.network import Connection
from v2g.problem import Problem
from v2g.solution import Solution
from v2g.storages import StorageKind, Storages
from v2g.timegrid import Array, TimeGrid

TICK_H = 1 / 12
N_CHARGERS = 30
EFFICIENCY = 0.94
LIMIT_KW = 220.0
WEAR_COST_PER_KWH = 0.04
SHORTFALL_PRICE_PER_KWH = 1.6
DEMAND_CHARGE_PER_KW = 0.3
LOAD_NOISE = PRICE_NOISE = 0.05
DEPARTURE_NOISE_H = 0.25
EARLY_H = 0.5
CHANGE_KW = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """A visit: [arrive_h, depart_h) from the start [h], power and energies [kW, kWh]."""

    name: str
    arrive_h: float
    depart_h: float
    power_kw: float
    discharge_kw: float
    capacity_kwh: float
    arrival_kwh: float
    target_kwh: float


@dataclass(slots=True)
class Outcome:
    """What a run has come to: setpoints changed, money spent on cars [currency], energy missing at departures [kWh].

    `changes` counts setpoints that are not what the plan before had for this instant, `switches` those that are not what was in
    force: the changes, and what every plan intends by itself (begin, pause, give back, end).
    """

    changes: int = 0
    switches: int = 0
    cost: float = 0.0
    missing_kwh: float = 0.0
    peak_kw: float = 0.0
    energy_kwh: dict[str, float] = field(default_factory=dict)


def price_per_kwh(hour: Array) -> Array:
    """Return the price at hours from the start, (n,): of each clock hour, with two peaks a day."""
    hour = np.floor(hour)
    return 0.20 + 0.06 * np.sin((hour - 4) / 12 * 4 * np.pi) + 0.05 * np.sin((hour - 9) / 24 * 2 * np.pi)


def load_kw(hour: Array) -> Array:
    """Return the building's load at hours from the start, (n,) [kW]."""
    return 60.0 + 35.0 * np.sin((hour - 7) / 24 * 2 * np.pi)


def visits(seed: int, hours: float) -> list[Car]:
    """Return the cars of a run: each charger is taken again and again, for some hours at a time."""
    r = np.random.default_rng(seed)
    cars = []
    for charger in range(N_CHARGERS):
        power = float(r.choice([7.4, 11.0, 22.0]))
        now_h = float(r.uniform(0.0, 4.0))
        while now_h < hours:
            stay_h, capacity = float(r.uniform(3.0, 10.0)), float(r.choice([50.0, 65.0, 80.0]))
            arrival = float(r.uniform(0.2, 0.5)) * capacity
            reach = arrival + 0.7 * (stay_h - EARLY_H) * power * EFFICIENCY
            cars.append(
                Car(
                    name=f"{charger}@{now_h:.2f}",
                    arrive_h=now_h,
                    depart_h=now_h + stay_h,
                    power_kw=power,
                    discharge_kw=power * (charger % 2),
                    capacity_kwh=capacity,
                    arrival_kwh=arrival,
                    target_kwh=min(0.85 * capacity, reach),
                )
            )
            now_h += stay_h + float(r.uniform(0.2, 2.0))
    return cars


def drive(planner: ExactPlanner, *, ticks: int, seed: int, steady: bool) -> Outcome:
    """Return the outcome of `ticks` re-solves; only a `steady` run tells the planner what it planned before."""
    cars, outcome = visits(seed, ticks * TICK_H), Outcome()
    plan: tuple[Problem, Solution] | None = None
    in_force: dict[str, float] = {}
    for tick in range(ticks):
        now_h = tick * TICK_H
        here = [car for car in cars if car.arrive_h <= now_h < car.depart_h]
        problem = _problem(here, outcome, now_h, np.random.default_rng((seed, tick)), plan if steady else None)
        solution = planner.solve_now(problem)
        sent = dict(zip(problem.storages.unit_ids, solution.power_kw[:, 0].tolist(), strict=True))
        planned_kw = _previous(plan, [car.name for car in here], problem.grid)[:, 0]
        outcome.changes += int((np.abs(np.nan_to_num(solution.power_kw[:, 0] - planned_kw)) > CHANGE_KW).sum())
        outcome.switches += sum(abs(kw - in_force[name]) > CHANGE_KW for name, kw in sent.items() if name in in_force)
        _advance(outcome, here, sent, now_h)
        plan, in_force = (problem, solution), sent
    _settle(outcome, cars, ticks * TICK_H)
    return outcome


def _problem(
    here: list[Car], outcome: Outcome, now_h: float, r: np.random.Generator, plan: tuple[Problem, Solution] | None
) -> Problem:
    grid = TimeGrid.fine_then_coarse(START + timedelta(hours=now_h), fine_h=0.25, n_fine=16, coarse_h=1.0, n_coarse=20)
    hour = now_h + (grid.edges_h[1:] + grid.edges_h[:-1]) / 2
    error = r.normal(size=(2, grid.n_steps)) * np.minimum(1.0, grid.edges_h[:-1] / 4.0)
    of_the_hour = np.unique(np.floor(hour), return_inverse=True)[1]
    price = price_per_kwh(hour) * (1 + PRICE_NOISE * error[0][of_the_hour])
    seen_h = np.array([car.depart_h - now_h for car in here]) + DEPARTURE_NOISE_H * r.normal(size=len(here))
    return Problem(
        grid=grid,
        storages=_storages(here, outcome, grid, np.maximum(seen_h, 0.1), plan),
        circuits=root_only(load_kw(hour) * (1 + LOAD_NOISE * error[1]), limit_kw=LIMIT_KW),
        connection=Connection(
            import_price_per_kwh=price,
            export_price_per_kwh=0.9 * price,
            demand_charge_per_kw=DEMAND_CHARGE_PER_KW,
            peak_so_far_kw=outcome.peak_kw,
        ),
    )


def _storages(
    here: list[Car], outcome: Outcome, grid: TimeGrid, leaves_h: Array, plan: tuple[Problem, Solution] | None
) -> Storages:
    n, T = len(here), grid.n_steps

    def column(name: str) -> Array:
        return np.array([getattr(car, name) for car in here])

    initial = np.array([outcome.energy_kwh.setdefault(car.name, car.arrival_kwh) for car in here])
    # Leaving is as likely in each minute from EARLY_H before the departure that is seen until as long after it.
    gone = np.clip((grid.edges_h[None, :] - leaves_h[:, None] + EARLY_H) / (2 * EARLY_H), 0.0, 1.0)
    present = (grid.edges_h[:-1] < leaves_h[:, None] + EARLY_H).astype(np.float64)
    due: NDArray[np.int64] = np.maximum(np.searchsorted(grid.edges_h[1:], leaves_h - EARLY_H + 1e-9, side="right"), 1)
    return Storages(
        unit_ids=tuple(car.name for car in here),
        kinds=(StorageKind.EV,) * n,
        circuit_ids=("grid",) * n,
        phase_share=np.full((n, 3), 1 / 3),
        charge_max_kw=present * column("power_kw")[:, None],
        discharge_max_kw=present * (np.arange(T) < due[:, None]) * column("discharge_kw")[:, None],
        charge_min_kw=np.zeros(n),
        discharge_min_kw=np.zeros(n),
        energy_min_kwh=np.ones(T) * np.minimum(0.2 * column("capacity_kwh"), initial)[:, None],
        energy_max_kwh=np.ones(T) * np.maximum(column("capacity_kwh"), initial)[:, None],
        initial_energy_kwh=initial,
        charge_efficiency=np.full(n, EFFICIENCY),
        discharge_efficiency=np.full(n, EFFICIENCY),
        drain_kwh=np.zeros((n, T)),
        wear_cost_per_kwh=np.full(n, WEAR_COST_PER_KWH),
        target_energy_kwh=column("target_kwh"),
        target_step=due,
        priority=np.ones(n),
        departure_probability=np.diff(gone, axis=1),
        shortfall_price_per_kwh=np.full(n, SHORTFALL_PRICE_PER_KWH),
        terminal_value_per_kwh=np.zeros(n),
        previous_power_kw=_previous(plan, [car.name for car in here], grid),
    )


def _previous(plan: tuple[Problem, Solution] | None, names: list[str], grid: TimeGrid) -> Array:
    power = np.full((len(names), grid.n_steps), np.nan)
    if plan is not None:
        problem, solution = plan
        middle_h = problem.grid.offset_h(grid.start) + (grid.edges_h[1:] + grid.edges_h[:-1]) / 2
        step = np.searchsorted(problem.grid.edges_h, middle_h, side="right") - 1
        known = step < problem.grid.n_steps
        row = {name: i for i, name in enumerate(problem.storages.unit_ids)}
        for i, name in enumerate(names):
            if name in row:
                power[i, known] = solution.power_kw[row[name], step[known]]
    return power


def _advance(outcome: Outcome, here: list[Car], sent: dict[str, float], now_h: float) -> None:
    """Let a tick pass: batteries fill, money flows at the true price and load, less what the building alone would pay."""
    middle = np.array([now_h + TICK_H / 2])
    load, price, cars_kw = float(load_kw(middle)[0]), float(price_per_kwh(middle)[0]), 0.0
    for car in here:
        before = outcome.energy_kwh[car.name]
        kw = sent[car.name]
        after = before + TICK_H * (kw * EFFICIENCY if kw > 0 else kw / EFFICIENCY)
        outcome.energy_kwh[car.name] = min(max(after, 0.0), car.capacity_kwh)
        outcome.cost += WEAR_COST_PER_KWH * TICK_H * max(-kw, 0.0)
        cars_kw += kw
    site = load + cars_kw
    outcome.cost += TICK_H * price * ((site if site > 0 else 0.9 * site) - load)
    outcome.peak_kw = max(outcome.peak_kw, site)


def _settle(outcome: Outcome, cars: list[Car], hours: float) -> None:
    """Count the peak that the cars added and what is missing, and value what is stored in the cars that stay."""
    instants = np.arange(0.0, hours, TICK_H) + TICK_H / 2
    outcome.cost += DEMAND_CHARGE_PER_KW * max(outcome.peak_kw - float(load_kw(instants).max()), 0.0)
    worth = float(price_per_kwh(instants).mean()) / EFFICIENCY
    for car in cars:
        gone = car.depart_h <= hours
        lack = car.target_kwh - outcome.energy_kwh.get(car.name, car.arrival_kwh)
        missing = max(lack, 0.0) if gone else 0.0
        outcome.missing_kwh += missing
        outcome.cost += SHORTFALL_PRICE_PER_KWH * missing if gone else worth * lack
