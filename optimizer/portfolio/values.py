"""What a portfolio is, and what comes of it."""

from dataclasses import dataclass
from typing import Protocol

from v2g.problem import Problem
from v2g.solution import Solution, TermValue
from v2g.timegrid import Array


class SiteSource(Protocol):
    """Where a site's problem comes from: small, picklable, and the same problem each time, for a worker that is lost asks again."""

    @property
    def site_id(self) -> str:
        """Name of the site, once in a portfolio."""
        ...

    @property
    def circuit_id(self) -> str:
        """Circuit of the portfolio's tree at which the site's connection hangs."""
        ...

    def load(self) -> Problem:
        """Return the site's problem. Raises `ProblemError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portfolio:
    """Sites, and what they share: a problem without storages, whose circuits carry the sites' net power.

    Its connection's money, events and reserves are the portfolio's own, beside what each site pays at its own connection. The
    sites' grids are its grid.
    """

    common: Problem
    sites: tuple[SiteSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """What the portfolio tells a site: its price by step (T,) [currency/kWh] and for each of its reserves (R,) [currency/kW]."""

    price_per_kwh: Array
    reserve_price_per_kw: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A site's part of what is common: net power (T,) and reserves (R,) [kW]."""

    power_kw: Array
    reserve_kw: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteAnswer:
    """A site's best answer to a price curve, without whole-number choices.

    Parameters
    ----------
    power_kw : (T,)
        Net power at the site's connection, + import [kW].
    reserve_kw : (R,)
        What it holds of each of the portfolio's reserves [kW].
    cost : float
        Its own cost: everything but what the portfolio's prices ask and pay [currency].
    bound : float
        What no plan of the site costs less than at these prices, the portfolio's prices included [currency].
    """

    power_kw: Array
    reserve_kw: Array
    cost: float
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SitePlan:
    """A site's plan within its part of what is common.

    Its cost in all tiers' weights [currency], its net power (T,) and what it holds of the portfolio's reserves (R,) [kW].
    """

    site_id: str
    solution: Solution
    cost: float
    power_kw: Array
    reserve_kw: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PortfolioPlan:
    """The plans of all sites, and how good they are together.

    Parameters
    ----------
    sites : tuple of SitePlan
        In the portfolio's order.
    price_per_kwh : (m, T)
        What a kWh costs at each of the portfolio's circuits beyond the sites' own prices [currency/kWh].
    power_kw : (T,)
        Net power of the portfolio [kW].
    held_kw : (R,)
        Reserve held [kW].
    terms : tuple of TermValue
        What is paid for in common.
    lower, upper : float
        No plan costs less than `lower`; this one costs `upper`, in all tiers' weights [currency].
    gap_frac : float
        Their distance, relative to the money that flows.
    rounds : int
        How often all sites were asked.
    """

    sites: tuple[SitePlan, ...]
    price_per_kwh: Array
    power_kw: Array
    held_kw: Array
    terms: tuple[TermValue, ...]
    lower: float
    upper: float
    gap_frac: float
    rounds: int
    times_s: dict[str, float]
