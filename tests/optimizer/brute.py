"""An independent formulation: dense rows written by hand, every slack and every binary present, tiers solved strictly in turn."""

from dataclasses import dataclass, field

import highspy
import numpy as np

from optimizer.shares import N_SHARES, SHARE_WEIGHT
from v2g.problem import Problem

BIG = 500.0
SLACK = 1e-6
TIERS = ("overload", "outside", "service", "money")


@dataclass
class Rows:
    """Rows under construction: column → coefficient, with a lower and an upper side."""

    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    def add(self, terms: dict[int, float], low: float, high: float) -> None:
        if np.isfinite(low) or np.isfinite(high):
            self.rows.append((terms, low, high))


class Brute:
    """The problem as one dense mixed-integer program."""

    def __init__(self, problem: Problem) -> None:
        self.p, self.n = problem, 0
        self.low: list[float] = []
        self.high: list[float] = []
        self.integer: list[int] = []
        self.rows = Rows()
        self.cost: dict[str, dict[int, float]] = {tier: {} for tier in TIERS}
        self.storages()
        self.network()
        self.trade()

    def var(self, low: float = 0.0, high: float = np.inf, *, integer: bool = False, **cost: float) -> int:
        self.low.append(low)
        self.high.append(high)
        self.integer.append(int(integer))
        for tier, value in cost.items():
            self.cost[tier][self.n] = value
        self.n += 1
        return self.n - 1

    def storages(self) -> None:
        s, h = self.p.storages, self.p.grid.step_h
        n, T = self.p.shape
        self.power = np.empty((n, T, 2), int)
        for u in range(n):
            before: dict[int, float] = {}
            level, idle = s.initial_energy_kwh[u], s.initial_energy_kwh[u]
            for t in range(T):
                c = self.var(0, s.charge_max_kw[u, t])
                d = self.var(0, s.discharge_max_kw[u, t], money=h[t] * s.wear_cost_per_kwh[u])
                z = self.var(0, 1, integer=True)
                self.rows.add({c: 1, z: -s.charge_max_kw[u, t]}, -np.inf, 0)
                self.rows.add({d: 1, z: s.discharge_max_kw[u, t]}, -np.inf, s.discharge_max_kw[u, t])
                idle -= s.drain_kwh[u, t]
                low, high = s.energy_min_kwh[u, t], s.energy_max_kwh[u, t]
                e = self.var(min(low, idle), max(high, idle))
                balance = {e: 1.0, c: -h[t] * s.charge_efficiency[u], d: h[t] / s.discharge_efficiency[u], **before}
                self.rows.add(balance, level - s.drain_kwh[u, t], level - s.drain_kwh[u, t])
                self.rows.add({e: 1, self.var(outside=h[t]): 1}, low, np.inf)
                self.rows.add({e: 1, self.var(outside=h[t]): -1}, -np.inf, high)
                self.wishes(u, t, e)
                self.power[u, t], before, level = (c, d), {e: -1.0}, 0.0

    def wishes(self, u: int, t: int, e: int) -> None:
        s = self.p.storages
        target = s.target_energy_kwh[u]
        if target > 0 and s.target_step[u] == t + 1:
            self.rows.add({e: 1, **dict.fromkeys(self.shares(u, t), 1.0)}, target, np.inf)
        if target > 0:
            self.rows.add({e: 1, self.var(money=s.departure_probability[u, t] * s.shortfall_price_per_kwh[u]): 1}, target, np.inf)
        if t == self.p.grid.n_steps - 1:
            self.cost["money"][e] = -s.terminal_value_per_kwh[u]

    def shares(self, u: int, t: int) -> list[int]:
        s = self.p.storages
        need = s.target_energy_kwh[u] - (s.initial_energy_kwh[u] - s.drain_kwh[u, : t + 1].sum())
        part = (need if need > 0 else s.target_energy_kwh[u]) / N_SHARES
        weights = s.priority[u] * (1 + SHARE_WEIGHT * np.linspace(0, 1, N_SHARES))
        return [self.var(0, part, service=w) for w in weights[:-1]] + [self.var(service=weights[-1])]

    def network(self) -> None:
        c = self.p.circuits
        below = [{i} for i in range(c.n_circuits)]
        for i in range(c.n_circuits - 1, 0, -1):
            below[c.parent_index[i]] |= below[i]
        for i, members in enumerate(below):
            names = {c.circuit_ids[k] for k in members}
            units = [u for u in range(self.p.shape[0]) if self.p.storages.circuit_ids[u] in names]
            for t in range(self.p.grid.n_steps):
                fixed = sum(c.fixed_kw[k, t] for k in members)
                margin = sum(c.fixed_margin_kw[k, t] for k in members)
                flow = self.flow(units, t, dict.fromkeys(units, 1.0))
                self.limit(flow, t, fixed, c.import_limit_kw[i, t] - margin, c.export_limit_kw[i, t])
                for p in range(3):
                    limit, share = c.phase_limit_kw[i, p], self.p.storages.phase_share
                    self.limit(self.flow(units, t, {u: share[u, p] for u in units}), t, fixed / 3, limit - margin / 3, limit)

    def flow(self, units: list[int], t: int, share: dict[int, float]) -> dict[int, float]:
        terms: dict[int, float] = {}
        for u in units:
            terms |= {int(self.power[u, t, 0]): share[u], int(self.power[u, t, 1]): -share[u]}
        return terms

    def limit(self, flow: dict[int, float], t: int, fixed: float, imports: float, exports: float) -> None:
        h = self.p.grid.step_h[t]
        self.rows.add(flow, -np.inf, max(imports, fixed) - fixed)
        self.rows.add(flow, -max(exports, -fixed) - fixed, np.inf)
        self.rows.add({**flow, self.var(overload=h): -1}, -np.inf, imports - fixed)
        self.rows.add({**flow, self.var(overload=h): 1}, -exports - fixed, np.inf)

    def trade(self) -> None:
        money, h = self.p.connection, self.p.grid.step_h
        peak = self.var(money=money.demand_charge_per_kw)
        for t in range(self.p.grid.n_steps):
            i = self.var(0, BIG, money=h[t] * money.import_price_per_kwh[t])
            x = self.var(0, BIG, money=-h[t] * money.export_price_per_kwh[t])
            z = self.var(0, 1, integer=True)
            self.rows.add({i: 1, z: -BIG}, -np.inf, 0)
            self.rows.add({x: 1, z: BIG}, -np.inf, BIG)
            self.rows.add({i: 1, peak: -1}, -np.inf, money.peak_so_far_kw)
            net = {i: 1.0, x: -1.0}
            for u in range(self.p.shape[0]):
                net |= {int(self.power[u, t, 0]): -1.0, int(self.power[u, t, 1]): 1.0}
            fixed = float(self.p.circuits.fixed_kw[:, t].sum())
            self.rows.add(net, fixed, fixed)

    def solve(self) -> dict[str, float]:
        """Return the least value of each tier, the earlier ones kept; VIOLATION is two tiers here, overload before outside."""
        values = {}
        for tier in TIERS:
            values[tier] = self.least(self.cost[tier])
            self.rows.add(self.cost[tier], -np.inf, values[tier] + SLACK)
        return values

    def least(self, cost: dict[int, float]) -> float:
        """Return the least value of a cost, to machine precision."""
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        for option in ("primal_feasibility_tolerance", "mip_feasibility_tolerance"):
            highs.setOptionValue(option, 1e-9)
        highs.setOptionValue("mip_rel_gap", 0.0)
        highs.addVars(self.n, self.low, self.high)
        for column, kind in enumerate(self.integer):
            highs.changeColIntegrality(column, highspy.HighsVarType(kind))
        for column, value in cost.items():
            highs.changeColCost(column, value)
        for terms, low, high in self.rows.rows:
            highs.addRow(low, high, len(terms), list(terms), list(terms.values()))
        highs.run()
        assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal, highs.getModelStatus()
        return float(highs.getInfo().objective_function_value)
