"""What a station would do under other signals, counted by hand."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from tests.optimizer.builders import car, case, fleet_of
from v2g.problem import Problem
from v2g.response import Answered, Compared, Response, Window, response_of, window_of
from v2g.signals import Interval, Signal, SignalKind
from v2g.solution import Tier
from v2g.timegrid import Array, TimeGrid

RISING = np.array([0.1, 0.3])
FIRST_HOUR = Window(ahead=np.zeros(2), inside=np.array([1.0, 0.0]), later=np.array([0.0, 1.0]))


def answered(problem: Problem) -> Answered:
    return Answered(problem=problem, solution=ExactPlanner().solve_now(problem))


def priced(problem: Problem, price: Array) -> Problem:
    return replace(problem, connection=replace(problem.connection, import_price_per_kwh=price))


def response_to(price: Array, window: Window = FIRST_HOUR) -> Response:
    """Let a car take 10 kWh within two hours at 10 kW under prices that rise, and then under `price`."""
    waiting = car(2, initial_energy_kwh=0.0, target_energy_kwh=10.0, target_step=2, discharge_max_kw=0.0)
    plain = case(waiting, price=RISING)
    return response_of(Compared(before=answered(plain), after=answered(priced(plain, price))), window)


def test_a_price_that_turns_the_day_moves_the_car() -> None:
    response = response_to(np.array([0.5, 0.3]))
    assert response.change_kw.expected == pytest.approx([-10.0, 10.0])
    assert (response.moved_kwh, response.window_kwh, response.rebound_kwh) == pytest.approx((10.0, -10.0, 10.0))
    assert response.ahead_kwh == 0.0
    assert (response.window_peak_before_kw, response.window_peak_after_kw) == pytest.approx((10.0, 0.0))
    assert response.peak_before_kw == pytest.approx(response.peak_after_kw)


def test_elasticity_is_the_share_of_energy_by_the_share_of_price() -> None:
    response = response_to(np.array([0.5, 0.3]))
    assert response.elasticity == pytest.approx((-10.0 / 10.0) / (0.5 / 0.1 - 1.0))
    assert response_to(RISING).elasticity is None


def test_the_cost_is_that_of_answering_beside_that_of_going_on() -> None:
    response = response_to(np.array([0.5, 0.3]))
    assert response.cost == pytest.approx(10 * (0.3 - 0.1))
    assert response.cost_unanswered == pytest.approx(10 * (0.5 - 0.1))
    costs = {c.name: (c.before, c.after) for c in response.costs}
    assert costs["energy_import"] == pytest.approx((1.0, 3.0))


def test_who_cannot_answer_pays_what_going_on_costs_though_leaving_early_would_be_dearer() -> None:
    hurried = car(
        2, initial_energy_kwh=0.0, target_energy_kwh=20.0, target_step=2, discharge_max_kw=0.0, departure_probability=[0.5, 0.5]
    )
    plain = case(replace(hurried, shortfall_price_per_kwh=np.array([0.3])), price=RISING)
    dearer = priced(case(replace(hurried, shortfall_price_per_kwh=np.array([0.9])), price=RISING), np.array([0.5, 0.3]))
    response = response_of(Compared(before=answered(plain), after=answered(dearer)), FIRST_HOUR)
    assert response.change_kw.expected == pytest.approx([0.0, 0.0])
    assert response.cost == pytest.approx(response.cost_unanswered)


def test_a_price_that_changes_nothing_moves_nobody() -> None:
    response = response_to(RISING)
    assert response.change_kw.expected == pytest.approx([0.0, 0.0])
    assert (response.moved_kwh, response.cost, response.unmet_kwh) == pytest.approx((0.0, 0.0, 0.0))
    assert (response.affected, response.drivers) == ((), ())


def test_a_driver_is_told_by_how_much_later_the_car_is_ready() -> None:
    (driver,) = response_to(np.array([0.5, 0.3])).drivers
    assert (driver.ready_before_h, driver.ready_after_h) == (1.0, 2.0)
    assert (driver.energy_kwh, driver.furthest_kwh) == pytest.approx((0.0, -10.0))


def test_a_limit_that_costs_a_driver_energy_says_so() -> None:
    waiting = car(2, initial_energy_kwh=0.0, target_energy_kwh=20.0, target_step=2, discharge_max_kw=0.0)
    plain = case(waiting, price=RISING)
    limit = np.where([True, False], 4.0, plain.circuits.import_limit_kw)
    limited = replace(plain, circuits=replace(plain.circuits, import_limit_kw=limit))
    response = response_of(Compared(before=answered(plain), after=answered(limited)), FIRST_HOUR)
    (driver,) = response.drivers
    assert response.unmet_kwh == pytest.approx(6.0)
    assert (driver.energy_kwh, driver.ready_after_h) == (pytest.approx(-6.0), None)
    assert response.over_limit_kw == pytest.approx(0.0)


def test_what_drivers_miss_is_told_in_kwh_however_unevenly_they_miss_it() -> None:
    cars = [car(2, initial_energy_kwh=0.0, target_energy_kwh=10.0, target_step=2, discharge_max_kw=0.0) for _ in range(2)]
    plain = case(fleet_of(*cars), price=RISING)
    storages = plain.storages
    limited = replace(plain, storages=replace(storages, charge_max_kw=storages.charge_max_kw * np.array([[0.2], [1.0]])))
    compared = Compared(before=answered(plain), after=answered(limited))
    assert compared.after.solution.value_of(Tier.SERVICE) > 6.01  # that the second car misses nothing weighs too
    assert response_of(compared, FIRST_HOUR).unmet_kwh == pytest.approx(6.0)


def test_bands_span_the_courses_and_figures_are_of_the_expected_one() -> None:
    waiting = car(2, initial_energy_kwh=0.0, target_energy_kwh=10.0, target_step=2, discharge_max_kw=0.0)
    plain = case(waiting, price=RISING)
    turned = priced(plain, np.array([0.5, 0.3]))
    still, moving = (Compared(before=answered(plain), after=answered(p)) for p in (plain, turned))
    response = response_of(still, FIRST_HOUR, [still, moving])
    assert response.change_kw.expected == pytest.approx([0.0, 0.0])
    assert response.change_kw.low == pytest.approx([-10.0, 0.0])
    assert response.change_kw.high == pytest.approx([0.0, 10.0])
    assert response.moved_kwh == pytest.approx(0.0)


def test_a_window_is_what_is_signalled_and_what_lies_before_and_after() -> None:
    grid = case(car(2)).grid
    start, hour = grid.start, timedelta(hours=1)
    window = window_of((a_price(start + 0.5 * hour, start + 1.25 * hour),), grid)
    assert window.ahead == pytest.approx([0.5, 0.0])
    assert window.inside == pytest.approx([0.5, 0.25])
    assert window.later == pytest.approx([0.0, 0.75])


@pytest.mark.parametrize("offset_h", [-3.0, 5.0])
def test_a_window_beyond_the_grid_is_empty(offset_h: float) -> None:
    grid = TimeGrid.uniform(case(car(2)).grid.start, step_h=1.0, n_steps=2)
    begin = grid.start + timedelta(hours=offset_h)
    window = window_of((a_price(begin, begin + timedelta(hours=1)),), grid)
    assert not window.inside.any()
    assert window.ahead + window.later == pytest.approx([1.0, 1.0])


def a_price(start: datetime, end: datetime) -> Signal:
    interval = Interval(start=start, end=end, value=1.0)
    return Signal(signal_id="s", kind=SignalKind.PRICE, source="t", issued_at=interval.start, intervals=(interval,))
