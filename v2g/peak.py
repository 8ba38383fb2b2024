"""The demand charge's peak within the running quarter-hour: what it may still draw.

The bill counts the mean of a quarter-hour. Where its first s seconds were seen to draw E [kW·s], what is left of it may draw

    rest = target + (target·s − E) / max(900 − elapsed, 60)

so that the mean comes to the target; seconds that nobody saw are taken to have drawn just that.
"""

from datetime import datetime
from math import inf

from v2g.outlook import Outlook
from v2g.plan import Plan
from v2g.record import Memory, QuarterHour
from v2g.remembering import QUARTER_S
from v2g.site import Site

LEAST_REST_S = 60.0
"""In the last minute nothing more is made up for: cars do not answer faster."""


def target_kw(site: Site, memory: Memory, outlook: Outlook | None, plan: Plan | None) -> float:
    """Return the quarter-hour mean import that costs nothing more [kW]: it is free, was reached this month, or will be anyway.

    Where nothing is known of what will be reached, it is what `plan` pays for. inf where peaks cost nothing or nothing is planned.
    """
    if plan is None or site.tariff.free_peak_kw == inf:
        return inf
    expected_kw = outlook.expected_peak_kw if outlook else 0.0
    ahead_kw = expected_kw if expected_kw > 0 else float(plan.import_kw.max(initial=0.0))
    return max(site.tariff.free_peak_kw, memory.peak_so_far_kw, ahead_kw)


def rest_h(now: datetime) -> float:
    """Return how much is left of the quarter-hour [h], at least a minute."""
    return max(QUARTER_S - now.timestamp() % QUARTER_S, LEAST_REST_S) / 3600.0


def rest_kw(quarter: QuarterHour, now: datetime, target: float) -> float:
    """Return the mean import [kW] with which the rest of the quarter-hour brings its mean to `target` [kW]; may be negative."""
    if target == inf:
        return inf
    return target + (target * quarter.seen_s - quarter.energy_kws) / (rest_h(now) * 3600.0)
