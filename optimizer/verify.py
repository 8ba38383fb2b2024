"""Replay of a solution in numpy, without Pyomo or a solver: balance, bounds, limits, and the cost of every term.

Used in the tests and after every solve in production: an answer that fails is no answer (`PlanningError`), and the ladder
goes one rung down.
"""

from collections import Counter
from dataclasses import fields, replace

import numpy as np

from optimizer.envelope import envelope
from optimizer.evaluate import unit_values, with_site
from optimizer.flows import Flows, stored_kwh, traded_kw
from optimizer.loads import loads_kw
from optimizer.parts import parts
from optimizer.replay.converters import above_caps_kwh, above_taper_kw, grown_beyond_kw
from optimizer.replay.holding import above_modules_kw, below_least_kw, off_steps_kw, without_rest_kw
from optimizer.replay.limits import excess_of
from optimizer.replay.reserve import unkept_by_units_kw, unkept_kw
from v2g.errors import PlanningError
from v2g.holding import near_steps
from v2g.problem import Problem
from v2g.solution import Solution, TermValue
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
    """Return what is wrong with a solution, first of its units, then of the site; empty if it stands."""
    shape, steps = problem.shape, (problem.grid.n_steps,)
    unit_arrays = (solution.charge_kw, solution.discharge_kw, solution.energy_kwh)
    if any(a.shape != shape for a in unit_arrays) or solution.import_kw.shape != steps or solution.export_kw.shape != steps:
        return ("an array has the wrong shape",)
    if not all(is_finite(a) for a in (*unit_arrays, solution.import_kw, solution.export_kw)):
        return ("a number is not finite",)
    told = _flows(solution)
    checks: Checks = {}
    own = Counter[str]()
    import_kw, export_kw = traded_kw(problem, told.charge_kw, told.discharge_kw)
    for rows, part in parts(problem):
        plan = told.part(rows)
        replayed = replace(plan, energy_kwh=stored_kwh(part, plan.charge_kw, plan.discharge_kw))
        _worsen(checks, _unit_checks(part, plan, replayed))
        own.update(unit_values(part, replayed))
    replayed = replace(told, import_kw=import_kw, export_kw=export_kw)
    _worsen(checks, _site_checks(problem, told, replayed))
    return (*_told(checks), *_term_faults(solution, with_site(problem, replayed, own)))


def storage_faults(problem: Problem, flows: Flows) -> tuple[str, ...]:
    """Return what storages and their converters cannot hold of `flows`; empty if they can hold all."""
    return _told(_storage_checks(problem, flows))


Checks = dict[str, tuple[float, float]]


def _told(checks: Checks) -> tuple[str, ...]:
    return tuple(f"{what} by {worst:.3g}" for what, (worst, tolerance) in checks.items() if worst > tolerance)


def _worsen(checks: Checks, others: Checks) -> None:
    """Take over what `others` found worse."""
    checks.update({what: max(found, checks.get(what, found)) for what, found in others.items()})


def _flows(solution: Solution) -> Flows:
    return Flows(**{field.name: getattr(solution, field.name) for field in fields(Flows)})


def _unit_checks(problem: Problem, told: Flows, replayed: Flows) -> Checks:
    """Return what each unit gets wrong by itself."""
    off_kwh = _most(np.abs(told.energy_kwh - replayed.energy_kwh))
    checks = {"the energy balance is off [kWh]": (off_kwh, TOLERANCE_KWH), **_power_checks(problem, told)}
    checks |= _storage_checks(problem, replayed) | _holding_checks(problem, replayed)
    return checks | _in_kw(unkept_by_units_kw(problem, replayed))


def _site_checks(problem: Problem, told: Flows, replayed: Flows) -> Checks:
    """Return what all units together get wrong."""
    site_kw = told.import_kw - told.export_kw
    modules_kw = above_modules_kw(problem, told.charge_kw, told.discharge_kw)
    wrong = {
        "the site balance is off": np.abs(site_kw - replayed.import_kw + replayed.export_kw),
        "the site imports and exports at once": np.minimum(told.import_kw, told.export_kw),
        "a cabinet has not as many modules": modules_kw,
        **_beyond_limits_kw(problem, told),
        **unkept_kw(problem, replayed),
    }
    return _in_kw(wrong)


def _in_kw(wrong: dict[str, Array]) -> Checks:
    return {f"{what} [kW]": (_most(kw), TOLERANCE_KW) for what, kw in wrong.items()}


def _power_checks(problem: Problem, told: Flows) -> Checks:
    s, charge, discharge = problem.storages, told.charge_kw, told.discharge_kw
    return {
        "charging leaves its bounds [kW]": (_outside(charge, 0.0, s.charge_max_kw), TOLERANCE_KW),
        "discharging leaves its bounds [kW]": (_outside(discharge, 0.0, s.discharge_max_kw), TOLERANCE_KW),
        "a storage charges and discharges at once [kW]": (_most(np.minimum(charge, discharge)), TOLERANCE_KW),
    }


def _holding_checks(problem: Problem, replayed: Flows) -> Checks:
    near = near_steps(problem.grid)
    charge, discharge = replayed.charge_kw[:, :near], replayed.discharge_kw[:, :near]
    return {
        "a unit cannot hold so little power [kW]": (_most(below_least_kw(problem, charge, discharge)), TOLERANCE_KW),
        "a unit's first power is not in whole steps [kW]": (_most(off_steps_kw(problem, charge - discharge)), TOLERANCE_KW),
        "a unit turns without its rest [kW]": (without_rest_kw(problem, charge - discharge), TOLERANCE_KW),
    }


def _storage_checks(problem: Problem, replayed: Flows) -> Checks:
    s, charge, discharge = problem.storages, replayed.charge_kw, replayed.discharge_kw
    bounds = envelope(problem)
    checks = {
        "the energy leaves its bounds [kWh]": (
            _outside(replayed.energy_kwh, bounds.floor_kwh, bounds.ceiling_kwh),
            TOLERANCE_KWH,
        ),
        "a discharge cap is exceeded [kWh]": (_most(above_caps_kwh(problem, discharge)), TOLERANCE_KWH),
    }
    if s.converters is not None:
        taper = _most(above_taper_kw(problem, charge, replayed.energy_kwh))
        checks["charging exceeds its taper [kW]"] = (taper, TOLERANCE_KW)
        checks["a power grows beyond its ramp [kW]"] = (_most(grown_beyond_kw(problem, charge, discharge)), TOLERANCE_KW)
    return checks


def _beyond_limits_kw(problem: Problem, told: Flows) -> dict[str, Array]:
    """Return what limits are exceeded by, beyond what idling exceeds them by."""
    loads = loads_kw(problem, told.charge_kw, told.discharge_kw)
    (circuits, phases), (idle_circuits, idle_phases) = excess_of(problem, loads), excess_of(problem, np.zeros_like(loads))
    return {
        "a circuit is loaded above its limit": circuits - idle_circuits,
        "a phase is loaded above its limit": phases - idle_phases,
    }


def _term_faults(solution: Solution, terms: tuple[TermValue, ...]) -> tuple[str, ...]:
    told = {term.name: term.value for term in solution.terms}
    due = {term.name: term.value for term in terms}
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


def is_finite(values: Array) -> bool:
    """Return whether all numbers are finite, without a copy of them: neither extreme is, if one is not."""
    return bool(np.isfinite(values.min(initial=0.0)) and np.isfinite(values.max(initial=0.0)))
