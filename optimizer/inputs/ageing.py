"""Symbols of what use and time cost beyond a flat price on discharge."""

import numpy as np

from optimizer.conversion import Conversion
from optimizer.depths import initial_depths
from optimizer.model.terms.calendar_ageing import CALENDAR
from v2g.problem import Problem
from v2g.timegrid import Array


def ageing_used(problem: Problem) -> frozenset[str]:
    """Return `CALENDAR` if any storage pays for it."""
    ageing = problem.storages.ageing
    return frozenset({CALENDAR} if ageing is not None and (ageing.calendar_price_per_kwh_h > 0).any() else ())


def n_depths(problem: Problem) -> int:
    """Return the number of depth segments, 0 where none has a price."""
    ageing = problem.storages.ageing
    return 0 if ageing is None or not (ageing.depth_price_per_kwh > 0).any() else ageing.depth_kwh.shape[1]


def ageing_worth_per_kwh(problem: Problem) -> float:
    """Return what taking a kWh out, or holding it to the end, costs at most [currency/kWh]."""
    ageing = problem.storages.ageing
    if ageing is None:
        return 0.0
    held = float(ageing.calendar_price_per_kwh_h.max(initial=0.0) * problem.grid.step_h.sum())
    return held + float(ageing.depth_price_per_kwh.max(initial=0.0))


def ageing_symbols(problem: Problem) -> dict[str, Array]:
    """Return the symbols of cycle depth and calendar ageing; whoever pays nothing has no rows."""
    n, ageing = problem.shape[0], problem.storages.ageing
    above = (
        np.full(n, np.inf) if ageing is None else np.where(ageing.calendar_price_per_kwh_h > 0, ageing.calendar_above_kwh, np.inf)
    )
    price = np.zeros(n) if ageing is None else ageing.calendar_price_per_kwh_h
    return {"calendar_above_kwh": above, "calendar_price_per_kwh_h": price, **_depth_symbols(problem, n_depths(problem))}


def _depth_symbols(problem: Problem, depths: int) -> dict[str, Array]:
    s = problem.storages
    if s.ageing is None or not depths:
        none, rate = np.zeros((s.n_units, 0)), np.zeros(problem.shape)
        return {
            **dict.fromkeys(("depth_max_kwh", "depth_initial_kwh", "depth_price_per_kwh"), none),
            "depth_rate_kw": rate,
            "depth_slack_kw": np.full(s.n_units, np.inf),
        }
    pays = np.max(s.ageing.depth_price_per_kwh, axis=1, keepdims=True) > 0
    standby = 0.0 if s.converters is None else s.converters.standby_kw[:, None]
    rate = Conversion.without_standby(problem).drawn_kw(s.discharge_max_kw) + standby
    return {
        "depth_max_kwh": np.where(pays, s.ageing.depth_kwh, 0.0),
        "depth_initial_kwh": np.where(pays, initial_depths(problem), 0.0),
        "depth_price_per_kwh": s.ageing.depth_price_per_kwh,
        "depth_rate_kw": np.where(pays, np.maximum(rate, s.charge_max_kw * s.charge_efficiency[:, None]), 0.0),
        "depth_slack_kw": np.where(pays[:, 0], 0.0, np.inf),
    }
