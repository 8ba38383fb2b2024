"""All alternatives of a choice, one after the other, each solved by the independent formulation: the least is the optimum."""

from collections.abc import Iterable, Mapping

from tests.optimizer.independent.whole import Whole
from v2g.problem import Problem

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


def _within(problem: Problem, alternative: Alternative) -> dict[str, float] | None:
    whole = Whole(problem, wholes=False)
    for place, (low, high) in alternative.items():
        column = int(whole.power[place])
        whole.low[column] = max(whole.low[column], low)
        whole.high[column] = min(whole.high[column], high)
        if whole.low[column] > whole.high[column] + SAME:
            return None
    try:
        return whole.solve()
    except AssertionError:
        return None


def _less(one: dict[str, float], other: dict[str, float]) -> bool:
    differences = (one[tier] - other[tier] for tier in one)
    return next((d < 0 for d in differences if abs(d) > 10 * SAME), False)
