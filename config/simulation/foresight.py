"""Perfect foresight: what the span of a simulation would have cost, had everything been known at its beginning.

One linear program over all quarter-hours and cars; `hindsight.py` says what it knows and what it leaves out. The demand
charge counts each calendar month's peak, and a problem has one peak: a span of several months is solved month by month, each
beginning with what the storages held at the last one's end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from time import perf_counter
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from adapters.farm.bill import Prices
from config.simulation.closed_loop import Scenario
from config.simulation.hindsight import hindsight_problem
from optimizer.evaluate import evaluate
from optimizer.exact import ExactPlanner
from optimizer.flows import make_flows
from v2g.assets import SwapStation
from v2g.problem import Problem
from v2g.site import Site
from v2g.solution import Solution, TermValue
from v2g.storages import StorageKind
from v2g.timegrid import Array

TIME_LIMIT_S = 120.0
EVENTS, RESERVE = ("event_payment", "event_fine"), ("reserve_payment", "reserve_missing")
BUILDING = ("energy_import", "energy_export", "demand_charge", "capacity_contract", "carbon")
BILL = (*BUILDING, *EVENTS, *RESERVE, "dispatch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """The figures of the best that could have been done, named as those of an outcome [currency, kWh, kW, s].

    `cost` is the bill, as in an outcome. The plan serves the drivers first and then minimises the bill together with
    `wear_cost`, as the daemon's planner does: their sum is the bound. `cost_without_cars` is the building's bill while all
    storages rest and answer no calls. `gap_frac` is the proven distance to the optimum; None where the time limit came first, as
    `reason` then says.
    """

    cost: float
    cost_demand: float
    cost_carbon: float
    cost_events: float
    cost_reserve: float
    cost_dispatch: float
    wear_cost: float
    cost_without_cars: float
    energy_charged_kwh: float
    energy_discharged_kwh: float
    net_delivered_kwh: float
    peak_import_kw: float
    gap_frac: float | None
    reason: str
    solve_s: float


def perfect_foresight(scenario: Scenario, prices: Prices, *, left_kwh: Mapping[str, float] = MappingProxyType({})) -> Foresight:
    """Return the optimum of `scenario`, in which batteries end as full as the run to compare with left them, or as they began.

    `left_kwh` says, by their names, what that run's batteries held at its end [kWh]; the less of both counts, and what they began
    with where no run is known. At the ends of months before the last they are as full as they began. Raises `PlanningError`
    where no plan at all is found within `TIME_LIMIT_S` a month.
    """
    began_s = perf_counter()
    planner, parts = ExactPlanner(time_limit_s=TIME_LIMIT_S, prefer=False), []
    stored_kwh: dict[str, float] = {}
    for begin, end in billed_spans(scenario.start, scenario.end, prices):
        left = left_kwh if end == scenario.end else {}
        problem = hindsight_problem(scenario, prices, begin, end, stored_kwh, left)
        solution = planner.solve_now(problem)
        stored_kwh |= dict(zip(problem.storages.unit_ids, solution.energy_kwh[:, -1].tolist(), strict=True))
        parts.append((problem, solution))
    return _summed(parts, perf_counter() - began_s)


def billed_spans(start: datetime, end: datetime, prices: Prices) -> list[tuple[datetime, datetime]]:
    """Return the parts from `start` to `end`: cut where a local calendar month begins, if each is charged for its peak."""
    cuts, zone = [start], ZoneInfo(prices.time_zone)
    while prices.demand_charge_per_kw or prices.contract:
        local = cuts[-1].astimezone(zone)
        month = datetime(local.year + local.month // 12, local.month % 12 + 1, 1, tzinfo=zone).astimezone(UTC)
        if month >= end:
            break
        cuts.append(month)
    return list(pairwise([*cuts, end]))


def no_bound_notes(site: Site, prices: Prices) -> tuple[str, ...]:
    """Return, in words, why the optimum of a site is no strict bound; nothing where it is one."""
    reserves = "perfect foresight: reserve is held by true departures, and by plans as they expect them: no strict bound"
    swaps = "perfect foresight: the swaps expected, not those that came: no strict bound"
    held, swapped = prices.calls and prices.calls.reserves, any(isinstance(a, SwapStation) for a in site.assets)
    return (*((reserves,) if held else ()), *((swaps,) if swapped else ()))


def foresight_kpis(figures: Mapping[str, Any], foresight: Foresight) -> dict[str, Any]:
    """Return the figures of perfect foresight, and a simulation's own as shares of them; None where there is nothing to share.

    The cars' cost is what a bill adds to the building's.
    """
    building = foresight.cost_without_cars
    return {
        "perfect_foresight": asdict(foresight),
        "cost_perfect_foresight": foresight.cost,
        "cost_over_perfect_foresight": _share(figures["cost"], foresight.cost),
        "cars_cost_over_perfect_foresight": _share(figures["cost"] - building, foresight.cost - building),
        "delivered_of_perfect_foresight": _share(figures["net_delivered_kwh"], foresight.net_delivered_kwh),
    }


def _share(value: float, of: float) -> float | None:
    return value / of if of > 0.0 else None


def _summed(parts: list[tuple[Problem, Solution]], solve_s: float) -> Foresight:
    terms = [term for _, solution in parts for term in solution.terms]
    at_rest = [term for problem, _ in parts for term in evaluate(problem, make_flows(problem, *np.zeros((2, *problem.shape))))]
    gaps = [solution.gap_frac for _, solution in parts]
    return Foresight(
        cost=_sum(terms, *BILL),
        cost_demand=_sum(terms, "demand_charge"),
        cost_carbon=_sum(terms, "carbon"),
        cost_events=_sum(terms, *EVENTS),
        cost_reserve=_sum(terms, *RESERVE),
        cost_dispatch=_sum(terms, "dispatch"),
        wear_cost=_sum(terms, "wear"),
        cost_without_cars=_sum(at_rest, *BUILDING),
        energy_charged_kwh=sum(_cars_kwh(problem, solution.charge_kw) for problem, solution in parts),
        energy_discharged_kwh=sum(_cars_kwh(problem, solution.discharge_kw) for problem, solution in parts),
        net_delivered_kwh=sum(_delivered_kwh(problem, solution) for problem, solution in parts),
        peak_import_kw=max(float(solution.import_kw.max()) for _, solution in parts),
        gap_frac=None if None in gaps else max(gap for gap in gaps if gap is not None),
        reason="; ".join(solution.reason for _, solution in parts if solution.reason),
        solve_s=solve_s,
    )


def _sum(terms: Iterable[TermValue], *names: str) -> float:
    return sum(term.value for term in terms if term.name in names)


def _is_car(problem: Problem) -> Array:
    return np.array([kind is StorageKind.EV for kind in problem.storages.kinds], dtype=np.float64)


def _cars_kwh(problem: Problem, power_kw: Array) -> float:
    return float(_is_car(problem) @ power_kw @ problem.grid.step_h)


def _delivered_kwh(problem: Problem, solution: Solution) -> float:
    return float(_is_car(problem) @ (solution.energy_kwh[:, -1] - problem.storages.initial_energy_kwh))
