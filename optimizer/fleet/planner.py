"""The fleet planner: prices down, answers up, behind the planner's port."""

from dataclasses import replace

import numpy as np

from optimizer.deadline import Deadline, Stopwatch
from optimizer.exact import ExactPlanner
from optimizer.fleet.answers import mix
from optimizer.fleet.bound import SiteBound
from optimizer.fleet.certificate import certify, sendable
from optimizer.fleet.converge import Found, converge
from optimizer.fleet.groups import Groups, group_cars, order_cars
from optimizer.fleet.master import Master
from optimizer.fleet.places import find_places
from optimizer.fleet.relaxation import Relaxation
from optimizer.fleet.settle import Plans
from optimizer.fleet.shadow import fleet_prices
from optimizer.fleet.site import Site, Sites
from optimizer.fleet.split import answerable
from v2g.problem import Problem
from v2g.solution import Solution

N_GROUPS = 144
"""Measured, 10,000 cars: 96 groups need 12 rounds of 0.06 s in the master, 144 8 of 0.18 s."""
SETTLING_SHARE = 0.5
"""Part of the gap that is left for what is sent to differ from what is mixed, and for keeping to the last plan. Measured, 10,000
cars: 0.2 left ticks of a site with a sunk peak at 0.12 %, 0.5 takes a tenth more time in all."""


class FleetPlanner:
    """Plans in this process; fills `v2g.ports.Planner`. Not for an event loop that must not wait: see `optimizer.process`.

    Parameters
    ----------
    time_limit_s : float
        For the whole solve [s]; what is mixed by then is sent.
    gap : float
        Proven relative distance to the optimum at which it stops; the rung is then OPTIMAL, else INCUMBENT.
    prefer : bool
        Whether the plan keeps to its predecessor.

    Keeps its programs and their bases: a problem like the last one takes less time.
    """

    def __init__(self, *, time_limit_s: float = 30.0, gap: float = 1e-3, prefer: bool = True) -> None:
        self.time_limit_s, self.gap, self.prefer = time_limit_s, gap, prefer
        self._master, self._sites, self._relaxation = Master(), Sites(), Relaxation()
        self._exact = ExactPlanner(time_limit_s=time_limit_s, prefer=prefer)

    async def solve(self, problem: Problem) -> Solution:
        """Return a plan within the gap, or the best mix found in time; raises `PlanningError` where there is none."""
        return self.solve_now(problem)

    def solve_now(self, problem: Problem) -> Solution:
        """Do what `solve` does, without an event loop."""
        watch, deadline = Stopwatch(), Deadline(self.time_limit_s)
        can_answer = answerable(problem)
        places = find_places(problem)
        rest = np.flatnonzero(~can_answer)
        site = self._sites.site(problem, places, rest)
        rows = order_cars(problem, np.flatnonzero(can_answer), places)
        groups = group_cars(problem, rows, places, site.tiers, most=N_GROUPS)
        watch.lap("state")
        start = self._relaxation.start(problem, site, rows, places, rest)
        watch.lap("relax")
        target = self.gap * (1.0 - SETTLING_SHARE)
        found = converge(self._master, site, groups, start, gap=target, deadline=deadline)
        watch.lap("solve")
        plans = _mixed(problem, groups, found)
        watch.lap("extract")
        price = site.price_per_kwh(found.best)
        reserve, reason = sendable(self._exact, problem, rows, places, price, plans)
        watch.lap("settle")
        solution = certify(
            problem, plans, reserve, tiers=site.tiers, least_cost=_least(site, groups, found), target_gap=self.gap, reason=reason
        )
        watch.lap("verify")
        prices = fleet_prices(problem, site, groups, rest, found.best, solution.energy_kwh)
        watch.lap("prices")
        return replace(solution, prices=prices, times_s=solution.times_s | watch.times_s)


def _mixed(problem: Problem, groups: Groups, found: Found) -> Plans:
    """Return the plans of all cars; the others do nothing yet."""
    plans = Plans(*(np.zeros(problem.shape) for _ in Plans._fields))
    used = found.share.any(axis=1)
    mix(groups.cars, found.curves[used], found.share[used], *plans)
    return plans


def _least(site: Site, groups: Groups, found: Found) -> float:
    """Return the lower bound of what the problem costs without a last plan, so that the gap counts what keeping to it costs."""
    previous = groups.cars.tables.previous_kw
    if np.isnan(previous).all():
        return found.least
    bound = SiteBound.of(site, moving=False)
    dual = bound.priced(found.best)
    return bound.value(dual) + float(groups.answer(site.price_per_kwh(dual), moving=False).bound.sum())
