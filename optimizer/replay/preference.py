"""What a plan should rather be, at no cost."""

import numpy as np

from optimizer.flows import Flows
from optimizer.inputs.wishes import STICKY_STEPS
from v2g.problem import Problem


def stability_kwh(problem: Problem, flows: Flows) -> float:
    """Return the energy by which the first steps leave the previous plan [kWh]."""
    moved = np.abs(flows.power_kw - problem.storages.previous_power_kw)[:, :STICKY_STEPS]
    return float((np.nan_to_num(moved) @ problem.grid.step_h[:STICKY_STEPS]).sum())


def earliness_kwh_h(problem: Problem, flows: Flows) -> float:
    """Return the charged energy, times how late it comes [kWh·h]."""
    return float((flows.charge_kw @ (problem.grid.step_h * problem.grid.edges_h[:-1])).sum())
