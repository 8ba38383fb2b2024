"""Carbon, capacity contract, dispatch and events against what can be computed by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.compiled.reduce import make_pattern, reduce
from optimizer.compiled.stamp import Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import model_data
from optimizer.exact import ExactPlanner
from optimizer.flows import make_flows
from optimizer.highs import Highs
from optimizer.model.build import TERMS
from optimizer.replay.commitments import capacity_contract
from tests.optimizer.builders import car, case, grid_only
from v2g.commitments import CapacityContract, Carbon, Dispatch, Event
from v2g.problem import Problem
from v2g.solution import Rung, Solution, Tier
from v2g.timegrid import Array

TO_35 = {"target_energy_kwh": 35.0, "discharge_max_kw": 0.0}


def solve(problem: Problem) -> tuple[Solution, dict[str, float]]:
    solution = ExactPlanner().solve_now(problem)
    return solution, {t.name: t.value for t in solution.terms}


def connected(problem: Problem, **parts: Any) -> Problem:
    """Return the problem with other parts of the connection."""
    return replace(problem, connection=replace(problem.connection, **parts))


def test_a_site_without_commitments_has_no_columns_or_rows_for_them() -> None:
    template = compile_template(model_data(case(car(3))).structure)
    names = ("overage_kw", "extra_blocks", "buys_blocks", "off_kw", "delivered_kw", "fined_kw")
    assert [template.columns.blocks[name].size for name in names] == [0] * len(names)
    rows = ("subscribed", "blocks_bought", "off_above", "off_below", "delivery", "owed")
    assert [template.rows.blocks[name].size for name in rows] == [0] * len(rows)
    assert not template.costs.keys() & {"carbon", "capacity_contract", "dispatch", "event_payment", "event_fine", "reserve_payment"}


def test_carbon_moves_charging_to_the_clean_hours_where_its_price_outweighs_the_energys() -> None:
    problem = case(car(2, target_step=2, **TO_35, charge_max_kw=15.0), price=[0.2, 0.3])
    clean = Carbon(intensity_kg_per_kwh=np.array([0.8, 0.1]), price_per_kg=0.1)
    solution, terms = solve(connected(problem, carbon=clean))  # 0.28 against 0.31
    assert solution.power_kw[0] == pytest.approx([15.0, 0.0], abs=1e-6)
    assert terms["carbon"] == pytest.approx(15 * 0.8 * 0.1)
    solution, terms = solve(connected(problem, carbon=replace(clean, price_per_kg=0.2)))  # 0.36 against 0.32
    assert solution.power_kw[0] == pytest.approx([0.0, 15.0], abs=1e-6)
    assert terms["carbon"] == pytest.approx(15 * 0.1 * 0.2)


def test_overage_is_paid_beyond_the_contract_only_where_the_price_difference_is_worth_it() -> None:
    problem = case(car(2, target_step=2, **TO_35), price=[0.1, 0.4])
    dear = CapacityContract(contracted_kw=8.0, overage_price_per_kw=0.35)
    solution, terms = solve(connected(problem, contract=dear))  # a kW more saves 0.3 and costs 0.35
    assert solution.import_kw == pytest.approx([8.0, 7.0])
    assert terms["capacity_contract"] == pytest.approx(0.0, abs=1e-9)
    solution, terms = solve(connected(problem, contract=replace(dear, overage_price_per_kw=0.25)))
    assert solution.import_kw == pytest.approx([10.0, 5.0])
    assert terms["capacity_contract"] == pytest.approx(0.25 * 2)


def test_a_peak_behind_us_is_paid_for_already() -> None:
    problem = connected(
        case(car(2, target_step=2, **TO_35), price=[0.1, 0.4], peak=9.0),
        contract=CapacityContract(contracted_kw=4.0, overage_price_per_kw=0.35),
    )
    solution, terms = solve(problem)
    assert solution.import_kw == pytest.approx([9.0, 6.0])
    assert terms["capacity_contract"] == pytest.approx(0.0, abs=1e-9)


BLOCKS = CapacityContract(contracted_kw=5.0, overage_price_per_kw=2.0, block_kw=3.0, block_price=4.0, max_blocks=4)


@pytest.mark.parametrize("peak_so_far", [0.0, 5.0, 9.0, 12.0, 40.0])
@pytest.mark.parametrize("block_price", [0.0, 4.0, 5.9, 7.0])
def test_the_replay_of_a_contract_finds_the_best_whole_number_of_blocks(peak_so_far: float, block_price: float) -> None:
    contract = replace(BLOCKS, block_price=block_price)
    for load_kw in np.linspace(0.0, 25.0, 51):
        problem = connected(case(car(1), grid_only(1, fixed_kw=load_kw), peak=peak_so_far), contract=contract)
        found = capacity_contract(problem, make_flows(problem, np.zeros((1, 1)), np.zeros((1, 1))))
        costs = [block_price * n + 2.0 * max(load_kw - max(5.0 + 3.0 * n, peak_so_far), 0.0) for n in range(5)]
        assert found == pytest.approx(min(costs)), load_kw


def promised(problem: Problem, counts: dict[str, float]) -> float:
    """Return the cheapest value of the model's MONEY with these counts fixed."""
    data = model_data(problem)
    program = Stamp(compile_template(data.structure), problem.shape[0]).program(data.symbols)
    for name, count in counts.items():
        at = program.stamp.columns_of(name)
        fixed = np.minimum(count, program.col_upper[at])
        program.col_lower[at], program.col_upper[at] = fixed, fixed
    reduced = reduce(program, make_pattern(program))
    cost: Array = np.asarray(sum(program.costs[t.name] for t in TERMS if t.tier is Tier.MONEY and t.name in program.costs))
    highs = Highs()
    highs.load(reduced)
    return float(cost @ reduced.full(highs.minimise(cost[reduced.pattern.cols], time_limit_s=10).values))


