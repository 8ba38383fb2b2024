"""The whole portfolio as one linear program, written anew: all sites' programs side by side, what they share by hand.

The sites' programs are the exact planner's own; what is common is written from its meaning, not from the model.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import highspy
import numpy as np
from scipy.sparse import block_diag, coo_array, csc_array, hstack, vstack

from optimizer.compiled.stamp import Program, Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import model_data
from optimizer.highs import new_highs
from optimizer.model.build import TERMS
from optimizer.portfolio.values import Portfolio
from optimizer.tiers import TierPrices
from v2g.problem import Problem
from v2g.solution import Tier
from v2g.timegrid import Array

INF = np.inf


@dataclass
class Rows:
    """Variables and rows of what is common, as they are written down; columns below `first` are the sites'."""

    first: int
    cost: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    bounds: list[tuple[float, float]] = field(default_factory=list)

    def variable(self, lower: float, upper: float, cost: float = 0.0) -> int:
        self.lower.append(lower)
        self.upper.append(upper)
        self.cost.append(cost)
        return self.first + len(self.cost) - 1

    def row(self, lower: float, upper: float, *parts: tuple[float, int]) -> None:
        self.entries += [(len(self.bounds), column, value) for value, column in parts]
        self.bounds.append((lower, upper))


@dataclass
class Block:
    """A site: its program, and where its columns begin."""

    program: Program
    cost: Array
    begins: int

    def columns(self, name: str) -> list[int]:
        return [self.begins + int(c) for c in self.program.stamp.columns_of(name).ravel()]


def optimum(portfolio: Portfolio, tiers: TierPrices) -> float:
    """Return the least that the portfolio costs, whole-number choices relaxed [currency]."""
    common, blocks, n = portfolio.common, [], 0
    for source in portfolio.sites:
        problem = source.load()
        own = replace(problem, reserves=problem.reserves + tuple(_unpaid(r) for r in common.reserves))
        blocks.append(_block(own, tiers, n))
        n += blocks[-1].program.stamp.n_cols
    rows = Rows(first=n)
    power = _tree(rows, portfolio, blocks)
    net = _money(rows, common, power[0])
    _calls(rows, common, net)
    _reserves(rows, portfolio, blocks, power)
    return _solved(rows, blocks)


def _unpaid(reserve: Any) -> Any:
    most = reserve.committed_kw + reserve.offer_max_kw
    return replace(reserve, committed_kw=0.0, offer_max_kw=most, payment_per_kw_h=0.0, penalty_per_kw_h=0.0)


def _block(problem: Problem, tiers: TierPrices, begins: int) -> Block:
    data = model_data(problem)
    program = Stamp(compile_template(data.structure), problem.shape[0]).program(data.symbols)
    price = {Tier.VIOLATION: tiers.violation_per_kwh_h, Tier.SERVICE: tiers.service_per_kwh, Tier.MONEY: 1.0, Tier.PREFERENCE: 0.0}
    used = [t for t in TERMS if t.name in program.costs and t.name != "stability"]
    cost = sum((price[t.tier] * t.weight * program.costs[t.name] for t in used), np.zeros(program.stamp.n_cols))
    return Block(program=program, cost=cost, begins=begins)


def _below(portfolio: Portfolio, circuit: int) -> list[int]:
    """Return the sites at a circuit or below it."""
    c, found = portfolio.common.circuits, []
    for i, source in enumerate(portfolio.sites):
        at = c.circuit_ids.index(source.circuit_id)
        while at >= 0 and at != circuit:
            at = int(c.parent_index[at])
        if at == circuit:
            found.append(i)
    return found


def _tree(rows: Rows, portfolio: Portfolio, blocks: list[Block]) -> list[list[int]]:
    """Write each circuit's net power (m, T) within its limits."""
    c, power = portfolio.common.circuits, []
    for k in range(c.n_circuits):
        power.append([rows.variable(-c.export_limit_kw[k, t], c.import_limit_kw[k, t]) for t in range(c.fixed_kw.shape[1])])
        inside = [blocks[i] for i in _below(portfolio, k)]
        for t, total in enumerate(power[k]):
            imports = [(1.0, b.columns("import_kw")[t]) for b in inside]
            exports = [(-1.0, b.columns("export_kw")[t]) for b in inside]
            rows.row(0.0, 0.0, (-1.0, total), *imports, *exports)
    return power


