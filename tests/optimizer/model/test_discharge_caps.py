"""The V2G ledger's caps."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.rungs.previous import previous_plan
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case, fleet_of, with_storages
from v2g.converters import DischargeCaps
from v2g.problem import Problem

EXPORT = np.array([0.1, 0.4, 0.2, 0.3])


def capped(window: list[list[float]], most_kwh: list[float]) -> Problem:
    storages = replace(car(4, charge_max_kw=0.0), caps=DischargeCaps(window=np.array(window), most_kwh=np.array([most_kwh])))
    return case(storages, price=0.5, export=EXPORT)


@pytest.mark.parametrize(
    ("window", "most_kwh", "discharge_kw"),
    [
        ([[1, 1, 1, 1]], [12.0], [0, 10, 0, 2]),
        ([[1, 1, 0, 0]], [3.0], [0, 3, 7, 10]),
        ([[1, 1, 1, 1], [0, 1, 0, 0]], [12.0, 5.0], [0, 5, 0, 7]),
        ([[0, 0.5, 0, 1]], [6.0], [0, 10, 9, 1]),
        ([[1, 1, 1, 1]], [np.inf], [0, 10, 0, 10]),
        ([[1, 1, 1, 1]], [0.0], [0, 0, 0, 0]),
    ],
)
def test_what_may_be_given_back_is_given_where_it_pays_most(
    window: list[list[float]], most_kwh: list[float], discharge_kw: list[float]
) -> None:
    problem = capped(window, most_kwh)
    solution = ExactPlanner().solve_now(problem)
    assert solution.discharge_kw[0] == pytest.approx(discharge_kw, abs=1e-6)
    assert faults_of(problem, solution) == ()


def test_each_vehicle_has_its_own() -> None:
    caps = DischargeCaps(window=np.ones((1, 1)), most_kwh=np.array([[3.0], [np.inf]]))
    storages = replace(fleet_of(*[car(1)] * 2), caps=caps)
    solution = ExactPlanner().solve_now(case(storages, export=0.1))
    assert solution.discharge_kw[:, 0] == pytest.approx([3.0, 10.0])


def test_the_previous_plan_is_cut_to_the_cap() -> None:
    problem = with_storages(capped([[1, 1, 1, 0]], [5.0]), previous_power_kw=np.array([[-4.0, -4.0, -4.0, -4.0]]))
    assert previous_plan(problem).discharge_kw[0] == pytest.approx([4.0, 1.0, 0.0, 4.0])


def test_giving_more_is_found() -> None:
    generous = ExactPlanner().solve_now(with_storages(capped([[1, 1, 1, 1]], [5.0]), caps=None))
    assert any("a discharge cap is exceeded [kWh] by 15" in fault for fault in faults_of(capped([[1, 1, 1, 1]], [5.0]), generous))
