"""Reserve held: what it earns and what is missing [currency], and whether the units behind it could deliver."""

import numpy as np

from optimizer.envelope import envelope
from optimizer.flows import Flows
from optimizer.inputs.reserve import DOWN, UP, call_h, calls, covered_h, draws_per_kw, needed_kwh, offers
from optimizer.loads import loads_kw
from optimizer.network import network
from optimizer.replay.limits import excess_of
from v2g.problem import Problem
from v2g.solution import HeldReserve
from v2g.timegrid import Array


def reserve_payment(problem: Problem, flows: Flows) -> float:
    """Return what the reserve held earns, as a cost."""
    paid = np.array([r.payment_per_kw_h for r in problem.reserves])
    return -float(held_kw(problem, flows.reserve) @ (covered_h(problem) * paid))


def reserve_missing(problem: Problem, flows: Flows) -> float:
    """Return the fines for what is owed and not held."""
    committed, fined = (np.array([getattr(r, name) for r in problem.reserves]) for name in ("committed_kw", "penalty_per_kw_h"))
    missing = np.maximum(committed - held_kw(problem, flows.reserve), 0.0)
    return float(missing @ (covered_h(problem) * fined))


def held_kw(problem: Problem, reserve: HeldReserve | None) -> Array:
    """Return what each block holds, (R,) [kW]; nothing where a plan says nothing of it."""
    return np.zeros(len(problem.reserves)) if reserve is None else reserve.held_kw


def headroom_kw(problem: Problem, flows: Flows) -> tuple[Array, Array]:
    """Return by how much each unit could lower and raise its power for as long as may be called, two (n, T) [kW, ≥ 0]."""
    s, bounds = problem.storages, envelope(problem)
    after = flows.energy_kwh
    before = np.concatenate([s.initial_energy_kwh[:, None], after[:, :-1]], axis=1)
    floor_before = np.concatenate([s.energy_min_kwh[:, :1], s.energy_min_kwh[:, :-1]], axis=1)
    ceiling_before = np.concatenate([s.energy_max_kwh[:, :1], s.energy_max_kwh[:, :-1]], axis=1)
    due = after[np.arange(s.n_units), np.maximum(s.target_step, 1) - 1]
    unmet = np.maximum(s.target_energy_kwh - due, 0.0)[:, None]
    spare = np.minimum(np.minimum(before - floor_before, after - s.energy_min_kwh), after + unmet - needed_kwh(problem))
    gap = np.minimum(ceiling_before - before, s.energy_max_kwh - after)
    up = np.minimum(s.discharge_max_kw + flows.power_kw, _per_hour(spare, call_h(problem, UP) * draws_per_kw(problem)[:, None]))
    down = np.minimum(s.charge_max_kw - flows.power_kw, _per_hour(gap, call_h(problem, DOWN) * s.charge_efficiency[:, None]))
    up = np.where(offers(problem, bounds, UP), up, 0.0)
    down = np.where(offers(problem, bounds, DOWN), down, 0.0)
    return np.maximum(up, 0.0), np.maximum(down, 0.0)


def fitted(problem: Problem, flows: Flows, wished: HeldReserve) -> HeldReserve:
    """Return the reserve cut to what the flows leave of each unit's headroom and of each limit, to the last bit."""
    up, down = (np.clip(w, 0.0, room) for w, room in zip((wished.up_kw, wished.down_kw), headroom_kw(problem, flows), strict=True))
    net, power = network(problem), flows.power_kw
    for shares, limits in ((net.inside, net.circuits), (net.phase_inside, net.phases)):
        flow = limits.fixed_kw + shares @ power
        up = _within(up, shares, np.minimum(limits.export_cap_kw, limits.soft_export_kw) + flow)
        down = _within(down, shares, np.minimum(limits.import_cap_kw, limits.soft_import_kw) - flow)
    share = np.ones(len(problem.reserves))
    for direction, power in ((UP, up), (DOWN, down)):
        called = calls(problem, direction)
        owed, there = wished.held_kw @ called, power.sum(axis=0)
        kept = np.divide(there, owed, out=np.ones_like(owed), where=owed > there)
        share = np.minimum(share, np.where(called > 0, kept, 1.0).min(axis=1))
    return HeldReserve(held_kw=np.maximum(wished.held_kw, 0.0) * share, up_kw=up, down_kw=down)


def unkept_by_units_kw(problem: Problem, flows: Flows) -> dict[str, Array]:
    """Return by how much the reserve of a plan exceeds what units have left [kW]; ≤ 0 where it does not."""
    reserve = flows.reserve
    if reserve is None:
        return {}
    up, down = headroom_kw(problem, flows)
    return {
        "a unit's headroom up is not there": reserve.up_kw - up,
        "a unit's headroom down is not there": reserve.down_kw - down,
    }


def unkept_kw(problem: Problem, flows: Flows) -> dict[str, Array]:
    """Return by how much the reserve of a plan breaks each of its rules for the whole site [kW]; ≤ 0 where it keeps them."""
    reserve = flows.reserve
    if reserve is None:
        return {}
    most = np.array([r.committed_kw + r.offer_max_kw for r in problem.reserves])
    loads = loads_kw(problem, flows.charge_kw, flows.discharge_kw)
    now = excess_of(problem, loads)
    imports = zip(excess_of(problem, loads + loads_kw(problem, reserve.down_kw)), now, strict=True)
    exports = zip(excess_of(problem, loads - loads_kw(problem, reserve.up_kw)), now, strict=True)
    return {
        "a reserve is more than may be offered": np.maximum(reserve.held_kw - most, -reserve.held_kw),
        "reserve up is held by nobody": reserve.held_kw @ calls(problem, UP) - reserve.up_kw.sum(axis=0),
        "reserve down is held by nobody": reserve.held_kw @ calls(problem, DOWN) - reserve.down_kw.sum(axis=0),
        "reserve down has no room under a limit": np.concatenate([(new[0] - old[0]).ravel() for new, old in imports]),
        "reserve up has no room under a limit": np.concatenate([(new[1] - old[1]).ravel() for new, old in exports]),
    }


def _within(held_kw: Array, shares: Array, room_kw: Array) -> Array:
    """Return headrooms (n, T) cut, in equal parts, to the room (…, T) of every limit, of which they take `shares` (…, n) [kW]."""
    load, room = shares @ held_kw, np.maximum(room_kw, 0.0)
    part = np.divide(room, load, out=np.ones_like(load), where=load > room)
    parts = np.where(shares[..., None] > 0, part[..., None, :], 1.0)
    return np.asarray(held_kw * parts.min(axis=tuple(range(parts.ndim - 2)), initial=1.0))


def _per_hour(energy_kwh: Array, hours: Array) -> Array:
    return np.divide(energy_kwh, hours, out=np.full_like(energy_kwh, np.inf), where=hours > 0)
