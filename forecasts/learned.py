"""One meter's next hours by a learned model, once there is one; by the day-type profile until then.

Learning takes seconds and happens elsewhere: a fitted model is handed in, the control path only asks it. What is under way, the
slot of now, stays with the profile, which is the one that limits were tuned for (decision 014).
"""

from collections.abc import Callable
from datetime import datetime

import numpy as np

from forecasts.history import History
from forecasts.localtime import SLOT_S, Ints, seconds
from forecasts.seasonal import SeasonalMeter
from forecasts.series.model import RECENT_DAYS, FittedSeries
from forecasts.series.series import Series
from v2g.timegrid import Array

RECENT_SLOTS = RECENT_DAYS * 86_400 // SLOT_S


class LearnedMeter:
    """Quantile forecasts of one meter.

    Parameters
    ----------
    history : History
        What the meter told; this class only reads it.
    profile : SeasonalMeter
        Speaks until a model is handed in, of the slot of now, and where nothing is known of the last months.
    ceiling : callable, optional
        From UTC slots (n,) to the most there could be (n,): a column that is known ahead; where it is 0 so is the forecast.
    """

    def __init__(self, history: History, profile: SeasonalMeter, *, ceiling: Callable[[Ints], Array] | None = None) -> None:
        self._history, self._profile, self._ceiling = history, profile, ceiling
        self._fitted: FittedSeries | None = None
        self._suspended = False

    def suspend(self, suspended: bool) -> None:
        """Let the profile speak though there is a model, or the model again."""
        self._suspended = suspended

    def use(self, fitted: FittedSeries | None) -> None:
        """Forecast with a model that was fitted to `series` of this meter, or with the profile again."""
        self._fitted = fitted

    @property
    def learned(self) -> FittedSeries | None:
        """The model in use, None while the profile speaks."""
        return None if self._suspended else self._fitted

    def series(self, end_slot: int, n_slots: int = 0, *, present_kw: float | None = None) -> Series:
        """Return what is known before UTC slot `end_slot`, and the ceiling for `n_slots` more.

        `present_kw` is what the meter tells in the last slot before it, while that is not over.
        """
        values = self._history.window(end_slot, min(self._history.n_slots, RECENT_SLOTS))
        if present_kw is not None:
            values[-1] = present_kw
        return self._beside_ceiling(values, end_slot, n_slots)

    def lesson(self, at: datetime, history: History | None = None) -> Series:
        """Return all that is known of this meter at `at`, by another, longer history of it where one is given."""
        end_slot, told = seconds(at) // SLOT_S, history or self._history
        return self._beside_ceiling(told.window(end_slot, told.n_slots), end_slot, 0)

    def _beside_ceiling(self, values: Array, end_slot: int, n_slots: int) -> Series:
        slots = np.arange(end_slot - len(values), end_slot + n_slots)
        known = None if self._ceiling is None else self._ceiling(slots)[None, :]
        return Series(start_s=int(slots[0]) * SLOT_S, slot_s=SLOT_S, values=values, known=known)

    def quantiles(self, at: datetime, begin_slot: int, n_slots: int, present_kw: float | None = None) -> Array:
        """Return the quantiles of `n_slots` quarter-hours from UTC slot `begin_slot` on, known at `at`, (len(LEVELS), n_slots).

        `present_kw` is what the meter tells now, None where it cannot be believed.
        """
        told = self._profile.quantiles(at, begin_slot, n_slots, present_kw)
        first = seconds(at) // SLOT_S + (present_kw is not None)
        later = np.arange(begin_slot, begin_slot + n_slots) >= first
        if self.learned is None or not later.any():
            return told
        n_ahead = begin_slot + n_slots - first
        ahead = self._ahead(self.learned, first, n_ahead, present_kw)
        if ahead is not None:
            told[:, later] = ahead[:, n_ahead - int(later.sum()) :]
        return told

    def opinions(self, at: datetime, n_slots: int) -> tuple[Array | None, Array]:
        """Return what the model, in use or not, and the profile tell of the `n_slots` slots from that of `at` on.

        Each is (len(LEVELS), n_slots), the model's None where there is none.
        """
        first = seconds(at) // SLOT_S
        model = None if self._fitted is None else self._ahead(self._fitted, first, n_slots, None)
        return model, self._profile.quantiles(at, first, n_slots)

    def _ahead(self, fitted: FittedSeries, first: int, n_slots: int, present_kw: float | None) -> Array | None:
        """Return what a model tells of `n_slots` slots from `first` on, None where nothing is known of the last months."""
        series = self.series(first, n_slots, present_kw=present_kw)
        if not np.isfinite(series.values).any():
            return None
        ahead = fitted.quantiles(series, n_slots)
        if series.known is not None:
            ahead = np.where(series.known[0, -n_slots:] > 0.0, ahead, 0.0)
        return np.maximum(ahead, 0.0)

    def n_days(self, at: datetime) -> int:
        """Return on how many measured days the profile made at `at` rests."""
        return self._profile.n_days(at)
