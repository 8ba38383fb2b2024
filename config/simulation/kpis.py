"""The key figures of a simulated or demonstrated station, as one flat JSON object."""

from dataclasses import replace
from typing import Any

import numpy as np

from adapters.farm.bill import Prices, bill
from adapters.farm.outcome import Outcome
from config.simulation.asset_kpis import asset_kpis
from config.simulation.closed_loop import Run
from config.simulation.stored import cost_to_compare, stored_kpis
from v2g.site import Site


def outcome_kpis(outcome: Outcome, prices: Prices) -> dict[str, Any]:
    """Return what truly happened: energies [kWh], powers [kW], money [currency], breaches [s]."""
    money = bill(outcome, prices)
    return {
        "energy_charged_kwh": outcome.energy_charged_kwh,
        "energy_discharged_kwh": outcome.energy_discharged_kwh,
        "net_delivered_kwh": outcome.net_kwh,
        "asked_kwh": outcome.asked_kwh,
        "delivered_share": outcome.delivered_frac,
        "unmet_drivers": len(outcome.unmet),
        "cars": len(outcome.visits),
        "cost": money.total,
        "cost_import": money.import_cost,
        "revenue_export": money.export_revenue,
        "cost_demand": money.demand_cost,
        "cost_contract": money.contract_cost,
        "cost_carbon": money.carbon_cost,
        "cost_events": money.event_cost,
        "cost_reserve": money.reserve_cost,
        "cost_dispatch": money.dispatch_cost,
        "peak_import_kw": outcome.peak_import_kw,
        "max_import_kw": outcome.max_import_kw,
        "limit_violation_s": outcome.limit_violation_s,
        "worst_violation_kw": outcome.worst_violation_kw,
        "unconsented_kwh": outcome.unconsented_kwh,
        "floor_breaches": outcome.floor_breaches,
    }


def station_kpis(outcome: Outcome, site: Site, prices: Prices) -> dict[str, Any]:
    """Return what truly happened, with what assets did and what stationary batteries hold more or less than at the beginning."""
    figures = outcome_kpis(outcome, prices)
    return figures | asset_kpis(outcome, site) | stored_kpis(outcome, site, prices, figures["cost"])


def run_kpis(run: Run, site: Site, prices: Prices, uncontrolled: Outcome) -> dict[str, Any]:
    """Return the figures of a closed loop beside those of the same cars uncontrolled, which answer no calls."""
    reference, own = station_kpis(uncontrolled, site, replace(prices, calls=None)), station_kpis(run.outcome, site, prices)
    solve_s = np.array(run.solve_s) if run.solve_s else np.zeros(1)
    return own | {
        "import_limit_kw": site.circuits[0].import_limit_kw,
        "net_delivered_of_uncontrolled": _share(own["net_delivered_kwh"], reference["net_delivered_kwh"]),
        "cost_uncontrolled": reference["cost"],
        "drivers_met_share": 1.0 - (_share(own["unmet_drivers"], len(run.outcome.finished)) or 0.0),
        "promised_probability": site.rules.target_probability,
        "saving_share": _share(cost_to_compare(reference) - cost_to_compare(own), cost_to_compare(reference)),
        "uncontrolled": reference,
        "rungs": {str(rung): count for rung, count in run.rungs.items()},
        "planners": dict(run.planners),
        "gap_frac": {"mean": float(np.mean(run.gaps)), "max": max(run.gaps)} if run.gaps else None,
        "ticks": sum(run.rungs.values()),
        "setpoints_sent": run.setpoints_sent,
        "solve_s_per_tick": {
            "mean": float(solve_s.mean()),
            "p95": float(np.quantile(solve_s, 0.95)),
            "max": float(solve_s.max()),
        },
    }


def _share(part: float, whole: float) -> float | None:
    """Return part / whole, None where the whole is nothing."""
    return part / whole if whole > 0 else None


def rounded(value: Any, digits: int = 4) -> Any:
    """Return `value` with its floats rounded for print."""
    match value:
        case float():
            return round(value, digits) + 0.0  # no −0.0
        case dict():
            return {key: rounded(item, digits) for key, item in value.items()}
        case list() | tuple():
            return [rounded(item, digits) for item in value]
    return value
