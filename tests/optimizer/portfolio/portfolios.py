"""Small portfolios: of given sites, and random ones."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimizer.fleet.split import only
from optimizer.portfolio.values import Portfolio
from tests.optimizer.builders import car, case, fleet_of, grid_only
from v2g.commitments import Dispatch, Event, Reserve
from v2g.network import Circuits, Connection
from v2g.problem import Problem
from v2g.storages import Storages

T = 6


@dataclass(frozen=True)
class Given:
    """A site whose problem is at hand."""

    site_id: str
    problem: Problem
    circuit_id: str = "grid"

    def load(self) -> Problem:
        return self.problem


@dataclass(frozen=True)
class Made:
    """A random site, made by whoever plans it: what goes over the wire is its seed."""

    site_id: str
    seed: int
    circuit_id: str = "grid"

    def load(self) -> Problem:
        return random_site(self.seed)


def common(n_steps: int, circuits: Circuits | None = None, **changes: Any) -> Problem:
    """Return what sites of hourly steps share; money and limits only where they are given."""
    whole = case(car(n_steps), circuits or grid_only(n_steps), price=0.0)
    return replace(only(whole, np.zeros(0, np.int64)), **changes)


def portfolio(shared: Problem, *sites: Problem) -> Portfolio:
    return Portfolio(common=shared, sites=tuple(Given(f"site-{i}", site) for i, site in enumerate(sites)))


def random_site(seed: int) -> Problem:
    """Return one to three cars without a least power, so that whole numbers are no matter, behind a limit that may bind."""
    r = np.random.default_rng([seed, 11])
    cars = fleet_of(*(_car(r) for _ in range(r.integers(1, 4))))
    fixed = r.uniform(-4, 8, T)
    price = r.uniform(0.1, 0.5, T)
    limit = max(float(fixed.max()), 0.0) + r.uniform(4, 25)
    circuits = grid_only(T, fixed_kw=fixed, import_limit_kw=limit, export_limit_kw=r.uniform(5, 25))
    return case(
        cars, circuits, price=price, export=price * r.uniform(0.5, 0.95), demand=r.choice([0.0, 0.4]), peak=r.uniform(0, 10)
    )


def _car(r: np.random.Generator) -> Storages:
    here = np.arange(T) < r.integers(3, T + 1)
    power, due, first = float(r.choice([7.4, 11.0])), int(here.sum()), float(r.uniform(5, 20))
    return car(
        T,
        charge_max_kw=power * here,
        discharge_max_kw=power * here * (r.random() < 0.6),
        initial_energy_kwh=first,
        charge_efficiency=0.95,
        discharge_efficiency=0.95,
        wear_cost_per_kwh=0.02,
        target_energy_kwh=min(first + r.uniform(0.2, 0.8) * due * power, 48.0),
        target_step=due,
    )


def random_portfolio(seed: int) -> Portfolio:
    """Return two to six sites under a tree of circuits that binds, with all that a portfolio may owe, at random."""
    r = np.random.default_rng([seed, 12])
    n, m = int(r.integers(2, 7)), int(r.integers(1, 4))
    ids = ("grid", *(f"c{i}" for i in range(1, m)))
    sites = tuple(Made(f"site-{i}", 100 * seed + i, str(r.choice(ids))) for i in range(n))
    limit = np.array([r.uniform(9, 14) * n * (1.0 if i == 0 else 0.8) for i in range(m)])[:, None] * np.ones(T)
    circuits = Circuits(
        circuit_ids=ids,
        parent_index=np.array([-1, *(int(r.integers(0, i)) for i in range(1, m))]),
        import_limit_kw=limit,
        export_limit_kw=limit,
        phase_limit_kw=np.full((m, 3), np.inf),
        fixed_kw=np.zeros((m, T)),
        fixed_margin_kw=np.zeros((m, T)),
    )
    grid_price = r.uniform(0.0, 0.05, T)
    connection = Connection(
        import_price_per_kwh=grid_price,
        export_price_per_kwh=grid_price * 0.5,
        demand_charge_per_kw=float(r.choice([0.0, 0.3])),
        peak_so_far_kw=2.0 * n,
        dispatch=Dispatch(follow_kw=_asked(r, n), price_per_kwh=0.1) if r.random() < 0.4 else None,
    )
    events = (_event(r, n),) if r.random() < 0.6 else ()
    reserves = tuple(_reserve(r, f"r{i}", n) for i in range(r.integers(0, 3)))
    return Portfolio(common=common(T, circuits, connection=connection, events=events, reserves=reserves), sites=sites)


def _asked(r: np.random.Generator, n: int) -> Any:
    return np.where(r.random(T) < 0.5, r.uniform(2.0, 8.0, T) * n, np.nan)


def _event(r: np.random.Generator, n: int) -> Event:
    return Event(
        event_id="event",
        direction=int(r.choice([-1, 1])),
        cover=np.where(np.arange(T) // 2 == r.integers(0, 3), 1.0, 0.0),
        baseline_kw=r.uniform(3, 8, T) * n,
        committed_kw=float(r.uniform(1, 4)) * n,
        payment_per_kwh=float(r.uniform(0.05, 0.3)),
        penalty_per_kwh=0.1,
    )


def _reserve(r: np.random.Generator, name: str, n: int) -> Reserve:
    return Reserve(
        reserve_id=name,
        direction=int(r.choice([-1, 0, 1])),
        cover=np.where(np.arange(T) // 3 == r.integers(0, 2), 1.0, 0.0),
        committed_kw=float(r.uniform(0.0, 2.0)) * n,
        offer_max_kw=float(r.uniform(0.0, 3.0)) * n,
        payment_per_kw_h=float(r.uniform(0.0, 0.1)),
        penalty_per_kw_h=0.2,
        energy_h=0.5,
    )
