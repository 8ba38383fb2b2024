"""The peak that the billing month will hardly stay below, however well the cars are used: history less what cars can give.

    needed[d]  = max over the quarter-hours q of day d of  load[d,q] − pv[d,q] − a·g·n[type(d),q]
    expected   = c · (lower quartile over all weeks of  max over the week's days of needed[d])

with n the mean number of cars plugged in at that quarter-hour on such days, g the mean power [kW] that a car's driver lets it give,
and a = `AT_HAND` the share of it that is there when it is wanted. Importing up to `expected` is taken to cost nothing more: it will
be paid for anyway. A target above the peak that could have been held costs its price for each kW, one below costs next to
nothing but waiting: hence the lower quartile and c = `CAUTION` (a newsvendor with a dear surplus).
"""

from datetime import datetime

import numpy as np

from forecasts.history import History
from forecasts.localtime import DAY_S, SLOT_S, SLOTS_PER_DAY, Calendar, Ints, local_s, seconds
from forecasts.profile import N_TYPES
from forecasts.visits import VisitRecord
from v2g.driver import may_discharge
from v2g.observation import Observation
from v2g.site import Site
from v2g.timegrid import Array

LOOK_BACK_DAYS = 28
WEEK = 7
AT_HAND = 0.8
CAUTION = 0.9
SESSIONS = 500
"""Sessions over which the mean power a car gives is taken."""


class ExpectedPeak:
    """What the month's peak will hardly stay below at `site`; reads the meters' histories and the visits, which others fill."""

    def __init__(self, site: Site, calendar: Calendar, *, load: History, pv: History, visits: VisitRecord) -> None:
        self._site, self._calendar = site, calendar
        self._load, self._pv, self._visits = load, pv, visits
        self._gives_kw: dict[str, float] = {}
        self._known: tuple[tuple[int, float], float] | None = None

    def learn(self, observation: Observation) -> None:
        """Take in what the cars that are here may give."""
        evses = {e.evse_id: e for e in self._site.evses}
        for session in (s.session for s in observation.evses if s.session and s.evse_id in evses):
            evse = evses[session.evse_id]
            most_kw = min(evse.discharge_max_kw, session.vehicle.discharge_max_kw or np.inf)
            self._gives_kw[session.session_id] = most_kw if may_discharge(session, evse, self._site.rules) else 0.0
        for name in list(self._gives_kw)[: max(len(self._gives_kw) - SESSIONS, 0)]:
            del self._gives_kw[name]

    def at(self, now: datetime) -> float:
        """Return the peak [kW] known at `now`; 0 where it costs nothing, no car gives anything or less than a week was measured."""
        gives_kw = round(float(np.mean(list(self._gives_kw.values()) or [0.0])), 2)
        today = int(local_s(np.array([seconds(now)]), self._calendar.time_zone)[0]) // DAY_S
        if gives_kw == 0.0 or self._site.tariff.demand_charge_per_kw == 0.0:
            return 0.0
        if self._known is None or self._known[0] != (today, gives_kw):
            self._known = (today, gives_kw), self._estimate(today, gives_kw, seconds(now) // SLOT_S)
        return self._known[1]

    def _estimate(self, today: int, gives_kw: float, now_slot: int) -> float:
        slots = np.arange(now_slot - (LOOK_BACK_DAYS + 1) * SLOTS_PER_DAY, now_slot)
        days = local_s(slots * SLOT_S, self._calendar.time_zone) // DAY_S
        whole = (days < today) & (days >= today - LOOK_BACK_DAYS)
        slots, days = slots[whole], days[whole]
        behind = now_slot - int(slots[0])
        net_kw = self._load.window(now_slot, behind)[: len(slots)] - np.nan_to_num(self._pv.window(now_slot, behind)[: len(slots)])
        needed_kw = net_kw - AT_HAND * gives_kw * self._cars(slots)
        heard = np.isfinite(needed_kw)
        each_day = [needed_kw[heard & (days == day)].max() for day in np.unique(days[heard])]
        weeks = [max(each_day[i : i + WEEK]) for i in range(len(each_day) - WEEK + 1)]
        return max(CAUTION * float(np.quantile(weeks, 0.25)), 0.0) if weeks else 0.0

    def _cars(self, slots: Ints) -> Array:
        """Return the mean number of cars plugged in at each slot (n,) of such a day."""
        types, second = self._calendar.places(slots * SLOT_S)
        place, hour = second // SLOT_S, SLOT_S / 3600.0
        changes = np.zeros(len(slots) + 1)
        visits = self._visits.ended()
        np.add.at(changes, np.searchsorted(slots * hour, visits.begin_h), 1.0)
        np.add.at(changes, np.searchsorted(slots * hour, visits.left_h), -1.0)
        first = visits.begin_h.min(initial=np.inf)
        covered = slots * hour >= first
        cars, n_days = np.zeros((N_TYPES, SLOTS_PER_DAY)), np.zeros((N_TYPES, SLOTS_PER_DAY))
        np.add.at(cars, (types[covered], place[covered]), np.cumsum(changes)[:-1][covered])
        np.add.at(n_days, (types[covered], place[covered]), 1.0)
        mean: Array = np.divide(cars, n_days, out=np.zeros_like(cars), where=n_days > 0)
        return mean[types, place]
