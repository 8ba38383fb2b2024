"""What the sites share as a program, and where their power and reserves stand in it.

A kW that a site holds of a reserve stands in the rows that need it (`held_up`, `held_down`) and, where a call would move power,
in the rows that keep room for it under each circuit on the way (`import_room`, `export_room`).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from optimizer.fleet.bound import SiteBound
from optimizer.fleet.places import Places
from optimizer.fleet.site import Site, Sites
from optimizer.inputs.reserve import DOWN, UP, calls
from optimizer.portfolio.program import FAR
from optimizer.portfolio.values import Portfolio
from v2g.network import N_PHASES
from v2g.problem import Problem
from v2g.storages import StorageKind, Storages
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crossing:
    """The common program: the site it is to the master, and what a kW of each reserve loads there, (L·R, rows), place by place."""

    site: Site
    reserve_rows: csr_array
    n_reserves: int

    def tightened(self, by_kw: float) -> "Crossing":
        """Return the same with every circuit's limits `by_kw` lower."""
        program, circuits = self.site.program, self.site.program.stamp.columns_of("circuit_kw").ravel()
        lower, upper = program.col_lower.copy(), program.col_upper.copy()
        middle = (np.maximum(lower[circuits], -by_kw) + np.minimum(upper[circuits], by_kw)) / 2
        lower[circuits] = np.minimum(lower[circuits] + by_kw, middle)
        upper[circuits] = np.maximum(upper[circuits] - by_kw, middle)
        return replace(self, site=replace(self.site, program=replace(program, col_lower=lower, col_upper=upper)))

    def bound(self) -> SiteBound:
        """Return the bound of what is common. A column without a bound of its own would be worth −inf for a solver's rounding."""
        p, stamp = self.site.program, self.site.program.stamp
        return SiteBound(
            matrix=csr_array((p.values, (stamp.rows, stamp.cols)), shape=(stamp.n_rows, stamp.n_cols)),
            cost=self.site.cost(moving=False),
            row_lower=p.row_lower,
            row_upper=p.row_upper,
            col_lower=np.maximum(p.col_lower, -FAR),
            col_upper=np.minimum(p.col_upper, FAR),
            unpriced=np.zeros(0, np.int64),
        )

    def price_per_kwh(self, row_dual: Array) -> Array:
        """Return what a kWh costs at each place, (L, T) [currency/kWh]."""
        return self.site.price_per_kwh(row_dual)

    def reserve_price_per_kw(self, row_dual: Array) -> Array:
        """Return what a kW of each reserve is worth at each place, (L, R) [currency/kW]."""
        return np.asarray(self.reserve_rows @ row_dual).reshape(len(self.site.rows), self.n_reserves)


def crossing(portfolio: Portfolio, places: Places, most_kw: Array) -> Crossing:
    """Return the common program; `most_kw` (L,) is the most that all sites of a place can draw or give."""
    common = portfolio.common
    stated = _with_places(common, places, most_kw)
    one_each = replace(places, of=np.arange(places.n_places))
    site = Sites().site(stated, one_each, np.zeros(0, np.int64))
    return Crossing(site=site, reserve_rows=_reserve_rows(common, site, places), n_reserves=len(common.reserves))


def _with_places(common: Problem, places: Places, most_kw: Array) -> Problem:
    """Return the common problem with a storage a place, as strong as all of its sites."""
    L, T = places.n_places, common.grid.n_steps
    none, never, most = np.zeros(L), np.zeros((L, T)), np.repeat(most_kw[:, None], T, axis=1)
    single: dict[str, Any] = dict.fromkeys(
        (
            *("charge_min_kw", "discharge_min_kw", "initial_energy_kwh", "wear_cost_per_kwh", "target_energy_kwh"),
            *("shortfall_price_per_kwh", "terminal_value_per_kwh"),
        ),
        none,
    )
    stepped: dict[str, Any] = dict.fromkeys(("energy_min_kwh", "energy_max_kwh", "drain_kwh", "departure_probability"), never)
    storages = Storages(
        unit_ids=tuple(f"place-{i}" for i in range(L)),
        kinds=(StorageKind.EV,) * L,
        circuit_ids=tuple(common.circuits.circuit_ids[c] for c in places.circuit),
        phase_share=places.share,
        charge_max_kw=most,
        discharge_max_kw=most,
        charge_efficiency=np.ones(L),
        discharge_efficiency=np.ones(L),
        target_step=np.zeros(L, dtype=np.int64),
        priority=np.ones(L),
        previous_power_kw=np.full((L, T), np.nan),
        **single,
        **stepped,
    )
    return Problem(
        grid=common.grid,
        storages=storages,
        circuits=common.circuits,
        connection=common.connection,
        events=common.events,
        reserves=common.reserves,
    )


def most_held(common: Problem) -> Array:
    """Return the most of each reserve that is paid for, (R,) [kW]."""
    return np.array([r.committed_kw + r.offer_max_kw for r in common.reserves])


def site_places(portfolio: Portfolio) -> Places:
    """Return where the sites hang: balanced, each at its circuit."""
    index = {name: i for i, name in enumerate(portfolio.common.circuits.circuit_ids)}
    circuit, of = np.unique([index[source.circuit_id] for source in portfolio.sites], return_inverse=True)
    return Places(circuit=circuit, share=np.full((len(circuit), N_PHASES), 1 / N_PHASES), of=of.astype(np.int64))


def _reserve_rows(common: Problem, site: Site, places: Places) -> csr_array:
    """Return what a kW of each reserve of a site loads in each row, (L·R, rows)."""
    stamp, R = site.program.stamp, len(common.reserves)
    loads = np.zeros((places.n_places, R, stamp.n_rows))
    if not R:
        return csr_array((0, stamp.n_rows))
    parents = common.circuits.parent_index
    up, down = calls(common, UP), calls(common, DOWN)
    loads[:, :, stamp.rows_of("held_up")] = -up
    loads[:, :, stamp.rows_of("held_down")] = -down
    for i, circuit in enumerate(places.circuit):
        c = int(circuit)
        while c >= 0:
            loads[i][:, stamp.rows_of("import_room")[c]] = down
            loads[i][:, stamp.rows_of("export_room")[c]] = up
            c = int(parents[c])
    return csr_array(loads.reshape(-1, stamp.n_rows))
