"""Cars, batteries and what their converters and batteries can and cost."""

import numpy as np

from optimizer.shares import N_SHARES, SHARE_WEIGHT
from tests.optimizer.independent.program import Program, Terms, plus
from v2g.holding import NEAR_H
from v2g.problem import Problem


class Fleet:
    """The storages' columns.

    `power` (n, T, 2) charging and discharging, `energy` (n, T), `into` and `out_of` what is stored and drawn by (unit, step),
    `unmet` by unit, `idle` (n, T) the energy while nobody charges.
    """

    def __init__(self, p: Program, problem: Problem) -> None:
        self.p, self.problem, self.s, self.h = p, problem, problem.storages, problem.grid.step_h
        n, T = problem.shape
        self.power, self.energy, self.idle = np.empty((n, T, 2), int), np.empty((n, T), int), np.empty((n, T))
        self.into: dict[tuple[int, int], Terms] = {}
        self.out_of: dict[tuple[int, int], Terms] = {}
        self.on: dict[tuple[int, int, int], int] = {}
        self.unmet: list[Terms] = [{} for _ in range(n)]
        for u in range(n):
            self.balance(u)
            self.wishes(u)
            if self.s.converters is not None:
                self.taper(u)
                self.ramps(u)
            if self.s.ageing is not None:
                self.calendar(u)
                self.depths(u)
            self.caps(u)

    def before(self, u: int, t: int) -> tuple[Terms, float]:
        """Return the energy at the start of a step, as terms and a constant."""
        return ({int(self.energy[u, t - 1]): 1.0}, 0.0) if t else ({}, float(self.s.initial_energy_kwh[u]))

    def balance(self, u: int) -> None:
        p, s, idle = self.p, self.s, float(self.s.initial_energy_kwh[u])
        for t in range(self.problem.grid.n_steps):
            most_c, most_d = float(s.charge_max_kw[u, t]), float(s.discharge_max_kw[u, t])
            c, d, z = p.var(0, most_c), p.var(0, most_d, money=self.h[t] * s.wear_cost_per_kwh[u]), p.binary()
            p.most({c: 1, z: -most_c}, 0)
            p.most({d: 1, z: most_d}, most_d)
            idle -= s.drain_kwh[u, t]
            low, high = s.energy_min_kwh[u, t], s.energy_max_kwh[u, t]
            e = p.var(min(low, idle), max(high, idle))
            self.power[u, t], self.energy[u, t], self.idle[u, t] = (c, d), e, idle
            self.into[u, t] = plus((s.charge_efficiency[u], {c: 1.0}), (-1.0, self.lost(u, t, c, most_c)))
            self.out_of[u, t] = plus((1 / s.discharge_efficiency[u], {d: 1.0}), (1.0, self.lost(u, t, d, most_d)))
            self.running(u, t, c, d)
            start, constant = self.before(u, t)
            level = constant - s.drain_kwh[u, t]
            change = plus((self.h[t], self.into[u, t]), (-self.h[t], self.out_of[u, t]))
            p.row(plus((1.0, {e: 1.0}), (-1.0, start), (-1.0, change)), level, level)
            p.least({e: 1, p.var(outside=self.h[t]): 1}, low)
            p.most({e: 1, p.var(outside=self.h[t]): -1}, high)

    def lost(self, u: int, t: int, power: int, most: float) -> Terms:
        """Return what is lost beyond efficiency: above the knee, its kink exact by a binary, and by standby."""
        c = self.s.converters
        if c is None or most == 0:
            return {}
        p, knee, standby = self.p, float(c.knee_kw[u]), float(c.standby_kw[u])
        if knee >= most:
            above, below = {}, {power: 1.0}
        else:
            over, z = p.var(0, most - knee), p.binary()
            p.most({over: 1, z: -(most - knee)}, 0)
            p.least({power: 1, over: -1, z: -knee}, 0)
            p.most({power: 1, over: -1}, knee)
            above, below = {over: float(c.knee_loss_frac[u])}, {power: 1.0, over: -1.0}
        if standby == 0:
            return above
        if self.problem.grid.edges_h[t] >= NEAR_H - 1e-9:
            return plus((1.0, above), (standby * (1 / min(most, knee) - 1 / knee), below))
        on = self.on[u, t, power] = p.binary()
        p.most({power: 1, on: -most}, 0)
        return plus((1.0, above), (standby, {on: 1.0}), (-standby / knee, below))

    def running(self, u: int, t: int, charge: int, discharge: int) -> None:
        """Add the powers below which standby takes all that is stored, and more than is given back."""
        c, s = self.s.converters, self.s
        for power, efficiency in ((charge, float(s.charge_efficiency[u])), (discharge, 1.0)):
            on = self.on.get((u, t, power))
            if on is not None:
                assert c is not None
                self.p.least({power: 1, on: -c.standby_kw[u] / (efficiency + c.standby_kw[u] / c.knee_kw[u])}, 0)

    def wishes(self, u: int) -> None:
        p, s, T = self.p, self.s, self.problem.grid.n_steps
        target, due = float(s.target_energy_kwh[u]), int(s.target_step[u])
        if target > 0 and due:
            need = target - self.idle[u, due - 1]
            part = (need if need > 0 else target) / N_SHARES
            for q in range(N_SHARES):
                weight = s.priority[u] * (1 + SHARE_WEIGHT * q / (N_SHARES - 1))
                self.unmet[u][p.var(0, part if q < N_SHARES - 1 else np.inf, service=weight)] = 1.0
            p.least({int(self.energy[u, due - 1]): 1, **self.unmet[u]}, target)
        for t in range(T if target > 0 else 0):
            price = s.departure_probability[u, t] * s.shortfall_price_per_kwh[u]
            p.least({int(self.energy[u, t]): 1, p.var(money=price): 1}, float(s.wanted_kwh[u]))
        p.pay("money", int(self.energy[u, -1]), -s.terminal_value_per_kwh[u])

    def taper(self, u: int) -> None:
        c = self.s.converters
        assert c is not None
        for t in range(self.problem.grid.n_steps):
            if not np.isfinite(c.taper_full_kwh[u]) or self.s.charge_max_kw[u, t] == 0:
                continue
            start, constant = self.before(u, t)
            idle = self.idle[u, t - 1] if t else self.s.initial_energy_kwh[u]
            full = max(float(c.taper_full_kwh[u]), idle)
            rate = (1 - np.exp(-c.taper_per_h[u] * self.h[t])) / self.h[t]
            charging = {int(self.power[u, t, 0]): float(self.s.charge_efficiency[u])}
            self.p.most(plus((1.0, charging), (rate, start)), rate * (full - constant))

    def ramps(self, u: int) -> None:
        c, s = self.s.converters, self.s
        assert c is not None
        force = float(c.in_force_kw[u])
        for t in range(self.problem.grid.n_steps):
            between_h = (self.h[t - 1] + self.h[t]) / 2 if t else self.h[0] / 2
            ramp = float(c.ramp_kw_per_h[u]) * between_h
            away = s.charge_max_kw[u, t] == 0 and s.discharge_max_kw[u, t] == 0
            if away or not np.isfinite(ramp) or (t == 0 and np.isnan(force)):
                continue
            now = [{int(x): 1.0} for x in self.power[u, t]]
            last: list[Terms] = [{int(x): 1.0} for x in self.power[u, t - 1]] if t else [{}, {}]
            constant = [0.0, 0.0] if t else [max(force, 0.0), max(-force, 0.0)]
            for side in (0, 1):
                self.p.most(plus((1.0, now[side]), (-1.0, last[side])), ramp + constant[side])
            change = plus((1.0, now[0]), (-1.0, now[1]), (-1.0, last[0]), (1.0, last[1]))
            broken, start = self.p.var(outside=1.0), constant[0] - constant[1]
            self.p.most({**change, broken: -1.0}, ramp + start)
            self.p.least({**change, broken: 1.0}, start - ramp)

    def calendar(self, u: int) -> None:
        a = self.s.ageing
        assert a is not None
        for t in range(self.problem.grid.n_steps):
            high = self.p.var(money=self.h[t] * a.calendar_price_per_kwh_h[u])
            self.p.most({int(self.energy[u, t]): 1, high: -1}, float(a.calendar_above_kwh[u]))

    def depths(self, u: int) -> None:
        """Add the segments: each has its own energy, the deepest whatever the others have not."""
        a = self.s.ageing
        assert a is not None
        sizes, prices = a.depth_kwh[u], a.depth_price_per_kwh[u]
        held: list[tuple[Terms, float]] = []
        for j in range(len(sizes)):
            deeper = float(sizes[j + 1 :].sum())
            held.append(({}, float(np.clip(self.s.initial_energy_kwh[u] - deeper, 0.0, sizes[j]))))
        for t in range(self.problem.grid.n_steps if len(sizes) else 0):
            into, out = [], []
            for j in range(len(sizes)):
                gets, gives = self.p.var(), self.p.var(money=self.h[t] * prices[j])
                into.append(gets)
                out.append(gives)
                if j == len(sizes) - 1:
                    continue
                energy, (terms, constant) = self.p.var(0, float(sizes[j])), held[j]
                change = {gets: self.h[t], gives: -self.h[t]}
                self.p.row(plus((1.0, {energy: 1.0}), (-1.0, terms), (-1.0, change)), constant, constant)
                held[j] = {energy: 1.0}, 0.0
            self.p.row(plus((1.0, dict.fromkeys(into, 1.0)), (-1.0, self.into[u, t])), 0, 0)
            self.p.row(plus((1.0, dict.fromkeys(out, 1.0)), (-1.0, self.out_of[u, t])), 0, 0)

    def caps(self, u: int) -> None:
        caps = self.s.caps
        for w in range(0 if caps is None else len(caps.window)):
            assert caps is not None
            given = {int(self.power[u, t, 1]): caps.window[w, t] * self.h[t] for t in range(self.problem.grid.n_steps)}
            self.p.most(given, float(caps.most_kwh[u, w]))
