"""The least-laxity rule and the previous plan."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.ladder import idle
from optimizer.rungs.previous import previous_plan
from optimizer.rungs.rule import least_laxity
from tests.optimizer.builders import car, case, fleet_of, grid_only, with_storages
from tests.optimizer.instances import fleet, small
from v2g.errors import PlanningError


def test_who_can_wait_least_charges_first() -> None:
    soon = car(4, target_energy_kwh=30.0, target_step=2, discharge_max_kw=0.0)
    late = car(4, target_energy_kwh=30.0, target_step=4, discharge_max_kw=0.0)
    flows = least_laxity(case(fleet_of(late, soon), grid_only(4, import_limit_kw=10.0)))
    assert flows.charge_kw == pytest.approx(np.array([[0.0, 10, 0, 0], [10.0, 0, 0, 0]]))


def test_laxity_is_measured_anew_in_every_step() -> None:
    cars = [car(4, target_energy_kwh=40.0, target_step=step, discharge_max_kw=0.0) for step in (3, 4)]
    flows = least_laxity(case(fleet_of(*cars), grid_only(4, import_limit_kw=10.0)))
    assert flows.energy_kwh[0, 2] == pytest.approx(40.0)
    assert flows.energy_kwh[1, 3] == pytest.approx(40.0)


def test_the_rule_never_discharges_and_keeps_to_least_powers() -> None:
    storages = replace(fleet(12, 24).storages, charge_min_kw=np.full(12, 4.1))
    problem = replace(fleet(12, 24), storages=storages)
    flows = least_laxity(problem)
    assert (flows.discharge_kw == 0).all()
    assert ((flows.charge_kw == 0) | (flows.charge_kw >= 4.1)).all()
    assert flows.charge_kw.any()


def test_the_last_bit_is_charged_at_the_least_power_even_past_the_target() -> None:
    flows = least_laxity(case(car(2, target_energy_kwh=22.0, target_step=2, charge_min_kw=4.0)))
    assert flows.charge_kw[0] == pytest.approx([4.0, 0.0])


def test_the_previous_plan_is_followed_and_strangers_charge_by_the_rule() -> None:
    known = car(3, previous_power_kw=[0.0, -5.0, 5.0])
    stranger = car(3, target_energy_kwh=25.0, target_step=3)
    flows = previous_plan(case(fleet_of(known, stranger)))
    assert flows.power_kw == pytest.approx(np.array([[0.0, -5, 5], [5.0, 0, 0]]))


def test_the_previous_plan_is_cut_to_what_is_possible_now() -> None:
    storages = car(3, previous_power_kw=[12.0, 9.0, -9.0], initial_energy_kwh=35.0, discharge_max_kw=4.0)
    flows = previous_plan(case(storages, grid_only(3, import_limit_kw=11.0, fixed_kw=[0.0, 4.0, 0.0])))
    assert flows.power_kw[0] == pytest.approx([10.0, 5.0, -4.0])


def test_without_a_previous_plan_there_is_none_to_follow() -> None:
    with pytest.raises(PlanningError, match="no previous plan"):
        previous_plan(case(car()))


@given(st.integers(0, 5000))
def test_rules_never_do_worse_to_a_bound_than_idling(seed: int) -> None:
    problem = small(seed)
    problem = with_storages(problem, previous_power_kw=np.nan_to_num(problem.storages.previous_power_kw))
    resting = idle(problem).energy_kwh
    s = problem.storages
    for flows in (least_laxity(problem), *([previous_plan(problem)] if problem.shape[0] else [])):
        assert (flows.energy_kwh >= np.minimum(s.energy_min_kwh, resting) - 1e-6).all()
        assert (flows.energy_kwh <= np.maximum(s.energy_max_kwh, resting) + 1e-6).all()
