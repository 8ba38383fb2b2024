"""Explain a plan: for each unit and step the reason, the limit that binds, what a kWh costs there and what it is worth.

Reasons are masks over units and steps; the first that holds is the reason. Prices are the linear program's: each unit's own price
is the reason for what it does. A plan from the lower rungs has no prices; its reasons are then told without them.
"""

import numpy as np
from numpy.typing import NDArray

from v2g.network import N_PHASES
from v2g.problem import Problem
from v2g.solution import Solution
from v2g.storages import StorageKind
from v2g.timegrid import Array
from v2g.why import Explanation, Why

EPSILON_KW = 0.05
EPSILON_KWH = 0.05
EPSILON_PRICE = 1e-4
"""Shadow prices below this [currency/kWh] are the solver's rounding."""
URGENT_H = 0.5

Mask = NDArray[np.bool_]


def explain(problem: Problem, solution: Solution, power_kw: Array, laxity_h: Array) -> tuple[Explanation, ...]:
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
    why = _reasons(problem, solution, power_kw, laxity_h, prices)
    limit = _binding(problem, solution)
    missing = np.maximum(problem.storages.target_energy_kwh - problem.storages.initial_energy_kwh, 0.0)
    told = solution.prices
    none = np.zeros(problem.shape)
    promise = np.zeros(problem.shape[0]) if told is None else told.promise_per_kwh
    value = none if told is None else told.energy_per_kwh
    at_limit = none if told is None else _limit_prices(problem, solution)
    return tuple(
        Explanation(
            unit_id=unit_id,
            why=tuple(why[i]),
            limit=tuple(limit[i]),
            price_per_kwh=prices[i],
            limit_price_per_kwh=at_limit[i],
            value_per_kwh=value[i],
            promise_price_per_kwh=float(promise[i]),
            promise_cost=float(promise[i] * missing[i]),
        )
        for i, unit_id in enumerate(problem.storages.unit_ids)
    )


def unit_prices(problem: Problem, solution: Solution) -> Array:
    """Return what a kWh costs each unit at its place in the feeder tree, (n, T) [currency/kWh]; without prices the tariff's."""
    if solution.prices is None:
        return np.broadcast_to(problem.connection.import_price_per_kwh, problem.shape)
    return np.asarray(solution.prices.site_per_kwh + _limit_prices(problem, solution))


def _limit_prices(problem: Problem, solution: Solution) -> Array:
    """Return what all limits on each unit's way to the grid add to its price, (n, T) [currency/kWh]."""
    told, inside = solution.prices, problem.membership()
    if told is None:
        return np.zeros(problem.shape)
    share = problem.storages.phase_share[:, None, :] * inside.T[:, :, None]
    per_kw = inside.T @ (told.import_per_kw - told.export_per_kw) + np.einsum("ncp,cpt->nt", share, told.phase_per_kw)
    return np.asarray(per_kw / problem.grid.step_h)


def _binding(problem: Problem, solution: Solution) -> NDArray[np.str_]:
    """Return the name of the dearest limit on each unit's way, (n, T); "" where none binds."""
    told, inside = solution.prices, problem.membership()
    if told is None:
        return np.full(problem.shape, "", dtype=object)
    ids = problem.circuits.circuit_ids
    names = np.array(["", *ids, *(f"{name}:L{p + 1}" for name in ids for p in range(N_PHASES))], dtype=object)
    share = (problem.storages.phase_share[:, None, :] * inside.T[:, :, None]).reshape(problem.shape[0], len(ids) * N_PHASES)
    sums = np.abs(told.import_per_kw - told.export_per_kw)
    phases = np.abs(told.phase_per_kw).reshape(-1, problem.grid.n_steps)
    none = np.full((*problem.shape, 1), EPSILON_PRICE)
    prices = np.concatenate((none, inside.T[:, None, :] * sums.T, share[:, None, :] * phases.T), axis=2)
    return np.asarray(names[prices.argmax(axis=2)])


def _reasons(problem: Problem, solution: Solution, power_kw: Array, laxity_h: Array, prices: Array) -> NDArray[np.object_]:
    """Return each unit's reason in each step, (n, T)."""
    charging, discharging = power_kw > EPSILON_KW, power_kw < -EPSILON_KW
    idle = ~charging & ~discharging
    rules = (
        (Why.AWAY, _absent(problem)),
        *((why, charging & mask) for why, mask in _to_charge(problem, solution, laxity_h, prices)),
        *((why, discharging & mask) for why, mask in _to_discharge(problem, solution)),
        *((why, idle & mask) for why, mask in _to_rest(problem, solution, power_kw, prices)),
    )
    codes = np.select([np.broadcast_to(mask, problem.shape) for _, mask in rules], range(len(rules)))
    return np.asarray(np.array([why for why, _ in rules], dtype=object)[codes])


