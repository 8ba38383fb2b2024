"""What is learnt from: pairs of an origin and a later slot, drawn from the history as a forecast would have met them."""

from dataclasses import dataclass

import numpy as np

from forecasts.localtime import Ints
from forecasts.series.features import REACHES
from forecasts.series.lags import WEEK
from v2g.timegrid import Array

N_PAIRS = 20_000
PAIRS_A_SLOT = 4
N_FOLDS = 3
MEMORY_DAYS = 180.0
"""Days after which a pair weighs a third: with 90 days the factory and the office gain what the price and the car park lose."""
SPAN_DAYS = 730
LEADS_DAYS = (0.25, 2.0, float(REACHES))
LEADS_SHARES = (0.2, 0.7, 0.1)
"""Some pairs are only hours ahead, where the present tells most; most up to two days; some as after a silent day or two."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Origins and targets (slots) and the age of the targets [days], each (n,)."""

    origins: Ints
    targets: Ints
    age_days: Array

    @property
    def weights(self) -> Array:
        """How much each pair counts, (n,)."""
        return np.exp(-self.age_days / MEMORY_DAYS)

    def folds_of(self, n_folds: int) -> Ints:
        """Return the fold of each pair, whole weeks in turn, (n,)."""
        return np.asarray((self.age_days // WEEK).astype(np.int64) % n_folds)


def draw_pairs(values: Array, n_per_day: int, *, skip_days: int) -> Pairs:
    """Return up to `N_PAIRS` pairs whose target is known and comes after `skip_days`; the same history gives the same pairs."""
    end = len(values)
    first = max(skip_days * n_per_day, end - SPAN_DAYS * n_per_day)
    usable = first + np.flatnonzero(np.isfinite(values[first:]))
    generator = np.random.default_rng(len(usable))
    n_pairs = min(N_PAIRS, PAIRS_A_SLOT * len(usable))
    targets = generator.choice(usable, size=n_pairs) if n_pairs else usable
    days = generator.choice(LEADS_DAYS, size=n_pairs, p=LEADS_SHARES)
    lead = (generator.random(n_pairs) * days * n_per_day).astype(np.int64)
    age = (end - targets) / n_per_day
    return Pairs(origins=np.maximum(targets - lead, 0), targets=targets, age_days=age)
