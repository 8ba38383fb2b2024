"""Symbols of reserve: which block calls when, how long, and what each unit and circuit must keep."""

import numpy as np
from numpy.typing import NDArray

from optimizer.envelope import Envelope, envelope
from optimizer.network import Limits, Network
from v2g.problem import Problem
from v2g.timegrid import Array

UP, DOWN = 1, -1


def reserve_symbols(problem: Problem, net: Network) -> dict[str, Array]:
    """Return the symbols of all reserves; of none, arrays without steps or blocks."""
    return {**_blocks(problem), **_units(problem), **_rooms(problem, net)}


def calls(problem: Problem, direction: int) -> Array:
    """Return 1 where a block may call in a direction, (R, T)."""
    called = [(r.cover > 0) & (r.direction in (direction, 0)) for r in problem.reserves]
    return np.array(called, dtype=np.float64).reshape(len(problem.reserves), problem.grid.n_steps)


def call_h(problem: Problem, direction: int) -> Array:
    """Return for how long a call in a direction must be met in each step, (T,) [h]: the longest of the blocks that may call."""
    hours = np.array([r.energy_h for r in problem.reserves])
    return np.asarray((calls(problem, direction) * hours[:, None]).max(axis=0, initial=0.0))


def covered_h(problem: Problem) -> Array:
    """Return how long each block covers the horizon, (R,) [h]."""
    return np.array([r.cover @ problem.grid.step_h for r in problem.reserves])


def draws_per_kw(problem: Problem) -> Array:
    """Return what a kW more of discharge takes out of each storage at most, (n,) [kW]."""
    s = problem.storages
    return 1.0 / s.discharge_efficiency + (0.0 if s.converters is None else s.converters.knee_loss_frac)


def needed_kwh(problem: Problem) -> Array:
    """Return the energy at each step's end from which full power just keeps the promise, (n, T) [kWh]; −inf where none is due."""
    s = problem.storages
    gain = np.cumsum(s.charge_efficiency[:, None] * s.charge_max_kw * problem.grid.step_h - s.drain_kwh, axis=1)
    at_due = gain[np.arange(s.n_units), np.maximum(s.target_step, 1) - 1]
    before = (np.arange(problem.grid.n_steps) < s.target_step[:, None]) & (s.target_energy_kwh > 0)[:, None]
    return np.where(before, s.target_energy_kwh[:, None] - at_due[:, None] + gain, -np.inf)


def offers(problem: Problem, bounds: Envelope, direction: int) -> NDArray[np.bool_]:
    """Return where units may hold reserve, (n, T): called for, there, and within a bound that idling keeps, before and after."""
    s = problem.storages
    soft = np.isfinite(bounds.soft_min_kwh if direction == UP else bounds.soft_max_kwh)
    before = np.concatenate([np.zeros_like(soft[:, :1]), soft[:, :-1]], axis=1)
    there = s.charge_max_kw + s.discharge_max_kw > 0
    return np.asarray(calls(problem, direction).any(axis=0) & ~(soft | before) & there)


def _blocks(problem: Problem) -> dict[str, Array]:
    def column(field: str) -> Array:
        return np.array([getattr(r, field) for r in problem.reserves], dtype=np.float64)

    steps, hours = slice(None) if problem.reserves else slice(0), covered_h(problem)
    return {
        "reserve_most_kw": column("committed_kw") + column("offer_max_kw"),
        "reserve_committed_kw": column("committed_kw"),
        "reserve_payment_per_kw": hours * column("payment_per_kw_h"),
        "reserve_penalty_per_kw": hours * column("penalty_per_kw_h"),
        "calls_up": calls(problem, UP)[:, steps],
        "calls_down": calls(problem, DOWN)[:, steps],
    }


UNIT_SYMBOLS = (
    *("up_max_kw", "up_room_kw", "up_draws_h", "up_start_kwh", "up_end_kwh", "needed_kwh"),
    *("down_max_kw", "down_room_kw", "down_stores_h", "down_start_kwh", "down_end_kwh"),
)


def _units(problem: Problem) -> dict[str, Array]:
    s = problem.storages
    if not problem.reserves:
        return dict.fromkeys(UNIT_SYMBOLS, np.empty((s.n_units, 0)))
    bounds = envelope(problem)
    up, down = offers(problem, bounds, UP), offers(problem, bounds, DOWN)
    floor, ceiling, swing = bounds.floor_kwh, bounds.ceiling_kwh, s.charge_max_kw + s.discharge_max_kw
    first, needed = s.initial_energy_kwh[:, None], needed_kwh(problem)
    floor_before = np.concatenate([np.minimum(floor[:, :1], first), floor[:, :-1]], axis=1)
    ceiling_before = np.concatenate([np.maximum(ceiling[:, :1], first), ceiling[:, :-1]], axis=1)
    return {
        "up_max_kw": np.where(up, swing, 0.0),
        "up_room_kw": np.where(up, s.discharge_max_kw, np.inf),
        "up_draws_h": call_h(problem, UP) * draws_per_kw(problem)[:, None],
        "up_start_kwh": np.where(up, floor_before, -np.inf),
        "up_end_kwh": np.where(up, floor, -np.inf),
        "needed_kwh": np.where(up & (needed > floor), needed, -np.inf),
        "down_max_kw": np.where(down, swing, 0.0),
        "down_room_kw": np.where(down, s.charge_max_kw, np.inf),
        "down_stores_h": call_h(problem, DOWN) * s.charge_efficiency[:, None],
        "down_start_kwh": np.where(down, ceiling_before, np.inf),
        "down_end_kwh": np.where(down, ceiling, np.inf),
    }


def _rooms(problem: Problem, net: Network) -> dict[str, Array]:
    up, down = (calls(problem, direction).any(axis=0) for direction in (UP, DOWN))
    steps = slice(None) if problem.reserves else slice(0)

    def rooms(flow: str, limits: Limits) -> dict[str, Array]:
        imports = np.minimum(limits.import_cap_kw, limits.soft_import_kw)
        exports = np.minimum(limits.export_cap_kw, limits.soft_export_kw)
        return {
            f"reserve{flow}_import_kw": np.where(down, imports, np.inf)[..., steps],
            f"reserve{flow}_export_kw": np.where(up, exports, np.inf)[..., steps],
        }

    return {"below_circuit": net.inside.T, **rooms("", net.circuits), **rooms("_phase", net.phases)}
