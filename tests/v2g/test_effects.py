"""What a signal changed, counted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from tests.optimizer.builders import car, case
from v2g.effects import signal_effect
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