def _money(rows: Rows, common: Problem, power: list[int]) -> list[int]:
    money, h = common.connection, common.grid.step_h
    peak = rows.variable(money.peak_so_far_kw, INF, money.demand_charge_per_kw)
    rows.variable(money.peak_so_far_kw, money.peak_so_far_kw, -money.demand_charge_per_kw)
    for t, net in enumerate(power):
        bought = rows.variable(0.0, INF, h[t] * money.import_price_per_kwh[t])
        sold = rows.variable(0.0, INF, -h[t] * money.export_price_per_kwh[t])
        rows.row(0.0, 0.0, (1.0, bought), (-1.0, sold), (-1.0, net))
        rows.row(0.0, INF, (1.0, peak), (-1.0, net))
        if money.dispatch is not None and np.isfinite(money.dispatch.follow_kw[t]):
            away = rows.variable(0.0, INF, h[t] * money.dispatch.price_per_kwh)
            rows.row(-money.dispatch.follow_kw[t], INF, (1.0, away), (-1.0, net))
            rows.row(money.dispatch.follow_kw[t], INF, (1.0, away), (1.0, net))
    return power


def _calls(rows: Rows, common: Problem, power: list[int]) -> None:
    for event in common.events:
        for t in np.flatnonzero(event.cover > 0):
            worth = common.grid.step_h[t] * event.cover[t]
            delivered = rows.variable(-INF, event.committed_kw, -worth * event.payment_per_kwh)
            fined = rows.variable(0.0, INF, worth * event.penalty_per_kwh)
            rows.row(-INF, event.direction * event.baseline_kw[t], (1.0, delivered), (event.direction, power[t]))
            rows.row(event.owed_frac * event.committed_kw, INF, (1.0, fined), (1.0, delivered))


def _reserves(rows: Rows, portfolio: Portfolio, blocks: list[Block], power: list[list[int]]) -> None:
    common, R = portfolio.common, len(portfolio.common.reserves)
    own = [b.columns("held_kw")[-R:] for b in blocks] if R else []
    for r, reserve in enumerate(common.reserves):
        hours = float((reserve.cover * common.grid.step_h).sum())
        held = rows.variable(0.0, reserve.committed_kw + reserve.offer_max_kw, -hours * reserve.payment_per_kw_h)
        missing = rows.variable(0.0, INF, hours * reserve.penalty_per_kw_h)
        rows.row(reserve.committed_kw, INF, (1.0, held), (1.0, missing))
        rows.row(0.0, INF, (-1.0, held), *((1.0, columns[r]) for columns in own))
    c = common.circuits
    for k in range(c.n_circuits):
        inside = _below(portfolio, k)
        for t in range(common.grid.n_steps):
            up, down = (
                [
                    (sign * 1.0, own[i][r])
                    for i in inside
                    for r, v in enumerate(common.reserves)
                    if v.cover[t] and v.direction != -sign
                ]
                for sign in (1, -1)
            )
            rows.row(-c.export_limit_kw[k, t], INF, (1.0, power[k][t]), *((-v, col) for v, col in up))
            rows.row(-INF, c.import_limit_kw[k, t], (1.0, power[k][t]), *((-v, col) for v, col in down))


def _solved(rows: Rows, blocks: list[Block]) -> float:
    programs = [b.program for b in blocks]
    sites = block_diag(
        [coo_array((p.values, (p.stamp.rows, p.stamp.cols)), shape=(p.stamp.n_rows, p.stamp.n_cols)) for p in programs]
    )
    i, j, v = (np.array(part) for part in zip(*rows.entries, strict=True))
    shared = coo_array((v.astype(float), (i, j)), shape=(len(rows.bounds), rows.first + len(rows.cost)))
    beside = coo_array((sites.shape[0], len(rows.cost)))
    matrix = csc_array(vstack([hstack([sites, beside]), shared]))
    matrix.sum_duplicates()
    low, high = np.array(rows.bounds).T
    highs: Any = new_highs()
    highs.passModel(
        *(matrix.shape[1], matrix.shape[0], matrix.nnz, int(highspy.MatrixFormat.kColwise), int(highspy.ObjSense.kMinimize), 0.0),
        np.concatenate([b.cost for b in blocks] + [np.array(rows.cost)]),
        np.concatenate([p.col_lower for p in programs] + [np.array(rows.lower)]),
        np.concatenate([p.col_upper for p in programs] + [np.array(rows.upper)]),
        np.concatenate([p.row_lower for p in programs] + [low]),
        np.concatenate([p.row_upper for p in programs] + [high]),
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        np.zeros(matrix.shape[1], dtype=np.int32),
    )
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(highs.getInfo().objective_function_value)
