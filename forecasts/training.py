"""What a site's models learn from, and learning it: seconds of work, away from the control path.

Numbers in, models out, and nothing else, so that a process of its own can do it and the same lessons give the same models.
"""

from dataclasses import dataclass, replace

import numpy as np

from forecasts.boosters import failures
from forecasts.fleet.stays import LEAST_VISITS, StayModel, fit_stays
from forecasts.fleet.visits import Visits
from forecasts.localtime import Calendar
from forecasts.series.model import RECENT_DAYS, FittedSeries, SeriesModel
from forecasts.series.series import Series
from v2g.errors import InputError, TrainingError
from v2g.timegrid import Array

LEAST_DAYS = 14.0
"""Measured days before which the day-type profile speaks: it keeps the limits' room in the first days (decision 014)."""


REHEARSED = 96
"""Slots that models forecast before they are relied on: the last of their lessons."""
UNFIT = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
"""What models may raise that were learnt from other columns than this release has."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lessons:
    """A site's past: its days, the load [kW], PV [kW] beside its clear sky (None without panels), visits that ended."""

    calendar: Calendar
    load: Series
    pv: Series | None
    visits: Visits

    @property
    def enough(self) -> bool:
        """Whether anything can be learnt from them."""
        known = [np.isfinite(s.values).sum() / s.n_per_day for s in (self.load, self.pv) if s is not None]
        return max(known) >= LEAST_DAYS or len(self.visits) >= LEAST_VISITS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Models:
    """What was learnt; None where too little is known to learn from."""

    load: FittedSeries | None = None
    pv: FittedSeries | None = None
    stays: StayModel | None = None

    @property
    def said(self) -> str:
        """What was learnt from how much, for people."""
        series = {"load": self.load, "PV": self.pv}
        told = [f"{name} from {model.n_days:.0f} days" for name, model in series.items() if model is not None]
        return ", ".join([*told, *(["stays"] if self.stays else [])]) or "nothing yet: too little is known"


def train(lessons: Lessons) -> Models:
    """Return what the lessons teach; up to 10 s on one core for a year of quarter-hours."""
    days_alike = replace(lessons.calendar, typed=False)  # the sun knows no Sundays
    return Models(
        load=_learnt(lessons.load, lessons.calendar),
        pv=None if lessons.pv is None else _learnt(lessons.pv, days_alike),
        stays=fit_stays(lessons.visits),
    )


def rehearse(models: Models, lessons: Lessons) -> None:
    """Let the models forecast what follows the lessons, before the control path relies on them. Raises `TrainingError`."""
    try:
        told = [
            _ahead(fitted, series)
            for fitted, series in ((models.load, lessons.load), (models.pv, lessons.pv))
            if fitted is not None and series is not None
        ]
        if models.stays is not None:
            told.append(models.stays.stay_cdf(lessons.visits.take(slice(-1, None)), lessons.visits).T)
    except failures(*UNFIT) as error:
        raise TrainingError(f"the models cannot forecast: {error}") from error
    if any(not np.isfinite(band).all() or (np.diff(band, axis=0) < 0).any() for band in told):
        raise TrainingError("the models tell numbers that are none, or quantiles that cross")


def _ahead(fitted: FittedSeries, series: Series) -> Array:
    size = len(series.values) - REHEARSED
    recent = series.before(size).latest(RECENT_DAYS * series.n_per_day)
    return fitted.quantiles(recent, REHEARSED)


def _learnt(series: Series, calendar: Calendar) -> FittedSeries | None:
    try:
        fitted = SeriesModel(calendar).fit(series)
    except InputError:  # nothing is known of it, as `Models.said` tells
        return None
    return fitted if isinstance(fitted, FittedSeries) and fitted.n_days >= LEAST_DAYS else None
