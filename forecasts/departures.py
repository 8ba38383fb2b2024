"""When a plugged-in car will leave, given that it is still here: weighted past stays, and what little is known without any.

Each ended visit is a candidate stay with the weight

    w = exp(−½(Δarrival/1 h)²) · exp(−½(Δstated stay/1 h)²) · exp(−age/60 d) · (30 if the same driver) · (0.3 if another day type)

so statements count as far as like statements came true. `PRIOR_VISITS` imagined visits spread as visits typically do,
around the stated departure or else the site's default stay, and carry the forecast until real ones outweigh them. Candidates
that would have left by now drop out; one imagined visit of open end remains, whose rest is as long as a quarter of its stay.

Source: kernel-weighted empirical distributions (Nadaraya 1964, Watson 1964); parameters by pinball loss on later halves
of three data sets: ACN-Data JPL and Caltech (Lee, Li, Low 2019), apartments in Norway (Sørensen et al. 2024).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

import numpy as np

from forecasts.localtime import Calendar
from forecasts.visits import VisitTable, hours
from v2g.outlook import LEVELS, Departure
from v2g.session import ChargingSession, EndedVisit
from v2g.timegrid import Array

ARRIVAL_WIDTH_H = 1.0  # pinball loss is within 2 % from 0.75 to 1.5 h
STATED_WIDTH_H = 1.0  # given statements: 0.763 h, without them 0.842 h, adding their errors instead 0.813 h (Caltech)
MEMORY_H = 60 * 24.0
SAME_DRIVER = 30.0  # 1 → 0.460 h, 10 → 0.436 h, 30 → 0.412 h; 100 narrows the 80 % band to 77 % (JPL, Norway)
OTHER_DAY = 0.3
UNSTATED = 0.05  # weight of a visit without a statement when there is one now
PRIOR_VISITS = 3.0
OPEN_VISITS = 1.0
OPEN_SHARE = 0.25
RENEWED = 500
"""So many sessions, those weighed longest ago, are weighed again in a forecast with what was learned since; new ones always are.

A fleet of 10,000 sees cars leave at every tick, and all stays against all visits would take 2 s each time."""
# Leaving minus stated departure [h] at LEVELS, 3,021 claimed sessions of Caltech 2019 (mean +2.0, medians of others ≈ 0).
STATED_ERRORS_H = np.array([-3.1, -1.5, -0.1, 0.9, 3.6, 6.4, 7.8])
# Stay over median stay at LEVELS, all 3,527 sessions of Caltech 2019; JPL is narrower, Norway's evenings wider.
STAY_SHARES = np.array([0.15, 0.2, 0.4, 1.0, 1.4, 1.65, 1.9])
LEVEL_WEIGHTS = np.array([0.075, 0.1, 0.2, 0.25, 0.2, 0.1, 0.075])
LEVEL_ARRAY = np.array(LEVELS)
OPEN_QUANTILES = -np.log(1.0 - LEVEL_ARRAY)  # of the exponential distribution with mean 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Possible departures of one session: instants [h since 1970] in order, and the weight up to each one's middle, (n,)."""

    left_h: Array
    middles: Array
    weight: float
    source: str


