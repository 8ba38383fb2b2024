"""What hardware can only do in wholes near now: least powers, steps, rests, modules."""

import numpy as np

from tests.optimizer.independent.program import Program
from tests.optimizer.independent.storages import Fleet
from v2g.holding import NEAR_H
from v2g.problem import Problem


class Hardware:
    """Binaries for every unit and near step."""

    def __init__(self, p: Program, problem: Problem, fleet: Fleet) -> None:
        self.p, self.problem, self.s, self.fleet = p, problem, problem.storages, fleet
        edges_h = problem.grid.edges_h
        self.near = [t for t in range(problem.grid.n_steps) if edges_h[t] < NEAR_H - 1e-9]
        for u in range(problem.shape[0]):
            self.least(u)
            if self.s.converters is not None:
                self.steps(u)
                self.rests(u)
        self.modules()

    def least(self, u: int) -> None:
        s = self.s
        for t in self.near:
            fills = (s.energy_max_kwh[u, t] - s.initial_energy_kwh[u]) / (self.problem.grid.step_h[t] * s.charge_efficiency[u])
            takes = min(fills, self.tapered(u, t))
            charge = min(float(s.charge_min_kw[u]), takes) if takes > 0 else float(s.charge_min_kw[u])
            for side, least in ((0, charge), (1, float(s.discharge_min_kw[u]))):
                if least > 1e-5:
                    most = float((s.charge_max_kw, s.discharge_max_kw)[side][u, t])
                    column, z = int(self.fleet.power[u, t, side]), self.p.binary()
                    self.p.most({column: 1, z: -most}, 0)
                    self.p.least({column: 1, z: -least}, 0)

    def tapered(self, u: int, t: int) -> float:
        """Return what a battery takes in a step that has followed its taper until then [kW]."""
        s, edges_h = self.s, self.problem.grid.edges_h
        c = s.converters
        if c is None or not np.isfinite(c.taper_full_kwh[u]):
            return float("inf")
        missing = (c.taper_full_kwh[u] - s.initial_energy_kwh[u]) * np.exp(-c.taper_per_h[u] * edges_h[[t, t + 1]])
        return float((missing[0] - missing[1]) / (self.problem.grid.step_h[t] * s.charge_efficiency[u]))

    def steps(self, u: int) -> None:
        c = self.s.converters
        assert c is not None
        step = float(c.power_step_kw[u])
        for side in (0, 1) if step > 0 else ():
            number = self.p.var(0, np.inf, integer=True)
            self.p.row({int(self.fleet.power[u, 0, side]): 1, number: -step}, 0, 0)

    def rests(self, u: int) -> None:
        c, edges_h, s = self.s.converters, self.problem.grid.edges_h, self.s
        assert c is not None
        rest_h, force = float(c.rest_h[u]), float(np.nan_to_num(c.in_force_kw[u]))
        if rest_h == 0:
            return
        for t in self.near:
            charge, discharge = (int(x) for x in self.fleet.power[u, t])
            if edges_h[t] < rest_h - 1e-9 and abs(force) > 1e-5:
                self.p.most({charge if force < 0 else discharge: 1}, 0)
            for later in self.near:
                if later > t and edges_h[later] - edges_h[t + 1] < rest_h - 1e-9:
                    next_charge, next_discharge = (int(x) for x in self.fleet.power[u, later])
                    most = s.charge_max_kw[u], s.discharge_max_kw[u]
                    self.either(charge, float(most[0][t]), next_discharge, float(most[1][later]))
                    self.either(discharge, float(most[1][t]), next_charge, float(most[0][later]))

    def either(self, a: int, a_max: float, b: int, b_max: float) -> None:
        z = self.p.binary()
        self.p.most({a: 1, z: -a_max}, 0)
        self.p.most({b: 1, z: b_max}, b_max)

    def modules(self) -> None:
        c = self.problem.circuits
        for i in np.flatnonzero(np.zeros(1) if c.module_kw is None else c.module_kw):
            assert c.module_kw is not None
            size = float(c.module_kw[i])
            fixed, margin = self.problem.fixed_below()
            guns = [u for u in range(self.problem.shape[0]) if self.s.circuit_ids[u] == c.circuit_ids[i]]
            for t in self.near:
                rooms = c.import_limit_kw[i, t] - fixed[i, t] - margin[i, t], c.export_limit_kw[i, t] + fixed[i, t]
                for side, room in enumerate(rooms):
                    numbers = [self.p.var(0, np.inf, integer=True) for _ in guns]
                    for u, number in zip(guns, numbers, strict=True):
                        self.p.most({int(self.fleet.power[u, t, side]): 1, number: -size}, 0)
                    self.p.most(dict.fromkeys(numbers, 1.0), float(np.floor((max(room, 0.0) + 1e-5) / size)))
