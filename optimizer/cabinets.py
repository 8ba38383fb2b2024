"""Whole power modules of shared cabinets: how many a power needs, how they are shared out, and what room there is for them."""

import numpy as np
from numpy.typing import NDArray

from v2g.problem import Problem
from v2g.timegrid import Array

TOLERANCE_KW = 1e-5


def whole_kw(power_kw: Array, module_kw: float) -> Array:
    """Return the power of the whole modules that each power needs [kW]."""
    return np.asarray(np.ceil(np.maximum(power_kw - TOLERANCE_KW, 0.0) / module_kw) * module_kw)


def shared_kw(power_kw: Array, order: NDArray[np.int64], module_kw: float, room_kw: float) -> Array:
    """Return the power of the modules that each gets, in `order`, of those that fit into `room_kw` [kW]."""
    left = np.floor((room_kw + TOLERANCE_KW) / module_kw) * module_kw
    wanted = whole_kw(power_kw, module_kw)[order]
    before = np.cumsum(wanted) - wanted
    result = np.empty_like(power_kw)
    result[order] = np.clip(left - before, 0.0, wanted)
    return result


def room_kw(problem: Problem) -> tuple[Array, Array]:
    """Return what each circuit's limits leave for its own guns to charge and to discharge, two (m, T) [kW, ≥ 0]."""
    c = problem.circuits
    fixed, margin = problem.fixed_below()
    return np.maximum(c.import_limit_kw - fixed - margin, 0.0), np.maximum(c.export_limit_kw + fixed, 0.0)
