"""Cut at once, raise slowly: room that a limit's end, a load or a charger gives back comes back in a ramp.

After a cut nobody knows whether its cause is gone for good: who raises at once what was cut overshoots, and when a limit ends all
stations of a feeder do so together. A limit's room therefore grows by no more than ``limit / rise_s`` a second. It falls at once,
and is never less than what is in force: easing withholds raises, it does not cut.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from v2g.in_force import InForce
from v2g.limits import Limits
from v2g.observation import Observation
from v2g.record import Rooms
from v2g.site import Site
from v2g.stating.circuits import phase_limit_kw
from v2g.timegrid import Array


def eased(limits: Limits, before: Rooms, observation: Observation, site: Site) -> tuple[Limits, Rooms]:
    """Return `limits` with rooms that grew no faster than they may since `before`, and what to remember of them."""
    held = InForce(limits, observation, limits.at)
    draws, gives = limits.weight @ held.draws_kw, limits.weight @ held.gives_kw
    growth_kw = _growth_kw(site, (limits.at - before.at).total_seconds() if before.at else np.inf)
    import_kw = np.minimum(limits.import_room_kw, np.maximum(_known(before.import_kw, limits) + growth_kw, draws))
    export_kw = np.minimum(limits.export_room_kw, np.maximum(_known(before.export_kw, limits) + growth_kw, gives))
    rooms = Rooms(at=limits.at, import_kw=_named(import_kw, limits), export_kw=_named(export_kw, limits))
    return replace(limits, import_room_kw=import_kw, export_room_kw=export_kw), rooms


def _growth_kw(site: Site, passed_s: float) -> Array:
    """Return by how much the room under each limit may grow in so long, (r,) [kW]; what the peak leaves is no limit's."""
    share = max(passed_s, 0.0) / site.rules.rise_s if site.rules.rise_s > 0 else np.inf
    phases = [3 * (phase_limit_kw(c.phase_limit_a, c.voltage_v),) for c in site.circuits]
    rows = [(max(c.import_limit_kw, c.export_limit_kw), *p) for c, p in zip(site.circuits, phases, strict=True)]
    return np.array([kw * share if 0.0 < kw < np.inf else np.inf for row in rows for kw in row] + [np.inf])


def _known(kw: Mapping[str, float], limits: Limits) -> Array:
    return np.array([kw.get(name, np.inf) for name in limits.row_names])


def _named(kw: Array, limits: Limits) -> dict[str, float]:
    return {name: value for name, value in zip(limits.row_names, kw.tolist(), strict=True) if np.isfinite(value)}
