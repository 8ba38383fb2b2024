"""Ways the fleet may go, drawn: every car leaves at an instant of its own, and as many cars come as chance has it on such a day.

    leaves = its departure's quantile at u,          u by the session's name, in the opposite course 1 − u
    come   = Poisson quantile of f·number at v,      v by the circuit and the hour, 1 − v;  f = 1 ± 1/√k, k of the day's factor

The numbers are hashes, not dice: a car keeps its luck from tick to tick, so that no plan moves because it was drawn anew.
Two opposite courses have the mean of many.

Source: Hammersley & Morton (1956), "A new Monte Carlo technique: antithetic variates"; `forecasts.fleet.counts` for k.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import exp, sqrt

import numpy as np

from v2g.outlook import LEVELS, Departure, ExpectedSession, FleetCourse

HOUR_S = 3600
MOST_EXPECTED = 500.0
"""Cars of one batch beyond which their number is what is expected: chance hardly moves it."""


def drawn_courses(
    departures: Sequence[Departure], arrivals: Sequence[ExpectedSession], shape: float
) -> tuple[FleetCourse, FleetCourse]:
    """Return two opposite courses of the cars that are here and those that are expected; `shape` is k of the day's factor."""
    quiet, busy = 1.0 - 1.0 / sqrt(shape), 1.0 + 1.0 / sqrt(shape)
    return _course(departures, arrivals, quiet, opposite=False), _course(departures, arrivals, busy, opposite=True)


def _course(departures: Sequence[Departure], arrivals: Sequence[ExpectedSession], factor: float, *, opposite: bool) -> FleetCourse:
    def level(name: str) -> float:
        return 1.0 - luck(name) if opposite else luck(name)

    return FleetCourse(
        departures=tuple(_leaving(d, level(d.session_id)) for d in departures),
        arrivals=tuple(replace(s, number=number_at(level(_name(s)), factor * s.number)) for s in arrivals),
    )


def luck(name: str) -> float:
    """Return a number in (0, 1), the same for the same name everywhere and evenly spread over names."""
    return (int.from_bytes(hashlib.blake2b(name.encode(), digest_size=6).digest()) + 0.5) / 2.0**48


def _name(session: ExpectedSession) -> str:
    return f"{session.circuit_id} {int(session.arrives.timestamp()) // HOUR_S}"


def _leaving(departure: Departure, level: float) -> Departure:
    """Return the departure as certain at its quantile of `level`, between its outer ones."""
    leaves_s = np.interp(level, LEVELS, [t.timestamp() for t in departure.quantiles])
    return replace(departure, quantiles=(datetime.fromtimestamp(float(leaves_s), UTC),) * len(LEVELS))


def number_at(level: float, mean: float) -> float:
    """Return the quantile of a Poisson distribution: the least number up to which the probability reaches `level`."""
    if mean > MOST_EXPECTED:
        return mean
    number, mass = 0, exp(-mean)
    below = mass
    while below < level and mass > 0.0:
        number += 1
        mass *= mean / number
        below += mass
    return float(number)
