"""Reserve against what can be computed by hand: power, energy, promises and limits behind each kW held."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.compiled.template import compile_template
from optimizer.data import model_data
from optimizer.exact import ExactPlanner
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case, fleet_of, grid_only
from v2g.commitments import Reserve
from v2g.network import Circuits
from v2g.problem import Problem
from v2g.solution import Solution
from v2g.storages import Storages

BLOCK = Reserve(
    reserve_id="block", direction=1, cover=np.array([0.0, 1.0, 1.0, 0.0]), offer_max_kw=100.0, payment_per_kw_h=0.01, energy_h=0.5
)


def solve(problem: Problem) -> tuple[Solution, dict[str, float]]:
    solution = ExactPlanner().solve_now(problem)
    assert faults_of(problem, solution) == ()
    return solution, {t.name: t.value for t in solution.terms}


def held(storages: Storages, *blocks: Reserve, circuits: Circuits | None = None, **money: Any) -> list[float]:
    """Return what each block holds [kW] in the best plan."""
    solution, _ = solve(replace(case(storages, circuits, **money), reserves=blocks))
    assert solution.reserve is not None
    return [float(kw) for kw in solution.reserve.held_kw]


def test_without_reserves_there_are_no_columns_or_rows_for_them() -> None:
    template = compile_template(model_data(case(car(3))).structure)
    assert [template.columns.blocks[name].size for name in ("held_kw", "up_kw", "down_kw", "reserve_missing_kw")] == [0] * 4
    rows = (
        "held_up",
        "up_power",
        "up_from_start",
        "up_to_end",
        "up_for_promise",
        "import_room",
        "phase_export_room",
        "reserve_owed",
    )
    assert [template.rows.blocks[name].size for name in rows] == [0] * len(rows)
    assert ExactPlanner().solve_now(case(car(3))).reserve is None


def test_an_idle_battery_holds_its_power_and_is_paid_for_each_hour() -> None:
    problem = replace(case(car(), step_h=[1.0, 0.5, 1.0, 1.0]), reserves=(BLOCK,))
    solution, terms = solve(problem)
    assert solution.reserve is not None
    assert solution.reserve.held_kw == pytest.approx([10.0])
    assert terms["reserve_payment"] == pytest.approx(-0.01 * 10 * 1.5)


def test_no_more_is_held_than_is_offered_and_what_is_owed_and_missing_is_fined() -> None:
    assert held(car(), replace(BLOCK, committed_kw=3.0, offer_max_kw=2.0)) == pytest.approx([5.0])
    owed = replace(BLOCK, committed_kw=14.0, offer_max_kw=0.0, penalty_per_kw_h=3.0)
    _, terms = solve(replace(case(car(charge_max_kw=0.0)), reserves=(owed,)))
    assert terms["reserve_missing"] == pytest.approx(3.0 * 4 * 2)


def test_behind_each_kw_up_stands_its_energy_above_the_floor_with_losses() -> None:
    storages = car(energy_min_kwh=18.0, discharge_efficiency=0.8, charge_max_kw=0.0)
    assert held(storages, replace(BLOCK, energy_h=0.5)) == pytest.approx([2.0 * 0.8 / 0.5])
    assert held(storages, replace(BLOCK, energy_h=0.0)) == pytest.approx([10.0])


def test_behind_each_kw_down_stands_its_room_below_the_ceiling() -> None:
    storages = car(energy_max_kwh=22.0, charge_efficiency=0.8, discharge_max_kw=0.0)
    assert held(storages, replace(BLOCK, direction=-1, energy_h=1.0)) == pytest.approx([2.0 / 0.8])


def test_the_energy_stands_at_the_end_of_the_block_too() -> None:
    storages = car(drain_kwh=[0.0, 0.0, 6.0, 0.0], charge_max_kw=0.0, energy_min_kwh=10.0)
    assert held(storages, replace(BLOCK, energy_h=1.0)) == pytest.approx([4.0])


def test_charging_that_can_stop_is_reserve_without_any_consent() -> None:
    storages = car(target_energy_kwh=38.0, target_step=4, discharge_max_kw=0.0)
    # 18 kWh are due in 4 h: what is charged in the covered hours can stop for half an hour and be made up for
    solution, _ = solve(replace(case(storages, price=[0.2, 0.2, 0.2, 0.5]), reserves=(replace(BLOCK, payment_per_kw_h=0.3),)))
    assert solution.reserve is not None
    assert solution.reserve.held_kw == pytest.approx([solution.charge_kw[0, 1:3].min()])
    assert solution.reserve.held_kw[0] > 5.0


def test_no_call_takes_what_cannot_be_recharged_before_the_promise_is_due() -> None:
    storages = car(initial_energy_kwh=20.0, target_energy_kwh=31.0, target_step=4, charge_efficiency=0.9)
    dear = replace(BLOCK, payment_per_kw_h=5.0, energy_h=1.0)
    last, before = (replace(dear, cover=np.eye(4)[t]) for t in (3, 2))
    # at the last step's end nothing can be made up for: what is stored beyond the promise stands ready, up to 50 kWh
    assert held(storages, last) == pytest.approx([50 - 31])
    full = replace(storages, energy_max_kwh=np.full((1, 4), 31.0))
    assert held(full, last) == pytest.approx([0.0], abs=1e-6)
    # an hour earlier, 9 kWh can be put back by then
    assert held(full, before) == pytest.approx([9.0])


def test_a_promise_out_of_reach_holds_no_reserve_and_is_not_made_worse() -> None:
    storages = car(target_energy_kwh=70.0, target_step=4, energy_max_kwh=80.0)
    dear = replace(BLOCK, payment_per_kw_h=1e3)
    solution, terms = solve(replace(case(storages), reserves=(dear,)))
    assert terms["unmet_target"] == pytest.approx(10.0)
    assert solution.reserve is not None
    assert solution.reserve.held_kw == pytest.approx([0.0], abs=1e-6)


def test_symmetric_reserve_has_both_directions_behind_it() -> None:
    storages = car(discharge_max_kw=3.0)
    assert held(storages, replace(BLOCK, direction=0, payment_per_kw_h=1e-3), price=0.5) == pytest.approx([3.0])
    # charging at x leaves 10 − x downwards and 3 + x upwards
    assert held(storages, replace(BLOCK, direction=0, payment_per_kw_h=3.0)) == pytest.approx([6.5])


def test_overlapping_blocks_share_the_headroom_and_the_dearer_one_gets_it() -> None:
    cheap = replace(BLOCK, reserve_id="cheap", cover=np.array([1.0, 1.0, 0.0, 0.0]), offer_max_kw=7.0)
    assert held(car(), cheap, replace(BLOCK, payment_per_kw_h=0.02, offer_max_kw=6.0)) == pytest.approx([4.0, 6.0])


def test_down_needs_room_under_the_import_limit_and_up_under_the_export_limit() -> None:
    tree = grid_only(import_limit_kw=8.0, export_limit_kw=4.0, fixed_kw=3.0, fixed_margin_kw=1.0)
    assert held(car(discharge_max_kw=0.0), replace(BLOCK, direction=-1), circuits=tree) == pytest.approx([4.0])
    assert held(car(charge_max_kw=0.0), BLOCK, circuits=tree, price=0.0) == pytest.approx([7.0])


def test_a_circuit_below_and_a_phase_count_too() -> None:
    tree = Circuits(
        circuit_ids=("grid", "row"),
        parent_index=np.array([-1, 0]),
        import_limit_kw=np.array([[100.0] * 4, [12.0] * 4]),
        export_limit_kw=np.full((2, 4), np.inf),
        phase_limit_kw=np.full((2, 3), np.inf),
        fixed_kw=np.zeros((2, 4)),
        fixed_margin_kw=np.zeros((2, 4)),
    )
    row = replace(car(discharge_max_kw=0.0), circuit_ids=("row",))
    down = replace(BLOCK, direction=-1)
    assert held(fleet_of(row, row, car(discharge_max_kw=0.0)), down, circuits=tree) == pytest.approx([22.0])
    on_one = replace(car(discharge_max_kw=0.0), phase_share=np.array([[0.0, 1.0, 0.0]]))
    phased = replace(grid_only(phase_limit_kw=6.0, fixed_kw=3.0))
    assert held(on_one, down, circuits=phased) == pytest.approx([5.0])


def test_no_reserve_is_held_under_a_limit_that_is_broken_already() -> None:
    tree = grid_only(import_limit_kw=5.0, fixed_kw=9.0)
    solution, terms = solve(
        replace(case(car(discharge_max_kw=2.0), tree), reserves=(replace(BLOCK, direction=-1, payment_per_kw_h=50.0),))
    )
    assert terms["overload"] == pytest.approx(2.0 * 4)
    assert solution.reserve is not None
    assert solution.reserve.held_kw == pytest.approx([0.0], abs=1e-6)


@pytest.mark.parametrize("direction", [1, -1])
def test_who_is_outside_the_bounds_by_idling_offers_nothing(direction: int) -> None:
    storages = car(energy_min_kwh=25.0, initial_energy_kwh=20.0) if direction > 0 else car(initial_energy_kwh=70.0)
    assert held(storages, replace(BLOCK, direction=direction)) == pytest.approx([0.0], abs=1e-6)


def test_who_is_away_holds_nothing() -> None:
    gone = car(charge_max_kw=[10.0, 10.0, 0.0, 0.0], discharge_max_kw=[10.0, 10.0, 0.0, 0.0])
    assert held(fleet_of(gone, car()), BLOCK) == pytest.approx([10.0])


def test_the_replay_finds_reserve_that_is_not_there() -> None:
    problem = replace(case(car(), grid_only(export_limit_kw=6.0)), reserves=(BLOCK,))
    solution, _ = solve(problem)
    plan = solution.reserve
    assert plan is not None

    def told(**changes: Any) -> str:
        return " ".join(faults_of(problem, replace(solution, reserve=replace(plan, **changes))))

    assert "a reserve is more than may be offered [kW] by 1" in told(held_kw=np.array([101.0]))
    assert "reserve up is held by nobody [kW] by 1" in told(held_kw=plan.held_kw + 1)
    assert "a unit's headroom up is not there [kW] by 2" in told(up_kw=np.full((1, 4), [0.0, 12.0, 12.0, 0.0]))
    assert "reserve up has no room under a limit [kW] by 3" in told(up_kw=np.full((1, 4), [0.0, 9.0, 9.0, 0.0]))
    assert "a unit's headroom down is not there [kW] by 1" in told(down_kw=np.ones((1, 4)))
    assert "reserve_payment is" in told(held_kw=plan.held_kw - 1)
