"""Cars in groups, a sample of them, and what their groups answer.

A group's plan is a mix of its answers, so cars of a group should be alike: they are at one place, and leave at about the same time.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.fleet.answers import Answers, answer, idle_cost
from optimizer.fleet.cars import Cars, make_cars
from optimizer.fleet.places import Index, Places
from optimizer.tiers import TierPrices
from v2g.problem import Problem
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """G groups of cars, each of which stands for `weight` cars.

    `place` (G,) is where they are, `size_kw` (G,) their most power in either direction [kW, > 0]. To `cars`, each group is a place:
    it may have a price curve of its own.
    """

    cars: Cars
    place: Index
    size_kw: Array
    weight: float

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.place)

    def answer(self, price_per_kwh: Array, *, moving: bool = True) -> Answers:
        """Return how the groups answer the price curves (L, T) of their places."""
        found = answer(self.cars, price_per_kwh[self.place], moving=moving)
        w = self.weight
        return Answers(power_kw=w * found.power_kw, cost=w * found.cost, bound=w * found.bound)

    def idle_cost(self, *, moving: bool) -> Array:
        """Return what idling costs the groups, (G,) [currency]."""
        return self.weight * idle_cost(self.cars, moving=moving)


def order_cars(problem: Problem, rows: Index, places: Places) -> Index:
    """Return the units `rows` ordered by place and departure."""
    s, T = problem.storages, problem.grid.n_steps
    leaves = np.where(s.target_step[rows] > 0, s.target_step[rows], T)
    return rows[np.argsort(places.of[rows] * (T + 1) + leaves, kind="stable")]


def group_cars(problem: Problem, ordered: Index, places: Places, tiers: TierPrices, *, most: int, weight: float = 1.0) -> Groups:
    """Return cars, ordered by place and departure, in about `most` groups; there are at least as many as places."""
    s, place = problem.storages, places.of[ordered]
    first = np.flatnonzero(np.diff(place, prepend=-1))
    n_here = np.diff(np.append(first, len(place)))
    n_groups = np.clip(np.rint(most * n_here / len(place)).astype(np.int64), 1, n_here)
    within = np.arange(len(place)) - np.repeat(first, n_here)
    group = np.repeat(np.cumsum(n_groups) - n_groups, n_here) + within * np.repeat(n_groups, n_here) // np.repeat(n_here, n_here)
    most_kw = np.maximum(s.charge_max_kw.max(axis=1), s.discharge_max_kw.max(axis=1))[ordered]
    return Groups(
        cars=make_cars(problem, ordered, group, group, tiers),
        place=np.repeat(place[first], n_groups),
        size_kw=np.maximum(weight * np.bincount(group, most_kw, minlength=int(n_groups.sum())), 1.0),
        weight=weight,
    )
