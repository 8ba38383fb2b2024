"""The feeder tree, and the reserve that must have room in it."""

from collections.abc import Iterator

from tests.optimizer.independent.program import Program, Terms, plus
from tests.optimizer.independent.storages import Fleet
from v2g.commitments import Reserve
from v2g.problem import Problem

Place = tuple[int, int]
"""(circuit, phase 0..2, or −1 for the sum of all)."""


class Network:
    """The limits of every circuit and phase; `over` has the overload columns of each, importing and exporting."""

    def __init__(self, p: Program, problem: Problem, fleet: Fleet) -> None:
        self.p, self.problem, self.fleet = p, problem, fleet
        self.over: dict[tuple[Place, int], tuple[int, int]] = {}
        for place in self.places():
            for t in range(problem.grid.n_steps):
                self.limit(place, t)

    def places(self) -> Iterator[Place]:
        for circuit in range(self.problem.circuits.n_circuits):
            for phase in (-1, 0, 1, 2):
                yield circuit, phase

    def members(self, circuit: int) -> set[int]:
        c = self.problem.circuits
        found = {circuit}
        for i in range(circuit + 1, c.n_circuits):
            if int(c.parent_index[i]) in found:
                found.add(i)
        return found

    def share(self, place: Place) -> dict[int, float]:
        """Return what each unit below weighs at a place."""
        circuit, phase = place
        names = {self.problem.circuits.circuit_ids[i] for i in self.members(circuit)}
        s = self.problem.storages
        return {u: 1.0 if phase < 0 else float(s.phase_share[u, phase]) for u in range(s.n_units) if s.circuit_ids[u] in names}

    def fixed(self, place: Place, t: int) -> tuple[float, float]:
        """Return what flows when all idle, and the margin."""
        c, third = self.problem.circuits, 1.0 if place[1] < 0 else 1 / 3
        members = self.members(place[0])
        return third * sum(c.fixed_kw[i, t] for i in members), third * sum(c.fixed_margin_kw[i, t] for i in members)

    def limits(self, place: Place, t: int) -> tuple[float, float]:
        """Return the import and the export limit."""
        c = self.problem.circuits
        circuit, phase = place
        if phase < 0:
            return float(c.import_limit_kw[circuit, t]), float(c.export_limit_kw[circuit, t])
        return float(c.phase_limit_kw[circuit, phase]), float(c.phase_limit_kw[circuit, phase])

    def flow(self, place: Place, t: int) -> Terms:
        parts = []
        for u, share in self.share(place).items():
            c, d = (int(x) for x in self.fleet.power[u, t])
            parts.append((share, {c: 1.0, d: -1.0}))
        return plus(*parts)

    def limit(self, place: Place, t: int) -> None:
        p, h, flow = self.p, self.problem.grid.step_h[t], self.flow(place, t)
        fixed, margin = self.fixed(place, t)
        imports, exports = self.limits(place, t)
        imports -= margin
        p.most(flow, max(imports, fixed) - fixed)
        p.least(flow, -max(exports, -fixed) - fixed)
        over = p.var(overload=h), p.var(overload=h)
        p.most({**flow, over[0]: -1}, imports - fixed)
        p.least({**flow, over[1]: 1}, -exports - fixed)
        self.over[place, t] = over


