"""Compile all that plans fleets, or read it from disk, before the first problem waits for it: by planning a small station."""

from datetime import UTC, datetime

import numpy as np
import structlog

from optimizer.fleet.jit import kept_on_disk
from optimizer.fleet.planner import FleetPlanner
from v2g.converters import Converters
from v2g.network import N_PHASES, Circuits, Connection
from v2g.problem import Problem
from v2g.storages import StorageKind, Storages
from v2g.timegrid import TimeGrid

log = structlog.get_logger()
N_CARS, N_STEPS = 12, 8


def warm_up() -> None:
    """Plan a small station, which takes a second or, where nothing is compiled yet, some dozens. Logs if nothing can be kept."""
    if not kept_on_disk():
        log.warning("compiled_code_not_kept", mend="make the installation or the user's cache writable, or set NUMBA_CACHE_DIR")
    FleetPlanner().solve_now(_station())


def _station() -> Problem:
    """Return cars that charge at whole steps above a least power at a tight limit, so that all of the planner has work to do."""
    n, T = N_CARS, N_STEPS
    one, none, never = np.ones(n), np.zeros(n), np.zeros((n, T))
    power = 11.0 * np.ones((n, T))
    storages = Storages(
        unit_ids=tuple(f"car-{i}" for i in range(n)),
        kinds=(StorageKind.EV,) * n,
        circuit_ids=("grid",) * n,
        phase_share=np.full((n, N_PHASES), 1 / N_PHASES),
        charge_max_kw=power,
        discharge_max_kw=power * (np.arange(n) % 2)[:, None],
        charge_min_kw=4.0 * one,
        discharge_min_kw=none,
        energy_min_kwh=never,
        energy_max_kwh=50.0 + never,
        initial_energy_kwh=np.linspace(5.0, 30.0, n),
        charge_efficiency=0.95 * one,
        discharge_efficiency=0.95 * one,
        drain_kwh=never,
        wear_cost_per_kwh=none,
        target_energy_kwh=np.linspace(12.0, 40.0, n),
        target_step=np.full(n, T),
        priority=one,
        departure_probability=never,
        shortfall_price_per_kwh=none,
        terminal_value_per_kwh=none,
        previous_power_kw=np.full((n, T), np.nan),
        converters=Converters.ideal(n),
    )
    circuits = Circuits(
        circuit_ids=("grid",),
        parent_index=np.full(1, -1),
        import_limit_kw=np.full((1, T), 2.7 * n),
        export_limit_kw=np.full((1, T), 0.5 * n),
        phase_limit_kw=np.full((1, N_PHASES), np.inf),
        fixed_kw=np.zeros((1, T)),
        fixed_margin_kw=np.zeros((1, T)),
    )
    price = np.linspace(0.1, 0.4, T)[np.argsort(np.arange(T) * 3 % T)]
    grid = TimeGrid.uniform(datetime(2026, 1, 1, tzinfo=UTC), step_h=0.25, n_steps=T)
    money = Connection(import_price_per_kwh=price, export_price_per_kwh=0.9 * price)
    return Problem(grid=grid, storages=storages, circuits=circuits, connection=money)
