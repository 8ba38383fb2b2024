"""From the solver's numbers back to a solution: columns to flows, duals to prices."""

from dataclasses import dataclass, replace

import numpy as np

from optimizer.compiled.reduce import Reduced
from optimizer.compiled.stamp import Index, Program
from optimizer.evaluate import evaluate, in_play
from optimizer.flows import Flows, make_flows, net
from optimizer.highs import Answer
from optimizer.model.build import TERMS
from optimizer.prices import Duals, shadow_prices
from optimizer.replay.reserve import fitted
from optimizer.tiers import Objective
from optimizer.verify import storage_faults
from v2g.problem import Problem
from v2g.solution import HeldReserve, ShadowPrices, TermValue, Tier
from v2g.timegrid import Array

SAME_VALUE = 1e-6
NEGLIGIBLE_KW = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Readback:
    """A loaded program and the problem it stands for."""

    problem: Problem
    program: Program
    reduced: Reduced

    def flows(self, values: Array) -> Flows:
        """Return what the storages do, within their bounds to the last bit and never in both directions at once."""
        s, x = self.problem.storages, self.reduced.full(values)
        charge, discharge = (_clean(x[self.program.stamp.columns_of(name)]) for name in ("charge_kw", "discharge_kw"))
        charge, discharge = net(self.problem, charge, discharge)
        flows = make_flows(self.problem, np.minimum(charge, s.charge_max_kw), np.minimum(discharge, s.discharge_max_kw))
        return replace(flows, reserve=self._reserve(x, flows)) if self.problem.reserves else flows

    def _reserve(self, x: Array, flows: Flows) -> HeldReserve:
        held, up, down = (x[self.program.stamp.columns_of(name)] for name in ("held_kw", "up_kw", "down_kw"))
        return fitted(self.problem, flows, HeldReserve(held_kw=held, up_kw=up, down_kw=down))

    def is_true(self, values: Array) -> bool:
        """Return whether the flows read from `values` can be held, and are worth in each tier that counts what was promised."""
        x, flows = self.reduced.full(values), self.flows(values)
        promised = _by_tier({name: float((cost * x).sum()) for name, cost in self.program.costs.items()})
        found = _by_tier({t.name: t.value for t in self.terms(flows)})
        return self.can_be_held(flows) and all(
            found[tier] <= promised[tier] + SAME_VALUE * (1.0 + abs(promised[tier])) for tier in Tier if tier is not Tier.PREFERENCE
        )

    def can_be_held(self, flows: Flows) -> bool:
        """Return whether converters can hold the flows: true losses may be more or less than the linear program's."""
        return self.problem.storages.converters is None or not storage_faults(self.problem, flows)

    def places(self, name: str) -> Index:
        """Return where a variable's columns stand in the loaded program, shaped like it; −1 where a column is decided."""
        stamp = self.program.stamp
        place = np.full(stamp.n_cols, -1, dtype=np.int64)
        place[self.reduced.pattern.cols] = np.arange(len(self.reduced.pattern.cols))
        return np.asarray(place[stamp.columns_of(name)])

    def prices(self, priced: Answer, objective: Objective) -> ShadowPrices:
        """Return the shadow prices at the optimum before PREFERENCE."""
        duals = Duals.of(self.program, self.reduced, priced, objective.money_scale)
        return shadow_prices(self.problem, self.program, duals, objective.most_per_kwh)

    def kept_for(self, priced: Answer, flows: Flows, money_scale: float) -> float:
        """Return what the flows may give up at most to keep to the previous plan [currency].

        The rows of `stability` price each storage's first powers at λ [currency/kW]; without them the program is the one without
        a predecessor, so that its optimum p° saves at most Σ λ·(p° − p): as much as λ is worth over the room that p has left.
        """
        stamp, s, n = self.program.stamp, self.problem.storages, self.program.stamp.template.structure.n_sticky
        dual = np.zeros(stamp.n_rows)
        dual[self.reduced.pattern.rows] = priced.row_dual
        price = -(dual[stamp.rows_of("moved_up")] + dual[stamp.rows_of("moved_down")]) * money_scale
        power = flows.power_kw[:, :n]
        saved = np.maximum(price * (s.charge_max_kw[:, :n] - power), price * (-s.discharge_max_kw[:, :n] - power))
        return float(saved.sum())

    def in_play(self, flows: Flows) -> float:
        """Return the money that flows in either direction, what gaps are relative to [currency]."""
        return in_play(self.terms(flows))

    def terms(self, flows: Flows) -> tuple[TermValue, ...]:
        """Return the value of every term."""
        return evaluate(self.problem, flows)


def _by_tier(values: dict[str, float]) -> dict[Tier, float]:
    return {tier: sum(t.weight * values.get(t.name, 0.0) for t in TERMS if t.tier is tier) for tier in Tier}


def _clean(power_kw: Array) -> Array:
    return np.where(power_kw > NEGLIGIBLE_KW, power_kw, 0.0)
