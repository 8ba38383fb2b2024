"""Small problems to be written by hand: one storage, one circuit, and what a test wants to be different."""

from dataclasses import replace
from typing import Any

import numpy as np

from tests.optimizer.instances import START
from v2g.network import Circuits, Connection
from v2g.problem import Problem
from v2g.storages import StorageKind, Storages
from v2g.timegrid import TimeGrid

T = 4


def car(n_steps: int = T, **changes: Any) -> Storages:
    """Return one car: ±10 kW, lossless, 0..50 kWh, 20 kWh in it, nothing promised; numbers are spread over the steps."""
    plain: dict[str, Any] = {
        "unit_ids": ("car",),
        "kinds": (StorageKind.EV,),
        "circuit_ids": ("grid",),
        "phase_share": np.full((1, 3), 1 / 3),
    }
    stepped: dict[str, Any] = {
        "charge_max_kw": 10.0,
        "discharge_max_kw": 10.0,
        "energy_min_kwh": 0.0,
        "energy_max_kwh": 50.0,
        "drain_kwh": 0.0,
        "departure_probability": 0.0,
        "previous_power_kw": np.nan,
    }
    single: dict[str, Any] = {
        "charge_min_kw": 0.0,
        "discharge_min_kw": 0.0,
        "initial_energy_kwh": 20.0,
        "charge_efficiency": 1.0,
        "discharge_efficiency": 1.0,
        "wear_cost_per_kwh": 0.0,
        "target_energy_kwh": 0.0,
        "target_step": 0,
        "priority": 1.0,
        "shortfall_price_per_kwh": 0.0,
        "terminal_value_per_kwh": 0.0,
    }
    for name, value in changes.items():
        next(group for group in (plain, stepped, single) if name in group)[name] = value
    return Storages(
        **plain,
        **{name: np.broadcast_to(np.asarray(v, dtype=np.float64), (1, n_steps)).copy() for name, v in stepped.items()},
        **{name: np.array([v], dtype=np.int64 if name == "target_step" else np.float64) for name, v in single.items()},
    )


def fleet_of(*cars: Storages) -> Storages:
    """Return several cars as one fleet, renamed car-0, car-1 and so on."""
    joined: dict[str, Any] = {"unit_ids": tuple(f"car-{i}" for i in range(len(cars)))}
    for name in ("kinds", "circuit_ids"):
        joined[name] = tuple(getattr(c, name)[0] for c in cars)
    for name in Storages.__slots__:
        if name not in joined and getattr(cars[0], name) is not None:
            joined[name] = np.concatenate([getattr(c, name) for c in cars])
    return Storages(**joined)


def grid_only(n_steps: int = T, **changes: Any) -> Circuits:
    """Return a grid connection without limits or load."""
    stepped = {"import_limit_kw": np.inf, "export_limit_kw": np.inf, "fixed_kw": 0.0, "fixed_margin_kw": 0.0}
    phase = changes.pop("phase_limit_kw", np.inf)
    values = {**stepped, **changes}
    return Circuits(
        circuit_ids=("grid",),
        parent_index=np.array([-1]),
        phase_limit_kw=np.broadcast_to(np.asarray(phase, dtype=np.float64), (1, 3)).copy(),
        **{name: np.broadcast_to(np.asarray(v, dtype=np.float64), (1, n_steps)).copy() for name, v in values.items()},
    )


def case(
    storages: Storages,
    circuits: Circuits | None = None,
    *,
    price: Any = 0.2,
    export: Any = 0.0,
    demand: float = 0.0,
    peak: float = 0.0,
    step_h: Any = 1.0,
) -> Problem:
    """Return a problem of hourly steps."""
    n_steps = storages.charge_max_kw.shape[1]
    return Problem(
        grid=TimeGrid(start=START, step_h=np.broadcast_to(np.asarray(step_h, dtype=np.float64), (n_steps,)).copy()),
        storages=storages,
        circuits=circuits or grid_only(n_steps),
        connection=Connection(
            import_price_per_kwh=np.broadcast_to(np.asarray(price, dtype=np.float64), (n_steps,)).copy(),
            export_price_per_kwh=np.broadcast_to(np.asarray(export, dtype=np.float64), (n_steps,)).copy(),
            demand_charge_per_kw=demand,
            peak_so_far_kw=peak,
        ),
    )


def with_storages(problem: Problem, **changes: Any) -> Problem:
    """Return the problem with other storage data."""
    return replace(problem, storages=replace(problem.storages, **changes))


def without_predecessor(problem: Problem) -> Problem:
    """Return the problem as if nothing had been planned before."""
    return with_storages(problem, previous_power_kw=np.full(problem.shape, np.nan))
