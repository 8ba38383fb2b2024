"""Where units hang: a place is a circuit and a share of the phases that occurs. Units at one place see one price curve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from v2g.network import N_PHASES
from v2g.problem import Problem
from v2g.storages import StorageKind, Storages
from v2g.timegrid import Array

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """L places: each one's circuit (L,) and share of power on each phase (L, 3); `of` is each unit's place, (n,)."""

    circuit: Index
    share: Array
    of: Index

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.circuit)

    def sums(self, values: Array) -> Array:
        """Return the sum over each place's units of `values` (n, …), (L, …)."""
        n = len(self.of)
        return np.asarray(csr_array((np.ones(n), (self.of, np.arange(n))), shape=(self.n_places, n)) @ values)


def find_places(problem: Problem) -> Places:
    """Return the places of a problem's units, in the order of circuits."""
    s, at = problem.storages, problem.circuit_index()
    of = at
    for phase in range(N_PHASES):
        _, kind = np.unique(s.phase_share[:, phase], return_inverse=True)
        _, of = np.unique(of * (kind.max(initial=0) + 1) + kind, return_inverse=True)
    _, first = np.unique(of, return_index=True)
    return Places(circuit=at[first], share=s.phase_share[first], of=of.astype(np.int64))


def rank_at(place: Index) -> Index:
    """Return how many before it are at each one's place, (n,)."""
    order = np.argsort(place, kind="stable")
    _, count = np.unique(place, return_counts=True)
    rank = np.empty(len(place), np.int64)
    rank[order] = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
    return rank


def outline(problem: Problem, places: Places) -> Problem:
    """Return the problem with one storage a place, as strong as all of its units: what the network and the connection depend on."""
    s, (n, T) = problem.storages, (places.n_places, problem.grid.n_steps)
    none, never = np.zeros(n), np.zeros((n, T))
    storages = Storages(
        unit_ids=tuple(f"place-{i}" for i in range(n)),
        kinds=(StorageKind.EV,) * n,
        circuit_ids=tuple(problem.circuits.circuit_ids[c] for c in places.circuit),
        phase_share=places.share,
        charge_max_kw=places.sums(s.charge_max_kw),
        discharge_max_kw=places.sums(s.discharge_max_kw),
        charge_min_kw=none,
        discharge_min_kw=none,
        energy_min_kwh=never,
        energy_max_kwh=never,
        initial_energy_kwh=none,
        charge_efficiency=np.ones(n),
        discharge_efficiency=np.ones(n),
        drain_kwh=never,
        wear_cost_per_kwh=none,
        target_energy_kwh=none,
        target_step=np.zeros(n, dtype=np.int64),
        priority=np.ones(n),
        departure_probability=never,
        shortfall_price_per_kwh=none,
        terminal_value_per_kwh=none,
        previous_power_kw=np.full((n, T), np.nan),
    )
    return Problem(
        grid=problem.grid, storages=storages, circuits=problem.circuits, connection=problem.connection, events=problem.events
    )
