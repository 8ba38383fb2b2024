"""A solution as plain JSON, for `v2g solve` and for whoever compares planners."""

from typing import Any

import numpy as np

from optimizer.replay.reserve import held_kw
from v2g.problem import Problem
from v2g.solution import ShadowPrices, Solution, Tier
from v2g.timegrid import Array

DIGITS = 6


def solution_report(problem: Problem, solution: Solution) -> dict[str, Any]:
    """Return the objective by term and tier, how good the answer is, the times, and the schedule [kW, kWh at step ends]."""
    s, grid = problem.storages, problem.grid
    return {
        "rung": solution.rung.value,
        "reason": solution.reason,
        "gap_frac": solution.gap_frac,
        "planner": solution.planner,
        "objective": {tier.value: _round(solution.value_of(tier)) for tier in Tier},
        "terms": [{"name": t.name, "tier": t.tier.value, "value": _round(t.value), "unit": t.unit} for t in solution.terms],
        "times_s": {name: _round(value) for name, value in solution.times_s.items()}
        | {"total": _round(sum(solution.times_s.values()))},
        "starts": [start.isoformat() for start in grid.starts],
        "step_h": grid.step_h.tolist(),
        "site": {
            "import_kw": _listed(solution.import_kw),
            "export_kw": _listed(solution.export_kw),
            "fixed_kw": _listed(problem.fixed_below()[0][0]),
        },
        "prices": None if solution.prices is None else _prices(problem, solution.prices),
        "storages": [
            {
                "id": s.unit_ids[i],
                "kind": s.kinds[i].value,
                "circuit": s.circuit_ids[i],
                "power_kw": _listed(solution.power_kw[i]),
                "energy_kwh": _listed(solution.energy_kwh[i]),
                "target_energy_kwh": float(s.target_energy_kwh[i]),
                "target_step": int(s.target_step[i]),
            }
            for i in range(s.n_units)
        ],
        "reserves": [
            {"id": r.reserve_id, "held_kw": _round(held), "committed_kw": r.committed_kw}
            for r, held in zip(problem.reserves, held_kw(problem, solution.reserve), strict=True)
        ],
    }


def _prices(problem: Problem, prices: ShadowPrices) -> dict[str, Any]:
    """Return the shadow prices by name; of limits only those that are there."""
    circuits, s = problem.circuits.circuit_ids, problem.storages
    return {
        "most_per_kwh": _round(prices.most_per_kwh),
        "site_per_kwh": _listed(prices.site_per_kwh),
        "import_per_kw": {name: _listed(row) for name, row in zip(circuits, prices.import_per_kw, strict=True)},
        "export_per_kw": {name: _listed(row) for name, row in zip(circuits, prices.export_per_kw, strict=True)},
        "phase_per_kw": {
            name: [_listed(phase) for phase in rows] for name, rows in zip(circuits, prices.phase_per_kw, strict=True) if rows.any()
        },
        "promise_per_kwh": {name: _round(p) for name, p in zip(s.unit_ids, prices.promise_per_kwh, strict=True)},
        "cap_per_kwh": {name: _listed(row) for name, row in zip(s.unit_ids, prices.cap_per_kwh, strict=True) if len(row)},
        "energy_per_kwh": {name: _listed(row) for name, row in zip(s.unit_ids, prices.energy_per_kwh, strict=True)},
    }


def _listed(values: Array) -> list[float]:
    return [_round(v) for v in values]


def _round(value: float) -> float:
    return round(float(np.float64(value)), DIGITS) + 0.0
