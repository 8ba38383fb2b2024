"""How likely a promise is to be kept: the probability that a car has its target when it leaves."""

import numpy as np

from v2g.outlook import LEVELS, Departure
from v2g.timegrid import Array, TimeGrid

WITHIN_KWH = 1e-6


def reached_probability(grid: TimeGrid, energy_kwh: Array, *, initial_kwh: float, target_kwh: float, departure: Departure) -> float:
    """Return P(energy at departure ≥ target), in 0..1.

        P = Σ_q (LEVELS[q] − LEVELS[q−1]) · share of (quantile[q−1], quantile[q]] in which energy(t) ≥ target

    The departure is spread evenly between its quantiles, the first of which follows on the grid's start; what is past leaves at
    once, and who stays beyond the last quantile leaves with what is stored then. Energy runs straight between step ends and stays
    what it is after the last.

    Parameters
    ----------
    grid : TimeGrid
        n_steps.
    energy_kwh : (n_steps,)
        Stored energy planned at each step's end [kWh].
    initial_kwh, target_kwh : float
        Stored energy now, and the target [kWh].
    departure : Departure
        When the car is expected to leave.
    """
    times_h, stored_kwh = grid.edges_h, np.r_[initial_kwh, energy_kwh] - (target_kwh - WITHIN_KWH)
    leaves_h = np.maximum.accumulate([0.0, *(max(grid.offset_h(t), 0.0) for t in departure.quantiles)])
    cuts_h = np.unique(np.concatenate((times_h, _crossings(times_h, stored_kwh), leaves_h)))
    reached = np.interp((cuts_h[:-1] + cuts_h[1:]) / 2, times_h, stored_kwh) >= 0
    reached_h = np.concatenate(([0.0], np.cumsum(np.diff(cuts_h) * reached)))
    within_h = np.diff(np.interp(leaves_h, cuts_h, reached_h))
    length_h = np.diff(leaves_h)
    at_once = (np.interp(leaves_h[1:], times_h, stored_kwh) >= 0).astype(np.float64)
    share = np.where(length_h > 0, within_h / np.where(length_h > 0, length_h, 1.0), at_once)
    likely = float(np.diff((0.0, *LEVELS)) @ share + (1.0 - LEVELS[-1]) * at_once[-1])
    return min(max(likely, 0.0), 1.0)


def _crossings(times_h: Array, over_kwh: Array) -> Array:
    """Return the instants at which a line through (times_h, over_kwh) crosses 0 [h]."""
    before, after = over_kwh[:-1], over_kwh[1:]
    crosses = before * after < 0
    share = before[crosses] / (before - after)[crosses]
    return np.asarray(times_h[:-1][crosses] + share * np.diff(times_h)[crosses])