Rules = tuple[tuple[Why, Mask], ...]


def _to_charge(problem: Problem, solution: Solution, laxity_h: Array, prices: Array) -> Rules:
    s = problem.storages
    before = np.c_[s.initial_energy_kwh, solution.energy_kwh[:, :-1]]
    surplus = problem.fixed_below()[0][0] < -EPSILON_KW
    cheap = prices <= _typical(problem, prices) + EPSILON_PRICE
    late = np.zeros(problem.shape, dtype=np.bool_)
    late[:, 0] = laxity_h < URGENT_H
    always = np.ones(problem.shape, dtype=np.bool_)
    return (
        (Why.FLOOR, before < s.energy_min_kwh - EPSILON_KWH),
        (Why.EVENT, np.broadcast_to(_covered(problem, -1), problem.shape)),
        (Why.TARGET, late | (~cheap & (s.target_step[:, None] > 0))),
        (Why.SURPLUS, np.broadcast_to(surplus & (solution.import_kw < EPSILON_KW), problem.shape)),
        (Why.CHEAP, always),
    )


def _to_discharge(problem: Problem, solution: Solution) -> Rules:
    price = problem.connection.import_price_per_kwh
    at_peak = np.zeros_like(price) if solution.prices is None else solution.prices.site_per_kwh - price
    return (
        (Why.EVENT, np.broadcast_to(_covered(problem, +1), problem.shape)),
        (Why.PEAK, np.broadcast_to((at_peak > EPSILON_PRICE) & (problem.connection.demand_charge_per_kw > 0), problem.shape)),
        (Why.DISCHARGE, np.ones(problem.shape, dtype=np.bool_)),
    )


def _to_rest(problem: Problem, solution: Solution, power_kw: Array, prices: Array) -> Rules:
    s = problem.storages
    car = np.array([kind is StorageKind.EV for kind in s.kinds], dtype=np.bool_)[:, None]
    later = np.cumsum((power_kw > EPSILON_KW)[:, ::-1], axis=1)[:, ::-1] > 0
    full = solution.energy_kwh >= np.where(s.target_step > 0, s.target_energy_kwh, 0.0)[:, None] - EPSILON_KWH
    value = np.zeros(problem.shape) if solution.prices is None else solution.prices.energy_per_kwh
    gain = prices - value / s.discharge_efficiency[:, None]
    worn = (s.discharge_max_kw > 0) & (gain > EPSILON_PRICE) & (gain <= s.wear_cost_per_kwh[:, None] + EPSILON_PRICE)
    held = _limit_prices(problem, solution) > EPSILON_PRICE
    return (
        (Why.EVENT, np.broadcast_to(_covered(problem, +1), problem.shape) & later),
        (Why.LIMIT, held & (later | ~full)),
        (Why.RESERVE, np.broadcast_to(_reserved(problem), problem.shape) & (s.discharge_max_kw > 0)),
        (Why.WEAR, worn),
        (Why.DONE, full & ~later & car),
        (Why.WAITS, later),
        (Why.RESTS, np.ones(problem.shape, dtype=np.bool_)),
    )


def _absent(problem: Problem) -> Mask:
    s = problem.storages
    return np.asarray((s.charge_max_kw <= 0) & (s.discharge_max_kw <= 0))


def _typical(problem: Problem, prices: Array) -> Array:
    """Return the mean price of each unit over the steps until its promise is due (the horizon without one), (n, 1)."""
    due = np.where(problem.storages.target_step > 0, problem.storages.target_step, problem.grid.n_steps)
    hours = problem.grid.step_h * (np.arange(problem.grid.n_steps) < due[:, None])
    return np.asarray((prices * hours).sum(axis=1, keepdims=True) / hours.sum(axis=1, keepdims=True))


def _covered(problem: Problem, direction: int) -> Mask:
    covers = [event.cover > 0 for event in problem.events if event.direction == direction]
    return np.asarray(np.any([np.zeros(problem.grid.n_steps, dtype=np.bool_), *covers], axis=0))


def _reserved(problem: Problem) -> Mask:
    covers = [reserve.cover > 0 for reserve in problem.reserves if reserve.direction >= 0]
    return np.asarray(np.any([np.zeros(problem.grid.n_steps, dtype=np.bool_), *covers], axis=0))
