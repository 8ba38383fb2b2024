"""Symbols of how storages take and give power: knee, standby, taper, ramps, and the caps on giving back."""

import numpy as np
from numpy.typing import NDArray

from optimizer.conversion import UNREACHED_KW, run_kw
from optimizer.model.conversion import KNEE, STANDBY
from optimizer.model.ramps import RAMPS
from optimizer.model.taper import TAPER
from optimizer.ramps import in_force_kw, ramp_kw
from optimizer.taper import full_kwh, taper_h
from v2g.holding import near_steps
from v2g.problem import Problem
from v2g.timegrid import Array


def converters_used(problem: Problem) -> frozenset[str]:
    """Return which of the components `KNEE`, `STANDBY`, `RAMPS` and `TAPER` the problem needs."""
    c = problem.storages.converters
    if c is None:
        return frozenset()
    needed = {
        KNEE: ((c.knee_loss_frac > 0) | (c.standby_kw > 0)) & np.isfinite(c.knee_kw),
        STANDBY: c.standby_kw > 0,
        RAMPS: np.isfinite(c.ramp_kw_per_h),
        TAPER: np.isfinite(c.taper_full_kwh),
    }
    return frozenset(name for name, units in needed.items() if units.any())


def converter_symbols(problem: Problem) -> dict[str, Array]:
    """Return the symbols of `converters_used` and of the discharge caps."""
    s, begin, none = problem.storages, in_force_kw(problem), np.zeros(problem.shape[0])
    caps, c = s.caps, s.converters
    knee, loss, standby = (UNREACHED_KW + none, none, none) if c is None else (c.knee_kw, c.knee_loss_frac, c.standby_kw)
    bends = knee[:, None], (loss > 0)[:, None] | (standby > 0)[:, None]
    return {
        **_knee_symbols("charge", *bends, s.charge_max_kw),
        **_knee_symbols("discharge", *bends, s.discharge_max_kw),
        **_standby_symbols(problem, "charge", knee, standby, s.charge_max_kw),
        **_standby_symbols(problem, "discharge", knee, standby, s.discharge_max_kw),
        "knee_loss_frac": loss,
        "standby_kw": standby,
        "taper_h": taper_h(problem),
        "taper_full_kwh": full_kwh(problem),
        "ramp_kw": ramp_kw(problem),
        "charge_in_force_kw": np.maximum(begin, 0.0),
        "discharge_in_force_kw": np.maximum(-begin, 0.0),
        "cap_window": np.empty((0, problem.grid.n_steps)) if caps is None else caps.window,
        "cap_kwh": np.empty((s.n_units, 0)) if caps is None else caps.most_kwh,
    }


def _knee_symbols(direction: str, knee_kw: Array, bent: NDArray[np.bool_], most_kw: Array) -> dict[str, Array]:
    """Return the knee where the power can pass it and losses bend there, no row elsewhere."""
    passes = (most_kw > knee_kw) & bent
    return {
        f"{direction}_above_max_kw": np.where(passes, most_kw - knee_kw, 0.0),
        f"{direction}_knee_min_kw": np.where(passes, knee_kw, -np.inf),
        f"{direction}_knee_max_kw": np.where(passes, knee_kw, np.inf),
    }


def _standby_symbols(problem: Problem, direction: str, knee_kw: Array, standby_kw: Array, most_kw: Array) -> dict[str, Array]:
    """Return when a unit runs where that costs: near now, and further off where its power does not reach the knee."""
    near = np.arange(problem.grid.n_steps) < near_steps(problem.grid)
    runs = (standby_kw > 0)[:, None] & (most_kw > 0) & (near | (most_kw < knee_kw[:, None]))
    return {
        f"{direction}_on_max": runs.astype(np.float64),
        f"{direction}_run_kw": np.where(runs, run_kw(problem, most_kw), 1.0),
        f"{direction}_standby_frac": np.where(runs, (standby_kw / knee_kw)[:, None], 0.0),
        f"{direction}_spare_min_kw": np.where(runs, 0.0, -np.inf),
        f"{direction}_spare_max_kw": np.where(runs & ~near, 0.0, np.inf),
    }
