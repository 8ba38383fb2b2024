"""How far what is expected may be off, for questions about a plan: courses side by side, each planned by itself.

Besides the expected one there is a busy course, with load at its 90 % and sun at its 10 % quantile in every step, and a calm one
the other way round, as in `v2g.stating.scenarios`. Many cars are yet to come in the busy one, few in the calm one: all arrivals
of the horizon together are taken as Poisson distributed, and scaled alike to their outer deciles (normal approximation). When
cars leave is the same in all. So a band is what differs between days that are busy, or calm, all along: no quantile of each step.
"""

from dataclasses import replace
from math import sqrt

from v2g.outlook import Outlook
from v2g.stating.scenarios import draws

OUTER_DECILE = 1.2816
"""Standard deviations between a normal distribution's median and its 90 % quantile."""
BUSY_AND_CALM = 3


def courses_of(outlook: Outlook) -> tuple[Outlook, ...]:
    """Return the expected, the busy and the calm course."""
    (_, busy), (_, calm) = draws(outlook, BUSY_AND_CALM)
    spread = _arrivals_spread(outlook)
    return outlook, _with_arrivals(busy, 1.0 + spread), _with_arrivals(calm, max(1.0 - spread, 0.0))


def _arrivals_spread(outlook: Outlook) -> float:
    """Return how far the number of arrivals may be from its mean, as a share of it."""
    expected = sum(session.number for session in outlook.arrivals)
    return OUTER_DECILE / sqrt(expected) if expected > 0.0 else 0.0


def _with_arrivals(outlook: Outlook, factor: float) -> Outlook:
    return replace(outlook, arrivals=tuple(replace(s, number=factor * s.number) for s in outlook.arrivals))
