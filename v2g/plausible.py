"""Whether the site's meters can be believed: what they tell must be possible, and cannot stay the very same for long.

A reading that cannot be believed is suspect: limits then count the worst, as for a meter that is silent (`v2g.bounds`).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from v2g.observation import Observation, Quality, Reading
from v2g.site import Site

BEYOND = 3.0
"""No connection carries as many times its limit for longer than its fuse takes, no roof gives as many times its peak."""
NOISE = 0.02
"""A load is never below 0 but by its meter's noise, at most this share of the connection's limit: one that is gives the other way
round what the building draws, and would make room that is not there."""
FROZEN_S = 3600.0
"""A site's load and its connection never show the very same watts for so long: they are read from a meter that has stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stillness:
    """What the meters of connection, load and sun told [kW] since `since` without a change; None before they are first read."""

    values_kw: tuple[float | None, ...] = ()
    since: datetime | None = None


def watch_meters(still: Stillness, observation: Observation) -> Stillness:
    """Return for how long the meters have not moved."""
    values_kw = tuple(r.value if r else None for r in (observation.site_power_kw, observation.load_kw, observation.pv_kw))
    return still if values_kw == still.values_kw else Stillness(values_kw=values_kw, since=observation.at)


def plausible(observation: Observation, still: Stillness, site: Site) -> Observation:
    """Return `observation` with those readings suspect that cannot be, and all of them where the meters are frozen.

    Meters are taken for frozen only where both the connection and the load are measured: a load alone may be constant.
    """
    frozen = (
        observation.site_power_kw is not None
        and observation.load_kw is not None
        and still.since is not None
        and observation.at - still.since >= timedelta(seconds=FROZEN_S)
    )
    root = site.circuits[0]
    most_kw = BEYOND * max(root.import_limit_kw, root.export_limit_kw)
    sun_kw = BEYOND * sum(p.peak_kw for p in site.pv)
    return replace(
        observation,
        site_power_kw=_judged(observation.site_power_kw, -most_kw, most_kw, frozen=frozen),
        load_kw=_judged(observation.load_kw, -NOISE * root.import_limit_kw, most_kw + sun_kw, frozen=frozen),
        pv_kw=_judged(observation.pv_kw, -sun_kw, sun_kw, frozen=frozen),
    )


def _judged(reading: Reading | None, low_kw: float, high_kw: float, *, frozen: bool) -> Reading | None:
    if reading is None or (low_kw <= reading.value <= high_kw and not frozen):
        return reading
    return replace(reading, quality=Quality.SUSPECT)
