"""One site's part of a portfolio: pure functions of the site's problem and the portfolio's prices, for whichever worker has them.

The portfolio's price is added to the site's own, in both directions: what the site then finds best is its answer. A reserve of the
portfolio is one of the site's too, paid at the portfolio's price for it.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimizer.evaluate import evaluate
from optimizer.exact import ExactPlanner
from optimizer.flows import make_flows
from optimizer.inputs.reserve import DOWN, UP, calls
from optimizer.model.build import TERMS
from optimizer.portfolio.program import SiteProgram, begun, site_program
from optimizer.portfolio.values import Asked, Part, SitePlan, SiteSource
from optimizer.tiers import TierPrices, tier_prices
from v2g.commitments import Reserve
from v2g.errors import ProblemError
from v2g.problem import Problem
from v2g.solution import TermValue, Tier
from v2g.timegrid import TimeGrid

LIMIT_S = 240.0
"""For one site's plan [s]: only what hangs ends here, lest how busy a worker is should change what it finds."""
MISSING_PER_KW_H = 1.0
"""What a kW of its part of a reserve that is not held costs a site, beyond what holding it costs [currency/(kW·h)]."""
SPARE_KW = 1e-6
"""A site's part of a limit is widened by this: its mix of answers meets it to the last bit only on paper."""


def load(source: SiteSource, grid: TimeGrid, calls: tuple[Reserve, ...]) -> Problem:
    """Return a site's problem, with the portfolio's reserves behind its own at no price.

    Raises `ProblemError` where its steps are not the portfolio's.
    """
    problem = source.load()
    same = problem.grid.start == grid.start and np.array_equal(problem.grid.step_h, grid.step_h)
    if not same:
        mend = f"all sites of a portfolio start at {grid.start.isoformat()}, with the same {grid.n_steps} steps"
        place = f"sites[{source.site_id}].grid"
        raise ProblemError("the site's steps are not those of the portfolio's first site", place=place, mend=mend)
    offered = tuple(
        replace(r, committed_kw=0.0, offer_max_kw=r.committed_kw + r.offer_max_kw, payment_per_kw_h=0.0, penalty_per_kw_h=0.0)
        for r in calls
    )
    return replace(problem, reserves=problem.reserves + offered)


def allotted(problem: Problem, asked: Asked, part: Part) -> Problem:
    """Return the site's problem within its part of the portfolio's power and reserves.

    Its power may go as far as its part in either direction, and calls of its reserves beyond that. Where import has a price and the
    part is to give, it must give as much: others draw it. A price stays where it asks to go there; where it asks to stay away, the
    part is what was worth it, and less would help nobody.
    """
    c, n_own, power_kw = problem.circuits, len(problem.reserves) - len(part.reserve_kw), part.power_kw
    up_kw, down_kw = (part.reserve_kw @ calls(problem, way)[n_own:] for way in (UP, DOWN))
    import_kw = np.where(asked.price_per_kwh > 0, power_kw, np.maximum(power_kw, 0.0)) + down_kw + SPARE_KW
    limits = {
        "import_limit_kw": np.maximum(import_kw, 0.0) + problem.fixed_below()[1][0],
        "export_limit_kw": np.maximum(-power_kw, 0.0) + up_kw + SPARE_KW,
    }
    cut: dict[str, Any] = {
        name: np.concatenate((np.minimum(getattr(c, name)[:1], limit), getattr(c, name)[1:])) for name, limit in limits.items()
    }
    cut["fixed_margin_kw"] = c.fixed_margin_kw + np.pad(np.maximum(-import_kw, 0.0)[None], ((0, c.n_circuits - 1), (0, 0)))
    money, price = problem.connection, np.where(asked.price_per_kwh * power_kw > 0, 0.0, asked.price_per_kwh)
    asking = {name: getattr(money, name) + price for name in ("import_price_per_kwh", "export_price_per_kwh")}
    owed = tuple(
        replace(r, committed_kw=float(kw), offer_max_kw=0.0, payment_per_kw_h=0.0, penalty_per_kw_h=MISSING_PER_KW_H)
        for r, kw in zip(problem.reserves[n_own:], part.reserve_kw, strict=True)
    )
    return replace(
        problem,
        circuits=replace(c, **cut),
        connection=replace(money, **asking),
        reserves=problem.reserves[:n_own] + owed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the portfolio must know of a site before it asks: what its tiers are worth, and its most power either way [kW]."""

    tiers: TierPrices
    most_kw: float


def facts(problem: Problem) -> Facts:
    """Return what the portfolio must know of a site."""
    s, fixed = problem.storages, problem.circuits.fixed_kw.sum(axis=0)
    most = max(np.abs(fixed + s.charge_max_kw.sum(axis=0)).max(), np.abs(fixed - s.discharge_max_kw.sum(axis=0)).max())
    return Facts(tiers=tier_prices(problem), most_kw=float(most))


def begin(problem: Problem, asked: Asked, tiers: TierPrices) -> SiteProgram:
    """Return the site's program, ready to answer prices like these, `tiers` as all sites weigh them."""
    return begun(site_program(problem, len(asked.reserve_price_per_kw), tiers), asked)


def plan(source: SiteSource, problem: Problem, asked: Asked, part: Part, tiers: TierPrices) -> SitePlan:
    """Return the site's plan within its part of what is common, whole-number choices made. Raises `PlanningError`."""
    solution = ExactPlanner(time_limit_s=LIMIT_S, decide_s=LIMIT_S).solve_now(allotted(problem, asked, part))
    held_kw = np.zeros(0) if solution.reserve is None else solution.reserve.held_kw[len(problem.reserves) - len(part.reserve_kw) :]
    flows = make_flows(problem, solution.charge_kw, solution.discharge_kw)
    terms = evaluate(problem, replace(flows, reserve=solution.reserve))
    return SitePlan(
        site_id=source.site_id,
        solution=replace(solution, terms=terms),
        cost=weighed(terms, tiers),
        power_kw=flows.import_kw - flows.export_kw,
        reserve_kw=held_kw,
    )


def weighed(terms: tuple[TermValue, ...], tiers: TierPrices) -> float:
    """Return what terms cost, VIOLATION and SERVICE at their prices [currency]."""
    price = {Tier.VIOLATION: tiers.violation_per_kwh_h, Tier.SERVICE: tiers.service_per_kwh, Tier.MONEY: 1.0, Tier.PREFERENCE: 0.0}
    weight = {term.name: term.weight for term in TERMS}
    return sum(price[t.tier] * weight[t.name] * t.value for t in terms)
