"""Find prices and mixes of answers: a lower and an upper bound that meet.

Each round sends the cars a price curve, adds what they answer to the master, and takes the next prices between the master's duals
and the best prices yet (Wentges smoothing): far from the best prices the master knows little. Whatever ends it, a feasible mix and
both bounds are in hand.
Source: Wentges (1997), "Weighted Dantzig-Wolfe decomposition for linear mixed-integer programming", International Transactions in
Operational Research 4(2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.deadline import Deadline
from optimizer.fleet.bound import SiteBound
from optimizer.fleet.groups import Groups
from optimizer.fleet.master import Master, Mixture
from optimizer.fleet.site import Site
from optimizer.model.build import TERMS
from v2g.errors import PlanningError
from v2g.solution import Tier
from v2g.timegrid import Array

STEP = 0.5
"""How far prices go from the best ones to the master's. Measured, rounds of all 20,000 cars from a sample's prices, cold and at the
next tick: 0.3 takes 20 and 18, 0.5 17 and 13, 0.7 14 and 14."""
FIRST_CAP, CAP_GROWTH = 2.0, 1.25
"""Prices are cut to this multiple of the dearest tariff at first, while cars idle for want of answers and duals are those of
promises broken; the cut gives way each round it is felt."""
MOST_ROUNDS = 200
FIRST_SOLVE_S = 1.0
"""The first mix gets this much time, whatever is left: without it there is no plan."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What a search has found.

    `curves` (K, L, T) are the prices that were asked, `duals` the site's row duals behind each, `share` (K, G) the mix; `best` are
    the duals of the greatest lower bound `least`, `most` the mix's cost, `in_play` the site's money in either direction [currency].
    """

    curves: Array
    duals: tuple[Array, ...]
    share: Array
    best: Array
    least: float
    most: float
    in_play: float
    n_rounds: int

    @property
    def gap_frac(self) -> float:
        """Distance of the bounds, relative to the money in play."""
        return max(self.most - self.least, 0.0) / self.in_play

    def leading(self, n: int) -> tuple[Array, ...]:
        """Return the duals of the `n` curves that have most part in the mix, the best duals last."""
        order = np.argsort(-self.share.sum(axis=1), kind="stable")[:n]
        return (*(self.duals[k] for k in order if self.share[k].any()), self.best)


def converge(master: Master, site: Site, groups: Groups, starts: Sequence[Array], *, gap: float, deadline: Deadline) -> Found:
    """Search from the duals `starts`, the last of which are taken for the best, until the bounds meet or time is over."""
    search = _Search(master, site, groups)
    for start in starts[:-1]:
        search.ask(start)
    dual: Array | None = starts[-1] if starts else None
    while True:
        found = search.round(dual, deadline)
        if found.gap_frac <= gap or deadline.left_s <= 0 or found.n_rounds >= MOST_ROUNDS:
            return found
        dual = search.next_dual()


class _Search:
    """A search under way."""

    def __init__(self, master: Master, site: Site, groups: Groups) -> None:
        self.master, self.site, self.groups = master, site, groups
        self.bound = SiteBound.of(site, moving=True)
        self.duals: list[Array] = []
        self.curves: list[Array] = []
        self.least = -np.inf
        self.best: Array | None = None
        self.tariff = site.rest.connection.import_price_per_kwh
        self.cap = FIRST_CAP * float(np.abs(self.tariff).max())
        self.mixture: Mixture | None = None
        master.load(site, groups)

    def ask(self, dual: Array | None) -> None:
        """Add the answers to the prices of row duals, to the tariff where there are none; note what they bound."""
        shape = (len(self.site.share), len(self.tariff))
        wanted = np.broadcast_to(self.tariff, shape) if dual is None else self.site.price_per_kwh(dual)
        capped = self.least == -np.inf and self.mixture is not None and self.mixture.idle.any()
        curve = np.clip(wanted, -self.cap, self.cap) if capped else wanted
        answers = self.groups.answer(curve)
        self.master.add(answers.power_kw, answers.cost)
        self.curves.append(curve)
        self.duals.append(np.zeros(self.site.program.stamp.n_rows) if dual is None else dual)
        if dual is None:
            return
        if (curve != wanted).any():
            self.cap *= CAP_GROWTH
            return
        value = self.bound.value(dual) + float(answers.bound.sum())
        if self.best is None or value > self.least:
            self.least, self.best = value, dual

    def round(self, dual: Array | None, deadline: Deadline) -> Found:
        """Ask once more and mix all answers."""
        self.ask(dual)
        if self.mixture is None:
            self.mixture = self.master.solve(Deadline(max(deadline.left_s, FIRST_SOLVE_S)))
        else:
            self.mixture = self._next_mixture(self.mixture, deadline)
        return Found(
            curves=np.array(self.curves),
            duals=tuple(self.duals),
            share=self.mixture.share,
            best=self.bound.priced(self.mixture.row_dual) if self.best is None else self.best,
            least=self.least,
            most=self.mixture.cost,
            in_play=self._in_play(),
            n_rounds=len(self.curves),
        )

    def _next_mixture(self, last: Mixture, deadline: Deadline) -> Mixture:
        """Return the next mix, the last one where time ends first."""
        try:
            return self.master.solve(deadline)
        except PlanningError:
            if deadline.left_s > 0:
                raise
            return replace(last, share=np.pad(last.share, ((0, len(self.curves) - len(last.share)), (0, 0))))

    def next_dual(self) -> Array:
        """Return the next duals, between the best and the master's."""
        assert self.mixture is not None  # noqa: S101 (a round has been)
        now = self.bound.priced(self.mixture.row_dual)
        return now if self.best is None or self.least == -np.inf else STEP * now + (1.0 - STEP) * self.best

    def _in_play(self) -> float:
        assert self.mixture is not None  # noqa: S101 (a round has been)
        costs = self.site.program.costs
        money = (t.weight * float(costs[t.name] @ self.mixture.values) for t in TERMS if t.tier is Tier.MONEY and t.name in costs)
        return sum(abs(value) for value in money) or 1.0
