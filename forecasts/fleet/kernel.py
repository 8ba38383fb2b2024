"""Like visits: each ended visit weighs by how like a car's it began, so that those of weight are an empirical distribution.

    w = exp(−½(Δclock/1 h)²) · exp(−age/60 d) · (0.3 if another day type) · (30 if the same driver)
        · exp(−½(Δstated stay/1 h)²) · exp(−½(Δln request/0.3)²)

A car without a statement is like all others in it; a visit without one is hardly like (0.05) a car that has one. Statements thus
count as far as like statements came true.

Source: kernel-weighted empirical distributions (Nadaraya 1964, Watson 1964); widths by pinball loss on later halves of three
data sets: ACN-Data JPL and Caltech (Lee, Li, Low 2019), apartments in Norway (Sørensen et al. 2024).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from forecasts.fleet.visits import STRANGER, Visits
from v2g.timegrid import Array

CLOCK_WIDTH_H = 1.0
STATED_WIDTH_H = 1.0
REQUEST_WIDTH = 0.3
MEMORY_H = 60 * 24.0
SAME_DRIVER = 30.0
OTHER_DAY = 0.3
UNSTATED = 0.05
LEAST_KWH = 0.5
NEWEST = 3000
"""Past visits that are looked at."""
CHUNK = 256
"""Cars that are looked at side by side."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Like:
    """What the newest past visits weigh for some cars, (n_cars, n_past)."""

    cars: Visits
    past: Visits
    weight: Array

    def quantiles(self, name: str, levels: Array) -> Array:
        """Return the quantiles of the column `name` of like visits, (n_cars, n_levels)."""
        values, weight = self._known(name)
        return quantiles(values, weight, levels)

    def cdf(self, name: str, edges: Array) -> Array:
        """Return the shares of like visits whose column `name` is up to each edge, (n_cars, n_edges)."""
        values, weight = self._known(name)
        return cdf(values, weight, edges)

    def _known(self, name: str) -> tuple[Array, Array]:
        values = getattr(self.past, name)
        known = np.isfinite(values)
        return values[known], self.weight[:, known]


def like(cars: Visits, past: Visits) -> Iterator[Like]:
    """Yield some of the cars after others, in order, with the newest of `past` that had ended when the last of them came.

    `past` are ended visits, the first to end first; `cars` are best in the order in which they came.
    """
    for begin in range(0, len(cars), CHUNK):
        some = cars.take(slice(begin, begin + CHUNK))
        known = int(np.searchsorted(past.left_h, some.begin_h.max(), side="right"))
        newest = past.take(slice(max(known - NEWEST, 0), known))
        yield Like(cars=some, past=newest, weight=weights(some, newest, some.begin_h))


def weights(cars: Visits, past: Visits, known_h: Array, *, same_driver: float = SAME_DRIVER) -> Array:
    """Return what each past visit weighs for each car, (n_cars, n_past); 0 where it had not ended at `known_h` (n_cars,)."""
    apart_h = np.abs(cars.clock_h[:, None] - past.clock_h)
    apart_h = np.minimum(apart_h, 24.0 - apart_h) / CLOCK_WIDTH_H
    age = np.abs(cars.begin_h[:, None] - past.begin_h) / MEMORY_H
    weight = np.exp(-0.5 * apart_h**2 - age)
    weight *= np.where(cars.day_type[:, None] == past.day_type, 1.0, OTHER_DAY)
    mine = (cars.driver[:, None] == past.driver) & (past.driver != STRANGER)
    weight *= np.where(mine, same_driver, 1.0)
    weight *= past.left_h <= known_h[:, None]
    _count_statements(weight, cars.stated_h, past.stated_h, STATED_WIDTH_H)
    _count_statements(weight, _log_request(cars), _log_request(past), REQUEST_WIDTH)
    return weight


def _log_request(visits: Visits) -> Array:
    return np.log(np.maximum(visits.requested_kwh, LEAST_KWH))


def _count_statements(weight: Array, said: Array, says: Array, width: float) -> None:
    """Multiply `weight` (n_cars, n_past) by how like the statements `said` (n_cars,) and `says` (n_past,) are."""
    told = np.isfinite(said)
    if told.any():
        apart = (says - said[told, None]) / width
        weight[told] *= np.where(np.isnan(apart), UNSTATED, np.exp(-0.5 * apart**2))


def quantiles(values: Array, weight: Array, levels: Array) -> Array:
    """Return the weighted quantiles of `values` (n_past,) for each row of `weight`, (n_cars, n_levels); NaN without any weight.

    The smallest value up to which the level is reached.
    """
    order = np.argsort(values)
    below = np.cumsum(weight[:, order], axis=1)
    if not below.shape[1]:
        return np.full((len(weight), len(levels)), np.nan)
    total = below[:, -1]
    place = np.stack([(below < level * total[:, None]).sum(axis=1) for level in levels], axis=1)
    found = values[order][np.minimum(place, len(order) - 1)]
    return np.where(total[:, None] > 0, found, np.nan)


def cdf(values: Array, weight: Array, edges: Array) -> Array:
    """Return the share of `values` (n_past,) up to each edge by each row of `weight`, (n_cars, n_edges); NaN without any weight."""
    order = np.argsort(values)
    below = np.concatenate([np.zeros((len(weight), 1)), np.cumsum(weight[:, order], axis=1)], axis=1)
    total = np.where(below[:, -1:] > 0, below[:, -1:], np.nan)
    return np.asarray(below[:, np.searchsorted(values[order], edges, side="right")] / total)
