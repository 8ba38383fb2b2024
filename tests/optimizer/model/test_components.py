"""Each component against what can be computed by hand."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from tests.optimizer.builders import car, case, fleet_of, grid_only
from v2g.network import Circuits
from v2g.problem import Problem
from v2g.solution import Solution


def solve(problem: Problem) -> Solution:
    return ExactPlanner().solve_now(problem)


def test_storage_stores_what_charging_leaves_of_losses_and_drain() -> None:
    storages = car(2, charge_efficiency=0.8, drain_kwh=0.5, target_energy_kwh=28.0, target_step=2, discharge_max_kw=0.0)
    solution = solve(case(storages, step_h=[0.5, 1.0]))
    # 28 = 20 + 0.8·(energy drawn) − 2·0.5
    assert solution.charge_kw[0] @ [0.5, 1.0] == pytest.approx(9 / 0.8)
    assert solution.energy_kwh[0, -1] == pytest.approx(28.0)


def test_storage_gives_what_losses_leave_of_what_it_takes_out() -> None:
    storages = car(1, discharge_efficiency=0.8, energy_min_kwh=12.0, charge_max_kw=0.0)
    solution = solve(case(storages, export=0.3))
    assert solution.discharge_kw[0, 0] == pytest.approx(8.0 * 0.8)


def test_circuit_limit_counts_the_load_its_margin_and_all_cars_below() -> None:
    storages = fleet_of(*[car(2, target_energy_kwh=30.0, target_step=2, discharge_max_kw=0.0)] * 3)
    solution = solve(case(storages, grid_only(2, import_limit_kw=25.0, fixed_kw=8.0, fixed_margin_kw=2.0)))
    assert solution.power_kw.sum(axis=0) == pytest.approx([15.0, 15.0])
    assert solution.import_kw == pytest.approx([23.0, 23.0])


def test_circuit_below_binds_though_the_root_has_room() -> None:
    tree = Circuits(
        circuit_ids=("grid", "floor", "row"),
        parent_index=np.array([-1, 0, 1]),
        import_limit_kw=np.array([[100.0], [50.0], [6.0]]),
        export_limit_kw=np.full((3, 1), np.inf),
        phase_limit_kw=np.full((3, 3), np.inf),
        fixed_kw=np.array([[5.0], [1.0], [2.0]]),
        fixed_margin_kw=np.zeros((3, 1)),
    )
    at = [replace(car(1, target_energy_kwh=50.0, target_step=1), circuit_ids=(name,)) for name in ("row", "row", "floor")]
    solution = solve(case(fleet_of(*at), tree))
    assert solution.power_kw[:2].sum() == pytest.approx(4.0)
    assert solution.power_kw[2, 0] == pytest.approx(10.0)
    assert solution.import_kw[0] == pytest.approx(22.0)


def test_export_limit_holds_back_discharge_and_a_paying_load_makes_room() -> None:
    storages = car(2, charge_max_kw=0.0)
    solution = solve(case(storages, grid_only(2, export_limit_kw=3.0, fixed_kw=[0.0, 4.0]), price=0.2, export=0.1))
    assert solution.discharge_kw[0] == pytest.approx([3.0, 7.0])


def test_phase_limit_binds_the_cars_on_that_phase_only() -> None:
    on_one = replace(car(1, target_energy_kwh=50.0, target_step=1), phase_share=np.array([[0.0, 1.0, 0.0]]))
    on_three = car(1, target_energy_kwh=50.0, target_step=1, priority=0.1, discharge_max_kw=0.0)
    solution = solve(case(fleet_of(on_one, on_three), grid_only(1, phase_limit_kw=[9.0, 5.0, 9.0], fixed_kw=3.0)))
    # phase 2 carries 1 kW of load: 4 kW are left for the first car, and nothing for a third of the second
    assert solution.power_kw[:, 0] == pytest.approx([4.0, 0.0], abs=1e-6)


def test_phase_limits_of_balanced_cars_are_a_limit_of_the_sum() -> None:
    storages = car(1, target_energy_kwh=50.0, target_step=1)
    solution = solve(case(storages, grid_only(1, phase_limit_kw=[9.0, 3.0, 9.0], fixed_kw=3.0)))
    assert solution.power_kw[0, 0] == pytest.approx(6.0)


def test_connection_splits_the_site_by_direction() -> None:
    solution = solve(case(car(2, charge_max_kw=0.0, discharge_max_kw=0.0), grid_only(2, fixed_kw=[4.0, -3.0])))
    assert solution.import_kw == pytest.approx([4.0, 0.0])
    assert solution.export_kw == pytest.approx([0.0, 3.0])
