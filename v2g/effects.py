"""What a signal changed: the plan under it beside the plan without it."""

from dataclasses import dataclass

import numpy as np

from v2g.problem import Problem
from v2g.solution import Solution, Tier
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SignalEffect:
    """The difference that signals make: with them less without them.

    `import_kw` (T,) is the change of the net import [kW], `moved_kwh` the energy by which it was lowered somewhere and raised
    elsewhere, `cost` the change of the money tier [currency], `unmet_kwh` that of what drivers miss, weighed by their
    priority. `affected` names the units whose power changes by more than a twentieth of a kW in some step.
    """

    import_kw: Array
    moved_kwh: float
    cost: float
    unmet_kwh: float
    affected: tuple[str, ...]


NOTICED_KW = 0.05


def signal_effect(problem: Problem, under: Solution, without: Solution) -> SignalEffect:
    """Return what changes from `without` to `under`, two answers for the same units and steps, those of `problem`."""
    change = (under.import_kw - under.export_kw) - (without.import_kw - without.export_kw)
    lowered, raised = (float(np.maximum(sign * change, 0.0) @ problem.grid.step_h) for sign in (-1.0, 1.0))
    noticed = np.abs(under.power_kw - without.power_kw).max(axis=1, initial=0.0) > NOTICED_KW
    return SignalEffect(
        import_kw=change,
        moved_kwh=min(lowered, raised),
        cost=under.value_of(Tier.MONEY) - without.value_of(Tier.MONEY),
        unmet_kwh=_unmet_kwh(under) - _unmet_kwh(without),
        affected=tuple(unit for unit, much in zip(problem.storages.unit_ids, noticed, strict=True) if much),
    )


def _unmet_kwh(solution: Solution) -> float:
    """Return what drivers miss; the rest of the service tier says how evenly."""
    return sum(term.value for term in solution.terms if term.name == "unmet_target")
