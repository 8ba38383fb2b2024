"""What is sent is what is certified: the plan as it is sent, worth what it is worth, and how far from the optimum at most."""

from optimizer.evaluate import evaluate, in_play
from optimizer.exact import ExactPlanner
from optimizer.fleet.places import Index, Places
from optimizer.fleet.rest import held_by_others, plan_rest
from optimizer.fleet.settle import Plans, settle
from optimizer.flows import Flows, make_solution, traded_kw
from optimizer.model.build import TERMS
from optimizer.tiers import TierPrices
from optimizer.verify import verify
from v2g.problem import Problem
from v2g.solution import HeldReserve, Rung, Solution, TermValue, Tier
from v2g.timegrid import Array


def sendable(
    planner: ExactPlanner, problem: Problem, rows: Index, places: Places, price_per_kwh: Array, plans: Plans
) -> tuple[HeldReserve | None, str]:
    """Make the plans such that they can be sent, in place: the cars `rows`, then the others, then what cars must still give way to.

    Return the reserve held and why a driver misses something, "" where none does. Raises `PlanningError` as `plan_rest`.
    """
    first = settle(problem, rows, places, price_per_kwh, plans)
    rest = plan_rest(planner, problem, rows, places, plans)
    if rest is None:
        return None, first.reason
    second = settle(problem, rows, places, price_per_kwh, plans)
    reserve = held_by_others(problem, rows, rest.reserve)
    return reserve, "; ".join(reason for reason in (first.reason, rest.reason, second.reason) if reason)


def certify(
    problem: Problem,
    plans: Plans,
    reserve: HeldReserve | None,
    *,
    tiers: TierPrices,
    least_cost: float,
    target_gap: float,
    reason: str = "",
) -> Solution:
    """Return plans as a solution that stands up to its replay, with its gap to `least_cost`, what no plan can cost less than.

    Its rung is OPTIMAL where the gap is at most `target_gap`. Raises `PlanningError` if it does not stand.
    """
    import_kw, export_kw = traded_kw(problem, plans.charge_kw, plans.discharge_kw)
    flows = Flows(**plans._asdict(), import_kw=import_kw, export_kw=export_kw, reserve=reserve)
    terms = evaluate(problem, flows)
    gap = max(weighted_cost(terms, tiers) - least_cost, 0.0) / in_play(terms)
    rung = Rung.OPTIMAL if gap <= target_gap else Rung.INCUMBENT
    solution = make_solution(flows, terms, rung=rung, reason=reason, gap_frac=gap, times_s={})
    verify(problem, solution)
    return solution


def weighted_cost(terms: tuple[TermValue, ...], tiers: TierPrices) -> float:
    """Return what terms cost with the tiers before MONEY at their prices, PREFERENCE at none [currency]."""
    price = {Tier.VIOLATION: tiers.violation_per_kwh_h, Tier.SERVICE: tiers.service_per_kwh, Tier.MONEY: 1.0, Tier.PREFERENCE: 0.0}
    weight = {term.name: term.weight for term in TERMS}
    return sum(price[term.tier] * weight[term.name] * term.value for term in terms)
