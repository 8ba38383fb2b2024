"""Find prices and mixes of answers: a lower and an upper bound that meet.

A round is a sweep, in which the groups answer in turns and aim at the last mix's power (`sweeps`), at prices between the master's
duals and the best ones yet (Wentges smoothing). Then the master mixes all answers; asked plainly at its duals, the groups bound the
optimum from below. Whatever ends it, a feasible mix and both bounds are in hand.
Source: Wentges (1997), "Weighted Dantzig-Wolfe decomposition for linear mixed-integer programming", International Transactions in
Operational Research 4(2).
"""

from dataclasses import dataclass, replace

import numpy as np

from optimizer.deadline import Deadline
from optimizer.fleet.answers import Answers
from optimizer.fleet.bound import SiteBound
from optimizer.fleet.groups import Groups
from optimizer.fleet.master import Master, Mixture
from optimizer.fleet.relaxation import Start
from optimizer.fleet.site import Site
from optimizer.fleet.sweeps import Sweeps
from optimizer.model.build import TERMS
from v2g.errors import PlanningError
from v2g.solution import Tier
from v2g.timegrid import Array

STEP = 0.5
"""How far a sweep's prices go from the best ones to the master's."""
STRENGTH, FIRST_STRENGTHS = 0.5, (1.0, 2.0, 4.0, 8.0)
"""How strongly a sweep holds to its aim: in each round, and in the sweeps before the first mix, which must be feasible rather
than cheap. Measured, 1,000 / 10,000 / 100,000 cars: with these four a tick takes 7.5 / 3.7 / 3 mixes, with 2 and 8 9.5 / 5.3 / 4.5;
strengths of 0.3 to 1 in each round need as many."""
NEAR, ASK_EVERY = 4.0, 3
"""All are asked once the gap is less than so many times what is wanted, and every so many rounds: before that the start's bound is
better than what they would say, later it is what keeps the bounds apart. The mix is within 0.03 % of the optimum when the start's
bound is still 0.1 % below it: asked at the master's own duals right after a mix they say so a round earlier than at prices half the
way to these in the next."""
PATIENCE = 3
"""Rounds in which cars may idle for want of answers; if they still do then, there is a shortage, and its prices must be found."""
IDLE = 1e-6
MOST_ROUNDS = 200
FIRST_SOLVE_S = 1.0
"""The first mix gets this much time, whatever is left: without it there is no plan."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What a search has found.

    `curves` (K, G, T) are the prices that the groups were asked, `share` (K, G) the mix; `best` are the duals of the greatest lower
    bound `least`, `most` the mix's cost, `in_play` the site's money in either direction [currency].
    """

    curves: Array
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


