"""When a plugged-in car will leave, given that it is still here: by a model of stays, and without one by weighted past stays.

The model (`forecasts.fleet.stays`) speaks where it has learned enough. Else each ended visit is a candidate stay with its weight by
`forecasts.fleet.kernel`. `PRIOR_VISITS` imagined visits spread as visits typically do,
around the stated departure or else the site's default stay, and carry the forecast until real ones outweigh them. Candidates
that would have left by now drop out; one imagined visit of open end remains, whose rest is as long as a quarter of its stay.

Source: see `forecasts.fleet.kernel`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

import numpy as np

from forecasts.fleet import kernel
from forecasts.fleet.here import CarsHere
from forecasts.fleet.stays import StayModel
from forecasts.fleet.visits import cars_here
from forecasts.localtime import Calendar
from forecasts.visits import VisitRecord, hours
from forecasts.watching import StayWatch
from v2g.outlook import LEVELS, Departure
from v2g.session import ChargingSession
from v2g.timegrid import Array

RECALLED = 1000
"""Visits that are candidates, the latest."""
PRIOR_VISITS = 3.0
OPEN_VISITS = 1.0
OPEN_SHARE = 0.25
RENEWED = 500
"""So many sessions, those weighed longest ago, are weighed again in a forecast with what was learned since; new ones always are.

A fleet of 10,000 sees cars leave at every tick, and all stays against all visits would take 2 s each time."""
COMPARED = 20
"""So many new cars are weighed in a forecast to compare the model with like visits."""
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
    """Departure forecasts of a site whose strangers stay `default_stay_h`, from its `visits`, which others fill, and a model."""

    def __init__(self, calendar: Calendar, *, default_stay_h: float, visits: VisitRecord, model: StayModel | None = None) -> None:
        self._calendar, self._default_stay_h, self._visits = calendar, default_stay_h, visits
        self._modelled = CarsHere(calendar)
        self._memo: dict[str, tuple[object, object, Candidates]] = {}
        self._suspended, self.watch = False, StayWatch()
        self.adopt(model)

    def adopt(self, model: StayModel | None) -> None:
        """Use this model from now on, which may have been learned elsewhere; None for like visits alone."""
        self._modelled.adopt(model)

    def forecast(self, sessions: Sequence[ChargingSession], at: datetime) -> tuple[Departure, ...]:
        """Return one departure per session, known at `at` and never before it."""
        now_h = hours(at)
        told = self._modelled.leaves_h(sessions, self._visits.ended(), now_h)
        self._compare([s for s in sessions if s.session_id in told], told, now_h)
        if self._suspended:
            told = {}
        self._renew([s for s in sessions if s.session_id not in told], now_h)
        return tuple(
            _departure(session, told[session.session_id], "history")
            if session.session_id in told
            else self._like_others(session, now_h)
            for session in sessions
        )

    def suspend(self, suspended: bool) -> None:
        """Let like visits speak though there is a model, or the model again."""
        self._suspended = suspended

    def _compare(self, sessions: Sequence[ChargingSession], told: dict[str, Array], now_h: float) -> None:
        """Note what the model and like visits tell of cars that are new, a few at a time."""
        new = self.watch.new(sessions)[:COMPARED]
        for session, candidates in zip(new, self._weigh(new, now_h), strict=True):
            self.watch.note(session, told[session.session_id], _still_here(session, candidates, now_h))

    def _like_others(self, session: ChargingSession, now_h: float) -> Departure:
        candidates = self._memo[session.session_id][-1]
        return _departure(session, _still_here(session, candidates, now_h), candidates.source)

    def _renew(self, sessions: Sequence[ChargingSession], now_h: float) -> None:
        """Keep the candidates of `sessions` and no others, weighed anew where what they rest on has changed."""
        learned = (self._visits.total, int(np.searchsorted(self._visits.ended().left_h, now_h, side="right")))
        by_name = {s.session_id: s for s in sessions}
        memo = {name: kept for name, kept in self._memo.items() if name in by_name}
        old = list(islice((name for name, kept in memo.items() if kept[1] != learned), RENEWED))
        changed = [name for name, s in by_name.items() if name not in memo or memo[name][0] != _said(s)]
        names = list(dict.fromkeys((*changed, *old)))
        for name, candidates in zip(names, self._weigh([by_name[n] for n in names], now_h), strict=True):
            memo.pop(name, None)  # what is weighed last stands last
            memo[name] = (_said(by_name[name]), learned, candidates)
        self._memo = memo

    def _weigh(self, sessions: Sequence[ChargingSession], now_h: float) -> Iterator[Candidates]:
        cars, past = cars_here(sessions, self._calendar), self._visits.ended().take(slice(-RECALLED, None))
        for begin in range(0, len(cars), kernel.CHUNK):
            some = cars.take(slice(begin, begin + kernel.CHUNK))
            weights = kernel.weights(some, past, np.full(len(some), now_h))
            for i in range(len(some)):
                yield self._candidates(float(some.begin_h[i]), float(some.stated_h[i]), past.stay_h, weights[i])

    def _candidates(self, begin_h: float, stated_h: float, stays_h: Array, weights: Array) -> Candidates:
        """Return like visits with `stays_h` and `weights` (n,), and those imagined around a statement or the default stay."""
        told = np.isfinite(stated_h)
        prior_h = stated_h + STATED_ERRORS_H if told else self._default_stay_h * STAY_SHARES
        known = weights > 0
        left_h = begin_h + np.concatenate([stays_h[known], prior_h])
        weights = np.concatenate([weights[known], PRIOR_VISITS * LEVEL_WEIGHTS])
        order = np.argsort(left_h)
        source = "history" if weights.sum() > 2.0 * PRIOR_VISITS else "stated" if told else "default"
        weights = weights[order]
        below = np.cumsum(weights)
        return Candidates(left_h=left_h[order], middles=below - 0.5 * weights, weight=float(below[-1]), source=source)


def _departure(session: ChargingSession, quantiles_h: Array, source: str) -> Departure:
    instants = tuple([datetime.fromtimestamp(s, UTC) for s in np.ceil(quantiles_h * 3600.0).tolist()])
    return Departure(session_id=session.session_id, quantiles=instants, source=source)


def _still_here(session: ChargingSession, candidates: Candidates, now_h: float) -> Array:
    stayed_h = max(now_h - hours(session.plugged_in_at), 1.0)
    return still_here(candidates, now_h, OPEN_SHARE * stayed_h)


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
