"""The fleet planner: prices down, answers up, behind the planner's port."""

from dataclasses import dataclass

import numpy as np

from optimizer.deadline import Deadline, Stopwatch
from optimizer.exact import ExactPlanner
from optimizer.fleet import answers
from optimizer.fleet.answers import mix
from optimizer.fleet.bound import SiteBound
from optimizer.fleet.certificate import certify, sendable
from optimizer.fleet.converge import Found, converge
from optimizer.fleet.groups import Groups, group_cars, order_cars
from optimizer.fleet.master import Master
from optimizer.fleet.places import Index, Places, find_places
from optimizer.fleet.settle import Plans
from optimizer.fleet.site import Site, Sites
from optimizer.fleet.split import answerable
from optimizer.fleet.starts import carry_duals
from v2g.problem import Problem
from v2g.solution import Solution
from v2g.timegrid import Array

SAMPLE, FEWEST_FOR_SAMPLE = 1000, 3000
"""Cars that are asked first where there are more than the second number: their prices are good to 0.03 % of the cost."""
N_GROUPS = 144
N_STARTS = 8
"""Curves of a sample or the last tick that are asked first. Measured, 20,000 cars: 5 need 15 rounds, 8 take 14, 12 take 17."""
SETTLING_SHARE = 0.2
"""Part of the gap that is left for what is sent to differ from what is mixed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Last:
    """What the next tick starts from: a site and its leading duals."""

    site: Site
    duals: tuple[Array, ...]


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

    Keeps the last prices: a problem like the last one takes about half the time.
    """

    def __init__(self, *, time_limit_s: float = 30.0, gap: float = 1e-3, prefer: bool = True) -> None:
        self.time_limit_s, self.gap, self.prefer = time_limit_s, gap, prefer
        self._master, self._sample_master, self._sites = Master(), Master(), Sites()
        self._exact = ExactPlanner(time_limit_s=time_limit_s, prefer=prefer)
        self._last: _Last | None = None

    async def solve(self, problem: Problem) -> Solution:
        """Return a plan within the gap, or the best mix found in time; raises `PlanningError` where there is none."""
        return self.solve_now(problem)

    def solve_now(self, problem: Problem) -> Solution:
        """Do what `solve` does, without an event loop."""
        watch, deadline = Stopwatch(), Deadline(self.time_limit_s)
        can_answer = answerable(problem)
        places = find_places(problem)
        site = self._sites.site(problem, places, np.flatnonzero(~can_answer))
        rows = order_cars(problem, np.flatnonzero(can_answer), places)
        groups = group_cars(problem, rows, places, site.tiers, most=N_GROUPS)
        watch.lap("state")
        found = self._found(problem, site, rows, places, groups, deadline)
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
        solution.times_s.update(watch.times_s)
        return solution

    def _found(self, problem: Problem, site: Site, rows: Index, places: Places, groups: Groups, deadline: Deadline) -> Found:
        """Search on a sample first where the fleet is large, then on all."""
        starts = () if self._last is None else carry_duals(self._last.duals, self._last.site, site)
        if len(rows) >= FEWEST_FOR_SAMPLE:
            some = rows[((np.arange(SAMPLE) + 0.5) * len(rows) / SAMPLE).astype(np.int64)]
            sample = group_cars(problem, some, places, site.tiers, most=N_GROUPS, weight=len(rows) / SAMPLE)
            found = converge(self._sample_master, site, sample, starts, gap=self.gap / 2, deadline=deadline)
            starts = found.leading(N_STARTS)
        found = converge(self._master, site, groups, starts, gap=self.gap * (1.0 - SETTLING_SHARE), deadline=deadline)
        self._last = _Last(site=site, duals=found.leading(N_STARTS))
        return found


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


def warm_up() -> None:
    """Compile what answers prices, or read it from disk."""
    answers.warm_up()
