"""What a planner answers: powers for every storage and step, what they cost by name, and how good they are proven to be."""

from dataclasses import dataclass
from enum import StrEnum
from math import inf

from v2g.timegrid import Array


class Rung(StrEnum):
    """Where on the ladder an answer comes from, best first."""

    OPTIMAL = "optimal"
    INCUMBENT = "incumbent"
    ROUNDED = "rounded"
    PREVIOUS = "previous"
    RULE = "rule"
    FLOOR = "floor"


class Tier(StrEnum):
    """Tiers of the objective, in the order in which they are met."""

    VIOLATION = "violation"
    SERVICE = "service"
    MONEY = "money"
    PREFERENCE = "preference"


@dataclass(frozen=True, slots=True, kw_only=True)
class TermValue:
    """One term of the objective: its value in its own unit."""

    name: str
    tier: Tier
    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShadowPrices:
    """What the money tier would save if a bound gave way by one unit; 0 where it does not bind.

    None is above `most_per_kwh` (of a kW in a step: times its hours; of a phase: thrice), more than any money here is worth: what
    costs as much has a driver's energy or a limit hanging on it that cannot be kept.

    Parameters
    ----------
    site_per_kwh : (T,)
        What a kWh more of import costs: its price, the peak, carbon, contracts, events [currency/kWh].
    energy_per_kwh : (n, T)
        Worth of a kWh stored at the end of each step [currency/kWh].
    promise_per_kwh : (n,)
        What a kWh of each driver's promise costs [currency/kWh].
    cap_per_kwh : (n, W)
        What a kWh more under each discharge cap would save [currency/kWh].
    import_per_kw, export_per_kw : (m, T)
        Each circuit's limits [currency per kW and step].
    phase_per_kw : (m, 3, T)
        Each phase's limit, + where importing binds, − where exporting does [currency per kW and step].
    most_per_kwh : float
        See above [currency/kWh].
    """

    site_per_kwh: Array
    energy_per_kwh: Array
    promise_per_kwh: Array
    cap_per_kwh: Array
    import_per_kw: Array
    export_per_kw: Array
    phase_per_kw: Array
    most_per_kwh: float = inf


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldReserve:
    """Reserve that a plan holds, and who stands behind it.

    Parameters
    ----------
    held_kw : (R,)
        What each reserve holds through its block [kW, ≥ 0].
    up_kw, down_kw : (n, T)
        By how much each storage stands ready to lower and to raise its power [kW, ≥ 0].
    """

    held_kw: Array
    up_kw: Array
    down_kw: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """A planner's answer.

    Parameters
    ----------
    charge_kw, discharge_kw : (n, T)
        Powers at the AC side [kW, ≥ 0].
    energy_kwh : (n, T)
        Stored energy at the end of each step [kWh].
    import_kw, export_kw : (T,)
        Net power at the connection, split by direction [kW, ≥ 0].
    terms : tuple of TermValue
        Value of every term.
    rung, reason : Rung, str
        Where the answer comes from, and why not from higher up ("" at the top).
    gap_frac : float or None
        Proven relative distance to the optimum of the money tier, what keeping to the previous plan may cost included; None
        where nothing is proven.
    prices : ShadowPrices or None
        All shadow prices; None where the answer does not come from a linear program.
    reserve : HeldReserve or None
        What is held ready; None = nothing.
    planner : str
        Which planner answered: "exact", "fleet", or "none" where a rule had to.
    times_s : dict
        Seconds by stage ("patch", "solve", "extract", "verify", …).
    """

    charge_kw: Array
    discharge_kw: Array
    energy_kwh: Array
    import_kw: Array
    export_kw: Array
    terms: tuple[TermValue, ...]
    rung: Rung
    reason: str = ""
    gap_frac: float | None = None
    times_s: dict[str, float]
    prices: ShadowPrices | None = None
    reserve: HeldReserve | None = None
    planner: str = "exact"

    @property
    def power_kw(self) -> Array:
        """Net power of each storage, + into it, (n, T) [kW]."""
        return self.charge_kw - self.discharge_kw

    def value_of(self, tier: Tier) -> float:
        """Return the sum of the tier's terms."""
        return sum(term.value for term in self.terms if term.tier is tier)
