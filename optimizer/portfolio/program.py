"""A site as a linear program in the portfolio's prices: made once, answered by the cost of a few columns.

The portfolio's price is added to the site's own, in both directions: what the site then finds best is its answer. A reserve of the
portfolio is one of the site's too, paid at the portfolio's price for it.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimizer.compiled.reduce import Reduced, make_pattern, reduce
from optimizer.compiled.stamp import Index
from optimizer.fleet.places import find_places
from optimizer.fleet.site import Sites
from optimizer.highs import Answer, Basis, Highs
from optimizer.portfolio.values import Asked, SiteAnswer
from optimizer.tiers import TierPrices
from v2g.problem import Problem
from v2g.timegrid import Array

LIMIT_S = 120.0
"""For one site's answer [s]."""
FAR = 1e9
"""Further than any power or energy of a portfolio [kW, kWh]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteProgram:
    """A site, whole-number choices relaxed, all tiers in currency.

    `cost` (n,) is what all columns cost without the portfolio; `import_at`, `export_at` (T,) and `held_at` (R,) are those whose
    cost it changes. `constant` is the least that the columns cost which are not in `reduced`. `basis` is where answers start:
    always there, so that an answer is the same whoever gives it and whatever was asked before. Measured on 100 cars and 96 steps:
    3.3 MB; from there an answer takes 40 % of what it takes to state the problem and solve it.
    """

    reduced: Reduced
    cost: Array
    constant: float
    import_at: Index
    export_at: Index
    held_at: Index
    step_h: Array
    basis: Basis | None = None

    def asked(self, asked: Asked) -> Array:
        """Return what all columns cost at the portfolio's prices, (n,)."""
        cost, paid = self.cost.copy(), asked.price_per_kwh * self.step_h
        cost[self.import_at] += paid
        cost[self.export_at] -= paid
        cost[self.held_at] -= asked.reserve_price_per_kw
        return cost


def site_program(problem: Problem, n_calls: int, tiers: TierPrices) -> SiteProgram:
    """Return the program of a site whose last `n_calls` reserves are the portfolio's."""
    site = replace(Sites().site(problem, find_places(problem), np.arange(problem.shape[0])), tiers=tiers)
    program, stamp, cost = site.program, site.program.stamp, site.cost(moving=False)
    reduced = reduce(program, make_pattern(program))
    out = np.ones(stamp.n_cols, dtype=bool)
    out[reduced.pattern.cols] = False
    return SiteProgram(
        reduced=replace(reduced, pattern=replace(reduced.pattern, origin=None)),
        cost=cost,
        constant=least(cost[out], program.col_lower[out], program.col_upper[out]),
        import_at=stamp.columns_of("import_kw").ravel(),
        export_at=stamp.columns_of("export_kw").ravel(),
        held_at=stamp.columns_of("held_kw").ravel()[len(problem.reserves) - n_calls :],
        step_h=problem.grid.step_h,
    )


def begun(program: SiteProgram, asked: Asked) -> SiteProgram:
    """Return the program with its optimal basis at the portfolio's prices, from which answers to prices like these are near."""
    highs = Highs()
    _best(highs, program, asked)
    return replace(program, basis=highs.basis())


def answer(program: SiteProgram, asked: Asked) -> SiteAnswer:
    """Return the site's best answer to the portfolio's prices."""
    best = _best(Highs(), program, asked)
    x = program.reduced.full(best.values)
    return SiteAnswer(
        power_kw=x[program.import_at] - x[program.export_at],
        reserve_kw=x[program.held_at],
        cost=float((program.cost * x).sum()),
        bound=_bound(program, program.asked(asked), best.row_dual),
    )


def _best(highs: Highs, program: SiteProgram, asked: Asked) -> Answer:
    highs.load(program.reduced)
    cost = program.asked(asked)[program.reduced.pattern.cols]
    if program.basis is not None:
        highs.set_basis(program.basis)
    return highs.minimise(cost, time_limit_s=LIMIT_S)


def _bound(program: SiteProgram, cost: Array, row_dual: Array) -> float:
    """Return what no plan of the site costs less than: the Lagrangian value of any duals, whatever the solver says of them."""
    p = program.reduced
    up = np.where(np.isfinite(p.row_lower), np.maximum(row_dual, 0.0), 0.0)
    down = np.where(np.isfinite(p.row_upper), np.minimum(row_dual, 0.0), 0.0)
    rows = float((up[up > 0] * p.row_lower[up > 0]).sum() + (down[down < 0] * p.row_upper[down < 0]).sum())
    return program.constant + rows + least(cost[p.pattern.cols] - p.pattern.matrix.T @ (up + down), p.col_lower, p.col_upper)


def least(cost: Array, lower: Array, upper: Array) -> float:
    """Return the least that columns cost within their bounds, none further than `FAR`: a solver's rounding is not worth −inf."""
    return float((np.maximum(cost, 0.0) * np.maximum(lower, -FAR) + np.minimum(cost, 0.0) * np.minimum(upper, FAR)).sum())
