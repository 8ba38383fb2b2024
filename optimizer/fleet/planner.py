"""The fleet planner: prices down, answers up, behind the planner's port."""

from dataclasses import replace

import numpy as np

from optimizer.deadline import Deadline, Stopwatch
from optimizer.exact import ExactPlanner
from optimizer.fleet.answers import mix
from optimizer.fleet.bound import SiteBound
from optimizer.fleet.certificate import certify, sendable
from optimizer.fleet.converge import Found, Search
from optimizer.fleet.groups import Groups, group_cars, order_cars
from optimizer.fleet.master import Master
from optimizer.fleet.places import Index, Places, find_places
from optimizer.fleet.relaxation import Relaxation
from optimizer.fleet.settle import Plans
from optimizer.fleet.shadow import fleet_prices
from optimizer.fleet.site import Site, Sites
from optimizer.fleet.split import answerable
from v2g.problem import Problem
from v2g.solution import Rung, Solution

N_GROUPS = 144
"""Measured, 10,000 cars: 96 groups need 12 rounds of 0.06 s in the master, 144 8 of 0.18 s."""
SETTLING_SHARE = 0.2
"""Part of the gap that is left at first for what is sent to differ from what is mixed, and for keeping to the last plan. Where that
was not enough, the search goes on."""
LOST_AGAIN, LEAST_AIM = 1.25, 0.3
"""How much of what was lost between mix and plan is left the next time, and the part of the gap below which searching on is given
up: then the loss is what is in the way."""


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
        search, aim = Search(self._master, site, groups, start), self.gap * (1.0 - SETTLING_SHARE)
        while True:
            found = search.until(aim, deadline)
            watch.lap("solve")
            solution = self._sent(problem, rows, places, site, groups, found, watch)
            if solution.rung is Rung.OPTIMAL or found.gap_frac > aim or deadline.left_s <= 0:
                break
            aim = self.gap - LOST_AGAIN * max((solution.gap_frac or 0.0) - found.gap_frac, 0.0)
            if aim < LEAST_AIM * self.gap:
                break
            del solution  # before the next: of a large fleet there is room for one
        prices = fleet_prices(problem, site, groups, rest, found.best, solution.energy_kwh)
        watch.lap("prices")
        return replace(solution, prices=prices, times_s=solution.times_s | watch.times_s)

    def _sent(
        self, problem: Problem, rows: Index, places: Places, site: Site, groups: Groups, found: Found, watch: Stopwatch
    ) -> Solution:
        """Return what is sent of a mix, certified."""
        plans = _mixed(problem, groups, found)
        watch.lap("extract")
        reserve, reason = sendable(self._exact, problem, rows, places, site.price_per_kwh(found.best), plans)
        watch.lap("settle")
        solution = certify(
            problem, plans, reserve, tiers=site.tiers, least_cost=_least(site, groups, found), target_gap=self.gap, reason=reason
        )
        watch.lap("verify")
        return solution


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
