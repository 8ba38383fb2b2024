"""Gradient-boosted trees, one thread each: two threads on two busy cores were 14 times slower.

Source: Ke et al. (2017), "LightGBM: A Highly Efficient Gradient Boosting Decision Tree"; Koenker & Bassett (1978) (quantiles);
Geurts, Ernst & Wehenkel (2006) (random cuts).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from forecasts.boosters import learner
from v2g.timegrid import Array

if TYPE_CHECKING:
    import lightgbm

Shape = dict[str, float | int | str | bool]

COMMON: Shape = {
    "max_bin": 63,
    "bagging_freq": 1,
    "min_data_in_leaf": 60,
    "num_threads": 1,
    "verbosity": -1,
    "deterministic": True,
    "force_col_wise": True,
}
DEEP: Shape = {
    "num_leaves": 16,
    "learning_rate": 0.08,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "lambda_l2": 5.0,
}
"""With 31 leaves the factory's MAE is 0.83 of the weekly naive's instead of 0.77, the grid point's 1.06 instead of 0.99."""
RANDOM: Shape = DEEP | {"extra_trees": True}
SHALLOW: Shape = {
    "num_leaves": 12,
    "learning_rate": 0.08,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.5,
    "lambda_l2": 5.0,
}
DEEP_TREES, RANDOM_TREES, SHALLOW_TREES = 120, 100, 50


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binned:
    """Values at rows that were sorted into bins once for all trees that learn from them: it takes as long as 50 trees."""

    data: "lightgbm.Dataset"

    @classmethod
    def of(cls, rows: Array, values: Array, weights: Array) -> "Binned":
        """Return values (n,) of `weights` (n,) at rows (n, n_columns), in which NaN is a value of its own."""
        return cls(data=learner().Dataset(rows.astype(np.float32), values, weight=weights, params=COMMON))

    def take(self, seen: NDArray[np.bool_]) -> "Binned":
        """Return some of them, where `seen` (n,)."""
        return Binned(data=self.data.subset(np.flatnonzero(seen).tolist()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trees:
    """Boosted trees from rows to one number each."""

    booster: "lightgbm.Booster"

    @classmethod
    def median(cls, told: Binned) -> "Trees":
        """Return trees that tell the median of what they were told."""
        return cls._fit(told, DEEP | {"objective": "l1"}, DEEP_TREES)

    @classmethod
    def random_median(cls, told: Binned) -> "Trees":
        """Return trees for the median whose cuts are drawn at random: they err elsewhere."""
        return cls._fit(told, RANDOM | {"objective": "l1"}, RANDOM_TREES)

    @classmethod
    def quantile(cls, told: Binned, level: float) -> "Trees":
        """Return small trees that tell the quantile at `level`."""
        return cls._fit(told, SHALLOW | {"objective": "quantile", "alpha": level}, SHALLOW_TREES)

    @classmethod
    def _fit(cls, told: Binned, shape: Shape, n_trees: int) -> "Trees":
        return cls(booster=learner().train(COMMON | shape, told.data, n_trees))

    def predict(self, rows: Array) -> Array:
        """Return what the trees tell of rows (n, n_columns), (n,)."""
        return np.asarray(self.booster.predict(rows.astype(np.float32), num_threads=1))
