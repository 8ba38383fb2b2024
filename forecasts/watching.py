"""What was really forecast, beside what the baseline would have said, scored once it has come: the figures of `v2g.standing`.

A meter's model and its day-type profile are both asked every six hours for the next day; of a car that comes, the model of stays
and like visits. Who loses gives way, and goes on being asked.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from forecasts.backtest import HIGH, LOW, crps
from forecasts.history import History
from forecasts.learned import LearnedMeter
from forecasts.localtime import SLOT_S, SLOTS_PER_DAY, seconds
from v2g.session import ChargingSession, EndedVisit
from v2g.standing import WINDOW, ForecastScore, Standing, standing
from v2g.timegrid import Array

AHEAD = SLOTS_PER_DAY
EVERY = SLOTS_PER_DAY // 4
VISITS_A_SCORE = 10
"""Single visits differ too much to count as a forecast each."""
FORGOTTEN = 20_000
"""So many cars that nobody saw leave are waited for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """What model and baseline told of the slots from `first` on, (len(LEVELS), n) each."""

    first: int
    model: Array
    baseline: Array


class MeterWatch:
    """Scores a meter's model and its profile against what `history` comes to know."""

    def __init__(self, signal: str, meter: LearnedMeter, history: History) -> None:
        self.signal, self.suspend = signal, meter.suspend
        self._meter, self._history = meter, history
        self._due: deque[Told] = deque()
        self._asked = -1

    def look(self, at: datetime) -> list[ForecastScore]:
        """Ask both if it is time, and return the scores of what came due by `at`."""
        slot, found = seconds(at) // SLOT_S, []
        while self._due and slot >= self._due[0].first + AHEAD:
            told = self._due.popleft()
            actual = self._history.window(told.first + AHEAD, AHEAD)
            found += scored(self.signal, at, actual, told.model, told.baseline)
        if slot // EVERY != self._asked:
            self._asked = slot // EVERY
            model, baseline = self._meter.opinions(at, AHEAD)
            if model is not None:
                self._due.append(Told(first=slot, model=model, baseline=baseline))
        return found


class StayWatch:
    """Scores what was told of a car's leaving when it came [h since 1970]."""

    signal = "stay"

    def __init__(self) -> None:
        self._told: dict[object, tuple[Array, Array]] = {}
        self._ended: list[tuple[float, Array, Array]] = []

    def new(self, sessions: Iterable[ChargingSession]) -> list[ChargingSession]:
        """Return the sessions of which nothing was noted yet."""
        return [s for s in sessions if (s.driver, s.plugged_in_at) not in self._told]

    def note(self, session: ChargingSession, model_h: Array, baseline_h: Array) -> None:
        """Keep what model and baseline tell of a session, (len(LEVELS),) each."""
        self._told[session.driver, session.plugged_in_at] = (model_h, baseline_h)
        if len(self._told) > FORGOTTEN:
            del self._told[next(iter(self._told))]

    def ended(self, visit: EndedVisit, at: datetime) -> list[ForecastScore]:
        """Return the score of the last visits once there are enough."""
        told = self._told.pop((visit.driver, visit.plugged_in_at), None)
        if told is not None:
            self._ended.append((visit.left_at.timestamp() / 3600.0, *told))
        if len(self._ended) < VISITS_A_SCORE:
            return []
        left_h, model, baseline = (np.array(column) for column in zip(*self._ended, strict=True))
        self._ended = []
        return scored(self.signal, at, left_h, model.T, baseline.T)


class ForecastWatch:
    """Keeps the scores of the last days, and tells models to give way or come back by them.

    Parameters
    ----------
    suspend : mapping
        By signal, what tells its model to give way (True) or to speak (False).
    on_score : callable
        Is told each new score.
    """

    def __init__(self, suspend: Mapping[str, Callable[[bool], None]], on_score: Callable[[ForecastScore], None]) -> None:
        self._suspend, self._on_score = suspend, on_score
        self._scores: deque[ForecastScore] = deque()
        self._standings = {signal: Standing(signal=signal) for signal in suspend}

    @property
    def standings(self) -> tuple[Standing, ...]:
        """How each signal's model does."""
        return tuple(self._standings.values())

    def recall(self, scores: Iterable[ForecastScore]) -> None:
        """Take in scores of before a restart, in the order in which they came."""
        for score in scores:
            self._take(score)

    def add(self, scores: Iterable[ForecastScore]) -> None:
        """Take in new scores and decide by them."""
        for score in scores:
            self._take(score)
            self._on_score(score)

    def _take(self, score: ForecastScore) -> None:
        if score.signal not in self._standings:
            return
        self._scores.append(score)
        while self._scores[0].at <= score.at - WINDOW:
            self._scores.popleft()
        before = self._standings[score.signal]
        now = self._standings[score.signal] = standing(score.signal, tuple(self._scores), now=score.at, in_use=before.model_in_use)
        if now.model_in_use is not before.model_in_use:
            self._suspend[score.signal](not now.model_in_use)


def scored(signal: str, at: datetime, actual: Array, model: Array, baseline: Array) -> list[ForecastScore]:
    """Return the score of quantiles (len(LEVELS), n) of what came, (n,); none where nothing is known or both told 0 for sure."""
    known = np.isfinite(actual) & ((model[-1] > 0.0) | (baseline[-1] > 0.0))
    if not known.any():
        return []
    actual, model, baseline = actual[known], model[:, known], baseline[:, known]
    return [
        ForecastScore(
            signal=signal,
            at=at,
            n=len(actual),
            inside=float(((actual >= model[LOW]) & (actual <= model[HIGH])).mean()),
            loss=float(crps(actual, model).mean()),
            baseline_loss=float(crps(actual, baseline).mean()),
        )
    ]
