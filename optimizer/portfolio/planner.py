"""The portfolio planner: rounds of asking all sites, until what the best mix costs is near what nothing can cost less than.

Of many sites samples are asked first, each for as many as it stands for: their prices are nearly those of all. At the end each site
plans within its part of the mix, whole-number choices made, and the gap is counted for those plans.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from optimizer.deadline import Stopwatch
from optimizer.evaluate import evaluate
from optimizer.fleet.places import Index, Places, rank_at
from optimizer.flows import make_flows
from optimizer.portfolio.crossing import crossing, most_held, site_places
from optimizer.portfolio.program import answer
from optimizer.portfolio.search import Search
from optimizer.portfolio.site import Facts, begin, facts, load, plan, weighed
from optimizer.portfolio.values import Portfolio, PortfolioPlan, SitePlan
from optimizer.portfolio.workers import Workers
from optimizer.tiers import TierPrices
from v2g.problem import Problem
from v2g.solution import HeldReserve, TermValue
from v2g.timegrid import Array

ROUNDING_SHARE = 0.5
"""What of the gap the search may leave to whole-number choices."""
SAMPLES, SAMPLE_GAP_FRAC = (8, 48), 3e-3
"""Sites of the samples at each place, each begun at the prices of the one before, and how near their prices must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a portfolio is: what is done, its round, sites that have answered in it, the gap so far (inf before the first)."""

    doing: str
    round: int
    answered: int
    n_sites: int
    gap_frac: float


class PortfolioPlanner:
    """Plans portfolios on `workers`; `told` hears of every site that answers.

    Raises `ProblemError` for a site whose problem is wrong, `PlanningError` where a site has no plan.
    """

    def __init__(
        self,
        workers: Workers,
        *,
        gap_frac: float = 1e-3,
        max_rounds: int = 60,
        told: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._workers, self._told = workers, told
        self.gap_frac, self.max_rounds = gap_frac, max_rounds

    def solve(self, portfolio: Portfolio) -> PortfolioPlan:
        """Return the plans of all sites under what they share."""
        watch, common = Stopwatch(), portfolio.common
        problems = self._workers.keep(partial(load, grid=common.grid, calls=common.reserves), portfolio.sites)
        known: list[Facts] = self._all("reading", 0, np.inf, facts, problems)
        tiers, most_kw = _tiers([f.tiers for f in known]), np.array([f.most_kw for f in known])
        watch.lap("read")
        search, rounds = self._searched(portfolio, problems, tiers, most_kw)
        watch.lap("prices")
        work, asked = partial(plan, tiers=tiers), search.asked(best=True)
        plans: list[SitePlan] = self._all(
            "planning", rounds, search.gap_frac, work, portfolio.sites, problems, asked, search.parts()
        )
        watch.lap("plans")
        places, terms = site_places(portfolio), _terms(portfolio, plans)
        upper = sum(p.cost for p in plans) + weighed(terms, tiers)
        return PortfolioPlan(
            sites=tuple(plans),
            price_per_kwh=_by_circuit(common, places, np.array([a.price_per_kwh for a in asked])),
            power_kw=np.sum([p.power_kw for p in plans], axis=0),
            held_kw=_held_kw(common, plans),
            terms=terms,
            lower=search.lower,
            upper=upper,
            gap_frac=(upper - search.lower) / search.in_play,
            rounds=rounds,
            times_s=watch.times_s,
        )

    def _searched(self, portfolio: Portfolio, problems: Sequence[Any], tiers: TierPrices, most_kw: Array) -> tuple[Search, int]:
        """Return the search at its end, and its rounds."""
        places = site_places(portfolio)
        shared = crossing(portfolio, places, places.sums(most_kw))
        shared = replace(shared, site=replace(shared.site, tiers=tiers))
        everyone, start = np.arange(len(places.of)), None
        samples = [("sampling", some, SAMPLE_GAP_FRAC) for some in _samples(places)]
        for doing, who, gap_frac in (*samples, ("asking", everyone, ROUNDING_SHARE * self.gap_frac)):
            weight = (np.bincount(places.of) / np.bincount(places.of[who]))[places.of[who]]
            search = Search(shared, places.of[who], weight=weight, most_kw=most_kw[who], tiers=tiers, start=start)
            begun = self._workers.keep(partial(begin, tiers=tiers), [problems[i] for i in who.tolist()], search.asked())
            rounds = self._rounds(doing, search, gap_frac, begun)
            start = search.best_dual
        return search, rounds

    def _rounds(self, doing: str, search: Search, gap_frac: float, sites: Sequence[Any]) -> int:
        """Ask until the gap is small enough; return how often."""
        for count in range(1, self.max_rounds + 1):
            search.take(self._all(doing, count, search.gap_frac, answer, sites, search.asked()))
            if search.gap_frac <= gap_frac:
                break
        return count

    def _all(self, doing: str, count: int, gap_frac: float, work: Callable[..., Any], *items: Sequence[Any]) -> list[Any]:
        """Return the results of work on all sites, in order, telling of each."""
        n = len(items[0])
        results: list[Any] = [None] * n
        for done, (i, result) in enumerate(self._workers.map(work, *items), start=1):
            results[i] = result
            self._told(Progress(doing=doing, round=count, answered=done, n_sites=n, gap_frac=gap_frac))
        return results


def _samples(places: Places) -> list[Index]:
    """Return the sites that are asked first: every so many at each place, more each time, never more than half of all."""
    strides = [len(places.of) // (size * places.n_places) for size in SAMPLES]
    return [np.flatnonzero(rank_at(places.of) % stride == 0) for stride in strides if stride > 1]


def _tiers(of_sites: list[TierPrices]) -> TierPrices:
    """Return the tiers' prices for all sites: those of the one to which most is worth most."""
    return TierPrices(
        service_per_kwh=max(t.service_per_kwh for t in of_sites),
        violation_per_kwh_h=max(t.violation_per_kwh_h for t in of_sites),
        moving_per_kwh=0.0,
    )


def _terms(portfolio: Portfolio, plans: list[SitePlan]) -> tuple[TermValue, ...]:
    """Return what is paid for in common, with the sites' plans as what the circuits carry."""
    common, places = portfolio.common, site_places(portfolio)
    fixed = common.circuits.fixed_kw.copy()
    np.add.at(fixed, places.circuit[places.of], np.array([p.power_kw for p in plans]))
    loaded = replace(common, circuits=replace(common.circuits, fixed_kw=fixed))
    nobody = np.zeros(common.shape)
    held = HeldReserve(held_kw=_held_kw(common, plans), up_kw=nobody, down_kw=nobody)
    return evaluate(loaded, replace(make_flows(loaded, nobody, nobody), reserve=held if common.reserves else None))


def _held_kw(common: Problem, plans: list[SitePlan]) -> Array:
    """Return what all sites hold of each reserve, as far as it is paid for, (R,) [kW]."""
    return np.asarray(np.minimum(np.sum([p.reserve_kw for p in plans], axis=0), most_held(common)))


def _by_circuit(common: Problem, places: Places, price_per_kwh: Array) -> Array:
    """Return the price at each circuit, 0 where no site hangs, (m, T), from the sites' (n, T)."""
    price = np.zeros((common.circuits.n_circuits, common.grid.n_steps))
    price[places.circuit[places.of]] = price_per_kwh
    return price
