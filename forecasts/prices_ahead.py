"""Prices that are not published yet, from those that were: quantiles of a young series, fitted to four weeks in 60 ms.

With one day published its hours hold again; the more days are known, the more days of the type tell.
"""

import numpy as np

from forecasts.curve import Curve
from forecasts.localtime import DAY_S, SLOT_S, Calendar
from forecasts.series.model import LEARN_DAYS, SeriesModel
from forecasts.series.series import Series

KNOWN_DAYS = LEARN_DAYS - 1
"""More would call for learners, whose seconds the control path does not have."""


def foretold(curve: Curve, calendar: Calendar, until_s: float, end_s: float) -> tuple[Curve, ...]:
    """Return the price's quantiles by level, len(LEVELS), in quarter-hours from `until_s`, when `curve` ends, to `end_s`."""
    end_slot = int(until_s) // SLOT_S
    slots = np.arange(end_slot - KNOWN_DAYS * DAY_S // SLOT_S, end_slot)
    values = curve.at((slots * SLOT_S + SLOT_S // 2).astype(np.float64))
    history = Series(start_s=int(slots[0]) * SLOT_S, slot_s=SLOT_S, values=values).begun()
    n_slots = max(-(-int(end_s) // SLOT_S) - end_slot, 1)
    quantiles = SeriesModel(calendar).fit(history).quantiles(history, n_slots)
    edges_s = (end_slot + np.arange(n_slots + 1.0)) * SLOT_S
    return tuple(Curve(edges_s=edges_s, values=row) for row in quantiles)
