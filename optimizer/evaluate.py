"""What a plan is worth, term by term, straight from the problem's definition: no Pyomo, no solver."""

from collections import Counter
from collections.abc import Callable, Mapping

from optimizer.flows import Flows
from optimizer.parts import parts
from optimizer.replay import ageing, commitments, converters, limits, money, preference, reserve, service
from v2g.problem import Problem
from v2g.solution import TermValue, Tier

VALUES: tuple[tuple[str, Tier, str, Callable[[Problem, Flows], float]], ...] = (
    ("overload", Tier.VIOLATION, "kWh", limits.overload_kwh),
    ("energy_outside", Tier.VIOLATION, "kWh·h", limits.energy_outside_kwh_h),
    ("ramp_broken", Tier.VIOLATION, "kW", converters.ramp_broken_kw),
    ("unmet_target", Tier.SERVICE, "kWh", service.unmet_target_kwh),
    ("fairness", Tier.SERVICE, "kWh", service.fairness_kwh),
    ("energy_import", Tier.MONEY, "currency", money.energy_import),
    ("energy_export", Tier.MONEY, "currency", money.energy_export),
    ("demand_charge", Tier.MONEY, "currency", money.demand_charge),
    ("capacity_contract", Tier.MONEY, "currency", commitments.capacity_contract),
    ("carbon", Tier.MONEY, "currency", commitments.carbon),
    ("dispatch", Tier.MONEY, "currency", commitments.dispatch),
    ("event_payment", Tier.MONEY, "currency", commitments.event_payment),
    ("event_fine", Tier.MONEY, "currency", commitments.event_fine),
    ("reserve_payment", Tier.MONEY, "currency", reserve.reserve_payment),
    ("reserve_missing", Tier.MONEY, "currency", reserve.reserve_missing),
    ("wear", Tier.MONEY, "currency", money.wear),
    ("cycle_wear", Tier.MONEY, "currency", ageing.cycle_wear),
    ("calendar_ageing", Tier.MONEY, "currency", ageing.calendar_ageing),
    ("early_departure", Tier.MONEY, "currency", money.early_departure),
    ("terminal_value", Tier.MONEY, "currency", money.terminal_value),
    ("stability", Tier.PREFERENCE, "kWh", preference.stability_kwh),
    ("earliness", Tier.PREFERENCE, "kWh·h", preference.earliness_kwh_h),
)
"""Every term: name, tier, unit, and its value from the problem and what the plan does; a term of the model is a line here too."""


OF_UNITS = frozenset(
    {
        *("energy_outside", "ramp_broken", "unmet_target", "fairness", "wear", "cycle_wear", "calendar_ageing"),
        *("early_departure", "terminal_value", "stability", "earliness"),
    }
)
"""The terms that add up over the units; the others depend on what the site does as a whole."""


def evaluate(problem: Problem, flows: Flows) -> tuple[TermValue, ...]:
    """Return the value of every term, in the order of the tiers."""
    own = Counter[str]()
    for rows, part in parts(problem):
        own.update(unit_values(part, flows.part(rows)))
    return with_site(problem, flows, own)


def in_play(terms: tuple[TermValue, ...]) -> float:
    """Return the money that flows in either direction, what gaps are relative to [currency]."""
    return sum(abs(term.value) for term in terms if term.tier is Tier.MONEY) or 1.0


def unit_values(problem: Problem, flows: Flows) -> dict[str, float]:
    """Return the values of the terms that add up over the units."""
    return {name: value(problem, flows) for name, _, _, value in VALUES if name in OF_UNITS}


def with_site(problem: Problem, flows: Flows, own: Mapping[str, float]) -> tuple[TermValue, ...]:
    """Return the value of every term, given those of the units' own; the others do not look at the energies of `flows`."""
    return tuple(
        TermValue(name=name, tier=tier, value=own[name] if name in OF_UNITS else value(problem, flows), unit=unit)
        for name, tier, unit, value in VALUES
    )
