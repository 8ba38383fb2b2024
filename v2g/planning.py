"""From a solution to a plan that can be sent: what a unit cannot hold is rounded, reasons are given."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from v2g.curtailment import production_kw
from v2g.explaining import explain
from v2g.holding import least_charge_kw
from v2g.plan import Plan
from v2g.problem import Problem
from v2g.site import Rules
from v2g.solution import Solution
from v2g.storages import StorageKind
from v2g.timegrid import Array
from v2g.why import Explanations

EPSILON_KW = 0.05
EPSILON_KWH = 0.05
TOLERANCE_KW = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Needs:
    """What each unit still lacks to its promise (n,) [kWh] and how long it could wait and still make it (n,) [h]."""

    missing_kwh: Array
    laxity_h: Array


def needs(problem: Problem) -> Needs:
    """Return the needs of all units; laxity is inf where nothing is promised or nothing is missing."""
    s, edges_h = problem.storages, problem.grid.edges_h
    missing = np.where(s.target_step > 0, np.maximum(s.target_energy_kwh - s.initial_energy_kwh, 0.0), 0.0)
    fastest_kw = s.charge_max_kw.max(axis=1, initial=0.0) * s.charge_efficiency
    with np.errstate(divide="ignore", invalid="ignore"):
        laxity = edges_h[s.target_step] - missing / fastest_kw
    return Needs(missing_kwh=missing, laxity_h=np.where(missing > EPSILON_KWH, laxity, np.inf))


def make_plan(problem: Problem, solution: Solution, now: datetime, rules: Rules) -> Plan:
    """Return the plan to send. Only the first step is rounded: later steps are planned again before their time."""
    need = needs(problem)
    power = solution.power_kw.copy()
    power[:, 0] = _quantise(problem, power[:, 0])
    fixed, _ = problem.fixed_below()
    explanations = explain(problem, solution, power, need.laxity_h)
    plan = Plan(
        made_at=now,
        grid=problem.grid,
        unit_ids=problem.storages.unit_ids,
        power_kw=power,
        energy_kwh=solution.energy_kwh,
        import_kw=solution.import_kw,
        export_kw=solution.export_kw,
        fixed_kw=fixed[0],
        import_limit_kw=problem.circuits.import_limit_kw[0] / (1.0 - rules.guard_frac),
        import_price_per_kwh=problem.connection.import_price_per_kwh,
        export_price_per_kwh=problem.connection.export_price_per_kwh,
        why=explanations.now(),
        rung=solution.rung,
        reason=solution.reason,
        gap_frac=solution.gap_frac,
        terms=solution.terms,
        solve_s=sum(solution.times_s.values()),
        laxity_h=tuple(float(x) for x in need.laxity_h),
        promised_kwh=tuple(problem.storages.target_energy_kwh.tolist()),
        due_h=_due_h(problem),
        production_kw=production_kw(problem, power[:, 0]),
        explanations=explanations,
        held_kw=_held_kw(problem, solution),
        planner=solution.planner,
    )
    return _of_those_here(plan, explanations)


def _held_kw(problem: Problem, solution: Solution) -> dict[str, float]:
    """Return what each reserve holds [kW], by its id; nothing where the answer says nothing of it."""
    if solution.reserve is None:
        return {}
    return {r.reserve_id: float(kw) for r, kw in zip(problem.reserves, solution.reserve.held_kw, strict=True)}


def _due_h(problem: Problem) -> tuple[float, ...]:
    """Return when each unit's promise is due [h after the grid's start], inf where nothing is promised."""
    step = problem.storages.target_step
    return tuple(np.where(step > 0, problem.grid.edges_h[step], np.inf).tolist())


def _of_those_here(plan: Plan, explanations: Explanations) -> Plan:
    """Return the plan without the cars that are only expected: nobody can be told anything of them but what they will take."""
    here = [i for i, kind in enumerate(explanations.kinds) if kind is not StorageKind.EXPECTED_EV]
    if len(here) == len(explanations):
        return plan
    return replace(
        plan,
        unit_ids=tuple(plan.unit_ids[i] for i in here),
        power_kw=plan.power_kw[here],
        energy_kwh=plan.energy_kwh[here],
        why=tuple(plan.why[i] for i in here),
        laxity_h=tuple(plan.laxity_h[i] for i in here),
        promised_kwh=tuple(plan.promised_kwh[i] for i in here),
        due_h=tuple(plan.due_h[i] for i in here),
        explanations=explanations.of(here),
        expected_kw=plan.power_kw.sum(axis=0) - plan.power_kw[here].sum(axis=0),
    )


def _quantise(problem: Problem, power_kw: Array) -> Array:
    """Return powers that units can be told: 0, or at least their minimum, in whole steps.

    A plan keeps least powers on the mean of its first step, or fills the car up within it: then the car is told the least it can
    hold until it is full. What a planner has not put in whole steps is cut to them; what it left below the least is rounded.
    """
    s = problem.storages
    least = np.minimum(s.charge_min_kw, s.charge_max_kw[:, 0])
    told = np.where(np.abs(power_kw) < EPSILON_KW, 0.0, power_kw)
    told = np.where((told < 0) & (-told < s.discharge_min_kw - TOLERANCE_KW), 0.0, told)
    if s.converters is not None:
        step = np.where(s.converters.power_step_kw > 0, s.converters.power_step_kw, np.inf)
        whole = np.floor((np.abs(told) + TOLERANCE_KW) / step) * np.where(np.isfinite(step), step, 0.0)
        told = np.where(np.isfinite(step), np.sign(told) * whole, told)
    enough = told >= np.minimum(least_charge_kw(problem)[:, 0] - TOLERANCE_KW, least / 2)
    return np.where((told > 0) & (told < least), np.where(enough, least, 0.0), told)
