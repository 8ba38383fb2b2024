"""VIOLATION, SERVICE, MONEY, PREFERENCE: one weighted solve, a certificate that nothing was traded, else one by one.

The weighted solve is the fast path: one dual simplex with presolve. Its weights make it *likely* that no tier is traded against
a later one; what proves it is that each earlier tier has reached a bound below which nothing can get. Where it has not, the
tiers are solved one after the other from the basis at hand, each on the optimal face of those before (`Highs.lock`): exact, and
a few iterations each.

MONEY includes a price for leaving the previous plan: a kWh by which the plan moves within its first steps costs `MOVE_PRICE_FRAC`
of the mean import price, so that a setpoint moves only for a reason worth more. As the true optimum x° could have been taken,

    money(x) + price·moved(x) ≤ money(x°) + price·moved(x°),   so   money(x) − money(x°) ≤ price·moved(x°):

what is given up is bounded by the energy the storages would move within the first steps, whatever else the site pays for. (Solved
apart, after MONEY alone, the same plans took 40 % longer: each solve undid the other's basis.)
PREFERENCE is always solved last on the face that is left, so that ties cannot cost anything: tiny tie-break weights in one
objective were measured to drive solvers to their time limits.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimizer.deadline import Deadline
from optimizer.envelope import reach_kwh
from optimizer.highs import LOCK_TOLERANCE, PRIMAL, Answer, Highs
from optimizer.inputs.ageing import ageing_worth_per_kwh
from optimizer.inputs.commitments import commitments_worth
from optimizer.model.build import TERMS
from optimizer.shares import uneven_kwh
from v2g.errors import PlanningError
from v2g.problem import Problem
from v2g.solution import Tier
from v2g.timegrid import Array

Courses = tuple[tuple[float, Problem], ...]

CERTIFICATE_TOLERANCE = 1e-6
SERVICE_FACTOR = 4.0
VIOLATION_FACTOR = 4.0
MOVE_PRICE_FRAC = 0.03
"""Measured by `benchmarks/stability.py`, setpoint changes left and their cost: 0 leaves 23 % (ties broken) and 0.03 leaves 18 % at
none, 0.3 leaves 14 % at 0.1 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPrices:
    """What the weighted solve pays for a unit of the other tiers [currency].

    `service_per_kwh` for a kWh of SERVICE (weighed by priority), `violation_per_kwh_h` for a kWh·h of VIOLATION,
    `moving_per_kwh` for a kWh by which the plan leaves its predecessor.
    """

    service_per_kwh: float
    violation_per_kwh_h: float
    moving_per_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Objective:
    """The tiers' costs, each scaled to at most 1, their weights, the scale of MONEY, and bounds on the values of earlier tiers.

    `moving` is what it costs to leave the previous plan, on the scale of MONEY; `most_per_kwh` [currency] lies between what a kWh
    may be worth there and what a driver's weighs in SERVICE.
    """

    costs: dict[Tier, Array]
    weights: dict[Tier, float]
    money_scale: float
    most_per_kwh: float
    moving: Array
    least: dict[Tier, float]

    @property
    def weighted(self) -> Array:
        """VIOLATION, SERVICE and MONEY in one cost vector."""
        return np.asarray(sum(self.weights[tier] * self.costs[tier] for tier in self.weights))

    def value(self, tier: Tier, answer: Answer) -> float:
        """Return what an answer costs in a tier, scaled; not by a dot product, whose threads stall on a busy machine."""
        return float((self.costs[tier] * answer.values).sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Optimum:
    """The answer to all tiers, and the one before PREFERENCE, whose duals are prices in MONEY (divided by the money scale)."""

    answer: Answer
    priced: Answer


def make_objective(problem: Problem, term_costs: dict[str, Array], courses: Courses = ()) -> Objective:
    """Return the objective of a problem whose terms cost `term_costs` (term → vector over the columns that are left).

    Where these are expected costs over several `courses`, (probability, problem) each, so are the bounds.
    """
    used = [t for t in TERMS if t.name in term_costs]
    raw = {tier: sum((t.weight * term_costs[t.name] for t in used if t.tier is tier), np.zeros(())) for tier in Tier}
    scales = {tier: float(np.abs(cost).max(initial=0.0)) or 1.0 for tier, cost in raw.items()}
    prices = tier_prices(problem)
    money = scales[Tier.MONEY]
    unmet = sum(probability * _least_unmet(course) for probability, course in courses or ((1.0, problem),))
    return Objective(
        costs={tier: raw[tier] / scales[tier] for tier in Tier},
        weights={
            Tier.VIOLATION: prices.violation_per_kwh_h * scales[Tier.VIOLATION] / money,
            Tier.SERVICE: prices.service_per_kwh * scales[Tier.SERVICE] / money,
            Tier.MONEY: 1.0,
        },
        money_scale=money,
        most_per_kwh=SERVICE_FACTOR / 2 * _money_per_kwh(problem),
        moving=prices.moving_per_kwh / money * term_costs["stability"],
        least={Tier.VIOLATION: 0.0, Tier.SERVICE: unmet / scales[Tier.SERVICE]},
    )


def tier_prices(problem: Problem) -> TierPrices:
    """Return the prices at which no tier is likely to be traded against a later one."""
    priority = problem.storages.priority
    service = SERVICE_FACTOR * _money_per_kwh(problem) / float(priority.min(initial=np.inf) if problem.shape[0] else 1.0)
    return TierPrices(
        service_per_kwh=service,
        violation_per_kwh_h=VIOLATION_FACTOR * service * float(priority.max(initial=1.0)) / float(problem.grid.step_h.min()),
        moving_per_kwh=_move_price_per_kwh(problem),
    )


def optimise(highs: Highs, objective: Objective, *, deadline: Deadline, prefer: bool) -> Optimum:
    """Return the optimum of the loaded program, tier by tier. Raises `PlanningError` where no plan is found in time.

    Without `prefer`, leaving the previous plan has no price and ties are left as they come.
    """
    moving = objective.moving if prefer else np.zeros_like(objective.moving)
    cost = objective.weighted + moving
    priced = highs.minimise(cost, time_limit_s=deadline.left_s)
    if priced.optimal and not _certified(objective, priced):
        priced = _one_by_one(highs, objective, moving, priced, deadline)
    if not (priced.optimal and prefer) or highs.is_least(objective.costs[Tier.PREFERENCE]):
        return Optimum(answer=priced, priced=priced)
    highs.lock(priced)
    try:
        answer = highs.minimise(objective.costs[Tier.PREFERENCE], time_limit_s=deadline.left_s, strategy=PRIMAL)
    except PlanningError:  # the face is as thin as the solver's tolerances: the optimum stands, its ties as they came
        return Optimum(answer=priced, priced=priced)
    is_tie = float((cost * (answer.values - priced.values)).sum()) <= CERTIFICATE_TOLERANCE
    return Optimum(answer=answer if is_tie else priced, priced=priced)


def _one_by_one(highs: Highs, objective: Objective, moving: Array, answer: Answer, deadline: Deadline) -> Answer:
    """Return the last tier's answer, with the duals of all, weighed: what an earlier tier has a price for has it here too."""
    column_dual, row_dual = np.zeros_like(answer.column_dual), np.zeros_like(answer.row_dual)
    for tier, weight in objective.weights.items():
        cost = objective.costs[tier] + moving if tier is Tier.MONEY else objective.costs[tier]
        answer = highs.minimise(cost, time_limit_s=deadline.left_s, strategy=PRIMAL)
        if not answer.optimal:
            return answer
        column_dual, row_dual = column_dual + weight * _priced(answer.column_dual), row_dual + weight * _priced(answer.row_dual)
        if tier is not Tier.MONEY:
            highs.lock(answer)
    return replace(answer, column_dual=column_dual, row_dual=row_dual)


def _priced(dual: Array) -> Array:
    """Return duals without those that count as ties: a weight would blow up their rounding."""
    return np.where(np.abs(dual) > LOCK_TOLERANCE, dual, 0.0)


def _certified(objective: Objective, answer: Answer) -> bool:
    values = {tier: objective.value(tier, answer) for tier in objective.least}
    return all(value <= objective.least[tier] + CERTIFICATE_TOLERANCE for tier, value in values.items())


def _money_per_kwh(problem: Problem) -> float:
    """Return a price that a stored kWh hardly ever exceeds: energy, losses, wear and a peak raised for the shortest step."""
    s, money = problem.storages, problem.connection
    committed_per_kwh, committed_per_kw = commitments_worth(problem)
    energy = max(np.abs(money.import_price_per_kwh).max(), np.abs(money.export_price_per_kwh).max()) + committed_per_kwh
    peak = (money.demand_charge_per_kw + committed_per_kw) / problem.grid.step_h.min()
    stored = (s.wear_cost_per_kwh + np.abs(s.terminal_value_per_kwh)).max(initial=0.0) + ageing_worth_per_kwh(problem)
    efficiency = (s.charge_efficiency * s.discharge_efficiency).min(initial=1.0)
    return float((energy + peak + stored) / efficiency) or 1.0


def _move_price_per_kwh(problem: Problem) -> float:
    return MOVE_PRICE_FRAC * float(np.abs(problem.connection.import_price_per_kwh).mean())


def _least_unmet(problem: Problem) -> float:
    """Return what SERVICE costs however the others charge [kWh, weighed by priority]; it grows with each storage's unmet energy."""
    s = problem.storages
    promised = (s.target_step > 0) & (s.target_energy_kwh > 0)
    _, most = reach_kwh(problem)
    missing = s.target_energy_kwh - most[np.arange(s.n_units), np.maximum(s.target_step, 1) - 1]
    unmet = np.where(promised, np.maximum(missing, 0.0), 0.0)
    return float(s.priority @ (unmet + uneven_kwh(problem, unmet)))
