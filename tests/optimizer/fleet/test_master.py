"""The site master by closed-form cases: signs of columns and duals, and the same master patched and fresh."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from optimizer.deadline import Deadline
from optimizer.exact import ExactPlanner
from optimizer.fleet.bound import SiteBound
from optimizer.fleet.certificate import weighted_cost
from optimizer.fleet.converge import Search
from optimizer.fleet.groups import Groups, group_cars, order_cars
from optimizer.fleet.master import Master, Mixture
from optimizer.fleet.places import find_places
from optimizer.fleet.site import Site, Sites
from optimizer.fleet.split import answerable, only
from optimizer.tiers import tier_prices
from tests.optimizer.builders import car, case, fleet_of, grid_only, with_storages
from tests.optimizer.instances import fleet
from v2g.commitments import Event
from v2g.network import Circuits
from v2g.problem import Problem
from v2g.storages import StorageKind
from v2g.timegrid import Array

SOON = Deadline(1e6)


def site_of(problem: Problem) -> tuple[Site, Groups]:
    places, cars = find_places(problem), answerable(problem)
    site = Sites().site(problem, places, np.flatnonzero(~cars))
    return site, group_cars(problem, order_cars(problem, np.flatnonzero(cars), places), places, site.tiers, most=8)


def mixed_of(problem: Problem, *prices: ArrayLike) -> tuple[Site, Groups, Mixture]:
    """Return the master's mix of the answers to some price curves, the same at all places."""
    site, groups = site_of(problem)
    master, shape = Master(), (len(site.share), problem.grid.n_steps)
    master.load(site, groups)
    for price in prices:
        answers = groups.answer(np.broadcast_to(np.asarray(price, dtype=np.float64), shape))
        master.add(answers.power_kw, answers.cost)
    return site, groups, master.solve(SOON)


def wanting(**changes: Any) -> Problem:
    """Return a lossless car that must charge 20 kWh in 4 h, at 0.1 in the first two hours and 0.3 later."""
    storages = car(target_energy_kwh=40.0, target_step=4, discharge_max_kw=0.0)
    return case(storages, grid_only(**changes), price=[0.1, 0.1, 0.3, 0.3])


EARLY, LATE = np.array([0.1, 0.1, 0.3, 0.3]), np.array([0.3, 0.3, 0.1, 0.1])


def test_without_limits_prices_are_the_tariff() -> None:
    site, _, mixture = mixed_of(wanting(), EARLY)
    assert mixture.cost == pytest.approx(2.0)
    assert site.price_per_kwh(mixture.row_dual)[0, :2] == pytest.approx([0.1, 0.1])


def test_a_binding_circuit_mixes_two_answers_and_raises_the_price() -> None:
    site, _, mixture = mixed_of(wanting(import_limit_kw=6.0), EARLY, LATE)
    assert mixture.share[:, 0] == pytest.approx([0.6, 0.4])
    assert mixture.idle == pytest.approx([0.0])
    assert mixture.cost == pytest.approx(12 * 0.1 + 8 * 0.3)
    price = site.price_per_kwh(mixture.row_dual)[0]
    assert price.max() > 0.1 + 1e-6
    assert price[:2].sum() == pytest.approx(price[2:].sum())


def test_phases_limit_as_circuits_do() -> None:
    problem = with_storages(wanting(phase_limit_kw=[6.0, 99.0, 99.0]), phase_share=np.array([[1.0, 0.0, 0.0]]))
    site, _, mixture = mixed_of(problem, EARLY, LATE)
    assert mixture.share[:, 0] == pytest.approx([0.6, 0.4])
    assert site.price_per_kwh(mixture.row_dual)[0].max() > 0.1 + 1e-6


def test_a_deep_circuits_limit_prices_its_cars_alone() -> None:
    flat = np.zeros((2, 4))
    circuits = Circuits(
        circuit_ids=("grid", "feeder"),
        parent_index=np.array([-1, 0]),
        import_limit_kw=np.array([[np.inf], [6.0]]) + flat,
        export_limit_kw=np.inf + flat,
        phase_limit_kw=np.full((2, 3), np.inf),
        fixed_kw=flat,
        fixed_margin_kw=flat,
    )
    storages = fleet_of(
        *[car(target_energy_kwh=40.0, target_step=4, discharge_max_kw=0.0, circuit_ids=(at,)) for at in circuits.circuit_ids]
    )
    site, _, mixture = mixed_of(case(storages, circuits, price=EARLY), EARLY, LATE)
    price = site.price_per_kwh(mixture.row_dual)
    assert mixture.share[:, 0] == pytest.approx([1.0, 0.0])
    assert mixture.share[:, 1] == pytest.approx([0.6, 0.4])
    assert price[1].max() > price[0].max() - 1e-9
    assert price[0, :2] == pytest.approx([0.1, 0.1])


