"""Sweeps: the groups answer one after the other, each seeing what those before it have taken.

    price = best price + strength·mean price·(site's deviation/site's size + place's deviation/(2·place's size))

All answering one curve, cars rush to the same hours; in turns they fill what is meant to be filled. A sweep's answers add up to
nearly the power that is aimed at, so that they alone are nearly a plan: an upper bound that takes plain rounds several times as
many answers to reach. Each group has a price curve of its own.
Source: Gauss–Seidel instead of Jacobi in price coordination, e.g. Bertsekas and Tsitsiklis (1989), "Parallel and Distributed
Computation", §3.4.
"""

from dataclasses import replace

import numpy as np

from optimizer.fleet.answers import Answers, answer
from optimizer.fleet.groups import Groups
from optimizer.fleet.places import rank_at
from v2g.timegrid import Array

TURNS = 36
"""Turns of a sweep. Measured, 10,000 cars: 36 and 72 take as many rounds."""


class Sweeps:
    """Sweeps over `groups`, who together begin with `power_kw` at each place (L, T)."""

    def __init__(self, groups: Groups, power_kw: Array) -> None:
        self._groups = groups
        self._order = np.random.default_rng(0)
        turn = np.argsort(rank_at(groups.place), kind="stable")
        self._turns = [turn[part] for part in np.array_split(np.arange(len(turn)), min(TURNS, len(turn)))]
        chunk_group = groups.cars.records["group"][groups.cars.chunk[:, 0]]
        self._cars = [replace(groups.cars, chunk=groups.cars.chunk[np.isin(chunk_group, part)]) for part in self._turns]
        self._size = np.maximum(np.bincount(groups.place, groups.size_kw, minlength=len(power_kw)), 1.0)  # a place may have no cars
        share = groups.size_kw / self._size[groups.place]
        self._power = share[:, None] * power_kw[groups.place]
        self._total = power_kw.copy()

    def sweep(self, price_per_kwh: Array, aim_kw: Array, strength: float) -> tuple[Answers, Array]:
        """Return the groups' answers and each one's price curve (G, T): near `price_per_kwh` (L, T), aiming at `aim_kw` (L, T)."""
        groups, weight = self._groups, self._groups.weight
        cost, curves = np.zeros(groups.n_groups), np.empty((groups.n_groups, price_per_kwh.shape[1]))
        scale = strength * float(np.abs(price_per_kwh).mean())
        for i in self._order.permutation(len(self._turns)):
            off = self._total - aim_kw
            price = price_per_kwh + scale * (off.sum(axis=0) / self._size.sum() + off / (2.0 * self._size[:, None]))
            mine, curve = self._turns[i], price[groups.place]
            found = answer(self._cars[i], curve)
            power = weight * found.power_kw[mine]
            np.add.at(self._total, groups.place[mine], power - self._power[mine])
            self._power[mine], cost[mine], curves[mine] = power, weight * found.cost[mine], curve[mine]
        return Answers(power_kw=self._power.copy(), cost=cost, bound=np.full(groups.n_groups, -np.inf)), curves
