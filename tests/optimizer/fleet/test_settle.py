"""What was mixed becomes what chargers can hold, within all limits, with the least change."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.evaluate import evaluate
from optimizer.fleet.places import find_places
from optimizer.fleet.settle import Plans, Settled, settle
from optimizer.fleet.settling import CRUMB_KWH
from optimizer.flows import Flows, make_flows, make_solution, traded_kw
from optimizer.replay.service import unmet_kwh
from optimizer.verify import faults_of
from tests.optimizer.builders import car, case, fleet_of, grid_only, with_storages
from tests.optimizer.fleet.mixes import mixed, station
from tests.v2g.test_holding import tapering
from v2g.problem import Problem
from v2g.solution import Rung
from v2g.timegrid import Array


def settled(problem: Problem, plans: Plans) -> Settled:
    """Settle all units' plans in place, at the connection's prices."""
    places = find_places(problem)
    price = np.tile(problem.connection.import_price_per_kwh, (places.n_places, 1))
    return settle(problem, np.arange(problem.shape[0]), places, price, plans)


def plans_of(problem: Problem, power_kw: Array) -> Plans:
    flows = make_flows(problem, np.maximum(power_kw, 0.0), np.maximum(-power_kw, 0.0))
    return Plans(flows.charge_kw, flows.discharge_kw, flows.energy_kwh)


def faults(problem: Problem, plans: Plans) -> tuple[str, ...]:
    import_kw, export_kw = traded_kw(problem, plans.charge_kw, plans.discharge_kw)
    flows = Flows(**plans._asdict(), import_kw=import_kw, export_kw=export_kw)
    return faults_of(problem, make_solution(flows, evaluate(problem, flows), rung=Rung.OPTIMAL, times_s={}))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), share=st.floats(0.0, 1.0))
def test_every_mix_can_be_sent(seed: int, share: float) -> None:
    problem = station(seed)
    plans = mixed(problem, seed, share)
    before = unmet_kwh(problem, plans.energy_kwh)
    done = settled(problem, plans)
    assert faults(problem, plans) == ()
    told = np.zeros(problem.shape[0])
    told[done.rows] = done.lacking_kwh
    assert (unmet_kwh(problem, plans.energy_kwh) <= before + told + 1e-5).all()
    assert bool(done.reason) == bool((done.lacking_kwh > CRUMB_KWH).any())


def ten_cars(steps: int, **changes: float) -> Problem:
    cars = fleet_of(*[car(steps, discharge_max_kw=0.0, charge_min_kw=4.1, initial_energy_kwh=10.0, **changes)] * 10)
    return case(cars, grid_only(steps, import_limit_kw=37.0), step_h=0.25)


def test_nine_cars_get_what_ten_share() -> None:
    problem = ten_cars(8)
    plans = plans_of(problem, np.full((10, 8), 3.7))
    assert settled(problem, plans).n_changed == 10
    for t in range(2):
        assert np.sort(plans.charge_kw[:, t]) == pytest.approx([0.0] + [4.1] * 9)
    assert plans.charge_kw.sum(axis=0).max() <= 37.0 + 1e-9
    assert faults(problem, plans) == ()


def test_what_was_put_off_is_made_up_for_where_it_is_cheapest() -> None:
    problem = replace(ten_cars(8), circuits=grid_only(8))
    problem = replace(problem, connection=replace(problem.connection, import_price_per_kwh=np.array([5, 5, 4, 3, 1, 2, 3, 4.0])))
    power = np.zeros((10, 8))
    power[0, 0] = 1.0
    plans = plans_of(problem, power)
    assert settled(problem, plans).n_changed == 1
    assert plans.charge_kw[0] == pytest.approx([0, 0, 0, 0, 1, 0, 0, 0])


def test_a_promise_due_soon_is_not_put_off() -> None:
    problem = replace(ten_cars(4, target_energy_kwh=10.25, target_step=1), circuits=grid_only(4))
    power = np.zeros((10, 4))
    power[0, 0] = 1.0
    plans = plans_of(problem, power)
    assert not len(settled(problem, plans).rows)
    assert plans.charge_kw[0, 0] == pytest.approx(4.1)


def test_a_promise_that_no_charger_can_keep_is_told() -> None:
    problem = replace(ten_cars(4, target_energy_kwh=10.25, target_step=1), circuits=grid_only(4, import_limit_kw=3.0))
    power = np.zeros((10, 4))
    power[0, 0] = 1.0
    plans = plans_of(problem, power)
    done = settled(problem, plans)
    assert done.rows.tolist() == [0]
    assert done.lacking_kwh == pytest.approx([0.25])
    assert "1 cars miss 0.25 kWh" in done.reason
    assert faults(problem, plans) == ()


def test_it_works_on_tables_that_only_look_large() -> None:
    problem = ten_cars(8)
    none = np.broadcast_to(0.0, (10, 8))
    thin = replace(problem, storages=replace(problem.storages, drain_kwh=none, discharge_max_kw=none, departure_probability=none))
    ours, theirs = (plans_of(p, np.full((10, 8), 3.7)) for p in (thin, problem))
    settled(thin, ours)
    settled(problem, theirs)
    assert np.array_equal(ours.charge_kw, theirs.charge_kw)


def test_what_can_be_held_stays_as_it_is() -> None:
    problem = ten_cars(6)
    power = np.zeros((10, 6))
    power[:7, :] = 5.0
    plans = plans_of(problem, power)
    assert settled(problem, plans).n_changed == 0
    assert np.array_equal(plans.charge_kw, power)


def test_an_export_limit_broken_where_nobody_burns_energy_is_kept_again() -> None:
    problem = case(fleet_of(*[car(6)] * 3), grid_only(6, export_limit_kw=12.0), price=[0.1, 0.1, 0.1, 0.1, 0.5, 0.2])
    power = np.zeros((3, 6))
    power[:, 4] = -6.0
    plans = plans_of(problem, power)
    settled(problem, plans)
    net = plans.charge_kw - plans.discharge_kw
    assert net[:, 4].sum() == pytest.approx(-12.0)
    assert plans.energy_kwh[:, -1] == pytest.approx([14.0] * 3)
    assert faults(problem, plans) == ()


def at_the_limit(power_kw: list[list[float]], target_step: int) -> tuple[Problem, Plans]:
    """Return cars that charge nothing or 4 to 11 kW (·, T), where nobody may draw more; the first needs all by `target_step`."""
    powers = np.array(power_kw)
    steps, due_kwh = powers.shape[1], 10.0 + 0.25 * powers[0, :target_step].sum()
    plain = {"discharge_max_kw": 0.0, "charge_max_kw": 11.0, "charge_min_kw": 4.0, "initial_energy_kwh": 10.0}
    cars = fleet_of(
        car(steps, **plain, target_energy_kwh=due_kwh, target_step=target_step), *[car(steps, **plain)] * (len(powers) - 1)
    )
    problem = case(cars, grid_only(steps, import_limit_kw=powers.sum(axis=0)), step_h=0.25)
    return problem, plans_of(problem, powers)


def test_for_a_crumb_nobody_charges() -> None:
    problem, plans = at_the_limit([[0.004, 0.0, 0.0, 0.0]], target_step=1)
    done = settled(problem, plans)
    assert plans.charge_kw[0, 0] == 0.0
    assert done.lacking_kwh == pytest.approx([0.001])
    assert done.reason == ""


def test_who_can_wait_gives_way_to_who_cannot() -> None:
    problem, plans = at_the_limit([[1.0, 11.0, 11.0, 11.0], [11.0, 0.0, 8.0, 0.0], [8.0, 7.0, 0.0, 7.0]], target_step=4)
    before = plans.energy_kwh[:, -1].copy()
    assert not len(settled(problem, plans).rows)
    assert plans.charge_kw[0] == pytest.approx([4.0, 8.0, 11.0, 11.0])
    assert plans.charge_kw[2] == pytest.approx([5.0, 10.0, 0.0, 7.0])
    assert plans.energy_kwh[:, -1] == pytest.approx(before)
    assert faults(problem, plans) == ()


def test_near_now_one_step_makes_up_for_another() -> None:
    problem, plans = at_the_limit([[1.0, 8.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]], target_step=2)
    problem = replace(problem, circuits=grid_only(4))
    assert not len(settled(problem, plans).rows)
    assert plans.charge_kw[0, :2].sum() == pytest.approx(9.0)
    assert faults(problem, plans) == ()


def test_a_peak_is_raised_a_little_everywhere_rather_than_in_one_step_or_for_a_promise() -> None:
    steps, flat = 8, 11.0
    powers = [[1.0, *[0.0] * (steps - 1)], [flat - 1.0, *[4.0] * (steps - 1)], [0.0, *[flat - 4.0] * (steps - 1)]]
    problem, plans = at_the_limit(powers, target_step=1)
    money = replace(problem.connection, demand_charge_per_kw=10.0)
    problem = replace(problem, circuits=grid_only(steps), connection=money)
    assert not len(settled(problem, plans).rows)
    assert plans.charge_kw[0, 0] == pytest.approx(4.0)
    assert flat < plans.charge_kw.sum(axis=0).max() < flat + 1.5
    assert faults(problem, plans) == ()


@pytest.mark.parametrize("seed", [1, 6, 10, 20])
def test_nobody_misses_anything_for_a_peak_that_is_paid_for(seed: int) -> None:
    free, paid = station(seed, n=24), {"demand_charge_per_kw": 5.0, "peak_so_far_kw": 0.0}
    money = [replace(free.connection, demand_charge_per_kw=0.0), replace(free.connection, **paid)]
    missed_kwh = [settled(p, mixed(p, seed, 0.5)).lacking_kwh.sum() for p in (replace(free, connection=m) for m in money)]
    assert missed_kwh[1] <= missed_kwh[0] + 1.0


def test_who_rests_gives_back_where_somebody_must_charge() -> None:
    steps = 6
    urgent = car(steps, discharge_max_kw=0.0, charge_min_kw=4.0, initial_energy_kwh=10.0, target_energy_kwh=10.75, target_step=1)
    problem = case(fleet_of(urgent, car(steps)), grid_only(steps, import_limit_kw=3.0), step_h=0.25)
    plans = plans_of(problem, np.array([[3.0] + [0.0] * 5, [0.0] * 6]))
    assert not len(settled(problem, plans).rows)
    assert plans.charge_kw[0, 0] == pytest.approx(4.0)
    assert plans.discharge_kw[1, 0] == pytest.approx(1.0)
    assert plans.energy_kwh[1, -1] == pytest.approx(20.0)
    assert faults(problem, plans) == ()


def one_car(power_kw: list[float], due: int, *, full_kwh: float = np.inf, per_h: float = np.inf, **changes: float) -> Problem:
    """Return one car that charges nothing or 4 to 11 kW and is promised what these powers bring by step `due`."""
    begins_kwh = changes.get("initial_energy_kwh", 10.0)
    plain = {"discharge_max_kw": 0.0, "charge_max_kw": 11.0, "charge_min_kw": 4.0, "initial_energy_kwh": begins_kwh}
    promised = {"target_energy_kwh": begins_kwh + 0.25 * sum(power_kw[:due]), "target_step": due}
    return case(tapering(car(len(power_kw), **plain, **promised), full_kwh, per_h), step_h=0.25)


def test_in_its_taper_a_car_is_charged_as_it_takes() -> None:
    problem = one_car([2.0, 1.5, 0.5, 0.0], 3, full_kwh=50.0, per_h=1.0, initial_energy_kwh=47.0)
    plans = plans_of(problem, np.array([[2.0, 1.5, 0.5, 0.0]]))
    takes_kw = 3.0 * (1 - np.exp(-0.25)) / 0.25
    assert not len(settled(problem, plans).rows)
    assert plans.charge_kw[0, 0] == pytest.approx(takes_kw)
    assert faults(problem, plans) == ()


def test_who_begins_emptier_takes_more_before_the_taper_binds() -> None:
    taken_frac = 1 - np.exp(-1.0)
    powers = np.array([1.0, 1.0, (50.0 - 47.0 - 0.5) * taken_frac / 0.25, 0.0])
    problem = replace(
        one_car(powers.tolist(), 3, full_kwh=50.0, per_h=4.0, initial_energy_kwh=47.0),
        circuits=grid_only(4, import_limit_kw=[2.0, 2.0, 50.0, 50.0]),
    )
    plans = plans_of(problem, powers[None])
    done = settled(problem, plans)
    assert plans.charge_kw[0] == pytest.approx([0.0, 0.0, 3.0 * taken_frac / 0.25, 0.0])
    assert done.lacking_kwh == pytest.approx([0.5 * (1 - taken_frac)])
    assert faults(problem, plans) == ()


def test_who_needs_little_charges_in_one_step_not_in_two() -> None:
    steps_h = np.array([1 / 12, 0.25, 0.25, 0.25])
    problem = one_car([2.0, 1.0, 0.0, 0.0], 2)
    problem = with_storages(replace(problem, grid=replace(problem.grid, step_h=steps_h)), charge_max_kw=np.full((1, 4), 6.0))
    plans = plans_of(problem, np.array([[6.0, 1.0, 0.0, 0.0]]))
    assert not len(settled(problem, plans).rows)
    assert plans.charge_kw[0] == pytest.approx([0.0, 4.0, 0.0, 0.0])
    assert faults(problem, plans) == ()


def test_nobody_buys_more_than_was_planned_where_it_can_wait() -> None:
    problem = one_car([3.0, 0.0, 0.0, 0.0], 4)
    plans = plans_of(problem, np.array([[3.0, 0.0, 0.0, 0.0]]))
    assert not len(settled(problem, plans).rows)
    assert plans.charge_kw[0] == pytest.approx([0.0, 0.0, 3.0, 0.0])
