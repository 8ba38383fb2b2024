"""No plan flips within the dwell time, and none is made that counts on it."""

from datetime import timedelta

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.ladder import answer_without_solver
from tests.optimizer.builders import car, case, fleet_of
from tests.optimizer.instances import START
from v2g.record import Memory
from v2g.stating.dwelling import dwelling
from v2g.storages import StorageKind, Storages

STEP_H = 1 / 12
"""Five minutes."""


def dwelt(direction: int, ago_s: float, *, dwell_s: float = 900.0, kind: StorageKind = StorageKind.EV) -> Storages:
    """Return a car that turned `ago_s` before the grid's start, beside a stranger, on four steps of five minutes."""
    problem = case(fleet_of(car(kinds=(kind,)), car()), step_h=STEP_H)
    memory = Memory(directions={"car-0": (START - timedelta(seconds=ago_s), direction)})
    return dwelling(problem.storages, problem.grid, memory, dwell_s)


@pytest.mark.parametrize(("ago_s", "n_steps"), [(0.0, 3), (299.0, 3), (300.0, 2), (899.0, 1), (900.0, 0)])
@pytest.mark.parametrize("direction", [1, -1])
def test_the_other_direction_is_closed_in_steps_that_begin_within_the_dwell_time(
    direction: int, ago_s: float, n_steps: int
) -> None:
    s = dwelt(direction, ago_s)
    same, other = (s.charge_max_kw, s.discharge_max_kw)[::direction]
    assert other[0].tolist() == [0.0] * n_steps + [10.0] * (4 - n_steps)
    assert (same == 10.0).all()
    assert (other[1] == 10.0).all()


def test_production_never_turns() -> None:
    assert (dwelt(-1, 0.0, kind=StorageKind.PV).charge_max_kw == 10.0).all()


def test_the_plan_knows_that_it_may_not_turn_yet_and_every_rung_keeps_to_it() -> None:
    problem = case(dwelt(1, 0.0, dwell_s=600.0), price=0.2, export=[0.9, 0.8, 0.5, 0.6], step_h=STEP_H)
    power_kw = ExactPlanner().solve_now(problem).power_kw
    assert power_kw[0] == pytest.approx([0.0, 0.0, -10.0, -10.0])
    assert power_kw[1] == pytest.approx(np.full(4, -10.0))
    assert (answer_without_solver(problem, "asked for").discharge_kw[0, :2] == 0.0).all()