@pytest.mark.parametrize("peak_so_far", [0.0, 9.0, 12.0])
@pytest.mark.parametrize("load_kw", [3.0, 7.0, 9.5, 13.0, 16.0, 24.0])
def test_the_model_of_a_contract_is_exact_at_whole_counts_and_never_above_between(peak_so_far: float, load_kw: float) -> None:
    problem = connected(case(car(1), grid_only(1, fixed_kw=load_kw), price=0.0, peak=peak_so_far), contract=BLOCKS)
    problem = replace(problem, storages=replace(problem.storages, discharge_max_kw=np.zeros((1, 1))))
    flows = make_flows(problem, np.zeros((1, 1)), np.zeros((1, 1)))
    whole = [promised(problem, {"extra_blocks": n, "buys_blocks": min(n, 1)}) for n in range(5)]
    assert min(whole) == pytest.approx(capacity_contract(problem, flows))
    assert promised(problem, {}) <= min(whole) + 1e-9


@pytest.mark.parametrize("peak_so_far", [0.0, 9.0, 12.0])
@pytest.mark.parametrize("block_price", [0.5, 2.5, 4.0])
def test_the_number_of_blocks_bought_is_the_best_whole_one(peak_so_far: float, block_price: float) -> None:
    storages = car(2, target_energy_kwh=38.0, target_step=2, discharge_max_kw=0.0)
    problem = case(storages, grid_only(2, fixed_kw=[6.0, 3.0]), price=[0.1, 0.9], peak=peak_so_far)
    problem = connected(problem, contract=replace(BLOCKS, block_price=block_price))
    whole = [promised(problem, {"extra_blocks": n, "buys_blocks": min(n, 1), "unmet_kwh": 0.0}) for n in range(5)]
    solution, _ = solve(problem)
    assert solution.rung is Rung.OPTIMAL
    assert solution.value_of(Tier.MONEY) == pytest.approx(min(whole), rel=1e-4)


def test_a_dispatch_is_followed_where_that_is_worth_its_price() -> None:
    asked = Dispatch(follow_kw=np.array([6.0, np.nan, -4.0]), price_per_kwh=0.5)
    solution, terms = solve(connected(case(car(3), price=[0.1, 0.2, 0.3], export=[0.0, 0.0, 0.25]), dispatch=asked))
    assert solution.power_kw[0, [0, 2]] == pytest.approx([6.0, -4.0])
    assert terms["dispatch"] == pytest.approx(0.0, abs=1e-9)


def test_what_cannot_be_followed_is_paid_for() -> None:
    asked = Dispatch(follow_kw=np.array([16.0, np.nan]), price_per_kwh=0.5)
    solution, terms = solve(connected(case(car(2), step_h=0.5), dispatch=asked))
    assert solution.import_kw[0] == pytest.approx(10.0)
    assert terms["dispatch"] == pytest.approx(0.5 * 6 * 0.5)


EVENT = Event(
    event_id="dr",
    direction=1,
    cover=np.array([0.0, 1.0, 0.5]),
    baseline_kw=np.full(3, 7.0),
    committed_kw=12.0,
    payment_per_kwh=0.5,
    penalty_per_kwh=2.0,
    owed_frac=0.75,
)
SITE = case(car(3, discharge_max_kw=4.0), grid_only(3, fixed_kw=7.0), price=0.3)


def test_an_event_pays_for_delivery_and_fines_what_is_owed() -> None:
    solution, terms = solve(replace(SITE, events=(EVENT,)))
    # 4 of 12 kW can be given in each step, 9 are owed; the second step counts half
    assert solution.discharge_kw[0] == pytest.approx([4.0, 4.0, 4.0])
    assert terms["event_payment"] == pytest.approx(-0.5 * 4 * 1.5)
    assert terms["event_fine"] == pytest.approx(2.0 * 5 * 1.5)


def test_delivery_beyond_the_commitment_earns_nothing() -> None:
    event = replace(EVENT, committed_kw=3.0)
    _, terms = solve(replace(SITE, events=(event,)))
    assert terms["event_payment"] == pytest.approx(-0.5 * 3 * 1.5)
    assert terms["event_fine"] == pytest.approx(0.0, abs=1e-9)


def test_an_event_upwards_is_paid_for_taking_more_than_the_baseline() -> None:
    event = replace(EVENT, direction=-1, committed_kw=6.0, payment_per_kwh=0.8, penalty_per_kwh=0.0)
    solution, terms = solve(replace(SITE, events=(event,)))
    assert (solution.import_kw[1:] >= 13.0 - 1e-6).all()
    assert terms["event_payment"] == pytest.approx(-0.8 * 6 * 1.5)


def test_the_opposite_of_delivery_is_paid_back() -> None:
    event = replace(EVENT, baseline_kw=np.full(3, 2.0), penalty_per_kwh=0.0)
    _, terms = solve(replace(SITE, events=(event,)))  # the load is 5 above the baseline, of which 4 can be given
    assert terms["event_payment"] == pytest.approx(0.5 * 1.0 * 1.5)
    assert terms["event_fine"] == 0.0


def test_an_event_not_worth_the_wear_is_left() -> None:
    storages = car(3, discharge_max_kw=4.0, wear_cost_per_kwh=0.7, terminal_value_per_kwh=0.3)
    event = replace(EVENT, penalty_per_kwh=0.0)
    solution, _ = solve(replace(SITE, storages=storages, events=(event,)))
    assert solution.discharge_kw == pytest.approx(np.zeros((1, 3)), abs=1e-6)
