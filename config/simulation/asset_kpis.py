"""What the assets of a simulated station did, in an operator's figures."""

from typing import Any

from adapters.farm.outcome import Outcome
from adapters.farm.premises import AssetOutcome
from adapters.farm.swapping import SwapBook
from v2g.assets import HYDROGEN_KWH_PER_KG, Electrolyser, FlexibleLoad
from v2g.site import Site

DAY_H = 24.0


def asset_kpis(outcome: Outcome, site: Site) -> dict[str, Any]:
    """Return hydrogen made, owed and missing [kg], energy shifted and PV curtailed [kWh]; nothing of what the site has not.

    Of a day that was seen in part only, as much of the target is owed. Shifted is what flexible loads drew less than their
    baseline at some time.
    """
    did = {a.asset_id: a for a in outcome.assets}
    makers = [(a, did[a.asset_id]) for a in site.assets if isinstance(a, Electrolyser)]
    flexible = [did[a.asset_id] for a in site.assets if isinstance(a, FlexibleLoad)]
    arrays = [did[p.pv_id] for p in site.pv if p.curtailable]
    figures = _hydrogen(makers) if makers else {}
    if flexible:
        figures["energy_shifted_kwh"] = sum(a.given_kwh for a in flexible)
    if arrays:
        figures["pv_curtailed_kwh"] = sum(a.drawn_kwh for a in arrays)
    books = [a.swaps for a in outcome.assets if a.swaps]
    return figures | _swaps(books) if books else figures


def _swaps(books: list[SwapBook]) -> dict[str, Any]:
    asked, served = sum(b.asked for b in books), sum(b.served for b in books)
    return {
        "swaps_asked": asked,
        "swaps_served": served,
        "swaps_refused": sum(b.refused for b in books),
        "swaps_served_share": served / asked if asked else 1.0,
        "swap_wait_mean_min": 60.0 * sum(b.waited_h for b in books) / served if served else 0.0,
    }


def _hydrogen(makers: list[tuple[Electrolyser, AssetOutcome]]) -> dict[str, Any]:
    days = [(day.stored_kwh, a.target_kwh_per_day * min(day.hours_h / DAY_H, 1.0)) for a, did in makers for day in did.days]
    return {
        "hydrogen_made_kg": sum(made for made, _ in days) / HYDROGEN_KWH_PER_KG,
        "hydrogen_target_kg": sum(owed for _, owed in days) / HYDROGEN_KWH_PER_KG,
        "hydrogen_missing_kg": sum(max(owed - made, 0.0) for made, owed in days) / HYDROGEN_KWH_PER_KG,
    }
