"""The plan in force, told to whoever listens: energy displays, building controls, the grid operator's box."""

from itertools import pairwise
from typing import Any

import numpy as np

from adapters.mqtt.messages import text
from v2g.plan import Plan


def plan_message(plan: Plan) -> dict[str, Any]:
    """Return the contract's summary: planned charge and discharge of all units together [kW, ≥ 0] in each step."""
    charge_kw = np.maximum(plan.power_kw, 0.0).sum(axis=0).tolist()
    discharge_kw = np.maximum(-plan.power_kw, 0.0).sum(axis=0).tolist()
    edges = (*plan.grid.starts, plan.grid.end)
    steps = [
        {"start": text(start), "end": text(end), "charge_kw": charge, "discharge_kw": discharge}
        for (start, end), charge, discharge in zip(pairwise(edges), charge_kw, discharge_kw, strict=True)
    ]
    return {"at": text(plan.made_at), "rung": plan.rung.value, "steps": steps}
