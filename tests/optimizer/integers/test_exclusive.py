"""Either–or decisions: only where burning energy would pay, and exact there. Rests: no turn without one."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from optimizer.integers.exclusive import Exclusive
from optimizer.integers.mip import Mip
from tests.optimizer.builders import car, case, grid_only
from tests.optimizer.independent.whole import values
from tests.optimizer.instances import fleet
from tests.optimizer.integers.enumeration import best
from v2g.converters import Converters
from v2g.problem import Problem
from v2g.solution import Rung, Tier

LOSSY = {"charge_efficiency": 0.8, "discharge_efficiency": 0.8}


def burning_pays() -> Problem:
    """Return a full car while energy is given away with money: the relaxation would charge and discharge at once."""
    return case(car(3, initial_energy_kwh=50.0, **LOSSY), price=-0.3, export=-0.4)


def test_at_prices_that_do_not_pay_for_burning_no_integers_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Mip, "decide")
    solution = ExactPlanner().solve_now(fleet(6, 24))
    assert "integers" not in solution.times_s


def test_burning_energy_is_not_a_plan() -> None:
    solution = ExactPlanner().solve_now(burning_pays())
    assert "integers" in solution.times_s
    assert solution.rung is Rung.OPTIMAL
    assert solution.gap_frac is not None
    assert solution.gap_frac <= 1e-4
    assert np.minimum(solution.charge_kw, solution.discharge_kw).max() == 0.0
    # paying 0.4 for each of 10 kWh given back makes room for 10 / 0.8 / 0.8 kWh that 0.3 are paid for
    assert solution.value_of(Tier.MONEY) == pytest.approx(0.4 * 10 - 0.3 * 15.625)


def test_a_site_does_not_sell_what_it_buys_at_the_same_time() -> None:
    problem = case(car(2, discharge_max_kw=0.0), grid_only(2, import_limit_kw=20.0, export_limit_kw=20.0), price=0.1, export=0.5)
    solution = ExactPlanner().solve_now(problem)
    assert solution.value_of(Tier.MONEY) == pytest.approx(0.0, abs=1e-6)


def test_the_less_used_column_of_a_pair_is_closed() -> None:
    pairs = Exclusive(np.array([[0, 1], [2, 3], [4, 5]]))
    powers = np.array([5.0, 1.0, 2.0, 3.0, 4.0, 0.0])
    used = pairs.broken(powers)
    assert used.tolist() == [0, 1]
    bounds = pairs.settle(powers, used)
    assert bounds.columns.tolist() == [1, 2]
    assert not bounds.upper.any()


def turning(rest_h: float, in_force_kw: float = np.nan) -> Problem:
    """Return a car for which it would pay to turn in every quarter-hour."""
    storages = car(4, charge_efficiency=0.9, discharge_efficiency=0.9, terminal_value_per_kwh=0.3)
    converters = replace(Converters.ideal(1), rest_h=np.array([rest_h]), in_force_kw=np.array([in_force_kw]))
    problem = case(storages, price=[0.1, 0.6, 0.15, 0.5], export=[0.1, 0.6, 0.15, 0.5], step_h=0.25)
    return replace(problem, storages=replace(storages, converters=converters))


def rested(rest_h: float, in_force_kw: float) -> list[dict[tuple[int, int, int], tuple[float, float]]]:
    """Return every sequence of directions of one car over the near quarter-hours in which it rests before each turn."""
    sequences = []
    for modes in product((-1, 0, 1), repeat=2):
        used = [(-rest_h, np.sign(np.nan_to_num(in_force_kw)))] + [(0.25 * i, mode) for i, mode in enumerate(modes) if mode]
        ends = [0.0, *(start + 0.25 for start, _ in used[1:])]
        turns = [(end, start) for end, (_, a), (start, b) in zip(ends, used, used[1:], strict=False) if a * b < 0]
        if all(start - end > rest_h - 1e-9 for end, start in turns):
            sequences.append(
                {(0, t, i): (0.0, 99.0 * (mode == sign)) for t, mode in enumerate(modes) for i, sign in enumerate((1, -1))}
            )
    return sequences


@pytest.mark.parametrize(("rest_h", "in_force_kw"), [(0.25, np.nan), (0.1, 0.0), (0.5, 5.0), (0.25, -5.0), (0.75, np.nan)])
def test_a_unit_rests_before_it_turns_and_makes_the_best_of_it(rest_h: float, in_force_kw: float) -> None:
    problem = turning(rest_h, in_force_kw)
    solution = ExactPlanner().solve_now(problem)
    assert solution.rung is Rung.OPTIMAL
    assert values(solution) == pytest.approx(best(problem, rested(rest_h, in_force_kw)), abs=1e-6)


def test_who_needs_no_rest_turns_at_once() -> None:
    solution = ExactPlanner().solve_now(turning(0.0))
    assert np.sign(solution.power_kw).tolist() == [[1.0, -1.0, 1.0, -1.0]]
    assert "integers" not in solution.times_s
