"""Symbols of what the station owes or may earn beyond energy: carbon, capacity contract, dispatch, events."""

from math import ceil

import numpy as np

from v2g.commitments import CapacityContract, Event
from v2g.network import Connection
from v2g.problem import Problem
from v2g.timegrid import Array


def commitment_symbols(problem: Problem, most_import_kw: Array) -> dict[str, Array]:
    """Return the symbols of the connection's and the events' terms; `most_import_kw` (T,) is what the site can draw at all."""
    money = problem.connection
    return {
        **_carbon(money),
        **_contract(money.contract or NO_CONTRACT, money.peak_so_far_kw, float(most_import_kw.max())),
        **_dispatch(money),
        **_events(problem.events, problem.grid.step_h),
    }


def commitments_used(money: Connection) -> frozenset[str]:
    """Return the components that only a connection with commitments needs."""
    parts = {"carbon": money.carbon, "contract": money.contract, "dispatch": money.dispatch}
    return frozenset(name for name, part in parts.items() if part is not None)


def commitments_worth(problem: Problem) -> tuple[float, float]:
    """Return the most that commitments add to the worth of a kWh at the connection, and of a kW of its peak [currency]."""
    money = problem.connection
    per_kwh = sum(e.payment_per_kwh + e.penalty_per_kwh for e in problem.events)
    per_kwh += money.dispatch.price_per_kwh if money.dispatch else 0.0
    per_kwh += float(np.abs(_carbon(money)["carbon_price_per_kwh"]).max())
    for r in problem.reserves:
        call_h, covered_h = max(r.energy_h, problem.grid.step_h.min()), r.cover @ problem.grid.step_h
        per_kwh += (r.payment_per_kw_h + r.penalty_per_kw_h) * float(covered_h) / call_h
    return per_kwh, money.contract.overage_price_per_kw if money.contract else 0.0


NO_CONTRACT = CapacityContract(contracted_kw=0.0)


def _carbon(money: Connection) -> dict[str, Array]:
    per_kwh = np.zeros_like(money.import_price_per_kwh)
    if money.carbon is not None:
        per_kwh = money.carbon.intensity_kg_per_kwh * money.carbon.price_per_kg
    return {"carbon_price_per_kwh": per_kwh}


def _contract(contract: CapacityContract, peak_so_far_kw: float, most_kw: float) -> dict[str, Array]:
    sunk_kw = max(peak_so_far_kw - contract.contracted_kw, 0.0)
    useful = ceil(max(most_kw - contract.contracted_kw, 0.0) / contract.block_kw) if contract.block_kw > 0 else 0
    values = {
        "contract_level_kw": max(contract.contracted_kw, peak_so_far_kw),
        "contract_sunk_kw": sunk_kw,
        "contract_overage_per_kw": contract.overage_price_per_kw,
        "contract_block_kw": contract.block_kw,
        "contract_block_price": contract.block_price,
        "contract_max_blocks": min(contract.max_blocks, useful),
        "contract_may_sink": float(sunk_kw > 0),
        "contract_gate": 0.0 if sunk_kw > 0 else np.inf,
    }
    return {name: np.array(value, dtype=np.float64) for name, value in values.items()}


def _dispatch(money: Connection) -> dict[str, Array]:
    follow, price = np.full_like(money.import_price_per_kwh, np.nan), 0.0
    if money.dispatch is not None:
        follow, price = money.dispatch.follow_kw, money.dispatch.price_per_kwh
    return {
        "follow_min_kw": np.where(np.isnan(follow), -np.inf, follow),
        "follow_max_kw": np.where(np.isnan(follow), np.inf, follow),
        "dispatch_price_per_kwh": np.array(price),
    }


def _events(events: tuple[Event, ...], step_h: Array) -> dict[str, Array]:
    shape = (len(events), len(step_h))
    hours = np.array([e.cover * step_h for e in events]).reshape(shape)
    covered = hours > 0

    def column(field: str) -> Array:
        return np.array([[getattr(e, field)] for e in events], dtype=np.float64).reshape(len(events), 1)

    direction, committed = column("direction"), column("committed_kw")
    baseline = np.array([e.baseline_kw for e in events]).reshape(shape)
    return {
        "event_direction": direction[:, 0],
        "event_least_kw": np.where(covered, -np.inf, 0.0),
        "event_committed_kw": np.where(covered, committed, 0.0),
        "event_baseline_kw": np.where(covered, direction * baseline, np.inf),
        "event_owed_kw": np.where(covered, column("owed_frac") * committed, -np.inf),
        "event_payment_per_kw": hours * column("payment_per_kwh"),
        "event_fine_per_kw": hours * column("penalty_per_kwh"),
    }
