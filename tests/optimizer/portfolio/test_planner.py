"""Portfolios against one linear program of all sites, and by closed form."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.portfolio import planner as planning
from optimizer.portfolio.planner import PortfolioPlanner, Progress
from optimizer.portfolio.site import facts, load
from optimizer.portfolio.values import Portfolio, PortfolioPlan
from optimizer.portfolio.workers import Here
from optimizer.tiers import TierPrices
from tests.optimizer.builders import car, case, fleet_of, grid_only
from tests.optimizer.portfolio.portfolios import common, portfolio, random_portfolio
from tests.optimizer.portfolio.whole import optimum
from v2g.commitments import Event, Reserve
from v2g.errors import ProblemError
from v2g.problem import Problem
from v2g.solution import Tier
from v2g.storages import Storages


def solve(of: Portfolio) -> PortfolioPlan:
    return PortfolioPlanner(Here()).solve(of)


def tiers_of(of: Portfolio) -> TierPrices:
    return planning._tiers([facts(load(site, of.common.grid, of.common.reserves)).tiers for site in of.sites])


def value(plan: PortfolioPlan, name: str) -> float:
    return next(term.value for term in plan.terms if term.name == name)


def charging(price: float, *, kwh: float = 20.0) -> Problem:
    """Return a site of one car that needs `kwh` within four hours and pays `price`, less in the last two."""
    needs = car(discharge_max_kw=0.0, initial_energy_kwh=0.0, target_energy_kwh=kwh, target_step=4)
    return case(needs, price=[price, price, price / 2, price / 2])


@pytest.mark.parametrize("seed", range(60))
def test_the_bounds_hold_the_optimum_of_one_program_for_all(seed: int) -> None:
    given = random_portfolio(seed)
    plan, best = solve(given), optimum(given, tiers_of(given))
    assert plan.lower <= best + 1e-7 * abs(best)
    assert best <= plan.upper + 1e-5 * abs(best)
    assert plan.gap_frac <= 3e-3
    powers = np.array([site.power_kw for site in plan.sites])
    c = given.common.circuits
    above = c.above()[:, [c.circuit_ids.index(site.circuit_id) for site in given.sites]]
    assert (above @ powers <= c.import_limit_kw + 1e-5).all()
    assert (-above @ powers <= c.export_limit_kw + 1e-5).all()


def test_who_pays_less_for_waiting_gives_way() -> None:
    limit = grid_only(import_limit_kw=10.0)
    plan = solve(portfolio(common(4, limit), charging(0.4), charging(0.2)))
    dear, cheap = (site.power_kw for site in plan.sites)
    assert dear == pytest.approx([0, 0, 10, 10], abs=1e-4)
    assert cheap == pytest.approx([10, 10, 0, 0], abs=1e-4)
    # a kWh of the cheap half costs between what waiting saves the one and the other
    assert plan.price_per_kwh[0, 2] - plan.price_per_kwh[0, 0] == pytest.approx(0.15, abs=0.051)
    assert plan.lower == pytest.approx(20 * 0.2 + 20 * 0.2, rel=1e-3)


def test_a_limit_that_does_not_bind_has_no_price() -> None:
    plan = solve(portfolio(common(4, grid_only(import_limit_kw=20.0)), charging(0.4), charging(0.2)))
    assert not plan.price_per_kwh.any()
    assert plan.gap_frac == pytest.approx(0.0, abs=1e-6)
    assert plan.rounds == 1


def test_reserve_is_held_at_one_price_by_those_to_whom_it_is_cheapest() -> None:
    """A car that draws 10 kW now and can catch up at no loss holds as much for nothing; one that would draw later must pay to."""
    now = np.array([1.0, 0.0, 0.0, 0.0])
    up = Reserve(reserve_id="up", direction=1, cover=now, offer_max_kw=14.0, payment_per_kw_h=0.2, energy_h=0.5)
    needs = car(discharge_max_kw=0.0, target_energy_kwh=40.0, target_step=4)
    early, late = case(needs, price=[0.1, 0.1, 0.3, 0.3]), case(needs, price=[0.2, 0.1, 0.1, 0.1])
    plan = solve(portfolio(common(4, reserves=(up,)), early, late))
    assert plan.held_kw == pytest.approx([14.0], abs=1e-3)
    assert [site.reserve_kw[0] for site in plan.sites] == pytest.approx([10.0, 4.0], abs=1e-3)
    assert value(plan, "reserve_payment") == pytest.approx(-14.0 * 0.2, abs=1e-3)
    assert plan.upper == pytest.approx(20 * 0.1 + (20 * 0.1 + 4 * 0.1) - 2.8, abs=1e-2)


def test_an_event_below_is_delivered_where_it_pays_and_no_further() -> None:
    """Both draw 10 kW in hours 2 and 3; staying below pays 0.15 a kWh: enough where sooner costs 0.1 more, not where 0.2."""
    event = Event(
        event_id="below",
        direction=1,
        cover=np.array([0.0, 0.0, 1.0, 1.0]),
        baseline_kw=np.full(4, 20.0),
        committed_kw=15.0,
        payment_per_kwh=0.15,
        owed_frac=0.0,
    )
    plan = solve(portfolio(common(4, events=(event,)), charging(0.4), charging(0.2)))
    dear, cheap = (site.power_kw for site in plan.sites)
    assert dear == pytest.approx([0, 0, 10, 10], abs=1e-3)
    assert cheap == pytest.approx([10, 10, 0, 0], abs=1e-3)
    assert value(plan, "event_payment") == pytest.approx(-0.15 * 20, abs=1e-3)


def test_one_site_gives_what_the_other_draws() -> None:
    full = car(initial_energy_kwh=40.0, terminal_value_per_kwh=0.1)
    giving, drawing = case(full, price=0.2, export=0.18), charging(1.0, kwh=40.0)
    plan = solve(portfolio(common(4, grid_only(import_limit_kw=4.0)), giving, drawing))
    assert sum(site.power_kw for site in plan.sites).max() <= 4.0 + 1e-5
    assert plan.sites[1].power_kw == pytest.approx(np.full(4, 10.0), abs=1e-3)
    assert plan.sites[0].power_kw == pytest.approx(np.full(4, -6.0), abs=4.01)
    assert plan.sites[0].power_kw.max() <= -6.0 + 1e-3


def test_a_limit_that_loads_alone_exceed_is_answered_with_the_overload() -> None:
    loaded = [case(car(), grid_only(fixed_kw=load), price=0.2) for load in (12.0, 6.0)]
    plan = solve(portfolio(common(4, grid_only(import_limit_kw=10.0)), *(replace(p, storages=_still(p)) for p in loaded)))
    assert value(plan, "overload") == pytest.approx(8.0 * 4, rel=1e-4)
    assert plan.power_kw == pytest.approx(np.full(4, 18.0))
    assert plan.lower <= plan.upper


def _still(problem: Problem) -> Storages:
    none = np.zeros_like(problem.storages.charge_max_kw)
    return replace(problem.storages, charge_max_kw=none, discharge_max_kw=none)


def test_promises_that_a_limit_does_not_allow_are_missed_by_as_much_and_no_more() -> None:
    plan = solve(portfolio(common(4, grid_only(import_limit_kw=5.0)), charging(0.4), charging(0.2)))
    missed = sum(t.value for site in plan.sites for t in site.solution.terms if t.name == "unmet_target")
    assert missed == pytest.approx(40 - 20, abs=1e-2)
    assert value(plan, "overload") == pytest.approx(0.0, abs=1e-3)
    assert sum(site.solution.value_of(Tier.VIOLATION) for site in plan.sites) == 0.0


def test_whole_numbers_keep_the_common_limit() -> None:
    cars = fleet_of(*(car(charge_min_kw=4.0, discharge_max_kw=0.0, target_energy_kwh=34.0, target_step=4) for _ in range(3)))
    site = case(cars, price=[0.1, 0.2, 0.3, 0.4], export=0.05)
    plan = solve(portfolio(common(4, grid_only(import_limit_kw=27.0)), site, site))
    for one in plan.sites:
        power = one.solution.power_kw[:, 0]
        assert ((power < 1e-6) | (power > 4.0 - 1e-6)).all()
    assert plan.power_kw.max() <= 27.0 + 1e-5
    assert plan.lower <= plan.upper


def test_of_many_sites_a_sample_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SAMPLES", (4,))
    sites = [charging(price, kwh=kwh) for price, kwh in zip(np.linspace(0.1, 0.5, 16), np.linspace(12, 22, 16), strict=True)]
    told: list[Progress] = []
    given = portfolio(common(4, grid_only(import_limit_kw=100.0)), *sites)
    plan = PortfolioPlanner(Here(), told=told.append).solve(given)
    assert {p.n_sites for p in told if p.doing == "sampling"} == {4}
    assert {p.n_sites for p in told if p.doing != "sampling"} == {16}
    assert plan.gap_frac <= 1e-3
    best = optimum(given, tiers_of(given))
    assert plan.lower <= best <= plan.upper + 1e-5
    assert [p.doing for p in told if p.answered == 16 and p.round == 0] == ["reading"]


def test_a_site_of_other_steps_is_told_by_name() -> None:
    other = case(car(5), price=0.2)
    with pytest.raises(ProblemError, match=r"sites\[site-1\].grid") as caught:
        solve(portfolio(common(4), charging(0.2), other))
    assert "4 steps" in caught.value.mend
