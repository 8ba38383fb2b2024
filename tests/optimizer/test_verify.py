"""The replay finds every kind of fault, and passes what is right."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.evaluate import evaluate
from optimizer.exact import ExactPlanner
from optimizer.flows import make_flows
from optimizer.verify import faults_of, verify
from tests.optimizer.builders import car, case, grid_only
from v2g.converters import Converters
from v2g.errors import PlanningError
from v2g.problem import Problem
from v2g.solution import Solution

PROBLEM = case(
    car(3, target_energy_kwh=35.0, target_step=3, charge_efficiency=0.9),
    grid_only(3, import_limit_kw=12.0, export_limit_kw=4.0, fixed_kw=3.0),
    price=[0.3, 0.1, 0.2],
)
GOOD = ExactPlanner().solve_now(PROBLEM)


def planned(problem: Problem, charge_kw: Any, discharge_kw: Any = 0.0) -> Solution:
    """Return a solution with these powers and all that truly follows from them."""
    charge, discharge = (np.broadcast_to(np.asarray(x, float), problem.shape).copy() for x in (charge_kw, discharge_kw))
    flows = make_flows(problem, charge, discharge)
    return replace(
        GOOD,
        terms=evaluate(problem, flows),
        **{name: getattr(flows, name) for name in ("charge_kw", "discharge_kw", "energy_kwh", "import_kw", "export_kw")},
    )


def test_an_optimum_stands() -> None:
    verify(PROBLEM, GOOD)


@pytest.mark.parametrize(
    ("solution", "fault"),
    [
        (replace(GOOD, charge_kw=GOOD.charge_kw[:, :2]), "wrong shape"),
        (replace(GOOD, import_kw=GOOD.import_kw * np.nan), "not finite"),
        (planned(PROBLEM, [10.5, 0, 0]), "charging leaves its bounds [kW] by 0.5"),
        (planned(PROBLEM, 0.0, [0, 11, 0]), "discharging leaves its bounds [kW] by 1"),
        (planned(PROBLEM, 2.0, 1.0), "charges and discharges at once [kW] by 1"),
        (planned(PROBLEM, [9.5, 0, 0]), "a circuit is loaded above its limit [kW] by 0.5"),
        (planned(PROBLEM, 0.0, 9.0), "the energy leaves its bounds [kWh] by 7"),
        (planned(PROBLEM, 0.0, 8.0), "a circuit is loaded above its limit [kW] by 1"),
        (replace(GOOD, energy_kwh=GOOD.energy_kwh + 0.1), "the energy balance is off [kWh] by 0.1"),
        (replace(GOOD, import_kw=GOOD.import_kw + 1, export_kw=GOOD.export_kw + 1), "imports and exports at once [kW] by 1"),
        (replace(GOOD, import_kw=GOOD.import_kw + 1), "the site balance is off [kW] by 1"),
        (replace(GOOD, terms=GOOD.terms[1:]), "the terms are not the problem's"),
        (replace(GOOD, terms=tuple(replace(t, value=t.value + 1) for t in GOOD.terms)), "energy_import is"),
    ],
)
def test_every_fault_is_found_and_named(solution: Solution, fault: str) -> None:
    assert any(fault in told for told in faults_of(PROBLEM, solution)), faults_of(PROBLEM, solution)
    with pytest.raises(PlanningError, match="does not stand up to its replay"):
        verify(PROBLEM, solution)


def test_a_phase_is_watched_on_its_own() -> None:
    storages = replace(car(1), phase_share=np.array([[1.0, 0.0, 0.0]]))
    problem = case(storages, grid_only(1, phase_limit_kw=5.0, import_limit_kw=100.0))
    assert any("a phase is loaded" in told for told in faults_of(problem, planned(problem, 8.0)))


def test_a_first_power_between_two_steps_is_found() -> None:
    problem = case(replace(car(2), converters=replace(Converters.ideal(1), power_step_kw=np.array([1.5]))))
    assert faults_of(problem, planned(problem, [4.5, 4.0])) == ()
    assert any("is not in whole steps [kW] by 0.5" in told for told in faults_of(problem, planned(problem, [4.0, 4.5])))
    assert any("is not in whole steps [kW] by 0.5" in told for told in faults_of(problem, planned(problem, 0.0, [2.0, 0.0])))


def test_an_overload_that_idling_causes_is_no_fault_but_one_the_other_way_is() -> None:
    problem = case(car(1, discharge_max_kw=40.0), grid_only(1, import_limit_kw=5.0, export_limit_kw=5.0, fixed_kw=9.0))
    assert faults_of(problem, planned(problem, 0.0)) == ()
    assert any("a circuit" in told for told in faults_of(problem, planned(problem, 0.0, 18.0)))
