"""Explain a plan: for each unit and step the reason, the limit that binds, what a kWh costs there and what it is worth.

Prices are the linear program's: each unit's own price is the reason for what it does. A plan from the lower rungs has no prices;
its reasons are then told without them.
"""

import numpy as np

from v2g.crowding import crowded, here
from v2g.problem import Problem
from v2g.reasons import EPSILON_KWH, Facts, reasons
from v2g.solution import Solution
from v2g.storages import StorageKind
from v2g.timegrid import Array
from v2g.unit_prices import unit_prices
from v2g.why import Codes, Explanations


def explain(problem: Problem, solution: Solution, power_kw: Array, laxity_h: Array) -> Explanations:
    """Return an explanation of each unit.

    Parameters
    ----------
    problem, solution
        What was asked and answered; n units, T steps.
    power_kw : (n, T)
        What is planned to be done, rounded as it is sent [kW, signed].
    laxity_h : (n,)
        How long each unit can still wait and keep its promise, inf where nothing is missing [h].
    """
    prices = unit_prices(problem, solution)
    promise = _promise_prices(problem, solution)
    missing = promised_beyond_kwh(problem)
    cost = np.where(missing > 0, promise * np.where(missing > 0, missing, 1.0), 0.0)
    tight = _held_back(problem)
    facts = Facts(problem=problem, solution=solution, power_kw=power_kw, laxity_h=laxity_h, prices=prices, held_back=tight > 0)
    return Explanations(
        unit_ids=problem.storages.unit_ids,
        kinds=problem.storages.kinds,
        why=reasons(facts),
        limit=np.where(tight > 0, tight, prices.limit),
        limit_names=prices.limit_names,
        site_per_kwh=prices.site_per_kwh,
        limits_per_kwh=prices.limits_per_kwh,
        value_per_kwh=prices.value_per_kwh,
        promise_price_per_kwh=promise,
        promise_cost=cost,
    )


def _held_back(problem: Problem) -> Codes:
    """Return the circuit that leaves a car that is here too little to charge at all, by its place + 1, else 0; (n, T)."""
    s = problem.storages
    cars = np.array([kind is StorageKind.EV for kind in s.kinds], dtype=np.bool_)[:, None]
    room_kwh = s.energy_max_kwh - s.initial_energy_kwh[:, None] > EPSILON_KWH
    return np.where(cars & (s.charge_max_kw <= 0) & here(problem) & room_kwh, crowded(problem), 0).astype(np.int16)


def promised_beyond_kwh(problem: Problem) -> Array:
    """Return how much each promise asks beyond what the unit would have at the least without it, (n,) [kWh stored].

    target − max(initial − Σ drain − Σ h·discharge_max/η_d, min(initial − Σ drain, energy_min))        sums until it is due
    """
    s, n_units = problem.storages, problem.shape[0]
    due = np.arange(problem.grid.n_steps) < s.target_step[:, None]
    kept = s.initial_energy_kwh - (s.drain_kwh * due).sum(axis=1)
    given = (s.discharge_max_kw * problem.grid.step_h * due).sum(axis=1) / s.discharge_efficiency
    floor = np.minimum(kept, s.energy_min_kwh[np.arange(n_units), np.maximum(s.target_step - 1, 0)])
    beyond = s.target_energy_kwh - np.maximum(kept - given, floor)
    return np.where(s.target_step > 0, np.maximum(beyond, 0.0), 0.0)


def _promise_prices(problem: Problem, solution: Solution) -> Array:
    """Return what the last kWh of each promise costs, (n,) [currency/kWh]: inf where no money buys it, 0 where nothing is known."""
    if solution.prices is None:
        return np.zeros(problem.shape[0])
    told = solution.prices.promise_per_kwh
    return np.where(told >= solution.prices.most_per_kwh, np.inf, told)
