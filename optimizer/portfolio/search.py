"""The search for the portfolio's prices: all answers so far, the best bound, and what to ask next.

The next prices lie between those with the best bound and the master's duals within a box around them. The box widens after a
better bound from prices that it held back, and narrows after a worse one. Source of the steps between: Wentges (1997), "Weighted
Dantzig–Wolfe decomposition for linear mixed-integer programming", International Transactions in Operational Research 4(2).
"""

from collections.abc import Sequence

import numpy as np

from optimizer.fleet.places import Index, rank_at
from optimizer.portfolio.crossing import Crossing, most_held
from optimizer.portfolio.master import PortfolioMaster
from optimizer.portfolio.site import LIMIT_S, SPARE_KW
from optimizer.portfolio.values import Asked, Part, SiteAnswer
from optimizer.tiers import TierPrices
from v2g.timegrid import Array

MOST_GROUPS = 64
FIRST_WIDTH, WIDER, NARROWER = 0.5, 1.5, 0.7
"""Half width of the box, of what a kWh costs at first; and by what it grows and shrinks."""
STAY = 0.6
"""How near the best prices the next ones are. Measured by rounds to a gap of 0.05 %, 40 sites of 12 cars, 96 steps: 0 with the box
narrowing by 0.85 more than 80, by 0.7 with STAY 0.4, 0.6 and 0.8 50, 41 and 46."""
NEXT_WIDTH = 0.1
"""The same where the search starts from prices found before."""


class Search:
    """One search over n sites at `place` (n,) of the common program.

    Each site stands for `weight` (n,) like itself; `most_kw` (n,) is the most it can draw or give. `start` are duals to begin with.
    """

    def __init__(
        self, common: Crossing, place: Index, *, weight: Array, most_kw: Array, tiers: TierPrices, start: Array | None = None
    ) -> None:
        self._common, self._place, self._weight, self._group = common, place, weight, groups(place)
        self._n_groups = int(self._group.max()) + 1
        at = np.zeros(self._n_groups, np.int64)
        at[self._group] = place
        absence = tiers.service_per_kwh * float(common.site.rest.grid.step_h.sum()) * (self._summed(most_kw) + 1.0)
        self._master = PortfolioMaster(common.tightened(2 * SPARE_KW * float(weight.sum())), at, absence, time_limit_s=LIMIT_S)
        self._bound = common.bound()
        self._first_width = FIRST_WIDTH if start is None else NEXT_WIDTH
        self._dual = self.best_dual = np.zeros(common.site.program.stamp.n_rows) if start is None else start
        self._answers: list[tuple[Array, Array]] = []
        self._width, self._boxed = 0.0, False
        self.lower, self.upper, self.in_play = -np.inf, np.inf, 1.0

    @property
    def gap_frac(self) -> float:
        """Distance between the best mix and the bound, relative to the money in play."""
        return (self.upper - self.lower) / self.in_play

    def asked(self, *, best: bool = False) -> list[Asked]:
        """Return what each site is asked next, or the prices with the best bound."""
        dual = self.best_dual if best else self._dual
        price, reserve = self._common.price_per_kwh(dual), self._common.reserve_price_per_kw(dual)
        return [Asked(price_per_kwh=price[p], reserve_price_per_kw=reserve[p]) for p in self._place]

    def take(self, answers: Sequence[SiteAnswer]) -> None:
        """Take a round of answers, and find the next prices."""
        power, reserve = np.array([a.power_kw for a in answers]), np.array([a.reserve_kw for a in answers])
        cost, bound = np.array([a.cost for a in answers]), np.array([a.bound for a in answers])
        if not self._answers:
            self.in_play = float(self._weight @ np.abs(cost)) or 1.0
            energy_kwh = float(self._weight @ np.abs(power) @ self._common.site.rest.grid.step_h)
            self._width = self._first_width * self.in_play / (energy_kwh or 1.0)
        self._answers.append((power, reserve))
        self._judge(self._bound.value(self._dual) + float(self._weight @ bound))
        self._master.add(self._summed(power), self._summed(reserve), self._summed(cost))
        self._mixture = self._master.solve()
        self.upper = self._mixture.cost
        boxed = self._master.solve(self._common.price_per_kwh(self.best_dual), self._width)
        self._boxed = boxed.boxed
        self._dual = self._bound.priced(STAY * self.best_dual + (1 - STAY) * boxed.row_dual)

    def parts(self) -> list[Part]:
        """Return each site's part: the mix of its own answers; of a site that the mix would have absent, of those it has.

        What all hold of a reserve beyond what is bought is left out: it is worth nothing, and keeps room.
        """
        share = self._mixture.share[:, self._group]
        total = share.sum(axis=0)
        share = np.where(total > 0, share / np.where(total > 0, total, 1.0), 1.0 / len(share))
        power = sum((w[:, None] * p for w, (p, _) in zip(share, self._answers, strict=True)), np.zeros(()))
        reserve = sum((w[:, None] * r for w, (_, r) in zip(share, self._answers, strict=True)), np.zeros(()))
        bought, held = most_held(self._common.site.rest), self._weight @ reserve
        reserve = reserve * np.where(held > bought, bought / np.where(held > bought, held, 1.0), 1.0)
        return [Part(power_kw=p, reserve_kw=r) for p, r in zip(power, reserve, strict=True)]

    def _judge(self, lower: float) -> None:
        """Keep the best bound, and set the box's width by what it brought."""
        if lower > self.lower:
            self._width *= WIDER if self._boxed else 1.0
            self.lower, self.best_dual = lower, self._dual
        else:
            self._width *= NARROWER

    def _summed(self, values: Array) -> Array:
        total = np.zeros((self._n_groups, *values.shape[1:]))
        np.add.at(total, self._group, values * self._weight.reshape(-1, *(1,) * (values.ndim - 1)))
        return total


def groups(place: Index) -> Index:
    """Return each site's group, (n,): neighbours at one place, `MOST_GROUPS` groups or a few more."""
    size = -(-len(place) // MOST_GROUPS)
    _, group = np.unique(place * len(place) + rank_at(place) // size, return_inverse=True)
    return np.asarray(group, np.int64)
