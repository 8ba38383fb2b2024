"""Random small problems with every feature at once."""

from dataclasses import replace

import numpy as np

from tests.optimizer.builders import without_predecessor
from tests.optimizer.instances import mixed
from v2g.commitments import CapacityContract, Carbon, Dispatch, Event, Reserve
from v2g.converters import Converters
from v2g.network import Connection
from v2g.problem import Problem


def everything(seed: int) -> Problem:
    """Return `mixed(seed)` with commitments at the connection, standby losses and hardware that knows only wholes, at random."""
    r, problem = np.random.default_rng((seed, 2)), without_predecessor(mixed(seed))
    events, reserves = tuple(_event(r, problem, i) for i in range(r.integers(0, 3))), r.integers(0, 3)
    problem = replace(
        problem,
        connection=_committed(r, problem),
        events=events,
        reserves=tuple(_reserve(r, problem, i) for i in range(reserves)),
    )
    problem = _in_wholes(r, problem) if r.random() < 0.6 else problem
    return _with_standby(np.random.default_rng((seed, 4)), problem)


def has_wholes(problem: Problem) -> bool:
    """Return whether something of a problem is decided in wholes, within a gap."""
    s, contract = problem.storages, problem.connection.contract
    least = bool(s.charge_min_kw.any() or s.discharge_min_kw.any())
    steps = s.converters is not None and bool(s.converters.power_step_kw.any() or s.converters.rest_h.any())
    return least or steps or problem.circuits.module_kw is not None or (contract is not None and contract.block_kw > 0)


def _committed(r: np.random.Generator, problem: Problem) -> Connection:
    T = problem.grid.n_steps
    contract = CapacityContract(
        contracted_kw=float(r.uniform(0, 15)),
        overage_price_per_kw=float(r.choice([0.0, 0.5, 2.0])),
        block_kw=float(r.choice([0.0, 4.0])),
        block_price=float(r.choice([0.0, 1.0, 3.0])),
        max_blocks=int(r.integers(0, 4)),
    )
    carbon = Carbon(intensity_kg_per_kwh=r.uniform(0, 0.9, T), price_per_kg=0.08)
    follow = np.where(r.random(T) < 0.5, r.uniform(-5, 15, T), np.nan)
    return replace(
        problem.connection,
        contract=contract if r.random() < 0.5 else None,
        carbon=carbon if r.random() < 0.4 else None,
        dispatch=Dispatch(follow_kw=follow, price_per_kwh=0.7) if r.random() < 0.4 else None,
    )


def _event(r: np.random.Generator, problem: Problem, i: int) -> Event:
    T = problem.grid.n_steps
    return Event(
        event_id=f"event-{i}",
        direction=int(r.choice([-1, 1])),
        cover=r.choice([0.0, 0.5, 1.0], T),
        baseline_kw=r.uniform(-5, 20, T),
        committed_kw=float(r.uniform(0, 10)),
        payment_per_kwh=float(r.choice([0.0, 0.4, 1.0])),
        penalty_per_kwh=float(r.choice([0.0, 0.6])),
        owed_frac=float(r.choice([0.5, 1.0])),
    )


def _reserve(r: np.random.Generator, problem: Problem, i: int) -> Reserve:
    return Reserve(
        reserve_id=f"reserve-{i}",
        direction=int(r.choice([-1, 0, 1])),
        cover=r.choice([0.0, 1.0], problem.grid.n_steps),
        committed_kw=float(r.choice([0.0, 3.0])),
        offer_max_kw=float(r.choice([0.0, 8.0])),
        payment_per_kw_h=float(r.choice([0.0, 0.05, 0.3])),
        penalty_per_kw_h=float(r.choice([0.0, 0.5])),
        energy_h=float(r.choice([0.25, 1.0])),
    )


def _with_standby(r: np.random.Generator, problem: Problem) -> Problem:
    s, n = problem.storages, problem.shape[0]
    if s.converters is None or r.random() < 0.5:
        return problem
    standby = np.where(r.random(n) < 0.6, r.uniform(0.02, 0.19, n), 0.0)
    return replace(problem, storages=replace(s, converters=replace(s.converters, standby_kw=standby)))


def _in_wholes(r: np.random.Generator, problem: Problem) -> Problem:
    s, n = problem.storages, problem.shape[0]
    power = s.charge_max_kw.max(axis=1, initial=0.0)
    converters = replace(
        s.converters or Converters.ideal(n),
        power_step_kw=r.choice([0.0, 0.0, 0.69, 2.3], n),
        rest_h=r.choice([0.0, 0.0, 0.25, 0.5], n),
    )
    least = np.where(r.random(n) < 0.5, r.choice([0.2, 0.4, 1.0], n) * power, 0.0)
    circuits = problem.circuits
    if r.random() < 0.4:
        circuits = replace(circuits, module_kw=r.choice([0.0, 3.0, 5.0], circuits.n_circuits))
    return replace(
        problem,
        circuits=circuits,
        storages=replace(s, charge_min_kw=least, discharge_min_kw=least * (r.random(n) < 0.5), converters=converters),
    )
