"""Replay of a solution in numpy, without Pyomo or a solver: balance, bounds, limits, and the cost of every term.

Used in the tests and after every solve in production: an answer that fails is no answer (`PlanningError`), and the ladder
goes one rung down.
"""

from dataclasses import replace

import numpy as np

from optimizer.evaluate import evaluate
from optimizer.flows import Flows, make_flows
from optimizer.replay.converters import above_caps_kwh, above_taper_kw, grown_beyond_kw
from optimizer.replay.holding import above_modules_kw, below_least_kw, off_steps_kw, without_rest_kw
from optimizer.replay.limits import excess_kw
from optimizer.replay.reserve import unkept_kw
from v2g.errors import PlanningError
from v2g.problem import Problem
from v2g.solution import Solution
from v2g.timegrid import Array

TOLERANCE_KW = 1e-4
TOLERANCE_KWH = 1e-4
TOLERANCE_VALUE = 1e-6


def verify(problem: Problem, solution: Solution) -> None:
    """Raise `PlanningError` naming everything that `solution` gets wrong about `problem`."""
    faults = faults_of(problem, solution)
    if faults:
        raise PlanningError("the plan does not stand up to its replay: " + "; ".join(faults))


def faults_of(problem: Problem, solution: Solution) -> tuple[str, ...]:
    """Return what is wrong with a solution, worst first; empty if it stands."""
    shape, steps = problem.shape, (problem.grid.n_steps,)
    unit_arrays = (solution.charge_kw, solution.discharge_kw, solution.energy_kwh)
    if any(a.shape != shape for a in unit_arrays) or solution.import_kw.shape != steps or solution.export_kw.shape != steps:
        return ("an array has the wrong shape",)
    if not all(np.isfinite(a).all() for a in (*unit_arrays, solution.import_kw, solution.export_kw)):
        return ("a number is not finite",)
    replayed = replace(make_flows(problem, solution.charge_kw, solution.discharge_kw), reserve=solution.reserve)
    checks = {**_power_checks(problem, solution), **_balance_checks(solution, replayed), **_limit_checks(problem, solution)}
    checks |= _storage_checks(problem, replayed) | _holding_checks(problem, replayed)
    checks |= {f"{what} [kW]": (_most(kw), TOLERANCE_KW) for what, kw in unkept_kw(problem, replayed).items()}
    return (*_told(checks), *_term_faults(problem, solution, replayed))


def storage_faults(problem: Problem, flows: Flows) -> tuple[str, ...]:
    """Return what storages and their converters cannot hold of `flows`; empty if they can hold all."""
    return _told(_storage_checks(problem, flows))


Checks = dict[str, tuple[float, float]]


def _told(checks: Checks) -> tuple[str, ...]:
    return tuple(f"{what} by {worst:.3g}" for what, (worst, tolerance) in checks.items() if worst > tolerance)


def _power_checks(problem: Problem, solution: Solution) -> Checks:
    s = problem.storages
    return {
        "charging leaves its bounds [kW]": (_outside(solution.charge_kw, 0.0, s.charge_max_kw), TOLERANCE_KW),
        "discharging leaves its bounds [kW]": (_outside(solution.discharge_kw, 0.0, s.discharge_max_kw), TOLERANCE_KW),
        "a storage charges and discharges at once [kW]": (
            _most(np.minimum(solution.charge_kw, solution.discharge_kw)),
            TOLERANCE_KW,
        ),
        "the site imports and exports at once [kW]": (_most(np.minimum(solution.import_kw, solution.export_kw)), TOLERANCE_KW),
    }


def _holding_checks(problem: Problem, replayed: Flows) -> Checks:
    charge, discharge = replayed.charge_kw, replayed.discharge_kw
    return {
        "a unit cannot hold so little power [kW]": (_most(below_least_kw(problem, charge, discharge)), TOLERANCE_KW),
        "a unit's first power is not in whole steps [kW]": (_most(off_steps_kw(problem, replayed.power_kw)), TOLERANCE_KW),
        "a cabinet has not as many modules [kW]": (_most(above_modules_kw(problem, charge, discharge)), TOLERANCE_KW),
        "a unit turns without its rest [kW]": (without_rest_kw(problem, replayed.power_kw), TOLERANCE_KW),
    }


def _balance_checks(solution: Solution, replayed: Flows) -> Checks:
    site_kw = solution.import_kw - solution.export_kw
    return {
        "the energy balance is off [kWh]": (_most(np.abs(solution.energy_kwh - replayed.energy_kwh)), TOLERANCE_KWH),
        "the site balance is off [kW]": (_most(np.abs(site_kw - replayed.import_kw + replayed.export_kw)), TOLERANCE_KW),
    }


def _storage_checks(problem: Problem, replayed: Flows) -> Checks:
    s, charge, discharge = problem.storages, replayed.charge_kw, replayed.discharge_kw
    idle = make_flows(problem, np.zeros(problem.shape), np.zeros(problem.shape)).energy_kwh
    low, high = np.minimum(s.energy_min_kwh, idle), np.maximum(s.energy_max_kwh, idle)
    checks = {
        "the energy leaves its bounds [kWh]": (_outside(replayed.energy_kwh, low, high), TOLERANCE_KWH),
        "a discharge cap is exceeded [kWh]": (_most(above_caps_kwh(problem, discharge)), TOLERANCE_KWH),
    }
    if s.converters is not None:
        taper = _most(above_taper_kw(problem, charge, replayed.energy_kwh))
        checks["charging exceeds its taper [kW]"] = (taper, TOLERANCE_KW)
        checks["a power grows beyond its ramp [kW]"] = (_most(grown_beyond_kw(problem, charge, discharge)), TOLERANCE_KW)
    return checks


def _limit_checks(problem: Problem, solution: Solution) -> Checks:
    circuits, phases = excess_kw(problem, solution.power_kw)
    idle_circuits, idle_phases = excess_kw(problem, np.zeros(problem.shape))
    return {
        "a circuit is loaded above its limit [kW]": (_most(circuits - idle_circuits), TOLERANCE_KW),
        "a phase is loaded above its limit [kW]": (_most(phases - idle_phases), TOLERANCE_KW),
    }


def _term_faults(problem: Problem, solution: Solution, replayed: Flows) -> tuple[str, ...]:
    told = {term.name: term.value for term in solution.terms}
    due = {term.name: term.value for term in evaluate(problem, replayed)}
    if told.keys() != due.keys():
        return ("the terms are not the problem's",)
    scale = 1.0 + max(abs(value) for value in due.values())
    return tuple(
        f"{name} is {due[name]:.6g}, not {told[name]:.6g}" for name in due if abs(due[name] - told[name]) > TOLERANCE_VALUE * scale
    )


def _outside(values: Array, low: Array | float, high: Array) -> float:
    return max(_most(low - values), _most(values - high))


def _most(values: Array) -> float:
    return float(np.max(values, initial=0.0))