class Departures:
    """Departure forecasts of a site whose strangers stay `default_stay_h`; starts with the visits of `history`."""

    def __init__(self, calendar: Calendar, *, default_stay_h: float, history: Sequence[EndedVisit] = ()) -> None:
        self._default_stay_h = default_stay_h
        self.visits = VisitTable(calendar, history)
        self._memo: dict[str, tuple[object, object, Candidates]] = {}

    def learn(self, visit: EndedVisit) -> None:
        """Keep an ended visit."""
        self.visits.add(visit)

    def forecast(self, sessions: Sequence[ChargingSession], at: datetime) -> tuple[Departure, ...]:
        """Return one departure per session, known at `at` and never before it."""
        now_h = hours(at)
        self._renew(sessions, now_h)
        return tuple(self._departure(session, now_h) for session in sessions)

    def _departure(self, session: ChargingSession, now_h: float) -> Departure:
        candidates = self._memo[session.session_id][-1]
        stayed_h = max(now_h - hours(session.plugged_in_at), 1.0)
        quantiles_h = still_here(candidates, now_h, OPEN_SHARE * stayed_h)
        instants = tuple([datetime.fromtimestamp(s, UTC) for s in np.ceil(quantiles_h * 3600.0).tolist()])
        return Departure(session_id=session.session_id, quantiles=instants, source=candidates.source)

    def _renew(self, sessions: Sequence[ChargingSession], now_h: float) -> None:
        """Keep the candidates of `sessions` and no others, weighed anew where what they rest on has changed."""
        learned = (self.visits.total, int(np.count_nonzero(self.visits.left_h <= now_h)))
        by_name = {s.session_id: s for s in sessions}
        memo = {name: kept for name, kept in self._memo.items() if name in by_name}
        old = list(islice((name for name, kept in memo.items() if kept[1] != learned), RENEWED))
        changed = [name for name, s in by_name.items() if name not in memo or memo[name][0] != _said(s)]
        for name in dict.fromkeys((*changed, *old)):
            memo.pop(name, None)  # what is weighed last stands last
            memo[name] = (_said(by_name[name]), learned, self._weigh(by_name[name], now_h))
        self._memo = memo

    def _weigh(self, session: ChargingSession, now_h: float) -> Candidates:
        begin_h, stated_h = hours(session.plugged_in_at), hours(session.wishes.departure)
        known = self.visits.left_h <= now_h
        weights = self._weights(session, begin_h, stated_h)[known]
        stays_h = (self.visits.left_h - self.visits.plugged_in_h)[known]
        told = np.isfinite(stated_h)
        prior_h = stated_h + STATED_ERRORS_H if told else begin_h + self._default_stay_h * STAY_SHARES
        left_h = np.concatenate([begin_h + stays_h, prior_h])
        weights = np.concatenate([weights, PRIOR_VISITS * LEVEL_WEIGHTS])
        order = np.argsort(left_h)
        source = "history" if weights.sum() > 2.0 * PRIOR_VISITS else "stated" if told else "default"
        weights = weights[order]
        below = np.cumsum(weights)
        return Candidates(left_h=left_h[order], middles=below - 0.5 * weights, weight=float(below[-1]), source=source)

    def _weights(self, session: ChargingSession, begin_h: float, stated_h: float) -> Array:
        past = self.visits
        clock_h, day_type = past.arrival(session.plugged_in_at)
        apart_h = np.abs(past.clock_h - clock_h)
        weights = np.exp(-0.5 * (np.minimum(apart_h, 24.0 - apart_h) / ARRIVAL_WIDTH_H) ** 2)
        weights *= np.exp(-np.abs(begin_h - past.plugged_in_h) / MEMORY_H)
        weights *= np.where(past.day_types == day_type, 1.0, OTHER_DAY)
        weights *= np.where(past.drivers == past.number_of(session.driver), SAME_DRIVER, 1.0)
        if np.isfinite(stated_h):
            apart_h = (past.stated_h - past.plugged_in_h) - (stated_h - begin_h)
            weights *= np.where(np.isnan(apart_h), UNSTATED, np.exp(-0.5 * (apart_h / STATED_WIDTH_H) ** 2))
        return np.asarray(weights)


def _said(session: ChargingSession) -> object:
    """Return what is known of the session itself that its candidates rest on."""
    return session.plugged_in_at, session.driver, session.wishes.departure


def still_here(candidates: Candidates, now_h: float, rest_h: float) -> Array:
    """Return the quantiles of leaving [h since 1970] given that the car is here at `now_h`, (len(LEVELS),).

    The averaged quantiles of the candidates after `now_h` and of an open end of mean `rest_h`, each by its weight.
    """
    gone = int(np.searchsorted(candidates.left_h, now_h, side="right"))
    open_h = now_h + rest_h * OPEN_QUANTILES
    if gone == len(candidates.left_h):
        return open_h
    middles = candidates.middles
    dropped = 0.5 * (middles[gone - 1] + middles[gone]) if gone else 0.0
    rest = candidates.weight - dropped
    told_h = np.interp(dropped + LEVEL_ARRAY * rest, middles[gone:], candidates.left_h[gone:])
    share = rest / (rest + OPEN_VISITS)
    return np.asarray(share * told_h + (1.0 - share) * open_h)
