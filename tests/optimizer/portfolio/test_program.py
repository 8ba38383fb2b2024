"""A site's answers: the optimum of its linear program at the portfolio's prices, and a bound that holds for any duals."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.portfolio.program import answer, begun, least, site_program
from optimizer.portfolio.site import allotted, facts, load
from optimizer.portfolio.values import Asked, Part
from tests.optimizer.portfolio.portfolios import Made, T, common, portfolio, random_portfolio, random_site
from tests.optimizer.portfolio.whole import optimum
from v2g.commitments import Reserve

UP = Reserve(reserve_id="up", direction=1, cover=np.array([1.0, 1.0, 0, 0, 0, 0]), offer_max_kw=5.0, energy_h=0.5)
NO_RESERVE = np.zeros(0)


@pytest.mark.parametrize("seed", range(12))
def test_an_answer_is_the_optimum_at_the_portfolio_s_prices(seed: int) -> None:
    given = random_portfolio(seed)
    shared = replace(given.common, reserves=(UP,))
    problem = load(Made("site", seed), shared.grid, shared.reserves)
    tiers, r = facts(problem).tiers, np.random.default_rng(seed)
    program = begun(site_program(problem, 1, tiers), Asked(price_per_kwh=np.zeros(T), reserve_price_per_kw=np.zeros(1)))
    for _ in range(3):
        asked = Asked(price_per_kwh=r.uniform(-0.2, 0.4, T), reserve_price_per_kw=r.uniform(-0.1, 0.4, 1))
        said = answer(program, asked)
        paid = asked.price_per_kwh * problem.grid.step_h @ said.power_kw - asked.reserve_price_per_kw @ said.reserve_kw
        assert said.cost + paid == pytest.approx(said.bound, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("seed", range(6))
def test_without_prices_a_site_answers_what_it_would_do_alone(seed: int) -> None:
    problem = random_site(seed)
    tiers = facts(problem).tiers
    said = answer(site_program(problem, 0, tiers), Asked(price_per_kwh=np.zeros(T), reserve_price_per_kw=NO_RESERVE))
    alone = portfolio(replace(random_portfolio(0).common, **_nothing_in_common()), problem)
    assert said.cost == pytest.approx(optimum(alone, tiers), rel=1e-7)


def _nothing_in_common() -> dict[str, object]:
    free = common(T)
    return {"circuits": free.circuits, "connection": free.connection, "events": (), "reserves": ()}


def test_where_answers_start_changes_nothing_but_time() -> None:
    problem, asked = random_site(3), Asked(price_per_kwh=np.linspace(-0.1, 0.3, T), reserve_price_per_kw=NO_RESERVE)
    program = site_program(problem, 0, facts(problem).tiers)
    cold, warm = answer(program, asked), answer(begun(program, replace(asked, price_per_kwh=np.zeros(T))), asked)
    assert warm.bound == pytest.approx(cold.bound, rel=1e-9)


def test_least_knows_no_infinities() -> None:
    assert least(np.array([1e-12, -1e-12]), np.array([-np.inf, 0.0]), np.array([0.0, np.inf])) == pytest.approx(-2e-3)
    assert least(np.zeros(1), np.array([-np.inf]), np.array([np.inf])) == 0.0


def test_a_part_that_gives_while_import_has_a_price_must_give_as_much() -> None:
    problem, none = random_site(2), np.zeros(T)
    part = Part(power_kw=np.array([-3.0, 2.0, 0.0, -1.0, 4.0, 0.0]), reserve_kw=NO_RESERVE)
    price = np.array([0.2, 0.2, 0.2, -0.2, -0.2, 0.0])
    cut = allotted(problem, Asked(price_per_kwh=price, reserve_price_per_kw=NO_RESERVE), part)
    own = problem.circuits
    room_kw = (cut.circuits.import_limit_kw - cut.circuits.fixed_margin_kw)[0]
    assert room_kw == pytest.approx(np.minimum([-3.0, 2.0, 0.0, 0.0, 4.0, 0.0], own.import_limit_kw[0]), abs=1e-5)
    assert cut.circuits.export_limit_kw[0] == pytest.approx([3.0, 0, 0, 1.0, 0, 0], abs=1e-5)
    added = cut.connection.import_price_per_kwh - problem.connection.import_price_per_kwh
    assert added == pytest.approx(np.where(price * part.power_kw > 0, none, price))


def test_calls_of_reserve_go_beyond_the_part_of_power() -> None:
    problem = load(Made("site", 2), random_portfolio(0).common.grid, (UP, replace(UP, reserve_id="down", direction=-1)))
    part = Part(power_kw=np.full(T, 1.0), reserve_kw=np.array([2.0, 3.0]))
    asked = Asked(price_per_kwh=np.zeros(T), reserve_price_per_kw=np.array([0.1, -0.1]))
    cut = allotted(problem, asked, part)
    assert cut.circuits.import_limit_kw[0, :3] == pytest.approx([4.0, 4.0, 1.0], abs=1e-5)
    assert cut.circuits.export_limit_kw[0, :3] == pytest.approx([2.0, 2.0, 0.0], abs=1e-5)
    assert [(r.committed_kw, r.offer_max_kw) for r in cut.reserves] == [(2.0, 0.0), (3.0, 0.0)]
