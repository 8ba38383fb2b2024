"""All alternatives of a choice, one after the other, each solved by the independent formulation: the least is the optimum."""

from collections.abc import Iterable, Mapping

from tests.optimizer.brute import Brute
from v2g.problem import Problem
from v2g.solution import Solution, Tier

Range = tuple[float, float]
Alternative = Mapping[tuple[int, int, int], Range]
"""(unit, step, 0 charging or 1 discharging) → least and most power [kW]."""
SAME = 1e-6


def best(problem: Problem, alternatives: Iterable[Alternative]) -> dict[str, float]:
    """Return the least values of all tiers over the alternatives that are feasible."""
    found: dict[str, float] = {}
    for alternative in alternatives:
        values = _within(problem, alternative)
        if values is not None and (not found or _less(values, found)):
            found = values
    assert found, "no alternative is feasible"
    return found


def values(solution: Solution) -> dict[str, float]:
    """Return a solution's values by the independent formulation's tiers."""
    terms = {t.name: t.value for t in solution.terms}
    outside = {"overload": terms["overload"], "outside": terms["energy_outside"]}
    return outside | {"service": solution.value_of(Tier.SERVICE), "money": solution.value_of(Tier.MONEY)}


def _within(problem: Problem, alternative: Alternative) -> dict[str, float] | None:
    brute = Brute(problem)
    for place, (low, high) in alternative.items():
        column = int(brute.power[place])
        brute.low[column] = max(brute.low[column], low)
        brute.high[column] = min(brute.high[column], high)
        if brute.low[column] > brute.high[column] + SAME:
            return None
    try:
        return brute.solve()
    except AssertionError:
        return None


def _less(one: dict[str, float], other: dict[str, float]) -> bool:
    differences = (one[tier] - other[tier] for tier in one)
    return next((d < 0 for d in differences if abs(d) > 10 * SAME), False)
