"""The connection: energy, peak, capacity contract, carbon, dispatch, events."""

import numpy as np

from tests.optimizer.independent.program import BIG_KW, Program, Terms, plus
from tests.optimizer.independent.storages import Fleet
from v2g.commitments import CapacityContract
from v2g.problem import Problem


class Trade:
    """Import and export columns (T,), and all that is paid for them."""

    def __init__(self, p: Program, problem: Problem, fleet: Fleet) -> None:
        self.p, self.problem, self.money, self.h = p, problem, problem.connection, problem.grid.step_h
        self.imports: list[int] = []
        self.net: list[Terms] = []
        peak = p.var(money=self.money.demand_charge_per_kw)
        for t in range(problem.grid.n_steps):
            self.energy(fleet, t)
            p.most({self.imports[t]: 1, peak: -1}, self.money.peak_so_far_kw)
        if self.money.contract is not None:
            self.contract(self.money.contract)
        self.dispatch()
        self.events()

    def energy(self, fleet: Fleet, t: int) -> None:
        p, money, h = self.p, self.money, self.h[t]
        carbon = 0.0 if money.carbon is None else money.carbon.intensity_kg_per_kwh[t] * money.carbon.price_per_kg
        i = p.var(0, BIG_KW, money=h * (money.import_price_per_kwh[t] + carbon))
        x = p.var(0, BIG_KW, money=-h * money.export_price_per_kwh[t])
        z = p.binary()
        p.most({i: 1, z: -BIG_KW}, 0)
        p.most({x: 1, z: BIG_KW}, BIG_KW)
        units = [{int(c): -1.0, int(d): 1.0} for c, d in fleet.power[:, t]]
        fixed = float(self.problem.circuits.fixed_kw[:, t].sum())
        p.row(plus((1.0, {i: 1.0, x: -1.0}), *((1.0, unit) for unit in units)), fixed, fixed)
        self.imports.append(i)
        self.net.append({i: 1.0, x: -1.0})

    def contract(self, c: CapacityContract) -> None:
        """Add one binary for each number of blocks that can be bought."""
        p, counts = self.p, range(int(c.max_blocks if c.block_kw > 0 else 0) + 1)
        chosen = [p.var(0, 1, integer=True, money=c.block_price * n) for n in counts]
        p.row(dict.fromkeys(chosen, 1.0), 1, 1)
        levels = [max(c.contracted_kw + c.block_kw * n, self.money.peak_so_far_kw) for n in counts]
        over = p.var(money=c.overage_price_per_kw)
        for i in self.imports:
            p.most({i: 1, over: -1, **{z: -level for z, level in zip(chosen, levels, strict=True)}}, 0)

    def dispatch(self) -> None:
        asked = self.money.dispatch
        for t, net in enumerate(self.net if asked is not None else []):
            assert asked is not None
            if np.isfinite(asked.follow_kw[t]):
                off = self.p.var(money=self.h[t] * asked.price_per_kwh)
                self.p.most({**net, off: -1}, float(asked.follow_kw[t]))
                self.p.least({**net, off: 1}, float(asked.follow_kw[t]))

    def events(self) -> None:
        for e in self.problem.events:
            for t in np.flatnonzero(e.cover):
                share = float(self.h[t] * e.cover[t])
                delivered = self.p.var(-np.inf, e.committed_kw, money=-share * e.payment_per_kwh)
                fined = self.p.var(money=share * e.penalty_per_kwh)
                turned = {column: e.direction * value for column, value in self.net[t].items()}
                self.p.most({**turned, delivered: 1}, float(e.direction * e.baseline_kw[t]))
                self.p.least({delivered: 1, fined: 1}, e.owed_frac * e.committed_kw)