class Search:
    """A search under way: from `start`, from the tariff without one."""

    def __init__(self, master: Master, site: Site, groups: Groups, start: Start | None) -> None:
        self.master, self.site, self.groups = master, site, groups
        self.bound = SiteBound.of(site, moving=True)
        self.curves: list[Array] = []
        self.least, self.n_mixed, self.idle_rounds, self.asked = -np.inf, 0, 0, False
        self.mixture: Mixture | None = None
        master.load(site, groups)
        tariff = np.broadcast_to(site.rest.connection.import_price_per_kwh, (len(site.share), site.rest.grid.n_steps))
        self.best = np.zeros(site.program.stamp.n_rows)
        if start is None:
            power = self.take(groups.answer(tariff), tariff[groups.place])
            self.prices, self.aim = tariff, power
        else:
            self.ask(self.bound.priced(start.dual))
            self.prices, self.aim = site.price_per_kwh(self.best), start.power_kw
        self.sweeps = Sweeps(groups, self.aim)

    def until(self, gap: float, deadline: Deadline) -> Found:
        """Search until the bounds meet to `gap` or time is over; once more, and it goes on from there."""
        if self.mixture is None:
            for strength in FIRST_STRENGTHS:
                self.sweep(strength)
            self.mix(deadline)
        while self.apart(gap, deadline):
            self.doubt(gap)
            if self.apart(gap, deadline):
                self.go_on()
                self.mix(deadline)
        return self.found()

    def apart(self, gap: float, deadline: Deadline) -> bool:
        """Return whether the bounds do not meet yet, and there is time."""
        return self.found().gap_frac > gap and deadline.left_s > 0 and len(self.curves) < MOST_ROUNDS

    def found(self) -> Found:
        """Return what has been found, after the first mix."""
        return Found(
            curves=np.array(self.curves[: len(self.mixed.share)]),
            share=self.mixed.share,
            best=self.best,
            least=self.least,
            most=self.mixed.cost,
            in_play=self._in_play(),
            n_rounds=len(self.curves),
        )

    def ask(self, dual: Array) -> None:
        """Add the answers to the prices of row duals; note what they bound."""
        prices = self.site.price_per_kwh(dual)
        answers = self.groups.answer(prices)
        self.take(answers, prices[self.groups.place])
        value = self.bound.value(dual) + float(answers.bound.sum())
        if value > self.least:
            self.least, self.best = value, dual

    def sweep(self, strength: float) -> None:
        """Add the answers of a sweep."""
        self.take(*self.sweeps.sweep(self.prices, self.aim, strength))

    def take(self, answers: Answers, curves: Array) -> Array:
        """Add answers to price curves (G, T) to the master; return their power at each place (L, T)."""
        self.master.add(answers.power_kw, answers.cost)
        self.curves.append(curves)
        power = np.zeros((len(self.site.share), curves.shape[1]))
        np.add.at(power, self.groups.place, answers.power_kw)
        return power

    def doubt(self, gap: float) -> None:
        """Ask all at the duals of the last mix, where the bounds are near each other, or it is time; of each mix once.

        While cars only idle for want of answers, duals are worth nothing.
        """
        near = self.found().gap_frac <= NEAR * gap
        if not self.asked and not self.wanting and (near or self.n_mixed % ASK_EVERY == 0):
            self.asked = True
            self.ask(self.bound.priced(self.mixed.row_dual))

    def go_on(self) -> None:
        """Sweep once more; while cars only idle for want of answers, nearer to the aim."""
        if self.wanting:
            self.sweep(STRENGTH * (2.0 + self.idle_rounds))
            return
        now = self.bound.priced(self.mixed.row_dual)
        dual = now if self.least == -np.inf else STEP * now + (1.0 - STEP) * self.best
        self.prices, self.aim = self.site.price_per_kwh(dual), self.mixed.power_kw
        self.sweep(STRENGTH)

    def mix(self, deadline: Deadline) -> None:
        """Mix all answers."""
        if self.mixture is None:
            self.mixture = self.master.solve(Deadline(max(deadline.left_s, FIRST_SOLVE_S)))
        else:
            self.mixture = self._next_mixture(self.mixture, deadline)
        self.n_mixed, self.asked = self.n_mixed + 1, False
        self.idle_rounds = self.idle_rounds + 1 if self.mixture.idle.max(initial=0.0) > IDLE else 0

    @property
    def mixed(self) -> Mixture:
        """The last mix."""
        assert self.mixture is not None  # noqa: S101 (mixed before)
        return self.mixture

    @property
    def wanting(self) -> bool:
        """Whether cars idle, and it may be for want of answers."""
        return 0 < self.idle_rounds <= PATIENCE

    def _next_mixture(self, last: Mixture, deadline: Deadline) -> Mixture:
        """Return the next mix, the last one where time ends first."""
        try:
            return self.master.solve(deadline)
        except PlanningError:
            if deadline.left_s > 0:
                raise
            return replace(last, share=np.pad(last.share, ((0, len(self.curves) - len(last.share)), (0, 0))))

    def _in_play(self) -> float:
        costs = self.site.program.costs
        money = (t.weight * float(costs[t.name] @ self.mixed.values) for t in TERMS if t.tier is Tier.MONEY and t.name in costs)
        return sum(abs(value) for value in money) or 1.0
