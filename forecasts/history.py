"""The recent past of one meter as quarter-hour means, in a ring of fixed size."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from forecasts.localtime import SLOT_S, SLOTS_PER_DAY, Ints, seconds
from v2g.observation import Quality, Reading
from v2g.timegrid import Array


class History:
    """Quarter-hour means of the last `days` days; a slot is numbered by its UTC start / 900 s.

    Slots nothing was heard in are NaN. Readings may come late; the same reading twice counts once.
    """

    def __init__(self, days: int = 98) -> None:
        size = days * SLOTS_PER_DAY
        self._slots = np.full(size, -1, dtype=np.int64)
        self._sums = np.zeros(size)
        self._counts = np.zeros(size)
        self._last_at: datetime | None = None

    @classmethod
    def from_arrays(cls, times: NDArray[np.datetime64], values: Array, *, step_s: int = SLOT_S, days: int = 98) -> "History":
        """Return a history that knows `values` (n,) [kW], each the mean of `step_s` [s] from its UTC time on.

        Steps longer than a quarter-hour fill all quarter-hours they cover, shorter ones are averaged; NaN is a gap.
        """
        history = cls(days)
        starts = times.astype("datetime64[s]").astype(np.int64)
        repeats = max(step_s // SLOT_S, 1)
        slots = (starts[:, None] // SLOT_S + np.arange(repeats)).ravel()
        history._put(slots, np.repeat(np.asarray(values, dtype=np.float64), repeats))
        return history

    def put(self, at_s: Ints, values: Array) -> None:
        """Take many readings in at once: values (n,) at instants (n,) [s since 1970 UTC], each instant once; NaN is none."""
        self._put(at_s // SLOT_S, values)

    def add(self, reading: Reading | None) -> None:
        """Take a reading in, unless it is missing, doubtful, not finite or was taken already. Negative ones count as 0."""
        if reading is None or reading.quality is not Quality.GOOD or not np.isfinite(reading.value):
            return
        if self._last_at is not None and reading.at == self._last_at:
            return
        self._last_at = reading.at
        self._put(np.array([seconds(reading.at) // SLOT_S]), np.array([reading.value]))

    def window(self, end_slot: int, n_slots: int) -> Array:
        """Return the means of the `n_slots` slots before `end_slot`, oldest first, NaN where unknown, (n_slots,) [kW]."""
        slots = np.arange(end_slot - n_slots, end_slot)
        place = slots % len(self._slots)
        known = (self._slots[place] == slots) & (self._counts[place] > 0)
        means = np.full(n_slots, np.nan)
        np.divide(self._sums[place], self._counts[place], out=means, where=known)
        return means

    @property
    def n_slots(self) -> int:
        """How many slots the ring holds."""
        return len(self._slots)

    def _put(self, slots: Ints, values: Array) -> None:
        heard = np.isfinite(values)
        slots, values = slots[heard], values[heard]
        if not len(slots):
            return
        newest = slots > slots.max() - len(self._slots)
        slots, values = slots[newest], values[newest]
        place = slots % len(self._slots)
        fresh = slots >= self._slots[place]  # an older lap of the ring must not overwrite a newer one
        slots, values, place = slots[fresh], values[fresh], place[fresh]
        turned = self._slots[place] != slots
        self._sums[place[turned]] = self._counts[place[turned]] = 0.0
        self._slots[place] = slots
        np.add.at(self._sums, place, np.maximum(values, 0.0))
        np.add.at(self._counts, place, 1.0)
