"""The program's duals as shadow prices of the problem's own bounds, in currency.

A row's dual is what the objective changes by if its right-hand side rises by one, a column's reduced cost what it changes by if the
bound that it stands at does. The duals are those of VIOLATION, SERVICE and MONEY together: where a driver's energy or a limit that
cannot be kept hangs on a bound, its price is that of an earlier tier, and is cut to the most that money is ever worth. At a corner
of the program's value a price lies between that of giving way and that of tightening.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from optimizer.compiled.reduce import Reduced
from optimizer.compiled.stamp import Program
from optimizer.highs import Answer
from v2g.network import N_PHASES
from v2g.problem import Problem
from v2g.solution import ShadowPrices
from v2g.timegrid import Array

SAME_KW = 1e-9


def shadow_prices(problem: Problem, program: Program, duals: "Duals", most: float) -> ShadowPrices:
    """Return the prices that duals tell, none above what a kWh is worth at `most` [currency/kWh]."""
    step_h = problem.grid.step_h
    circuits_in, circuits_out, connected = _circuit_prices(duals)
    folded_in, folded_out = (
        _folded(problem, program, circuits_in, imports=True),
        _folded(problem, program, circuits_out, imports=False),
    )
    phases = folded_in - folded_out + _phase_prices(duals, problem)
    site = np.where(duals.counts("connection_balance"), duals.row("connection_balance") + connected, np.nan)
    site = np.where(_nobody_draws(problem, program), np.minimum(site, _bought(problem) * step_h), site)
    return ShadowPrices(
        site_per_kwh=np.clip(np.where(np.isnan(site), problem.connection.import_price_per_kwh, site / step_h), -most, most),
        energy_per_kwh=np.clip(-duals.row("energy_balance"), -most, most),
        promise_per_kwh=np.clip(duals.row("promise").sum(axis=1), 0.0, most),
        cap_per_kwh=np.clip(-duals.row("discharge_cap"), 0.0, most),
        import_per_kw=np.minimum(circuits_in - folded_in.sum(axis=1) / N_PHASES, most * step_h),
        export_per_kw=np.minimum(circuits_out - folded_out.sum(axis=1) / N_PHASES, most * step_h),
        phase_per_kw=np.clip(phases, -N_PHASES * most * step_h, N_PHASES * most * step_h),
        most_per_kwh=most,
    )


def _nobody_draws(problem: Problem, program: Program) -> NDArray[np.bool_]:
    """Return where nothing is imported only because nobody takes anything: a kWh more would be bought, whatever the dual says."""
    closed = program.col_upper[program.stamp.columns_of("import_kw")] <= 0.0
    return np.asarray(closed & (problem.circuits.import_limit_kw[0] > 0.0))


def _bought(problem: Problem) -> Array:
    """Return what a kWh bought costs, carbon included, (T,) [currency/kWh]."""
    money = problem.connection
    carbon = 0.0 if money.carbon is None else money.carbon.intensity_kg_per_kwh * money.carbon.price_per_kg
    return np.asarray(money.import_price_per_kwh + carbon)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Duals:
    """Duals [currency] of a program's rows and columns, decided ones included with 0."""

    program: Program
    rows: Array
    cols: Array
    live: Array

    @classmethod
    def of(cls, program: Program, reduced: Reduced, priced: Answer, money_scale: float) -> "Duals":
        """Return the duals of an answer to the reduced program."""
        rows, cols, live = np.zeros(program.stamp.n_rows), np.zeros(program.stamp.n_cols), np.zeros(program.stamp.n_rows, bool)
        rows[reduced.pattern.rows] = priced.row_dual * money_scale
        cols[reduced.pattern.cols] = priced.column_dual * money_scale
        live[reduced.pattern.rows] = True
        return cls(program=program, rows=rows, cols=cols, live=live)

    def row(self, name: str) -> Array:
        """Return the duals of a constraint, shaped like it."""
        return np.asarray(self.rows[self.program.stamp.rows_of(name)])

    def column(self, name: str) -> Array:
        """Return the reduced costs of a variable, shaped like it."""
        return np.asarray(self.cols[self.program.stamp.columns_of(name)])

    def counts(self, name: str) -> Array:
        """Return where a constraint is in the loaded program."""
        return np.asarray(self.live[self.program.stamp.rows_of(name)])


def mean_prices(parts: Sequence[tuple[float, ShadowPrices]]) -> ShadowPrices:
    """Return the mean of several prices, each with its weight."""
    names = [f.name for f in fields(ShadowPrices)]
    return ShadowPrices(**{name: sum(weight * getattr(prices, name) for weight, prices in parts) for name in names})


def _circuit_prices(duals: Duals) -> tuple[Array, Array, Array]:
    """Return the prices of import and export limits, two (m, T), and what of the connection's own price they are, (T,).

    The root's limit is a bound of its circuit and, split by direction, of import and export: the solver prices either.
    """
    at, upper, lower = duals.program.stamp.columns_of, duals.program.col_upper, duals.program.col_lower
    circuit = duals.column("circuit_kw")
    imports = np.maximum(-circuit, 0.0) - duals.row("soft_import") - _reserve(duals, "import_room")
    exports = np.maximum(circuit, 0.0) - duals.row("soft_export") - _reserve(duals, "export_room")
    root = at("circuit_kw")[0]
    by_import = np.where(np.abs(upper[at("import_kw")] - upper[root]) < SAME_KW, np.maximum(-duals.column("import_kw"), 0.0), 0.0)
    by_export = np.where(np.abs(upper[at("export_kw")] + lower[root]) < SAME_KW, np.maximum(-duals.column("export_kw"), 0.0), 0.0)
    imports[0] += by_import
    exports[0] += by_export
    return imports, exports, by_export - by_import


def _reserve(duals: Duals, name: str) -> Array | float:
    """Return the duals of reserve's room under a limit; 0 where there is no reserve."""
    return duals.row(name) if duals.program.stamp.template.structure.n_reserves else 0.0


def _phase_prices(duals: Duals, problem: Problem) -> Array:
    """Return the prices of the phases that have rows of their own, (m, 3, T)."""
    prices = np.zeros((problem.circuits.n_circuits, N_PHASES, problem.grid.n_steps))
    prices[list(duals.program.stamp.template.structure.phased)] = (
        duals.row("soft_phase_export")
        - duals.column("phase_kw")
        - duals.row("soft_phase_import")
        + _reserve(duals, "phase_export_room")
        - _reserve(duals, "phase_import_room")
    )
    return prices


def _folded(problem: Problem, program: Program, per_kw: Array, *, imports: bool) -> Array:
    """Return the part of circuits' prices that belongs to phases, (m, 3, T): limits of balanced phases are limits of the sum.

    Phases that are equally tight share it: it takes all of them to give way.
    """
    c = problem.circuits
    limit = c.import_limit_kw if imports else c.export_limit_kw
    least = c.phase_limit_kw.min(axis=1, keepdims=True)
    tight = c.phase_limit_kw <= least
    ours = N_PHASES * least < limit
    ours[list(program.stamp.template.structure.phased)] = False
    share = N_PHASES * tight / tight.sum(axis=1, keepdims=True)
    return np.asarray(share[:, :, None] * np.where(ours, per_kw, 0.0)[:, None, :])
