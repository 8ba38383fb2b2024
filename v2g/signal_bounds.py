"""What a signal may say at a site: bounds of its values, terms of its contract. What is beyond is a mistake or an attack."""

from collections.abc import Mapping
from math import isfinite

from v2g.errors import SignalError
from v2g.signals import Contract, SignalKind
from v2g.site import Site

PRICES = (SignalKind.PRICE, SignalKind.EXPORT_PRICE)
EVENTS = (SignalKind.DEMAND_REDUCTION, SignalKind.DEMAND_INCREASE)
RESERVES = (SignalKind.RESERVE_UP, SignalKind.RESERVE_DOWN, SignalKind.RESERVE_SYMMETRIC)
CALLS = (*EVENTS, *RESERVES, SignalKind.DISPATCH_SETPOINT)
EVENT_TERMS = ("payment", "penalty", "owed_frac", "baseline_kw")
RESERVE_TERMS = ("payment", "penalty", "energy_h", "offer_max_kw")
TERMS: Mapping[SignalKind, tuple[str, ...]] = {
    SignalKind.DISPATCH_SETPOINT: ("penalty",),
    SignalKind.DEMAND_REDUCTION: (*EVENT_TERMS, "rebound_cap_kw", "rebound_h"),
    SignalKind.DEMAND_INCREASE: EVENT_TERMS,
    **dict.fromkeys(RESERVES, RESERVE_TERMS),
}
"""What the contract of each kind of call says."""
LIMIT_MAX_KW = 1e6
GHG_MAX_G_PER_KWH = 5000.0
"""Lignite emits some 1,200 g/kWh; beyond four times that somebody mistook the unit."""
PRICE_MAX_TARIFFS = 100.0
"""Market prices have reached some ninety times a normal tariff; beyond that somebody mistook the unit."""
LEAST_TARIFF_PER_KWH = 0.1
REBOUND_MAX_H, ENERGY_MAX_H = 48.0, 24.0


def unit_of(kind: SignalKind, currency: str) -> str:
    """Return the unit of the values of `kind`."""
    if kind in PRICES:
        return f"{currency}/kWh"
    return "g/kWh" if kind is SignalKind.GHG else "kW"


def value_bounds(kind: SignalKind, site: Site) -> tuple[float, float]:
    """Return the least and the most that a signal of `kind` may say at `site`.

    A call is at most what the connection can swing from export to import, a dispatch setpoint what it can carry.
    """
    most_in, most_out = (min(kw, LIMIT_MAX_KW) for kw in (site.circuits[0].import_limit_kw, site.circuits[0].export_limit_kw))
    if kind in PRICES:
        return -price_bound(site), price_bound(site)
    if kind is SignalKind.GHG:
        return 0.0, GHG_MAX_G_PER_KWH
    if kind is SignalKind.DISPATCH_SETPOINT:
        return -most_out, most_in
    return 0.0, most_in + most_out if kind in CALLS else LIMIT_MAX_KW


def price_bound(site: Site) -> float:
    """Return the highest price that can be meant [currency/kWh]: many times the dearest of the tariff."""
    tariff = site.tariff
    return PRICE_MAX_TARIFFS * max(LEAST_TARIFF_PER_KWH, tariff.base_price_per_kwh, *(p.price_per_kwh for p in tariff.periods))


def check_contract(kind: SignalKind, contract: Contract | None, site: Site) -> None:
    """Raise `SignalError` naming what is wrong with the `contract` of a signal of `kind`; only calls have one."""
    if kind not in CALLS:
        if contract is not None:
            mend = f"leave it out; only calls have one: {', '.join(CALLS)}"
            raise SignalError(f"{kind} has no contract", place="contract", mend=mend)
        return
    field = "penalty" if kind is SignalKind.DISPATCH_SETPOINT else "payment"
    if contract is None or not (contract.penalty > 0 or (contract.payment > 0 and field == "payment")):
        mend = f"give contract.{field} in {site.currency} per {'kW and hour' if kind in RESERVES else 'kWh'}, above 0"
        raise SignalError("a call that nothing depends on", place="contract", mend=mend)
    _check_numbers(kind, contract, site)
    if contract.rebound_cap_kw is not None and kind is not SignalKind.DEMAND_REDUCTION:
        raise SignalError(f"{kind} has no rebound", place="contract.rebound_cap_kw", mend="leave it out")
    if (contract.rebound_cap_kw is None) != (contract.rebound_h == 0):
        mend = "give rebound_cap_kw and rebound_h, or neither"
        raise SignalError("a rebound cap or its length alone", place="contract.rebound_h", mend=mend)


def contract_bounds(kind: SignalKind, site: Site) -> dict[str, tuple[float, float]]:
    """Return the least and the most of each term that a contract of `kind` has; empty where there is no contract."""
    bounds = _bounds(kind, site)
    return {name: bounds[name] for name in TERMS.get(kind, ())}


def _bounds(kind: SignalKind, site: Site) -> dict[str, tuple[float, float]]:
    price, (_, most_kw) = price_bound(site), value_bounds(kind, site)
    return {
        "payment": (0.0, price),
        "penalty": (0.0, price),
        "owed_frac": (0.0, 1.0),
        "baseline_kw": (-LIMIT_MAX_KW, LIMIT_MAX_KW),
        "rebound_cap_kw": (0.0, LIMIT_MAX_KW),
        "rebound_h": (0.0, REBOUND_MAX_H),
        "energy_h": (0.0, ENERGY_MAX_H),
        "offer_max_kw": (0.0, most_kw),
    }


def _check_numbers(kind: SignalKind, contract: Contract, site: Site) -> None:
    for name, (low, high) in _bounds(kind, site).items():
        value = getattr(contract, name)
        if value is not None and not (isfinite(value) and low <= value <= high):
            mend = f"give a number between {low:g} and {high:g}"
            raise SignalError(f"{value:g} is out of bounds", place=f"contract.{name}", mend=mend)
