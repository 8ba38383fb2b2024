"""Symbols of how storages take and give power: knee, taper, ramps, and the caps on giving back."""

import numpy as np

from optimizer.conversion import Conversion
from optimizer.model.conversion import KNEE
from optimizer.model.ramps import RAMPS
from optimizer.model.taper import TAPER
from optimizer.ramps import in_force_kw, ramp_kw
from optimizer.taper import full_kwh, taper_h
from v2g.problem import Problem
from v2g.timegrid import Array


def converters_used(problem: Problem) -> frozenset[str]:
    """Return which of the components `KNEE`, `RAMPS` and `TAPER` the problem needs."""
    c = problem.storages.converters
    if c is None:
        return frozenset()
    needed = {
        KNEE: (c.knee_loss_frac > 0) & np.isfinite(c.knee_kw),
        RAMPS: np.isfinite(c.ramp_kw_per_h),
        TAPER: np.isfinite(c.taper_full_kwh),
    }
    return frozenset(name for name, units in needed.items() if units.any())


def converter_symbols(problem: Problem) -> dict[str, Array]:
    """Return the symbols of `converters_used` and of the discharge caps."""
    s, begin = problem.storages, in_force_kw(problem)
    caps = s.caps
    return {
        **_knee_symbols(problem, "charge", s.charge_max_kw),
        **_knee_symbols(problem, "discharge", s.discharge_max_kw),
        "knee_loss_frac": Conversion.of(s).knee_loss_frac,
        "taper_h": taper_h(problem),
        "taper_full_kwh": full_kwh(problem),
        "ramp_kw": ramp_kw(problem),
        "charge_in_force_kw": np.maximum(begin, 0.0),
        "discharge_in_force_kw": np.maximum(-begin, 0.0),
        "cap_window": np.empty((0, problem.grid.n_steps)) if caps is None else caps.window,
        "cap_kwh": np.empty((s.n_units, 0)) if caps is None else caps.most_kwh,
    }


def _knee_symbols(problem: Problem, direction: str, most_kw: Array) -> dict[str, Array]:
    """Return the knee where the power can pass it and loses by that, no row elsewhere."""
    conversion = Conversion.of(problem.storages)
    passes = (most_kw > conversion.knee_kw[:, None]) & (conversion.knee_loss_frac[:, None] > 0)
    return {
        f"{direction}_above_max_kw": np.where(passes, most_kw - conversion.knee_kw[:, None], 0.0),
        f"{direction}_knee_min_kw": np.where(passes, conversion.knee_kw[:, None], -np.inf),
        f"{direction}_knee_max_kw": np.where(passes, conversion.knee_kw[:, None], np.inf),
    }
