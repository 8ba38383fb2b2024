"""What a kWh costs each unit at its place in the feeder tree, and which limit on its way to the grid makes it dear."""

from dataclasses import dataclass

import numpy as np

from v2g.network import N_PHASES
from v2g.problem import Problem
from v2g.solution import ShadowPrices, Solution
from v2g.timegrid import Array
from v2g.why import Codes

EPSILON_PRICE = 1e-4
"""Prices below this [currency/kWh] are the solver's rounding."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitPrices:
    """The linear program's prices as n units see them in T steps.

    Parameters
    ----------
    site_per_kwh : (T,)
        What a kWh more of import costs at the connection [currency/kWh]; the tariff's price where no prices are known.
    limits_per_kwh : (n, T)
        What all limits on the way add for the unit; negative where drawing more relieves them [currency/kWh].
    limit : (n, T)
        Place in `limit_names` of the circuit, or circuit:phase, that has most part in it; 0, which is "", where none binds.
    value_per_kwh : (n, T)
        Worth of a kWh stored at each step's end [currency/kWh].
    known : bool
        Whether there are prices; else limits and values are 0.
    """

    site_per_kwh: Array
    limits_per_kwh: Array
    limit: Codes
    limit_names: tuple[str, ...]
    value_per_kwh: Array
    known: bool

    @property
    def per_kwh(self) -> Array:
        """What a kWh costs each unit, (n, T) [currency/kWh]."""
        return self.site_per_kwh + self.limits_per_kwh


def unit_prices(problem: Problem, solution: Solution) -> UnitPrices:
    """Return the prices of all units; those of the tariff where the solution has none."""
    told, none, ids = solution.prices, np.zeros(problem.shape), problem.circuits.circuit_ids
    names = ("", *ids, *(f"{name}:L{p + 1}" for name in ids for p in range(N_PHASES)))
    if told is None:
        price = problem.connection.import_price_per_kwh
        nowhere = np.zeros(problem.shape, dtype=np.int16)
        return UnitPrices(
            site_per_kwh=price, limits_per_kwh=none, limit=nowhere, limit_names=names, value_per_kwh=none, known=False
        )
    limits, dearest = _limits(problem, told)
    return UnitPrices(
        site_per_kwh=told.site_per_kwh,
        limits_per_kwh=limits,
        limit=dearest,
        limit_names=names,
        value_per_kwh=told.energy_per_kwh,
        known=True,
    )


def _limits(problem: Problem, told: ShadowPrices) -> tuple[Array, Codes]:
    """Return what limits add to each unit's price and which is the dearest (0 = none, circuits, then their phases), two (n, T).

        price[u,t] = Σ_c (import[c,t] − export[c,t] + Σ_p share[u,p]·phase[c,p,t]) / h[t]        c on the way from u to the grid

    Units at the same circuit on the same phases have the same, which is worked out once.
    """
    s, ids = problem.storages, problem.circuits.circuit_ids
    index = {name: float(i) for i, name in enumerate(ids)}
    own = np.array([index[name] for name in s.circuit_ids], dtype=np.float64)
    _, first, place = np.unique(np.c_[own, s.phase_share], axis=0, return_index=True, return_inverse=True)
    inside = problem.membership().T[first]
    share = s.phase_share[first, None, :] * inside[:, :, None]
    sums = inside[:, :, None] * (told.import_per_kw - told.export_per_kw)
    phases = (share[..., None] * told.phase_per_kw).reshape(len(first), len(ids) * N_PHASES, problem.grid.n_steps)
    parts = np.concatenate((sums, phases), axis=1) / problem.grid.step_h
    total = parts.sum(axis=1)
    none = np.full((len(first), 1, problem.grid.n_steps), EPSILON_PRICE)
    dearest = np.concatenate((none, parts * np.sign(total)[:, None, :]), axis=1).argmax(axis=1)
    return total[place.reshape(-1)], dearest.astype(np.int16)[place.reshape(-1)]
