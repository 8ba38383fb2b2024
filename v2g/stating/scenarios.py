"""Other courses that an outlook leaves open, drawn from its quantiles; each is stated as a problem like the expected one.

Three courses follow the load: its 10 %, 50 % and 90 % quantiles stand for 30, 40 and 30 % of what may happen; the sun is at the
opposite quantile. Five courses have two of the fleet besides, 20 % each: the first ways it may go that were drawn
(`Outlook.fleet_courses`), or, where none was, all cars leave at their 10 % or at their 90 % quantile.
No course counts on more room at a limit than the expected one: later its margin makes up for what its load is less, and the first
step, which has no margin, is common to all.

Source: the 30-40-30 rule (extended Swanson-Megill), Keefer and Bodily (1983), "Three-point approximations for continuous random
variables", Management Science 29(5).
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from v2g.outlook import LEVELS, Departure, Outlook
from v2g.stating.circuits import HIGH, LOW
from v2g.timegrid import Array

EARLY, LATE = LEVELS.index(0.10), LEVELS.index(0.90)

Draw = Callable[[Outlook], Outlook]


def draws(outlook: Outlook, n_courses: int) -> tuple[tuple[float, Outlook], ...]:
    """Return the courses besides the expected one, (probability, outlook) each; nothing if there is to be one course only."""
    return tuple((probability, draw(outlook)) for probability, draw in COURSES[n_courses])


def _busy(outlook: Outlook) -> Outlook:
    return replace(outlook, load_kw=_load(outlook.load_kw, LATE), pv_kw=_sun(outlook.pv_kw, EARLY))


def _calm(outlook: Outlook) -> Outlook:
    return replace(outlook, load_kw=_load(outlook.load_kw, EARLY), pv_kw=_sun(outlook.pv_kw, LATE))


def _first_way(outlook: Outlook) -> Outlook:
    return _fleet(outlook, 0, EARLY)


def _second_way(outlook: Outlook) -> Outlook:
    return _fleet(outlook, 1, LATE)


COURSES: dict[int, tuple[tuple[float, Draw], ...]] = {
    1: (),
    3: ((0.3, _busy), (0.3, _calm)),
    5: ((0.2, _busy), (0.2, _calm), (0.2, _first_way), (0.2, _second_way)),
}
"""Number of courses → those besides the expected one."""


def _fleet(outlook: Outlook, way: int, level: int) -> Outlook:
    """Return the course in which the fleet goes a way that was drawn, or all cars leave at their quantile of `level`."""
    if way < len(outlook.fleet_courses):
        drawn = outlook.fleet_courses[way]
        return replace(outlook, departures=drawn.departures, arrivals=drawn.arrivals)
    return replace(outlook, departures=tuple(_at(d, level) for d in outlook.departures))


def _load(quantiles: Array, level: int) -> Array:
    """Return the path at `level` as quantiles of which none above the median is lower than it was."""
    path = np.broadcast_to(quantiles[level], quantiles.shape).copy()
    path[HIGH:] = np.maximum(path[HIGH:], quantiles[HIGH:])
    return path


def _sun(quantiles: Array, level: int) -> Array:
    """Return the path at `level` as quantiles of which none below the median is higher than it was."""
    path = np.broadcast_to(quantiles[level], quantiles.shape).copy()
    path[: LOW + 1] = np.minimum(path[: LOW + 1], quantiles[: LOW + 1])
    return path


def _at(departure: Departure, level: int) -> Departure:
    """Return a departure that is certain."""
    return replace(departure, quantiles=(departure.quantiles[level],) * len(LEVELS))
