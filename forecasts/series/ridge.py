"""A linear learner that minimises absolute errors: ridge regression, reweighted.

    min_b Σ_i w_i (y_i − x_i·b)² + λ|b|²,      w_i = 1 / max(|y_i − x_i·b|, ε)  of the last round

Source: iteratively reweighted least squares for L1 regression (Schlossmacher 1973); Hoerl & Kennard 1970 (ridge).
"""

from dataclasses import dataclass

import numpy as np

from v2g.timegrid import Array

ROUNDS = 4
PENALTY = 1e-3
"""Share of the mean squared column, which is 1, that is added for each row."""
LEAST_SHARE = 0.05
"""Errors below this share of the mean one weigh as much as it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ridge:
    """Coefficients (n_columns,) of columns less `middle`, over `width`; and a constant."""

    middle: Array
    width: Array
    coefficients: Array
    constant: float

    @classmethod
    def fit(cls, rows: Array, values: Array, *, constant: bool = True) -> "Ridge":
        """Return the regression of values (n,) on rows (n, n_columns), all finite; without a constant 0 tells 0."""
        middle, width = rows.mean(axis=0) * constant, rows.std(axis=0)
        width = np.where(width > 0, width, 1.0)
        scaled = np.column_stack([(rows - middle) / width, np.full(len(rows), float(constant))])
        penalty = PENALTY * np.eye(scaled.shape[1])
        penalty[-1, -1] = 0.0 if constant else 1.0
        weights = np.ones(len(rows))
        solution = np.zeros(scaled.shape[1])
        for _ in range(ROUNDS):
            weighted = scaled * weights[:, None]
            solution = np.linalg.solve(weighted.T @ scaled + weights.sum() * penalty, weighted.T @ values)
            missed = np.abs(values - scaled @ solution)
            least = LEAST_SHARE * missed.mean()
            if least == 0.0:
                break
            weights = 1.0 / np.maximum(missed, least)
        return cls(middle=middle, width=width, coefficients=solution[:-1], constant=float(solution[-1]))

    def predict(self, rows: Array) -> Array:
        """Return the values of rows (n, n_columns), (n,)."""
        return np.asarray((rows - self.middle) / self.width @ self.coefficients + self.constant)
