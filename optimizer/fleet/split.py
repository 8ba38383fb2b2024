"""Which units answer prices, and the problem of those that do not.

A unit answers if its best plan for a price curve can be found exactly step by step: a ramp ties powers of neighbouring steps,
standby jumps, and ageing by depth remembers more than the energy; modules of a cabinet are shared with its neighbours.
"""

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from v2g.converters import DischargeCaps
from v2g.problem import Problem
from v2g.storages import StorageKind, Storages

CARS = frozenset({StorageKind.EV, StorageKind.EXPECTED_EV})


def fits(problem: Problem) -> bool:
    """Return whether prices can plan a problem at all: one course of things, and someone who answers."""
    return not problem.scenarios and bool(answerable(problem).any())


def answerable(problem: Problem) -> NDArray[np.bool_]:
    """Return which units answer prices exactly, (n,)."""
    s, circuits = problem.storages, problem.circuits
    answers = np.fromiter((kind in CARS for kind in s.kinds), bool, s.n_units)
    if s.converters is not None:
        answers &= ~np.isfinite(s.converters.ramp_kw_per_h) & (s.converters.standby_kw == 0)
    if s.ageing is not None:
        answers &= ~(s.ageing.depth_price_per_kwh > 0).any(axis=1)
    if circuits.module_kw is not None:
        shared = {name for name, size in zip(circuits.circuit_ids, circuits.module_kw, strict=True) if size > 0}
        answers &= np.fromiter((at not in shared for at in s.circuit_ids), bool, s.n_units)
    return answers


def only(problem: Problem, rows: NDArray[np.int64]) -> Problem:
    """Return the problem with only some of its units."""
    return replace(problem, storages=take(problem.storages, rows))


def take(storages: Storages, rows: NDArray[np.int64]) -> Storages:
    """Return some of the storages."""
    return Storages(**_taken(storages, rows))


def _taken(table: Any, rows: NDArray[np.int64]) -> dict[str, Any]:
    """Return the fields of a table of units, of `rows` only."""
    return {field.name: _cut(getattr(table, field.name), rows) for field in fields(table)}


def _cut(value: Any, rows: NDArray[np.int64]) -> Any:
    if isinstance(value, tuple):
        return tuple(value[i] for i in rows.tolist())
    if isinstance(value, DischargeCaps):
        return replace(value, most_kwh=value.most_kwh[rows])
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**_taken(value, rows))
    return None if value is None else value[rows]
