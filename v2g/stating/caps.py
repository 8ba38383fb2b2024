"""How much each car may still give back: the ledger's caps as spans of the planning grid."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from math import ceil
from zoneinfo import ZoneInfo

import numpy as np

from v2g.converters import DischargeCaps
from v2g.ledger import NOTHING_KWH, Ledger, Use, day_cap, left_kwh, life_cap
from v2g.session import ChargingSession
from v2g.site import Rules
from v2g.timegrid import Array, TimeGrid
from v2g.unit import Unit


def discharge_caps(
    units: Sequence[Unit], sessions: Mapping[str, ChargingSession], rules: Rules, ledger: Ledger, windows: Array
) -> DischargeCaps | None:
    """Return the caps of `units` in `windows` (W, n_steps): the rest of today, the days after it, last the whole horizon.

    None if the rules cap nothing; units without one of `sessions` (by unit) are not capped.
    """
    if all(np.isinf(value) for cap in (day_cap(rules), life_cap(rules)) for value in (cap.energy_kwh, cap.time_h, cap.cycles)):
        return None
    most = np.full((len(units), len(windows)), np.inf)
    for i, unit in enumerate(units):
        session = sessions.get(unit.unit_id)
        if session is not None:
            most[i] = _left_kwh(unit, session, rules, ledger, len(windows) - 1)
    return DischargeCaps(window=windows, most_kwh=most)


def without_used_up(units: Sequence[Unit], caps: DischargeCaps | None) -> list[Unit]:
    """Return `units` that do not discharge where a cap leaves them nothing."""
    if caps is None:
        return list(units)
    closed = (caps.most_kwh < NOTHING_KWH) @ (caps.window > 0)
    gives = [u.discharge_max_kw.any() for u in units]
    return [
        replace(u, discharge_max_kw=np.where(row, 0.0, u.discharge_max_kw)) if may and row.any() else u
        for u, row, may in zip(units, closed, gives, strict=True)
    ]


def spans(grid: TimeGrid, time_zone: str) -> Array:
    """Return the share of each step in the rest of the local day, in each later day and in all of them, (W, n_steps).

    W depends only on the horizon's length, not on the time of day, so that planners keep what they compiled; the last day
    takes what is left.
    """
    zone = ZoneInfo(time_zone)
    today = grid.start.astimezone(zone).date()
    later_days = ceil((grid.end - grid.start) / timedelta(days=1))
    midnights = [datetime.combine(today + timedelta(days=1 + i), time(), tzinfo=zone).astimezone(UTC) for i in range(later_days)]
    days = [grid.coverage(a, b) for a, b in pairwise([grid.start, *midnights, max(grid.end, midnights[-1])])]
    return np.array([*days, np.ones(grid.n_steps)])


def _left_kwh(unit: Unit, session: ChargingSession, rules: Rules, ledger: Ledger, n_days: int) -> list[float]:
    account = ledger.account(session)

    most_kw, a_day = float(unit.discharge_max_kw.max(initial=0.0)), day_cap(rules)

    def left(cap: Use, used: Use) -> float:
        return left_kwh(cap, used, discharge_max_kw=most_kw, capacity_kwh=session.vehicle.capacity_kwh)

    return [left(a_day, account.today), *[left(a_day, Use())] * (n_days - 1), left(life_cap(rules), account.life)]
