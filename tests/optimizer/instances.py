"""Random problems: small ones with every trouble at once, and fleets of the size of a station."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from v2g.commitments import CapacityContract, Carbon, Dispatch, Event, Reserve
from v2g.converters import Ageing, Converters, DischargeCaps
from v2g.network import Circuits, Connection
from v2g.problem import Problem
from v2g.storages import StorageKind, Storages
from v2g.timegrid import Array, TimeGrid

START = datetime(2026, 1, 5, tzinfo=UTC)


def small(seed: int) -> Problem:
    """Return up to 4 storages, 6 steps and 4 circuits with all troubles at once.

    Floors missed on arrival, targets out of reach, loads above limits, prices of either sign, export dearer than import,
    phases out of balance, drains, margins, previous plans.
    """
    r = np.random.default_rng(seed)
    n, T, m = int(r.integers(0, 5)), int(r.integers(1, 7)), int(r.integers(1, 5))
    grid = TimeGrid(start=START, step_h=r.choice([0.25, 0.5, 1.0], T))
    circuits = _circuits(r, m, T)
    return Problem(grid=grid, storages=_storages(r, n, T, circuits.circuit_ids), circuits=circuits, connection=_connection(r, T))


def _circuits(r: np.random.Generator, m: int, T: int) -> Circuits:
    fixed = r.uniform(-6, 10, (m, 1)) + r.uniform(-3, 3, (m, T))
    return Circuits(
        circuit_ids=tuple(f"c{i}" for i in range(m)),
        parent_index=np.array([-1, *(int(r.integers(0, i)) for i in range(1, m))]),
        import_limit_kw=np.where(r.random((m, 1)) < 0.6, r.uniform(4, 30, (m, 1)), np.inf) * np.ones(T),
        export_limit_kw=np.where(r.random((m, 1)) < 0.5, r.uniform(0, 15, (m, 1)), np.inf) * np.ones(T),
        phase_limit_kw=np.where(r.random((m, 1)) < 0.4, r.uniform(2, 9, (m, 3)), np.inf),
        fixed_kw=fixed,
        fixed_margin_kw=np.where(r.random((m, 1)) < 0.3, r.uniform(0, 2, (m, T)), 0.0),
    )


def _storages(r: np.random.Generator, n: int, T: int, circuit_ids: tuple[str, ...]) -> Storages:
    stay = np.arange(T) < r.integers(0, T + 1, (n, 1))
    power, capacity = r.choice([0.0, 3.7, 7.4, 11.0, 22.0], (n, 1)), r.uniform(5, 40, (n, 1))
    share = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1 / 3, 1 / 3, 1 / 3]])[r.integers(0, 4, n)]
    share = share if r.random() < 0.5 else np.full((n, 3), 1 / 3)
    leaves = r.random((n, T)) * stay
    return Storages(
        unit_ids=tuple(f"u{i}" for i in range(n)),
        kinds=tuple(StorageKind.EV for _ in range(n)),
        circuit_ids=tuple(circuit_ids[int(i)] for i in r.integers(0, len(circuit_ids), n)),
        phase_share=share,
        charge_max_kw=power * stay,
        discharge_max_kw=power * stay * (r.random((n, 1)) < 0.6),
        charge_min_kw=np.zeros(n),
        discharge_min_kw=np.zeros(n),
        energy_min_kwh=np.ones(T) * capacity * r.choice([0.0, 0.1, 0.3], (n, 1)),
        energy_max_kwh=np.ones(T) * capacity * r.choice([0.9, 1.0], (n, 1)),
        initial_energy_kwh=(capacity * r.uniform(0.0, 1.1, (n, 1)))[:, 0],
        charge_efficiency=r.uniform(0.8, 1.0, n),
        discharge_efficiency=r.uniform(0.8, 1.0, n),
        drain_kwh=np.where(r.random((n, 1)) < 0.2, r.uniform(0, 0.5, (n, T)), 0.0),
        wear_cost_per_kwh=r.choice([0.0, 0.04], n),
        target_energy_kwh=(capacity * r.choice([0.0, 0.5, 0.8, 1.2], (n, 1)))[:, 0],
        target_step=r.integers(0, T + 1, n).astype(np.int64),
        priority=r.choice([0.5, 1.0, 2.0], n),
        departure_probability=0.5 * leaves / np.maximum(leaves.sum(axis=1, keepdims=True), 1e-9),
        shortfall_price_per_kwh=r.choice([0.0, 0.3], n),
        terminal_value_per_kwh=r.choice([0.0, 0.1], n),
        previous_power_kw=np.where(r.random((n, 1)) < 0.5, r.uniform(-5, 10, (n, T)), np.nan),
    )


def _connection(r: np.random.Generator, T: int) -> Connection:
    price = r.uniform(-0.1 if r.random() < 0.4 else 0.02, 0.4, T)
    return Connection(
        import_price_per_kwh=price,
        export_price_per_kwh=price * (r.uniform(0.3, 1.0) if r.random() < 0.7 else 1.2),
        demand_charge_per_kw=float(r.choice([0.0, 0.5])),
        peak_so_far_kw=float(r.choice([0.0, 8.0])),
    )


def mixed(seed: int, *, standby: bool = False) -> Problem:
    """Return `small(seed)` with tapers, knees, ramps, discharge caps, depth and calendar ageing at random.

    With `standby` there are standby losses too.
    """
    r, problem = np.random.default_rng((seed, 1)), small(seed)
    storages = replace(
        problem.storages,
        converters=_converters(r, problem, standby=standby) if r.random() < 0.8 else None,
        ageing=_ageing(r, problem) if r.random() < 0.5 else None,
        caps=_caps(r, problem) if r.random() < 0.5 else None,
    )
    return replace(problem, storages=storages)


def _some(r: np.random.Generator, n: int, chance: float, values: Array, none: float) -> Array:
    return np.where(r.random(n) < chance, values, none)


def _converters(r: np.random.Generator, problem: Problem, *, standby: bool) -> Converters:
    n, s = problem.shape[0], problem.storages
    power, capacity = s.charge_max_kw.max(axis=1), s.energy_max_kwh[:, 0]
    ideal = Converters.ideal(n)
    return replace(
        ideal,
        ramp_kw_per_h=_some(r, n, 0.3, r.uniform(1.0, 30.0, n), np.inf),
        in_force_kw=_some(r, n, 0.6, r.uniform(-1.0, 1.0, n) * power, np.nan),
        taper_full_kwh=(full_kwh := _some(r, n, 0.4, capacity * r.uniform(0.7, 1.1, n), np.inf)),
        taper_per_h=np.where(np.isfinite(full_kwh), r.uniform(0.3, 3.0, n), np.inf),
        knee_kw=_some(r, n, 0.5, np.maximum(power, 1.0) * r.uniform(0.2, 1.1, n), np.inf),
        knee_loss_frac=_some(r, n, 0.7, r.uniform(0.01, 0.2, n), 0.0),
        standby_kw=_some(r, n, 0.5, r.uniform(0.05, 0.19, n), 0.0) if standby else ideal.standby_kw,
    )


def _ageing(r: np.random.Generator, problem: Problem) -> Ageing:
    n, depths = problem.shape[0], int(r.integers(0, 4))
    capacity = problem.storages.energy_max_kwh[:, :1]
    return Ageing(
        calendar_above_kwh=capacity[:, 0] * r.uniform(0.3, 0.9, n),
        calendar_price_per_kwh_h=_some(r, n, 0.5, r.uniform(0.001, 0.05, n), 0.0),
        depth_kwh=capacity * r.dirichlet(np.ones(max(depths, 1)), n)[:, :depths] * r.uniform(0.7, 1.2, (n, 1)),
        depth_price_per_kwh=np.cumsum(r.uniform(0.0, 0.06, (n, depths)), axis=1) * (r.random((n, 1)) < 0.7),
    )


def _caps(r: np.random.Generator, problem: Problem) -> DischargeCaps:
    (n, steps), windows = problem.shape, int(r.integers(1, 3))
    return DischargeCaps(
        window=r.choice([0.0, 0.5, 1.0], (windows, steps)),
        most_kwh=np.where(r.random((n, windows)) < 0.6, r.uniform(0.0, 8.0, (n, windows)), np.inf),
    )


def fleet(n: int, T: int = 96, *, seed: int = 0, noise: float = 0.0) -> Problem:
    """Return `n` cars over `T` quarter-hours: mixed chargers, half V2G, a site limit that binds, a demand charge.

    `noise` perturbs the forecasts of load and prices, for solving again and again.
    """
    r, jitter = np.random.default_rng(seed), np.random.default_rng()
    grid = TimeGrid.uniform(START, step_h=0.25, n_steps=T)
    hour = grid.edges_h[:-1]
    stay = np.clip(r.normal(0.4 * T, 0.2 * T, n).astype(int), 4, T)
    power, v2g = r.choice([7.4, 11.0, 22.0, 50.0], n, p=[0.3, 0.4, 0.2, 0.1]), r.random(n) < 0.5
    capacity = r.choice([40.0, 60.0, 75.0, 100.0], n)
    initial = r.uniform(0.15, 0.6, n) * capacity
    here = np.arange(T) < stay[:, None]
    price = 0.12 + 0.08 * np.sin((hour - 3) / 6 * np.pi) + r.normal(0, 0.01, T)
    load = n * 2.0 * (1 + 0.5 * np.sin((hour - 8) / 12 * np.pi))
    storages = Storages(
        unit_ids=tuple(f"ev{i}" for i in range(n)),
        kinds=(StorageKind.EV,) * n,
        circuit_ids=("grid",) * n,
        phase_share=np.full((n, 3), 1 / 3),
        charge_max_kw=here * power[:, None],
        discharge_max_kw=here * (power * v2g)[:, None],
        charge_min_kw=np.zeros(n),
        discharge_min_kw=np.zeros(n),
        energy_min_kwh=np.ones(T) * np.minimum(0.1 * capacity, initial)[:, None],
        energy_max_kwh=np.ones(T) * capacity[:, None],
        initial_energy_kwh=initial,
        charge_efficiency=np.full(n, 0.95),
        discharge_efficiency=np.full(n, 0.95),
        drain_kwh=np.zeros((n, T)),
        wear_cost_per_kwh=np.full(n, 0.03),
        target_energy_kwh=np.minimum(r.uniform(0.7, 0.95, n) * capacity, initial + stay * 0.25 * power * 0.9),
        target_step=stay.astype(np.int64),
        priority=np.ones(n),
        departure_probability=np.where(here, 0.3 / stay[:, None], 0.0),
        shortfall_price_per_kwh=np.full(n, 0.5),
        terminal_value_per_kwh=np.zeros(n),
        previous_power_kw=np.full((n, T), np.nan),
    )
    return Problem(
        grid=grid,
        storages=storages,
        circuits=root_only(load * (1 + noise * jitter.normal(size=T)), limit_kw=5.5 * n),
        connection=Connection(
            import_price_per_kwh=price * (1 + noise * jitter.normal(size=T)),
            export_price_per_kwh=0.9 * price,
            demand_charge_per_kw=0.3,
        ),
    )


def root_only(fixed_kw: Array, *, limit_kw: float) -> Circuits:
    """Return a tree that is only the grid connection."""
    T = len(fixed_kw)
    return Circuits(
        circuit_ids=("grid",),
        parent_index=np.array([-1]),
        import_limit_kw=np.full((1, T), limit_kw),
        export_limit_kw=np.full((1, T), limit_kw),
        phase_limit_kw=np.full((1, 3), np.inf),
        fixed_kw=fixed_kw[None, :],
        fixed_margin_kw=np.zeros((1, T)),
    )


def mixed_site(seed: int) -> Problem:
    """Return a small problem with what a site may owe and earn, at random: contract, carbon, dispatch, events, reserves."""
    problem, r = small(seed), np.random.default_rng([seed, 3])
    T = problem.grid.n_steps
    connection = replace(
        problem.connection,
        contract=_contract(r) if r.random() < 0.5 else None,
        carbon=Carbon(intensity_kg_per_kwh=r.uniform(0.0, 0.8, T), price_per_kg=0.1) if r.random() < 0.5 else None,
        dispatch=Dispatch(follow_kw=_asked(r, T), price_per_kwh=float(r.uniform(0.0, 0.5))) if r.random() < 0.5 else None,
    )
    return replace(
        problem,
        connection=connection,
        events=tuple(_event(r, f"e{i}", T) for i in range(r.integers(0, 3))),
        reserves=tuple(_reserve(r, f"r{i}", T) for i in range(r.integers(0, 3))),
    )


def _contract(r: np.random.Generator) -> CapacityContract:
    return CapacityContract(
        contracted_kw=float(r.uniform(0.0, 15.0)),
        overage_price_per_kw=float(r.uniform(0.1, 2.0)),
        block_kw=float(r.choice([0.0, 2.0, 5.0])),
        block_price=float(r.uniform(0.1, 4.0)),
        max_blocks=int(r.integers(0, 5)),
    )


def _asked(r: np.random.Generator, T: int) -> Array:
    return np.where(r.random(T) < 0.5, r.uniform(-10.0, 20.0, T), np.nan)


def _event(r: np.random.Generator, name: str, T: int) -> Event:
    return Event(
        event_id=name,
        direction=int(r.choice([1, -1])),
        cover=r.choice([0.0, 0.5, 1.0], T),
        baseline_kw=r.uniform(-5.0, 20.0, T),
        committed_kw=float(r.uniform(0.0, 10.0)),
        payment_per_kwh=float(r.choice([0.0, 0.3])),
        penalty_per_kwh=float(r.choice([0.0, 0.6])),
        owed_frac=float(r.choice([0.5, 1.0])),
    )


def _reserve(r: np.random.Generator, name: str, T: int) -> Reserve:
    return Reserve(
        reserve_id=name,
        direction=int(r.choice([1, 0, -1])),
        cover=r.choice([0.0, 1.0, 0.5], T),
        committed_kw=float(r.choice([0.0, 4.0])),
        offer_max_kw=float(r.choice([0.0, 8.0])),
        payment_per_kw_h=float(r.uniform(0.0, 0.2)),
        penalty_per_kw_h=float(r.uniform(0.0, 0.4)),
        energy_h=float(r.choice([0.0, 0.25, 1.0])),
    )
