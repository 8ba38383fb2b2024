"""The other units' problem once the cars' plans are settled: these are power that the circuits carry anyway.

Batteries, blocks of capacity, cabinets and all else that is decided in wholes is decided by the exact planner once more, beside
the cars' final sums on every circuit and phase.
"""

from dataclasses import replace

import numpy as np

from optimizer.exact import ExactPlanner
from optimizer.fleet.places import Index, Places
from optimizer.fleet.settle import Plans
from optimizer.fleet.split import only
from v2g.network import N_PHASES, Circuits
from v2g.problem import Problem
from v2g.solution import HeldReserve, Solution
from v2g.timegrid import Array

BALANCED_KW = 1e-9


def plan_rest(planner: ExactPlanner, problem: Problem, rows: Index, places: Places, plans: Plans) -> Solution | None:
    """Plan all units but `rows` (m,) exactly and write what they do into `plans`; None where there are no others.

    Raises `PlanningError` where the planner finds nothing in time.
    """
    others = np.setdiff1d(np.arange(problem.shape[0]), rows)
    if not len(others):
        return None
    solution = planner.solve_now(rest_problem(problem, others, places, plans))
    plans.charge_kw[others], plans.discharge_kw[others] = solution.charge_kw, solution.discharge_kw
    plans.energy_kwh[others] = solution.energy_kwh
    return solution


def rest_problem(problem: Problem, others: Index, places: Places, plans: Plans) -> Problem:
    """Return the problem of the units `others` (k,) beside what all the rest do in `plans`."""
    theirs = tuple(table[others] for table in (plans.charge_kw, plans.discharge_kw))
    mine = replace(places, of=places.of[others])
    cars_kw = places.sums(plans.charge_kw) - places.sums(plans.discharge_kw) - mine.sums(theirs[0]) + mine.sums(theirs[1])
    return replace(only(problem, others), circuits=_carrying(problem.circuits, places, cars_kw))


def held_by_others(problem: Problem, rows: Index, reserve: HeldReserve | None) -> HeldReserve | None:
    """Return the reserve of all units but `rows` as that of all units: cars hold none."""
    if reserve is None:
        return None
    others = np.setdiff1d(np.arange(problem.shape[0]), rows)
    up, down = np.zeros(problem.shape), np.zeros(problem.shape)
    up[others], down[others] = reserve.up_kw, reserve.down_kw
    return HeldReserve(held_kw=reserve.held_kw, up_kw=up, down_kw=down)


def _carrying(circuits: Circuits, places: Places, power_kw: Array) -> Circuits:
    """Return circuits that carry the power (L, T) of places beside their own [kW]."""
    fixed, T = circuits.fixed_kw.copy(), power_kw.shape[1]
    np.add.at(fixed, places.circuit, power_kw)
    skew = np.zeros((circuits.n_circuits, N_PHASES, T)) if circuits.fixed_skew_kw is None else circuits.fixed_skew_kw.copy()
    np.add.at(skew, places.circuit, (places.share - 1 / N_PHASES)[:, :, None] * power_kw[:, None, :])
    even = np.abs(skew).max(initial=0.0) < BALANCED_KW
    return replace(circuits, fixed_kw=fixed, fixed_skew_kw=None if even else skew)
