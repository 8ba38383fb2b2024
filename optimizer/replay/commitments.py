"""What commitments at the connection cost and earn [currency]."""

import numpy as np

from optimizer.flows import Flows
from v2g.commitments import CapacityContract, Event
from v2g.problem import Problem
from v2g.timegrid import Array


def carbon(problem: Problem, flows: Flows) -> float:
    """Return the price of the imported energy's carbon."""
    priced = problem.connection.carbon
    if priced is None:
        return 0.0
    return float((priced.intensity_kg_per_kwh * flows.import_kw) @ problem.grid.step_h) * priced.price_per_kg


def capacity_contract(problem: Problem, flows: Flows) -> float:
    """Return what the peak costs at the best number of blocks."""
    contract = problem.connection.contract
    if contract is None:
        return 0.0
    peak_kw = float(flows.import_kw.max())
    return min(
        contract.block_price * n
        + contract.overage_price_per_kw * overage_kw(contract, n, peak_kw, problem.connection.peak_so_far_kw)
        for n in block_counts(contract, peak_kw)
    )


def overage_kw(contract: CapacityContract, n_blocks: int, peak_kw: float, peak_so_far_kw: float) -> float:
    """Return the power beyond what is subscribed and what has been paid for [kW, ≥ 0]."""
    return max(peak_kw - max(contract.contracted_kw + contract.block_kw * n_blocks, peak_so_far_kw), 0.0)


def block_counts(contract: CapacityContract, peak_kw: float) -> tuple[int, ...]:
    """Return the numbers of blocks of which one is best: none, or the last below the peak, or the first above it.

    In between the cost is flat or rising up to the peak so far, then linear up to the peak, then rising.
    """
    if contract.block_kw <= 0:
        return (0,)
    exact = max(peak_kw - contract.contracted_kw, 0.0) / contract.block_kw
    return tuple(int(min(n, contract.max_blocks)) for n in (0, np.floor(exact), np.ceil(exact)))


def dispatch(problem: Problem, flows: Flows) -> float:
    """Return the price of leaving the net import that the grid asks for."""
    asked = problem.connection.dispatch
    if asked is None:
        return 0.0
    off_kw = np.abs(flows.import_kw - flows.export_kw - asked.follow_kw)
    return float(np.nan_to_num(off_kw) @ problem.grid.step_h) * asked.price_per_kwh


def event_payment(problem: Problem, flows: Flows) -> float:
    """Return what events pay for delivery, as a cost; the opposite of delivery is paid back."""
    return -sum(e.payment_per_kwh * float((delivered_kw(e, flows) * e.cover) @ problem.grid.step_h) for e in problem.events)


def event_fine(problem: Problem, flows: Flows) -> float:
    """Return the fines for what events lack."""
    fine = 0.0
    for e in problem.events:
        lacking_kw = np.maximum(e.owed_frac * e.committed_kw - delivered_kw(e, flows), 0.0)
        fine += e.penalty_per_kwh * float((lacking_kw * e.cover) @ problem.grid.step_h)
    return fine


def delivered_kw(event: Event, flows: Flows) -> Array:
    """Return what counts as delivered in each step, (T,) [kW]."""
    return np.minimum(event.direction * (event.baseline_kw - flows.import_kw + flows.export_kw), event.committed_kw)
