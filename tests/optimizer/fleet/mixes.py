"""Random stations of cars with least powers, steps and rests, and plans mixed of two answers to different prices."""

from dataclasses import replace

import numpy as np

from optimizer.conversion import Conversion
from optimizer.exact import ExactPlanner
from optimizer.fleet.settle import Plans
from optimizer.flows import Flows, make_flows
from tests.optimizer.instances import START
from v2g.converters import Converters, DischargeCaps
from v2g.network import Circuits, Connection
from v2g.problem import Problem
from v2g.storages import StorageKind, Storages
from v2g.timegrid import Array, TimeGrid

STEPS = 10


def station(seed: int, n: int = 12, *, batteries: int = 0) -> Problem:
    """Return `n` units at three circuits with tight limits, phases out of balance; the last ones are batteries."""
    r, T = np.random.default_rng(seed), STEPS
    return Problem(
        grid=TimeGrid.uniform(START, step_h=0.25, n_steps=T),
        storages=_storages(r, n, batteries),
        circuits=_circuits(r, n),
        connection=Connection(
            import_price_per_kwh=r.uniform(-0.05 if r.random() < 0.3 else 0.05, 0.4, T),
            export_price_per_kwh=r.uniform(0.0, 0.1, T),
            demand_charge_per_kw=float(r.choice([0.0, 0.5])),
            peak_so_far_kw=10.0,
        ),
    )


def _circuits(r: np.random.Generator, n: int) -> Circuits:
    fixed = r.uniform(-2.0, 4.0, (3, STEPS))
    return Circuits(
        circuit_ids=("grid", "left", "right"),
        parent_index=np.array([-1, 0, 0]),
        import_limit_kw=np.array([[n * r.uniform(2.0, 5.0)], [n * r.uniform(1.0, 3.0)], [np.inf]]) * np.ones(STEPS),
        export_limit_kw=np.array([[n * r.uniform(0.5, 3.0)], [np.inf], [n * r.uniform(0.5, 2.0)]]) * np.ones(STEPS),
        phase_limit_kw=np.array([[np.inf] * 3, [np.inf] * 3, [n * r.uniform(0.7, 2.0)] * 3]),
        fixed_kw=fixed,
        fixed_margin_kw=np.zeros((3, STEPS)),
    )


def _storages(r: np.random.Generator, n: int, batteries: int) -> Storages:
    T, away = STEPS, r.integers(3, STEPS + 1, n)
    here = np.arange(T) < away[:, None]
    power, capacity = r.choice([3.7, 11.0, 22.0], n), r.choice([20.0, 60.0], n)
    initial = r.uniform(0.1, 0.95, n) * capacity
    share = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1 / 3, 1 / 3, 1 / 3]])[r.integers(0, 4, n)]
    back = r.random(n) < 0.6
    full = np.where(r.random(n) < 0.3, 1.02 * capacity, np.inf)
    converters = replace(
        Converters.ideal(n),
        power_step_kw=r.choice([0.0, 0.69], n),
        rest_h=r.choice([0.0, 0.25], n),
        in_force_kw=r.choice([0.0, 5.0, -5.0], n),
        taper_full_kwh=full,
        taper_per_h=np.where(np.isfinite(full), 4.0, np.inf),
    )
    return Storages(
        unit_ids=tuple(f"u{i}" for i in range(n)),
        kinds=(StorageKind.EV,) * (n - batteries) + (StorageKind.BATTERY,) * batteries,
        circuit_ids=tuple(r.choice(["grid", "left", "right"], n).tolist()),
        phase_share=share,
        charge_max_kw=here * power[:, None],
        discharge_max_kw=here * (power * back)[:, None],
        charge_min_kw=r.choice([0.0, 0.4], n) * power,
        discharge_min_kw=r.choice([0.0, 0.3], n) * power,
        energy_min_kwh=np.full((n, T), 0.15) * capacity[:, None],
        energy_max_kwh=np.ones((n, T)) * capacity[:, None],
        initial_energy_kwh=initial,
        charge_efficiency=r.uniform(0.85, 1.0, n),
        discharge_efficiency=r.uniform(0.85, 1.0, n),
        drain_kwh=np.where(r.random((n, 1)) < 0.2, 0.05, 0.0) * np.ones(T),
        wear_cost_per_kwh=r.choice([0.0, 0.05], n),
        target_energy_kwh=np.where(r.random(n) < 0.7, r.uniform(0.4, 1.0, n) * capacity, 0.0),
        target_step=away.astype(np.int64),
        priority=np.ones(n),
        departure_probability=np.zeros((n, T)),
        shortfall_price_per_kwh=np.zeros(n),
        terminal_value_per_kwh=r.choice([0.0, 0.2], n),
        previous_power_kw=np.full((n, T), np.nan),
        converters=converters,
        caps=DischargeCaps(window=np.ones((1, T)), most_kwh=np.where(r.random((n, 1)) < 0.4, 3.0, np.inf)),
    )


def mixed(problem: Problem, seed: int, share: float) -> Plans:
    """Return what two answers of the station without wholes make, mixed in energy; no one charges and discharges at once."""
    r, s, T = np.random.default_rng((seed, 7)), problem.storages, problem.grid.n_steps
    n = s.n_units
    whole = replace(s.converters or Converters.ideal(n), power_step_kw=np.zeros(n), rest_h=np.zeros(n))
    loose = replace(problem, storages=replace(s, charge_min_kw=np.zeros(n), discharge_min_kw=np.zeros(n), converters=whole))
    prices = (problem.connection.import_price_per_kwh, r.uniform(0.05, 0.4, T))
    one, other = (
        ExactPlanner().solve_now(replace(loose, connection=replace(problem.connection, import_price_per_kwh=price)))
        for price in prices
    )
    energy = share * one.energy_kwh + (1.0 - share) * other.energy_kwh
    flows = of_energy(problem, energy)
    return Plans(flows.charge_kw, flows.discharge_kw, flows.energy_kwh)


def of_energy(problem: Problem, energy_kwh: Array) -> Flows:
    """Return the flows with these energies at step ends."""
    s, conversion = problem.storages, Conversion.of(problem)
    gain = (np.diff(energy_kwh, axis=1, prepend=s.initial_energy_kwh[:, None]) + s.drain_kwh) / problem.grid.step_h
    gain = np.where(np.abs(gain) < 1e-9, 0.0, gain)
    charge = np.minimum(conversion.charge_kw(np.maximum(gain, 0.0)), s.charge_max_kw)
    discharge = np.minimum(conversion.discharge_kw(np.maximum(-gain, 0.0)), s.discharge_max_kw)
    return make_flows(problem, charge, discharge)
