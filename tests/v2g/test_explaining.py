"""Each reason arises where it should and nowhere else; each price is what it says, by solving again."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from tests.optimizer.builders import car, case, fleet_of, grid_only, with_storages
from v2g.codec import decode, encode
from v2g.commitments import Carbon, Dispatch, Event, Reserve
from v2g.explaining import explain, promised_beyond_kwh
from v2g.network import Circuits
from v2g.planning import needs
from v2g.problem import Problem
from v2g.solution import Solution, Tier
from v2g.storages import StorageKind, Storages
from v2g.why import Explanations, Why


def solved(problem: Problem) -> Solution:
    return ExactPlanner(prefer=False).solve_now(problem)


def explained(problem: Problem, solution: Solution | None = None) -> Explanations:
    solution = solution or solved(problem)
    return explain(problem, solution, solution.power_kw, needs(problem).laxity_h)


def reasons(problem: Problem, solution: Solution | None = None) -> list[tuple[Why, ...]]:
    return [e.why for e in explained(problem, solution)]


def taker(n_steps: int = 2, *, wants: float = 10.0, due: int | None = None, **changes: Any) -> Storages:
    """Return a charge-only car with 20 kWh that wants so much more by the end of its `due`-th step."""
    promise = {"target_energy_kwh": 20.0 + wants, "target_step": due or n_steps}
    return car(n_steps, discharge_max_kw=0.0, **promise, **changes)


def of_kind(kind: StorageKind, n_steps: int = 2, **changes: Any) -> Storages:
    return replace(car(n_steps, **changes), kinds=(kind,))


def event(direction: int, *cover: float, payment: float = 0.7) -> Event:
    baseline = np.full(len(cover), 10.0)
    cover_ = np.array(cover)
    return Event(event_id="e", direction=direction, cover=cover_, baseline_kw=baseline, committed_kw=20.0, payment_per_kwh=payment)


def test_a_car_is_away_where_it_can_do_nothing() -> None:
    here = np.array([0.0, 1.0])
    problem = case(car(2, charge_max_kw=10 * here, discharge_max_kw=10 * here, wear_cost_per_kwh=0.3))
    assert reasons(problem) == [(Why.AWAY, Why.DONE)]


def test_a_car_that_a_limit_leaves_less_than_it_can_charge_with_is_held_back_by_it_and_not_away() -> None:
    here = np.array([0.0, 1.0])
    problem = case(taker(charge_max_kw=10 * here, charge_min_kw=4.0, departure_probability=[0.0, 1.0]))
    circuits = replace(problem.circuits, import_limit_kw=np.full((1, 2), 28.0), fixed_kw=np.array([[25.0, 0.0]]))
    problem = replace(problem, circuits=circuits)
    (explanation,) = explained(problem)
    assert explanation.why == (Why.LIMIT, Why.CHEAP)
    assert explanation.limit == ("grid", "")
    gone = replace(problem.storages, departure_probability=np.array([[1.0, 0.0]]), charge_max_kw=np.zeros((1, 2)))
    busy = replace(circuits, fixed_kw=np.full((1, 2), 25.0))
    assert reasons(replace(problem, storages=gone, circuits=busy)) == [(Why.LIMIT, Why.AWAY)]
    full = replace(gone, initial_energy_kwh=np.array([50.0]))
    assert reasons(replace(problem, storages=full, circuits=busy)) == [(Why.AWAY, Why.AWAY)]


def test_a_car_waits_for_a_cheap_hour_and_has_then_what_it_needs() -> None:
    assert reasons(case(taker(3), price=[0.3, 0.1, 0.4])) == [(Why.WAITS, Why.CHEAP, Why.DONE)]


def test_a_dear_hour_is_charged_in_for_the_target_alone() -> None:
    assert reasons(case(taker(wants=15.0), price=[0.1, 0.3])) == [(Why.CHEAP, Why.TARGET)]
    worth = taker(wants=0.0, terminal_value_per_kwh=0.5)
    assert reasons(case(worth, price=[0.1, 0.3])) == [(Why.CHEAP, Why.CHEAP)]


def test_who_has_no_time_left_charges_for_the_target_however_cheap_it_is() -> None:
    assert reasons(case(taker(wants=20.0), price=[0.1, 0.3]))[0][0] is Why.TARGET


def test_below_the_floor_it_charges_at_once() -> None:
    assert reasons(case(car(2, energy_min_kwh=25.0), price=[0.3, 0.1])) == [(Why.FLOOR, Why.DONE)]


def test_what_the_sun_leaves_over_is_the_reason_only_while_nothing_is_imported() -> None:
    sunny = grid_only(2, fixed_kw=[-8.0, 0.0])
    assert reasons(case(taker(wants=6.0), sunny, price=0.3, export=0.05)) == [(Why.SURPLUS, Why.DONE)]
    assert reasons(case(taker(wants=9.0, due=1), sunny, price=0.1, export=0.05))[0][0] is not Why.SURPLUS


TREE = Circuits(
    circuit_ids=("grid", "row"),
    parent_index=np.array([-1, 0]),
    import_limit_kw=np.array([[100.0] * 2, [8.0] * 2]),
    export_limit_kw=np.full((2, 2), 100.0),
    phase_limit_kw=np.full((2, 3), np.inf),
    fixed_kw=np.zeros((2, 2)),
    fixed_margin_kw=np.zeros((2, 2)),
)
ROW = replace(taker(wants=8.0, due=1), circuit_ids=("row",))


def test_who_gives_way_at_a_limit_is_told_which_and_what_it_adds() -> None:
    second = replace(taker(wants=8.0), circuit_ids=("row",))
    free = taker(wants=8.0)
    _, held, other = explained(case(fleet_of(ROW, second, free), TREE, price=[0.1, 0.4]))
    assert (held.why, held.limit[0]) == ((Why.LIMIT, Why.TARGET), "row")
    assert held.limit_price_per_kwh == pytest.approx([0.3, 0.0])
    assert held.price_per_kwh == pytest.approx([0.4, 0.4])
    assert (other.why, other.limit) == ((Why.CHEAP, Why.DONE), ("", ""))


def test_who_would_wait_anyway_is_not_held_by_the_limit_that_binds_others() -> None:
    second = replace(taker(wants=8.0), circuit_ids=("row",))
    first, waits = explained(case(fleet_of(replace(ROW, discharge_max_kw=np.zeros((1, 2))), second), TREE, price=[0.4, 0.1]))
    assert (first.why[0], waits.why) == (Why.TARGET, (Why.WAITS, Why.CHEAP))


def test_a_phase_that_binds_is_named_and_holds_only_who_hangs_on_it() -> None:
    on = {phase: np.eye(3)[[phase]] for phase in range(3)}
    first, second, free = (replace(taker(wants=8.0, due=due), phase_share=on[phase]) for due, phase in ((1, 1), (2, 1), (2, 2)))
    _, held, other = explained(
        case(fleet_of(first, second, free), grid_only(2, phase_limit_kw=[100.0, 8.0, 100.0]), price=[0.1, 0.4])
    )
    assert (held.why[0], held.limit[0], other.why[0], other.limit[0]) == (Why.LIMIT, "grid:L2", Why.CHEAP, "")
    assert held.limit_price_per_kwh == pytest.approx([0.3, 0.0])


def test_it_keeps_its_energy_where_wear_costs_more_than_giving_back_earns() -> None:
    plain = {"charge_max_kw": 0.0, "terminal_value_per_kwh": 0.2}
    assert reasons(case(car(1, wear_cost_per_kwh=0.05, **plain), price=0.23, export=0.23)) == [(Why.WEAR,)]
    assert reasons(case(car(1, wear_cost_per_kwh=0.01, **plain), price=0.23, export=0.23)) == [(Why.DISCHARGE,)]
    assert reasons(case(car(1, wear_cost_per_kwh=0.05, **plain), price=0.19, export=0.19)) == [(Why.DONE,)]


def test_a_call_moves_both_who_gives_and_who_puts_off() -> None:
    called = replace(case(fleet_of(car(2, terminal_value_per_kwh=0.2), taker()), price=0.2), events=(event(1, 1.0, 0.0),))
    gives, puts_off = reasons(called)
    assert (gives[0], puts_off) == (Why.EVENT, (Why.EVENT, Why.CHEAP))
    more = replace(case(taker(), price=[0.3, 0.2]), events=(event(-1, 1.0, 0.0),))
    more = replace(more, events=(replace(more.events[0], baseline_kw=np.zeros(2)),))
    assert reasons(more) == [(Why.EVENT, Why.DONE)]


def test_dispatch_is_a_call_where_it_moves_the_price() -> None:
    problem = case(taker(), price=[0.3, 0.1])
    asked = Dispatch(follow_kw=np.array([10.0, np.nan]), price_per_kwh=1.0)
    assert reasons(replace(problem, connection=replace(problem.connection, dispatch=asked))) == [(Why.EVENT, Why.DONE)]
    idle = Dispatch(follow_kw=np.array([0.0, np.nan]), price_per_kwh=0.01)
    early = case(taker(), price=[0.1, 0.3])
    assert reasons(replace(early, connection=replace(early.connection, dispatch=idle)))[0][0] is Why.CHEAP


def test_who_stands_behind_a_reserve_says_so_and_nobody_else() -> None:
    battery = of_kind(StorageKind.BATTERY, terminal_value_per_kwh=0.2)
    empty = of_kind(StorageKind.BATTERY, terminal_value_per_kwh=0.2, initial_energy_kwh=0.0, charge_max_kw=0.0)
    owed = Reserve(reserve_id="r", direction=1, cover=np.array([1.0, 0.0]), committed_kw=5.0, penalty_per_kw_h=9.0)
    problem = replace(case(fleet_of(battery, empty), price=0.25), reserves=(owed,))
    assert reasons(problem) == [(Why.RESERVE, Why.RESTS), (Why.RESTS, Why.RESTS)]


def test_giving_back_is_for_the_peak_only_where_the_peak_makes_the_price() -> None:
    gives = car(2, charge_max_kw=0.0, terminal_value_per_kwh=0.3, initial_energy_kwh=5.0)
    load = grid_only(2, fixed_kw=[12.0, 5.0])
    assert reasons(case(gives, load, price=0.2, demand=5.0)) == [(Why.PEAK, Why.DONE)]
    assert reasons(case(gives, load, price=0.2, demand=5.0, peak=20.0)) == [(Why.DONE, Why.DONE)]
    dear = case(gives, load, price=[0.5, 0.2], demand=5.0, peak=20.0)
    carbon = Carbon(intensity_kg_per_kwh=np.full(2, 0.5), price_per_kg=0.1)
    assert reasons(replace(dear, connection=replace(dear.connection, carbon=carbon)))[0][0] is Why.DISCHARGE


SUN = {"discharge_max_kw": 0.0, "initial_energy_kwh": 0.0, "terminal_value_per_kwh": -1e-3}


def test_an_array_makes_all_it_can_but_for_a_limit_or_a_price_below_nothing() -> None:
    array = of_kind(StorageKind.PV, charge_max_kw=[10.0, 0.0], **SUN)
    assert reasons(case(array, grid_only(2, fixed_kw=[-10.0, 0.0]), price=0.2, export=0.1)) == [(Why.RESTS, Why.AWAY)]
    assert reasons(case(array, grid_only(2, fixed_kw=[-10.0, 0.0]), price=-0.1, export=-0.1))[0][0] is Why.CHEAP
    narrow = grid_only(2, fixed_kw=[-10.0, 0.0], export_limit_kw=6.0)
    (told,) = explained(case(array, narrow, price=0.2, export=0.1))
    assert (told.why[0], told.limit[0]) == (Why.LIMIT, "grid")
    assert told.limit_price_per_kwh[0] < 0


def test_an_electrolyser_waits_runs_and_has_made_its_hydrogen() -> None:
    asset = replace(taker(3, charge_efficiency=0.6, wants=6.0), kinds=(StorageKind.ELECTROLYSER,))
    assert reasons(case(asset, price=[0.3, 0.1, 0.4])) == [(Why.WAITS, Why.CHEAP, Why.DONE)]
    idle = replace(car(1, discharge_max_kw=0.0), kinds=(StorageKind.ELECTROLYSER,))
    assert reasons(case(idle)) == [(Why.RESTS,)]


def test_a_flexible_load_puts_off_and_makes_up() -> None:
    band = {"initial_energy_kwh": 5.0, "energy_max_kwh": 10.0, "target_energy_kwh": 5.0, "target_step": 3}
    load = of_kind(StorageKind.FLEXIBLE_LOAD, 3, charge_efficiency=0.9, **band)
    problem = case(load, grid_only(3, fixed_kw=30.0), price=[0.2, 0.5, 0.1])
    assert reasons(problem)[0][1:] == (Why.DISCHARGE, Why.CHEAP)
    assert reasons(case(load, grid_only(3, fixed_kw=30.0), price=0.2)) == [(Why.RESTS,) * 3]


def test_packs_are_charged_for_the_swaps_to_come_before_they_are_short() -> None:
    packs = of_kind(StorageKind.SWAP, drain_kwh=[8.0, 0.0], energy_min_kwh=18.0, discharge_max_kw=0.0)
    assert reasons(case(packs, price=[0.4, 0.1])) == [(Why.FLOOR, Why.RESTS)]


def test_without_prices_reasons_are_told_without_them() -> None:
    second = replace(taker(wants=8.0), circuit_ids=("row",))
    problem = case(fleet_of(ROW, second), TREE, price=[0.1, 0.4])
    first, waits = explained(problem, replace(solved(problem), prices=None))
    assert (first.why[0], waits.why[0], waits.limit) == (Why.TARGET, Why.WAITS, ("", ""))
    assert first.price_per_kwh == pytest.approx([0.1, 0.4])
    assert (first.promise_cost, first.promise_price_per_kwh) == (0.0, 0.0)


# Prices, by solving again.

EPSILON = 1e-3
BOUND = Circuits(
    circuit_ids=("grid", "row"),
    parent_index=np.array([-1, 0]),
    import_limit_kw=np.array([[40.0, 9.0, 40.0], [14.0, 9.0, 14.0]]),
    export_limit_kw=np.full((2, 3), 100.0),
    phase_limit_kw=np.array([[np.inf] * 3, [4.0, 5.0, 6.0]]),
    fixed_kw=np.array([[3.0] * 3, [0.3] * 3]),
    fixed_margin_kw=np.zeros((2, 3)),
)


def uneven() -> Problem:
    """Return cars below a row with uneven phase limits and one beside it, with a demand charge."""
    on = np.eye(3)
    below = [
        replace(taker(3, wants=wants, due=due), circuit_ids=("row",), phase_share=share[None])
        for wants, due, share in ((5.0, 2, on[0]), (8.0, 3, on[1]), (7.5, 3, np.full(3, 1 / 3)))
    ]
    return case(fleet_of(*below, taker(3, wants=17.0)), BOUND, price=[0.1, 0.25, 0.4], demand=0.02)


def drawn_in(problem: Problem, like: int, step: int) -> Problem:
    """Return the problem with a unit beside unit `like` that can but draw EPSILON kWh in one step, and must."""
    s = problem.storages
    pulse = np.zeros((1, problem.grid.n_steps))
    pulse[0, step] = EPSILON / problem.grid.step_h[step]
    ghost = taker(problem.grid.n_steps, wants=EPSILON, charge_max_kw=pulse)
    ghost = replace(ghost, circuit_ids=(s.circuit_ids[like],), phase_share=s.phase_share[[like]])
    cars = [
        replace(
            ghost,
            **{
                name: value[i : i + 1]
                for name in Storages.__slots__
                if (value := getattr(s, name)) is not None and name != "unit_ids"
            },
        )
        for i in range(s.n_units)
    ]
    return replace(problem, storages=fleet_of(*cars, ghost))


@pytest.mark.parametrize("unit", range(4))
def test_a_units_price_is_what_a_kwh_more_at_its_place_costs(unit: int) -> None:
    problem = uneven()
    solution = solved(problem)
    price = explained(problem, solution)[unit].price_per_kwh
    for step in range(3):
        drawn = solved(drawn_in(problem, unit, step))
        more = (drawn.value_of(Tier.MONEY) - solution.value_of(Tier.MONEY)) / EPSILON
        assert price[step] == pytest.approx(more, abs=1e-5)


def test_the_limits_of_that_test_make_prices_that_differ_by_place_and_phase() -> None:
    told = explained(uneven())
    assert {name for e in told for name in e.limit} == {"", "row:L1", "row:L2", "grid"}
    assert len({round(float(e.price_per_kwh[0]), 6) for e in told}) >= 3


def forgotten(problem: Problem, unit: int) -> Problem:
    """Return the problem as if nothing had been promised to `unit`."""
    target, step = problem.storages.target_energy_kwh.copy(), problem.storages.target_step.copy()
    target[unit], step[unit] = 0.0, 0
    return with_storages(problem, target_energy_kwh=target, target_step=step)


@pytest.mark.parametrize("seed", range(8))
def test_a_promise_costs_no_more_than_is_told(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cars = [
        car(
            4,
            target_energy_kwh=rng.uniform(22, 38),
            target_step=4,
            discharge_max_kw=10.0 * (i % 2),
            energy_min_kwh=rng.choice([0.0, 12.0, 24.0]),
            charge_efficiency=0.9,
            discharge_efficiency=0.95,
            wear_cost_per_kwh=0.02,
        )
        for i in range(4)
    ]
    prices = rng.uniform(0.05, 0.6, 4)
    problem = case(fleet_of(*cars), grid_only(4, import_limit_kw=24.0, fixed_kw=2.0), price=prices, export=0.9 * prices)
    solution = solved(problem)
    assert solution.value_of(Tier.SERVICE) == pytest.approx(0.0, abs=1e-6)
    for unit, told in enumerate(explained(problem, solution)):
        true = solution.value_of(Tier.MONEY) - solved(forgotten(problem, unit)).value_of(Tier.MONEY)
        assert -1e-6 <= true <= told.promise_cost + 1e-6


def test_a_promise_that_only_one_hour_can_keep_costs_just_what_is_told() -> None:
    problem = case(taker(1, wants=6.0, charge_efficiency=0.8), price=0.4)
    (told,) = explained(problem)
    assert (told.promise_price_per_kwh, told.promise_cost) == pytest.approx((0.5, 3.0))


def test_a_promise_no_money_buys_has_no_finite_price() -> None:
    (told,) = explained(case(taker(1, wants=15.0)))
    assert (told.promise_price_per_kwh, told.promise_cost) == (np.inf, np.inf)


def test_a_promise_asks_of_a_car_that_may_give_back_what_it_could_have_given() -> None:
    cars = fleet_of(
        taker(2, wants=5.0),
        car(2, target_energy_kwh=25.0, target_step=1),
        car(2, target_energy_kwh=25.0, target_step=1, energy_min_kwh=14.0),
        car(2, target_energy_kwh=15.0, target_step=1, discharge_max_kw=0.0),
        car(2),
    )
    assert promised_beyond_kwh(case(cars)) == pytest.approx([5.0, 15.0, 11.0, 0.0, 0.0])


def test_explanations_are_kept_as_arrays_and_come_back_from_json() -> None:
    told = explained(case(fleet_of(ROW, replace(taker(wants=8.0), circuit_ids=("row",)), taker(wants=8.0)), TREE, price=[0.1, 0.4]))
    back = decode(Explanations, json.loads(json.dumps(encode(told))))
    assert [encode(e) for e in back] == [encode(e) for e in told]
    assert [encode(e) for e in told.of([2])] == [encode(told[2])]
    assert told.now() == tuple(e.why[0] for e in told)


def test_an_empty_station_has_its_reasons_too() -> None:
    nobody = replace(taker(), **{n: v[:0] for n in Storages.__slots__ if (v := getattr(taker(), n)) is not None})
    assert tuple(explained(case(nobody))) == ()
