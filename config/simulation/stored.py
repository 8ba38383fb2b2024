"""What stationary batteries hold more or less at the end than at the beginning, and a bill that counts it."""

from typing import Any

import numpy as np

from adapters.farm.bill import Prices
from adapters.farm.outcome import QUARTER_S, Outcome
from v2g.site import Site

NOTE = (
    "stationary batteries: cost_with_stored_energy takes off the bill what they hold more at the end than at the beginning, or "
    "adds what they hold less, at the mean import price after discharge losses; saving_share compares these"
)


def stored_kpis(outcome: Outcome, site: Site, prices: Prices, cost: float) -> dict[str, float]:
    """Return the change of the energy stored [kWh] and the bill `cost` less what it is worth; nothing without batteries.

    A stored kWh is worth ``mean import price · discharge efficiency``: what it spares at the connection at an average time.
    """
    if not site.batteries:
        return {}
    efficiency = {b.battery_id: b.discharge_efficiency for b in site.batteries}
    change_kwh = {b.battery_id: b.ended_kwh - b.began_kwh for b in outcome.batteries}
    usable_kwh = sum(change * efficiency[name] for name, change in change_kwh.items())
    return {
        "battery_stored_change_kwh": sum(change_kwh.values()),
        "cost_with_stored_energy": cost - usable_kwh * _mean_import_price(outcome, prices),
    }


def cost_to_compare(figures: dict[str, Any]) -> float:
    """Return the bill with what is stored, where there are batteries, else the bill."""
    return float(figures.get("cost_with_stored_energy", figures["cost"]))


def _mean_import_price(outcome: Outcome, prices: Prices) -> float:
    """Return the mean over time [currency/kWh], 0 where no time has passed."""
    hours_h, begin_s = outcome.covered_h, outcome.first_quarter.timestamp()
    price = np.array([prices.import_per_kwh.at(begin_s + QUARTER_S * i) for i in range(len(hours_h))])
    return float(price @ hours_h / hours_h.sum()) if hours_h.any() else 0.0
