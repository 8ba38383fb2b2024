"""A mixed-integer program under construction, and its tiers solved one after the other."""

import highspy
import numpy as np

TIERS = ("overload", "outside", "service", "money")
SLACK = 1e-7
BIG_KW = 500.0

Terms = dict[int, float]


class Program:
    """Columns with bounds, rows as dicts of coefficients, and a cost for each tier."""

    def __init__(self) -> None:
        self.n = 0
        self.low: list[float] = []
        self.high: list[float] = []
        self.integer: list[int] = []
        self.rows: list[tuple[Terms, float, float]] = []
        self.cost: dict[str, Terms] = {tier: {} for tier in TIERS}

    def var(self, low: float = 0.0, high: float = np.inf, *, integer: bool = False, **cost: float) -> int:
        """Return a new column; `cost` is by tier."""
        self.low.append(low)
        self.high.append(high)
        self.integer.append(int(integer))
        for tier, value in cost.items():
            self.cost[tier][self.n] = value
        self.n += 1
        return self.n - 1

    def binary(self) -> int:
        """Return a new column that is 0 or 1."""
        return self.var(0, 1, integer=True)

    def pay(self, tier: str, column: int, value: float) -> None:
        """Add to a column's cost in a tier."""
        self.cost[tier][column] = self.cost[tier].get(column, 0.0) + value

    def row(self, terms: Terms, low: float, high: float) -> None:
        """Add a row; one without bounds is left out."""
        if np.isfinite(low) or np.isfinite(high):
            self.rows.append((dict(terms), low, high))

    def most(self, terms: Terms, high: float) -> None:
        """Add ``terms ≤ high``."""
        self.row(terms, -np.inf, high)

    def least(self, terms: Terms, low: float) -> None:
        """Add ``terms ≥ low``."""
        self.row(terms, low, np.inf)

    def solve(self) -> dict[str, float]:
        """Return the least value of each tier, the earlier ones kept."""
        values = {}
        for tier in TIERS:
            values[tier] = self._minimise(self.cost[tier])
            if abs(values[tier]) < SLACK and min(self.cost[tier].values(), default=0.0) >= 0:
                for column in self.cost[tier]:  # as bounds: HiGHS loses itself in a row of what must all be nothing
                    self.high[column] = min(self.high[column], SLACK)
            else:
                self.most(self.cost[tier], values[tier] + SLACK)
        return values

    def _minimise(self, cost: Terms) -> float:
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance", "mip_feasibility_tolerance"):
            highs.setOptionValue(option, 1e-9)
        for option in ("mip_rel_gap", "mip_abs_gap"):
            highs.setOptionValue(option, 0.0)
        highs.addVars(self.n, self.low, self.high)
        for column, kind in enumerate(self.integer):
            highs.changeColIntegrality(column, highspy.HighsVarType(kind))
        for column, value in cost.items():
            highs.changeColCost(column, value)
        for terms, low, high in self.rows:
            highs.addRow(low, high, len(terms), list(terms), list(terms.values()))
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:  # presolve takes its tolerances for contradictions
            highs.setOptionValue("presolve", "off")
            highs.run()
        assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal, highs.getModelStatus()
        values = highs.getSolution().col_value  # its own sum HiGHS leaves out now and then
        return float(sum(value * values[column] for column, value in cost.items()))


def plus(*parts: tuple[float, Terms]) -> Terms:
    """Return the sum of weighted terms."""
    total: Terms = {}
    for weight, terms in parts:
        for column, value in terms.items():
            total[column] = total.get(column, 0.0) + weight * value
    return total
