"""What a signal changed, counted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from tests.optimizer.builders import car, case, fleet_of
from v2g.effects import signal_effect
from v2g.solution import Tier
from v2g.timegrid import Array


def effect_of(price: Array) -> tuple[float, ...]:
    """Let a car take 10 kWh in two hours at 10 kW, first under `price`, then under prices that rise."""
    waiting = car(2, initial_energy_kwh=0.0, target_energy_kwh=10.0, target_step=2, discharge_max_kw=0.0)
    plain = case(waiting, price=np.array([0.1, 0.3]))
    under = replace(plain, connection=replace(plain.connection, import_price_per_kwh=price))
    planner = ExactPlanner()
    effect = signal_effect(under, planner.solve_now(under), planner.solve_now(plain))
    return *effect.import_kw, effect.moved_kwh, effect.cost, effect.unmet_kwh, len(effect.affected)


def test_a_price_that_turns_the_day_moves_the_car() -> None:
    assert effect_of(np.array([0.5, 0.2])) == pytest.approx((-10.0, 10.0, 10.0, 10 * (0.2 - 0.1), 0.0, 1))


def test_a_price_that_changes_nothing_moves_nobody() -> None:
    assert effect_of(np.array([0.1, 0.3])) == pytest.approx((0.0,) * 6)


def test_what_drivers_miss_is_told_in_kwh_however_unevenly_they_miss_it() -> None:
    cars = [car(2, initial_energy_kwh=0.0, target_energy_kwh=10.0, target_step=2, discharge_max_kw=0.0) for _ in range(2)]
    plain = case(fleet_of(*cars), price=np.array([0.1, 0.3]))
    storages = plain.storages
    limited = replace(plain, storages=replace(storages, charge_max_kw=storages.charge_max_kw * np.array([[0.2], [1.0]])))
    planner = ExactPlanner()
    under, without = planner.solve_now(limited), planner.solve_now(plain)
    assert under.value_of(Tier.SERVICE) > 6.01  # that the second car misses nothing weighs too
    assert signal_effect(limited, under, without).unmet_kwh == pytest.approx(6.0)
