"""What every limit leaves for cars to change, and which limits lie on the way from each place to the grid.

A flow is a circuit's power, that on one phase of a circuit with phase rows, or, where peaks cost money, the import that is paid for
already. Flows without a limit are left out.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.fleet.places import Places
from optimizer.network import network
from v2g.network import N_PHASES
from v2g.problem import Problem
from v2g.timegrid import Array

Index = NDArray[np.int64]


class Ways(NamedTuple):
    """Room of K flows upwards and downwards (K, T) [kW], < 0 where a limit is broken, and the flows on the way of each place.

    Place l loads flows ``flow[first[l]:first[l + 1]]`` with `weight` of its power. Compiled code changes the rooms in place.
    """

    up_kw: Array
    down_kw: Array
    first: Index
    flow: Index
    weight: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rooms:
    """The rooms left by all that units do; `load` (K, L) is what a kW at each of L places adds to each flow.

    `paid` (K,) tells which flows are no limits, but peaks that are paid for already.
    """

    ways: Ways
    load: Array
    paid: NDArray[np.bool_]

    def add(self, power_kw: Array, steps: slice) -> None:
        """Let places draw `power_kw` (L, steps) more [kW]."""
        flow_kw = self.load @ power_kw
        self.ways.up_kw[:, steps] -= flow_kw
        self.ways.down_kw[:, steps] += flow_kw


def make_rooms(problem: Problem, places: Places, charge_kw: Array, discharge_kw: Array) -> Rooms:
    """Return what limits leave beside powers (n, T) of all units [kW]."""
    net, power_kw = network(problem), places.sums(charge_kw) - places.sums(discharge_kw)
    above = problem.circuits.above()[:, places.circuit]
    phased = above[list(net.phased)][:, None, :] * places.share.T[None]
    n_phases, T = len(net.phased) * N_PHASES, problem.grid.n_steps
    load = np.concatenate([above, phased.reshape(n_phases, places.n_places), above[:1]])
    limits = (net.circuits, net.phases)
    fixed = np.concatenate([*(x.fixed_kw.reshape(-1, T) for x in limits), net.circuits.fixed_kw[:1]])
    flow = fixed + load @ power_kw
    peak = np.full((1, T), _paid_peak_kw(problem, flow[0]))
    up = np.concatenate([*(x.import_cap_kw.reshape(-1, T) for x in limits), peak]) - flow
    down = np.concatenate([*(x.export_cap_kw.reshape(-1, T) for x in limits), np.full((1, T), np.inf)]) + flow
    limited = (np.isfinite(up) | np.isfinite(down)).any(axis=1)
    paid = np.arange(len(load)) == len(load) - 1
    return _rooms(up[limited], down[limited], load[limited], paid[limited])


def _rooms(up_kw: Array, down_kw: Array, load: Array, paid: NDArray[np.bool_]) -> Rooms:
    place, flow = np.nonzero(load.T)
    first, weight = np.searchsorted(place, np.arange(load.shape[1] + 1)), load.T[place, flow]
    flow = np.ascontiguousarray(flow)  # as of a network of one place: strided, all of `settling` was compiled once more, 4 s each
    ways = Ways(up_kw=up_kw.copy(), down_kw=down_kw.copy(), first=first, flow=flow, weight=weight)
    return Rooms(ways=ways, load=load, paid=paid)


def _paid_peak_kw(problem: Problem, site_kw: Array) -> float:
    """Return the import up to which no peak costs more than it does already [kW]; inf where none costs anything."""
    money = problem.connection
    if money.demand_charge_per_kw == 0 and money.contract is None:
        return float(np.inf)
    return max(float(site_kw.max()), money.peak_so_far_kw)
