"""What a plan is worth, term by term, straight from the problem's definition: no Pyomo, no solver."""

import numpy as np

from optimizer.data import STICKY_STEPS
from optimizer.flows import Flows
from v2g.problem import N_PHASES, Problem
from v2g.solution import TermValue, Tier
from v2g.timegrid import Array

NEGLIGIBLE_KW = 1e-6
NEGLIGIBLE_KWH = 1e-6


def evaluate(problem: Problem, flows: Flows) -> tuple[TermValue, ...]:
    """Return the value of every term, in the order of the tiers."""
    values = (
        ("overload", Tier.VIOLATION, overload_kwh(problem, flows.power_kw), "kWh"),
        ("energy_outside", Tier.VIOLATION, _energy_outside(problem, flows), "kWh·h"),
        ("unmet_target", Tier.SERVICE, float(problem.storages.priority @ unmet_kwh(problem, flows.energy_kwh)), "kWh"),
        *((name, Tier.MONEY, value, "currency") for name, value in _money(problem, flows).items()),
        ("stability", Tier.PREFERENCE, _stability(problem, flows), "kWh"),
        ("earliness", Tier.PREFERENCE, _earliness(problem, flows), "kWh·h"),
    )
    return tuple(TermValue(name=name, tier=tier, value=value, unit=unit) for name, tier, value, unit in values)


def excess_kw(problem: Problem, power_kw: Array) -> tuple[Array, Array]:
    """Return by how much circuits (2, m, T) and phases (2, m, 3, T) exceed their limits, importing and exporting [kW, ≥ 0]."""
    c, inside = problem.circuits, problem.membership()
    fixed, margin = problem.fixed_below()
    flow = fixed + inside @ power_kw
    circuits = np.stack([flow + margin - c.import_limit_kw, -flow - c.export_limit_kw])
    shares = problem.storages.phase_share.T[None] * inside[:, None, :]
    phase = (fixed / N_PHASES)[:, None] + shares @ power_kw
    limit = c.phase_limit_kw[:, :, None]
    phases = np.stack([phase + (margin / N_PHASES)[:, None] - limit, -phase - limit])
    return np.where(circuits > NEGLIGIBLE_KW, circuits, 0.0), np.where(phases > NEGLIGIBLE_KW, phases, 0.0)


def overload_kwh(problem: Problem, power_kw: Array) -> float:
    """Return the energy above the limits of circuits and phases [kWh]."""
    circuits, phases = excess_kw(problem, power_kw)
    return float((circuits.sum(axis=(0, 1)) + phases.sum(axis=(0, 1, 2))) @ problem.grid.step_h)


def unmet_kwh(problem: Problem, energy_kwh: Array) -> Array:
    """Return what each storage misses to its promise when that is due, (n,) [kWh, ≥ 0]."""
    s = problem.storages
    due = energy_kwh[np.arange(s.n_units), np.maximum(s.target_step, 1) - 1]
    missing = np.where(s.target_step > 0, s.target_energy_kwh - due, 0.0)
    return np.where((missing > NEGLIGIBLE_KWH) & (s.target_energy_kwh > 0), missing, 0.0)


def _energy_outside(problem: Problem, flows: Flows) -> float:
    s = problem.storages
    outside = np.maximum(s.energy_min_kwh - flows.energy_kwh, 0.0) + np.maximum(flows.energy_kwh - s.energy_max_kwh, 0.0)
    return float((np.where(outside > NEGLIGIBLE_KWH, outside, 0.0) @ problem.grid.step_h).sum())


def _money(problem: Problem, flows: Flows) -> dict[str, float]:
    s, money, step_h = problem.storages, problem.connection, problem.grid.step_h
    missing = np.where(s.target_energy_kwh[:, None] > 0, np.maximum(s.target_energy_kwh[:, None] - flows.energy_kwh, 0.0), 0.0)
    early = (s.departure_probability * missing).sum(axis=1) @ s.shortfall_price_per_kwh
    extra_peak_kw = max(float(flows.import_kw.max()) - money.peak_so_far_kw, 0.0)
    return {
        "energy_import": float((money.import_price_per_kwh * flows.import_kw) @ step_h),
        "energy_export": -float((money.export_price_per_kwh * flows.export_kw) @ step_h),
        "demand_charge": money.demand_charge_per_kw * extra_peak_kw,
        "wear": float(s.wear_cost_per_kwh @ (flows.discharge_kw @ step_h)),
        "early_departure": float(early),
        "terminal_value": -float(s.terminal_value_per_kwh @ flows.energy_kwh[:, -1]),
    }


def _stability(problem: Problem, flows: Flows) -> float:
    moved = np.abs(flows.power_kw - problem.storages.previous_power_kw)[:, :STICKY_STEPS]
    return float((np.nan_to_num(moved) @ problem.grid.step_h[:STICKY_STEPS]).sum())


def _earliness(problem: Problem, flows: Flows) -> float:
    return float((flows.charge_kw @ (problem.grid.step_h * problem.grid.edges_h[:-1])).sum())
