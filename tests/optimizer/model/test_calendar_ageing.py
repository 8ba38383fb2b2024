"""Calendar ageing: full is dear, and late is cheap."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from tests.optimizer.builders import car, case
from v2g.converters import Ageing
from v2g.solution import Solution


def solve(price_per_kwh_h: float, **changes: Any) -> tuple[Solution, dict[str, float]]:
    ageing = Ageing(
        calendar_above_kwh=np.array([30.0]),
        calendar_price_per_kwh_h=np.array([price_per_kwh_h]),
        depth_kwh=np.zeros((1, 0)),
        depth_price_per_kwh=np.zeros((1, 0)),
    )
    problem = case(replace(car(4, discharge_max_kw=0.0, **changes), ageing=ageing), step_h=[1.0, 0.5, 1.0, 1.0])
    solution = ExactPlanner().solve_now(problem)
    return solution, {t.name: t.value for t in solution.terms}


def test_what_is_above_the_threshold_costs_by_the_hour() -> None:
    _, terms = solve(0.01, initial_energy_kwh=40.0)
    assert terms["calendar_ageing"] == pytest.approx(0.01 * 10.0 * 3.5)


def test_under_a_flat_price_it_charges_late() -> None:
    solution, terms = solve(0.01, target_energy_kwh=45.0, target_step=4)
    assert solution.energy_kwh[0] == pytest.approx([30.0, 30.0, 35.0, 45.0])
    assert terms["calendar_ageing"] == pytest.approx(0.01 * (5.0 + 15.0))


def test_without_a_price_it_charges_early() -> None:
    solution, terms = solve(0.0, target_energy_kwh=45.0, target_step=4)
    assert solution.energy_kwh[0] == pytest.approx([30.0, 35.0, 45.0, 45.0])
    assert terms["calendar_ageing"] == 0.0
