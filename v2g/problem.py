"""The optimisation problem as values: what a planner gets, and nothing else.

Few concepts: *storages* (cars, batteries) sit on *circuits* (a feeder tree whose root is the grid connection) and trade
at the *connection*'s prices. Signs: + into the storage or into the site. Arrays are float64, units first, steps second.
"""

from copy import copy
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from v2g.checks import check_circuits, check_commitments, check_connection, check_storages
from v2g.commitments import Event, Reserve
from v2g.network import N_PHASES, Circuits, Connection
from v2g.scenarios import Scenario, check_scenarios
from v2g.storages import Storages
from v2g.timegrid import Array, TimeGrid


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """Everything a planner may know. Raises `ProblemError` on wrong shapes, non-finite numbers or crossed bounds.

    `scenarios` are what else could come true; the problem itself has the rest of the probability.
    """

    grid: TimeGrid
    storages: Storages
    circuits: Circuits
    connection: Connection
    events: tuple[Event, ...] = ()
    reserves: tuple[Reserve, ...] = ()
    scenarios: tuple[Scenario, ...] = ()

    def __post_init__(self) -> None:
        check_circuits(self.circuits, self.grid.n_steps)
        check_storages(self.storages, self.grid.n_steps, self.circuits.circuit_ids)
        check_connection(self.connection, self.grid.n_steps)
        check_commitments(self.events, self.reserves, self.grid.n_steps)
        check_scenarios(self.scenarios, self.storages, self.grid.n_steps)

    @property
    def shape(self) -> tuple[int, int]:
        """(n_units, n_steps)."""
        return self.storages.n_units, self.grid.n_steps

    def courses(self) -> tuple[tuple[float, "Problem"], ...]:
        """Return all that may come true, (probability, problem without scenarios) each, the problem itself first."""
        rest = 1.0 - sum(s.probability for s in self.scenarios)
        others = [
            (s.probability, replace(self, storages=s.storages, circuits=s.circuits, connection=s.connection, scenarios=()))
            for s in self.scenarios
        ]
        return ((rest, replace(self, scenarios=())), *others)

    def membership(self) -> Array:
        """Return (m, n): 1 where the unit hangs at the circuit or below it."""
        return self.circuits.above()[:, self.circuit_index()]

    def circuit_index(self) -> NDArray[np.int64]:
        """Return the index of the circuit at which each unit hangs, (n,)."""
        index = {name: i for i, name in enumerate(self.circuits.circuit_ids)}
        return np.fromiter(map(index.__getitem__, self.storages.circuit_ids), np.int64, self.storages.n_units)

    def part(self, rows: slice) -> "Problem":
        """Return the problem of some of its units alone, in views; what has been checked is not checked again."""
        part = copy(self)
        object.__setattr__(part, "storages", self.storages.part(rows))
        return part

    def fixed_below(self) -> tuple[Array, Array]:
        """Return the fixed power and its margin of each circuit with all below it, two (m, T) [kW]."""
        fixed, margin = self.circuits.fixed_kw.copy(), self.circuits.fixed_margin_kw.copy()
        for i in range(self.circuits.n_circuits - 1, 0, -1):
            parent = int(self.circuits.parent_index[i])
            fixed[parent] += fixed[i]
            margin[parent] += margin[i]
        return fixed, margin

    def skew_below(self) -> Array:
        """Return what each phase of each circuit carries of the fixed power beyond a third, with all below it, (m, 3, T) [kW]."""
        skew = self.circuits.fixed_skew_kw
        if skew is None:
            return np.zeros((self.circuits.n_circuits, N_PHASES, self.grid.n_steps))
        return np.asarray(np.einsum("mc,cpt->mpt", self.circuits.above(), skew))
