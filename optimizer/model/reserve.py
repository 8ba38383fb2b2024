"""Reserve: capacity held through each block, and the headroom of the units behind it.

    Σ_{r calls up in t} held_kw[r] ≤ Σ_u up_kw[u,t],   Σ_{r calls down in t} held_kw[r] ≤ Σ_u down_kw[u,t]
    up_kw[u,t] ≤ discharge_max_kw[u,t] + charge_kw[u,t] − discharge_kw[u,t]
    down_kw[u,t] ≤ charge_max_kw[u,t] − charge_kw[u,t] + discharge_kw[u,t]
    energy_kwh[u] − up_draws_h[u,t]·up_kw[u,t] ≥ energy_min_kwh[u]
    energy_kwh[u] + down_stores_h[u,t]·down_kw[u,t] ≤ energy_max_kwh[u]
    energy_kwh[u,t] − up_draws_h[u,t]·up_kw[u,t] + Σ_q unmet_kwh[u,q] ≥ needed_kwh[u,t]
    circuit_kw[c,t] + Σ_{u below c} down_kw[u,t] ≤ import limit,   −circuit_kw[c,t] + Σ_{u below c} up_kw[u,t] ≤ export limit

The energy rows hold at the start and the end of each covered step. `needed_kwh` is the least from which the promise can still be
kept at the unit's full power after a call: no call takes what cannot be recharged before it is due. Phases are like circuits. Where
idling breaks a limit, its slack (`overload`) leaves no room beside it; a unit that idling takes below its floor offers nothing up,
and above its ceiling nothing down. Blocks that overlap share the headroom, for the longest call among them: safe on each side.

Adds ``held_kw`` (R,), ``up_kw`` and ``down_kw`` (U, H) [kW]; there are no steps H without reserves. Needs the slacks of `overload`
and `unmet_target`.
"""

from typing import Any

import pyomo.environ as pyo


def add_reserve(m: Any) -> None:
    """Add what is held, the headrooms, and their rows."""
    m.held_kw = pyo.Var(m.R, bounds=lambda m, r: (0, m.reserve_most_kw[r]))
    m.up_kw = pyo.Var(m.U, m.H, bounds=lambda m, u, t: (0, m.up_max_kw[u, t]))
    m.down_kw = pyo.Var(m.U, m.H, bounds=lambda m, u, t: (0, m.down_max_kw[u, t]))
    m.held_up = pyo.Constraint(m.H, rule=lambda m, t: _held(m, m.calls_up, t) - sum(m.up_kw[u, t] for u in m.U) <= 0)
    m.held_down = pyo.Constraint(m.H, rule=lambda m, t: _held(m, m.calls_down, t) - sum(m.down_kw[u, t] for u in m.U) <= 0)
    _add_power(m)
    _add_energy(m)
    _add_room(m)


def _held(m: Any, calls: Any, t: int) -> Any:
    return sum(calls[r, t] * m.held_kw[r] for r in m.R)


def _add_power(m: Any) -> None:
    m.up_power = pyo.Constraint(
        m.U, m.H, rule=lambda m, u, t: m.up_kw[u, t] + m.discharge_kw[u, t] - m.charge_kw[u, t] <= m.up_room_kw[u, t]
    )
    m.down_power = pyo.Constraint(
        m.U, m.H, rule=lambda m, u, t: m.down_kw[u, t] + m.charge_kw[u, t] - m.discharge_kw[u, t] <= m.down_room_kw[u, t]
    )


def _add_energy(m: Any) -> None:
    m.up_from_start = pyo.Constraint(m.U, m.H, rule=lambda m, u, t: _drawn(m, u, t) - _before(m, u, t) <= -m.up_start_kwh[u, t])
    m.up_to_end = pyo.Constraint(m.U, m.H, rule=lambda m, u, t: _drawn(m, u, t) - m.energy_kwh[u, t] <= -m.up_end_kwh[u, t])
    m.up_for_promise = pyo.Constraint(m.U, m.H, rule=_up_for_promise)
    m.down_from_start = pyo.Constraint(m.U, m.H, rule=lambda m, u, t: _stored(m, u, t) + _before(m, u, t) <= m.down_start_kwh[u, t])
    m.down_to_end = pyo.Constraint(m.U, m.H, rule=lambda m, u, t: _stored(m, u, t) + m.energy_kwh[u, t] <= m.down_end_kwh[u, t])


def _drawn(m: Any, u: int, t: int) -> Any:
    return m.up_draws_h[u, t] * m.up_kw[u, t]


def _stored(m: Any, u: int, t: int) -> Any:
    return m.down_stores_h[u, t] * m.down_kw[u, t]


def _before(m: Any, u: int, t: int) -> Any:
    return m.energy_kwh[u, t - 1] if t else m.initial_energy_kwh[u]


def _up_for_promise(m: Any, u: int, t: int) -> Any:
    unmet = sum(m.unmet_kwh[u, q] for q in m.Q)
    return _drawn(m, u, t) - m.energy_kwh[u, t] - unmet <= -m.needed_kwh[u, t]


def _add_room(m: Any) -> None:
    m.import_room = pyo.Constraint(m.C, m.H, rule=_import_room)
    m.export_room = pyo.Constraint(m.C, m.H, rule=_export_room)
    m.phase_import_room = pyo.Constraint(m.F, m.P, m.H, rule=_phase_import_room)
    m.phase_export_room = pyo.Constraint(m.F, m.P, m.H, rule=_phase_export_room)


def _import_room(m: Any, c: int, t: int) -> Any:
    down = sum(m.below_circuit[u, c] * m.down_kw[u, t] for u in m.U)
    return m.circuit_kw[c, t] - m.over_import_kw[c, t] + down <= m.reserve_import_kw[c, t]


def _export_room(m: Any, c: int, t: int) -> Any:
    up = sum(m.below_circuit[u, c] * m.up_kw[u, t] for u in m.U)
    return -m.circuit_kw[c, t] - m.over_export_kw[c, t] + up <= m.reserve_export_kw[c, t]


def _phase_import_room(m: Any, f: int, p: int, t: int) -> Any:
    down = sum(m.below_phase[u, f, p] * m.down_kw[u, t] for u in m.U)
    return m.phase_kw[f, p, t] - m.over_phase_import_kw[f, p, t] + down <= m.reserve_phase_import_kw[f, p, t]


def _phase_export_room(m: Any, f: int, p: int, t: int) -> Any:
    up = sum(m.below_phase[u, f, p] * m.up_kw[u, t] for u in m.U)
    return -m.phase_kw[f, p, t] - m.over_phase_export_kw[f, p, t] + up <= m.reserve_phase_export_kw[f, p, t]
