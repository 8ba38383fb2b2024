"""What a site's models learn from, and learning it: seconds of work, away from the control path.

Numbers in, models out, and nothing else, so that a process of its own can do it and the same lessons give the same models.
"""

from dataclasses import dataclass, replace

from forecasts.fleet.stays import StayModel, fit_stays
from forecasts.fleet.visits import Visits
from forecasts.localtime import Calendar
from forecasts.series.model import FittedSeries, SeriesModel
from forecasts.series.series import Series
from v2g.errors import InputError

LEAST_DAYS = 14.0
"""Measured days before which the day-type profile speaks: it keeps the limits' room in the first days (decision 014)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lessons:
    """A site's past: its days, the load [kW], PV [kW] beside its clear sky (None without panels), visits that ended."""

    calendar: Calendar
    load: Series
    pv: Series | None
    visits: Visits


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


def _learnt(series: Series, calendar: Calendar) -> FittedSeries | None:
    try:
        fitted = SeriesModel(calendar).fit(series)
    except InputError:  # nothing is known of it, as `Models.said` tells
        return None
    return fitted if isinstance(fitted, FittedSeries) and fitted.n_days >= LEAST_DAYS else None
