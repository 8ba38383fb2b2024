"""Whole power modules of a shared cabinet, near now.

    power[u] ≤ module·n[u],   Σ_u module·n[u] ≤ room,   n whole

for the guns directly at the cabinet's circuit, charging and discharging apart; `room` is the circuit's limit less what is fixed.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.cabinets import room_kw, shared_kw, whole_kw
from optimizer.compiled.stamp import Index
from optimizer.integers.choice import TOLERANCE_KW, Bounds, at_most
from optimizer.integers.mip import Mip
from optimizer.readback import Readback
from v2g.holding import near_steps
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cabinet:
    """Guns' columns (k,) that share the modules of one circuit in one step and direction, and the room for these [kW]."""

    columns: Index
    module_kw: float
    room_kw: float


class Modules:
    """Cabinets, nearest first."""

    def __init__(self, cabinets: list[Cabinet]) -> None:
        self.cabinets = cabinets

    def broken(self, values: Array) -> Index:
        """Return the cabinets whose guns need more modules than there are."""
        taken = [whole_kw(values[c.columns], c.module_kw).sum() for c in self.cabinets]
        return np.flatnonzero([kw > c.room_kw + TOLERANCE_KW for kw, c in zip(taken, self.cabinets, strict=True)])

    def restrict(self, mip: Mip, keys: Index) -> None:
        """Add each gun's number of modules and the rows that share them out."""
        for c in (self.cabinets[key] for key in keys):
            k = len(c.columns)
            most = np.floor((c.room_kw + TOLERANCE_KW) / c.module_kw)
            number = mip.integers(np.full(k, most))
            factors = np.stack([np.ones(k), np.full(k, -c.module_kw)], axis=1)
            mip.at_most(np.stack([c.columns, number], axis=1), factors, np.zeros(k))
            mip.at_most(number[None], np.ones((1, k)), np.array([most]))

    def settle(self, values: Array, keys: Index) -> Bounds:
        """Return the guns bounded by the modules that they take."""
        chosen = [self.cabinets[key] for key in keys]
        most = [whole_kw(values[c.columns], c.module_kw) for c in chosen]
        return at_most(np.concatenate([c.columns for c in chosen]), np.concatenate(most))

    def round(self, values: Array, keys: Index) -> Bounds:
        """Return the guns bounded by the modules that are left, the most powerful served first."""
        chosen = [self.cabinets[key] for key in keys]
        most = []
        for c in chosen:
            power = values[c.columns]
            most.append(shared_kw(power, np.argsort(-power, kind="stable"), c.module_kw, c.room_kw))
        return at_most(np.concatenate([c.columns for c in chosen]), np.concatenate(most))


def power_modules(back: Readback) -> Modules | None:
    """Return the shared cabinets, None if there are none."""
    circuits = back.problem.circuits
    if circuits.module_kw is None or not circuits.module_kw.any():
        return None
    at = np.array([circuits.circuit_ids.index(name) for name in back.problem.storages.circuit_ids], dtype=np.int64)
    sides = tuple(zip((back.places("charge_kw"), back.places("discharge_kw")), room_kw(back.problem), strict=True))
    cabinets = []
    for step in range(near_steps(back.problem.grid)):
        for circuit in np.flatnonzero(circuits.module_kw):
            for places, room in sides:
                columns = places[at == circuit, step]
                columns = columns[columns >= 0]
                if len(columns):
                    cabinets.append(
                        Cabinet(columns=columns, module_kw=float(circuits.module_kw[circuit]), room_kw=float(room[circuit, step]))
                    )
    return Modules(cabinets)