def test_an_export_limit_lowers_the_price() -> None:
    giving = car(initial_energy_kwh=20.0, charge_max_kw=0.0, discharge_max_kw=10.0)
    problem = case(giving, grid_only(export_limit_kw=6.0), price=0.3, export=[0.3, 0.3, 0.1, 0.1])
    site, _, mixture = mixed_of(problem, [0.3, 0.3, 0.1, 0.1], [0.1, 0.1, 0.3, 0.3])
    assert mixture.cost == pytest.approx(-(12 * 0.3 + 8 * 0.1))
    price = site.price_per_kwh(mixture.row_dual)[0]
    assert price[:2].sum() == pytest.approx(price[2:].sum())
    assert price.min() < 0.3


def test_a_demand_charge_is_spread_over_the_peaks_steps() -> None:
    storages = car(target_energy_kwh=40.0, target_step=4, discharge_max_kw=0.0)
    site, _, mixture = mixed_of(case(storages, price=0.1, demand=1.0), EARLY, LATE)
    assert mixture.share[:, 0] == pytest.approx([0.5, 0.5])
    assert mixture.cost == pytest.approx(20 * 0.1 + 5.0)
    assert (site.price_per_kwh(mixture.row_dual)[0] - 0.1).sum() == pytest.approx(1.0)


def test_an_event_pays_the_price_of_its_steps_up() -> None:
    event = Event(
        event_id="e",
        direction=1,
        cover=np.array([1.0, 1.0, 0.0, 0.0]),
        baseline_kw=np.full(4, 10.0),
        committed_kw=10.0,
        payment_per_kwh=0.5,
    )
    site, _, mixture = mixed_of(replace(wanting(), events=(event,)), EARLY, LATE)
    assert mixture.share[:, 0] == pytest.approx([0.0, 1.0])
    assert mixture.cost == pytest.approx(20 * 0.3 - 20 * 0.5)
    price = site.price_per_kwh(mixture.row_dual)[0, :2]
    assert price.max() > 0.1 + 1e-6
    assert price.max() <= 0.1 + 0.5 + 1e-6


def test_the_master_of_a_site_without_cars_is_the_exact_planners_program() -> None:
    for n in (3, 6, 12):
        problem = fleet(n, 16)
        s, still = problem.storages, np.zeros((1, 16))
        batteries = with_storages(
            problem,
            kinds=(StorageKind.EV, *(StorageKind.BATTERY for _ in range(n - 1))),
            charge_max_kw=np.r_[still, s.charge_max_kw[1:]],
            discharge_max_kw=np.r_[still, s.discharge_max_kw[1:]],
        )
        exact = ExactPlanner(prefer=False).solve_now(batteries)
        optimum = weighted_cost(exact.terms, tier_prices(batteries))
        site, groups = site_of(batteries)
        master = Master()
        master.load(site, groups, moving=False)
        assert master.solve(SOON).cost == pytest.approx(optimum, rel=1e-6)


def test_a_patched_master_is_a_fresh_one() -> None:
    problem, patched = fleet(30, 24), Master()
    for price in (0.1, 0.2, 0.3):
        now = replace(problem, circuits=replace(problem.circuits, fixed_kw=problem.circuits.fixed_kw * (1.0 + price)))
        site, groups = site_of(now)
        costs = []
        for master in (patched, Master()):
            master.load(site, groups)
            for curve in (price, problem.connection.import_price_per_kwh, problem.connection.import_price_per_kwh[::-1]):
                answers = groups.answer(np.broadcast_to(curve, (1, 24)))
                master.add(answers.power_kw, answers.cost)
            costs.append(master.solve(SOON).cost)
        assert costs[0] == pytest.approx(costs[1], rel=1e-6)


def test_any_duals_bound_from_below_and_the_masters_meet_it() -> None:
    problem, r = wanting(import_limit_kw=6.0), np.random.default_rng(0)
    site, groups = site_of(problem)
    found = Search(Master(), site, groups, None).until(1e-9, SOON)
    bound = SiteBound.of(site, moving=True)

    def value(dual: Array) -> float:
        priced = bound.priced(dual)
        return bound.value(priced) + float(groups.answer(site.price_per_kwh(priced)).bound.sum())

    assert found.most == pytest.approx(12 * 0.1 + 8 * 0.3)
    assert value(found.best) == pytest.approx(found.most)
    for _ in range(200):
        assert value(found.best + r.normal(0.0, 0.1, len(found.best))) <= found.most + 1e-9


def test_the_rest_of_a_fleet_is_those_who_answer_nothing() -> None:
    problem = fleet(6, 8)
    kinds = (StorageKind.BATTERY, *problem.storages.kinds[1:])
    site, groups = site_of(with_storages(problem, kinds=kinds))
    assert site.rest.storages.unit_ids == only(problem, np.array([0])).storages.unit_ids
    assert len(groups.cars.records) == 5
