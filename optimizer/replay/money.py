"""What a plan costs [currency]."""

import numpy as np

from optimizer.flows import Flows
from v2g.problem import Problem


def energy_import(problem: Problem, flows: Flows) -> float:
    """Return what imported energy costs."""
    return float((problem.connection.import_price_per_kwh * flows.import_kw) @ problem.grid.step_h)


def energy_export(problem: Problem, flows: Flows) -> float:
    """Return what exported energy earns, as a cost."""
    return -float((problem.connection.export_price_per_kwh * flows.export_kw) @ problem.grid.step_h)


def demand_charge(problem: Problem, flows: Flows) -> float:
    """Return what the peak adds to the billing month's demand charge."""
    money = problem.connection
    return money.demand_charge_per_kw * max(float(flows.import_kw.max()) - money.peak_so_far_kw, 0.0)


def wear(problem: Problem, flows: Flows) -> float:
    """Return the flat price of discharged energy."""
    return float(problem.storages.wear_cost_per_kwh @ (flows.discharge_kw @ problem.grid.step_h))


def early_departure(problem: Problem, flows: Flows) -> float:
    """Return the expected price of energy missing at departures before the promise."""
    s = problem.storages
    missing = np.maximum(s.wanted_kwh[:, None] - flows.energy_kwh, 0.0) * (s.target_energy_kwh > 0)[:, None]
    return float((s.departure_probability * missing).sum(axis=1) @ s.shortfall_price_per_kwh)


def terminal_value(problem: Problem, flows: Flows) -> float:
    """Return what the energy left at the end is worth, as a cost."""
    return -float(problem.storages.terminal_value_per_kwh @ flows.energy_kwh[:, -1])