class Reserves:
    """Capacity held, and what stands behind it."""

    def __init__(self, p: Program, problem: Problem, fleet: Fleet, network: Network) -> None:
        self.p, self.problem, self.fleet, self.network = p, problem, fleet, network
        self.held = [self.block(r) for r in problem.reserves]
        for t in range(problem.grid.n_steps):
            for sign in (1, -1):
                calling = [(r, x) for r, x in zip(problem.reserves, self.held, strict=True) if _calls(r, sign, t)]
                if calling:
                    self.behind(calling, sign, t)

    def block(self, r: Reserve) -> int:
        hours = float(r.cover @ self.problem.grid.step_h)
        held = self.p.var(0, r.committed_kw + r.offer_max_kw, money=-hours * r.payment_per_kw_h)
        missing = self.p.var(money=hours * r.penalty_per_kw_h)
        self.p.least({held: 1, missing: 1}, r.committed_kw)
        return held

    def behind(self, calling: list[tuple[Reserve, int]], sign: int, t: int) -> None:
        hours = max(r.energy_h for r, _ in calling)
        room = {u: self.headroom(u, t, sign, hours) for u in range(self.problem.shape[0]) if self.offers(u, t, sign)}
        held: Terms = {x: 1.0 for _, x in calling}
        self.p.most(plus((1.0, held), (-1.0, dict.fromkeys(room.values(), 1.0))), 0)
        for place in self.network.places():
            fixed, margin = self.network.fixed(place, t)
            imports, exports = self.network.limits(place, t)
            shares = {room[u]: share for u, share in self.network.share(place).items() if u in room}
            flow = self.network.flow(place, t)
            over = self.network.over[place, t]
            if sign < 0:
                self.p.most(plus((1.0, flow), (1.0, shares), (-1.0, {over[0]: 1.0})), imports - margin - fixed)
            else:
                self.p.least(plus((1.0, flow), (-1.0, shares), (1.0, {over[1]: 1.0})), -exports - fixed)

    def offers(self, u: int, t: int, sign: int) -> bool:
        """Return whether a unit may stand behind a call: there, and idling keeps its bound before and after the step."""
        s, idle = self.problem.storages, self.fleet.idle
        if s.charge_max_kw[u, t] + s.discharge_max_kw[u, t] == 0:
            return False
        steps = [t] if t == 0 else [t - 1, t]
        if sign > 0:
            return all(idle[u, k] >= s.energy_min_kwh[u, k] - 1e-9 for k in steps)
        return all(idle[u, k] <= s.energy_max_kwh[u, k] + 1e-9 for k in steps)

    def headroom(self, u: int, t: int, sign: int, hours: float) -> int:
        p, s = self.p, self.problem.storages
        c, d = (int(x) for x in self.fleet.power[u, t])
        start, constant = self.fleet.before(u, t)
        end = {int(self.fleet.energy[u, t]): 1.0}
        first = float(s.initial_energy_kwh[u])
        x = p.var()
        if sign > 0:
            p.most({x: 1, d: 1, c: -1}, float(s.discharge_max_kw[u, t]))
            loss = 0.0 if s.converters is None else float(s.converters.knee_loss_frac[u])
            draws = hours * (1 / float(s.discharge_efficiency[u]) + loss)
            floor = float(s.energy_min_kwh[u, t - 1]) if t else min(float(s.energy_min_kwh[u, 0]), first)
            p.most(plus((draws, {x: 1.0}), (-1.0, start)), constant - floor)
            p.most(plus((draws, {x: 1.0}), (-1.0, end)), -float(s.energy_min_kwh[u, t]))
            if s.target_energy_kwh[u] > 0 and t < s.target_step[u]:
                p.most(plus((draws, {x: 1.0}), (-1.0, end), (-1.0, self.fleet.unmet[u])), -self.needed(u, t))
            return x
        p.most({x: 1, c: 1, d: -1}, float(s.charge_max_kw[u, t]))
        stores = hours * float(s.charge_efficiency[u])
        ceiling = float(s.energy_max_kwh[u, t - 1]) if t else max(float(s.energy_max_kwh[u, 0]), first)
        p.most(plus((stores, {x: 1.0}), (1.0, start)), ceiling - constant)
        p.most(plus((stores, {x: 1.0}), (1.0, end)), float(s.energy_max_kwh[u, t]))
        return x

    def needed(self, u: int, t: int) -> float:
        """Return the energy from which full power just keeps the promise."""
        s, due = self.problem.storages, int(self.problem.storages.target_step[u])
        gain = s.charge_efficiency[u] * s.charge_max_kw[u] * self.problem.grid.step_h - s.drain_kwh[u]
        return float(s.target_energy_kwh[u] - gain[t + 1 : due].sum())


def _calls(r: Reserve, sign: int, t: int) -> bool:
    return bool(r.cover[t] > 0) and r.direction in (sign, 0)
