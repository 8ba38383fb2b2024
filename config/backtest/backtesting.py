"""`v2g backtest`: how good the forecasts of a file's series or sessions would have been, from one origin after another."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adapters.series import series as files
from adapters.series.sessions import SessionRow, read_sessions
from adapters.series.table import read_table
from config.reading.span import seconds
from config.site.file import known_zone
from forecasts.backtest import spread_origins
from forecasts.daysoff import days_off, knows_days_off
from forecasts.evaluation import Trial, judged, series_figures, trials
from forecasts.fleet.evaluation import visit_trials
from forecasts.fleet.stays import LEAST_VISITS
from forecasts.fleet.visits import ended_visits
from forecasts.localtime import Calendar
from forecasts.series.series import Series
from v2g.errors import InputError, SeriesError
from v2g.session import EndedVisit

Progress = Callable[[float], None]
LEAST_DAYS = 8
"""Of a week and a day before it the weekly naive can tell the first day."""
LONGEST_H = 7 * 24
ORIGINS, SESSION_ORIGINS = 12, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to evaluate: a file, the column of a series, the horizon, how many origins, and the place that the days are of."""

    file: Path
    column: str | None = None
    horizon: str = "48h"
    origins: int | None = None
    time_zone: str = "UTC"
    country: str = ""

    @property
    def calendar(self) -> Calendar:
        """The local days. Raises `InputError` if there is no such time zone or the country's holidays are not known."""
        if self.country and not knows_days_off(self.country):
            raise InputError(f"no holidays are known of {self.country!r}", place="--country", mend="two letters, e.g. DE")
        try:
            return Calendar(time_zone=known_zone(self.time_zone), holidays=days_off(self.country))
        except ValueError as error:
            raise InputError(str(error), place="--time-zone") from error


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """The figures, and of a series what was told at each origin, for a plot."""

    figures: dict[str, Any]
    series: Series | None = None
    tried: tuple[Trial, ...] = ()


def run_backtest(question: Question, progress: Progress = lambda _share: None) -> Answer:
    """Return the answer; `progress` is told the share done. Raises `InputError` if file or question cannot be used."""
    if "plug_in" in read_table(question.file).columns:
        return _sessions(question, progress)
    return _series(question, progress)


def _series(question: Question, progress: Progress) -> Answer:
    read = files.read_series(question.file, kind=files.SeriesKind.ANY, column=question.column)
    series, calendar = _regular(read, str(question.file)), question.calendar
    n_slots = _slots(question.horizon, series.slot_s)
    n_origins = question.origins or ORIGINS
    origins = spread_origins(series, calendar, n_origins, least_days=LEAST_DAYS, n_slots=n_slots)
    if not origins:
        wrong = f"{len(series.values) * series.slot_s / 86400:.1f} days are too few"
        raise SeriesError(
            wrong, place=str(question.file), mend=f"give {LEAST_DAYS + 1} days and the horizon, or a shorter --horizon"
        )
    tried = []
    for trial in trials(series, calendar, origins, n_slots):
        tried.append(trial)
        progress(len(tried) / len(origins))
    head = {
        "file": question.file.name,
        "kind": "series",
        "column": read.name,
        "unit": read.unit,
        "slot_s": series.slot_s,
        "days": len(series.values) / series.n_per_day,
        "horizon_h": n_slots * series.slot_s / 3600,
        "origins": len(origins),
        "reference": "weekly seasonal naive",
    }
    figures = series_figures(tried, series.slot_s)
    if "mae" not in figures:
        raise SeriesError("nothing was measured after the origins", place=str(question.file), mend="give a file with fewer gaps")
    return Answer(figures=head | figures, series=series, tried=tuple(tried))


def _regular(read: files.Series, place: str) -> Series:
    try:
        return Series(start_s=read.start_s, slot_s=read.step_s, values=read.values)
    except InputError as error:
        raise SeriesError(error.message, place=place, mend=error.mend) from error


def _slots(horizon: str, slot_s: int) -> int:
    """Return how many slots the horizon has. Raises `InputError` if it has none or is too long."""
    length_s = seconds(horizon)
    if not slot_s <= length_s <= LONGEST_H * 3600:
        raise InputError(f"a horizon of {horizon} cannot be used", place="--horizon", mend=f"give {slot_s}s to {LONGEST_H}h")
    return int(length_s // slot_s)


def _sessions(question: Question, progress: Progress) -> Answer:
    visits = ended_visits([_visit(row) for row in read_sessions(question.file)], question.calendar)
    n_origins, tried = question.origins or SESSION_ORIGINS, []
    for trial in visit_trials(visits, n_origins):
        tried.append(trial)
        progress(len(tried) / n_origins)
    if not tried:
        wrong = f"{len(visits)} visits are too few"
        raise SeriesError(wrong, place=str(question.file), mend=f"give more: each model needs {LEAST_VISITS} that ended before")
    told = {
        name: judged(
            np.concatenate([t.actual[name] for t in tried]),
            np.concatenate([t.told[name] for t in tried], axis=1),
            np.concatenate([t.naive[name] for t in tried], axis=1),
        )
        for name in ("stay_h", "energy_kwh")
    }
    figures = {
        "file": question.file.name,
        "kind": "sessions",
        "visits": len(visits),
        "origins": len(tried),
        "reference": "visits plugged in at about the same time of day",
        **told,
        "fit_s": float(np.mean([t.fit_s for t in tried])),
        "predict_s": float(np.mean([t.predict_s for t in tried])),
    }
    return Answer(figures=figures)


def _visit(row: SessionRow) -> EndedVisit:
    return EndedVisit(
        driver=row.user,
        plugged_in_at=row.plug_in,
        left_at=row.plug_out,
        stated=row.stated_departure,
        energy_kwh=row.energy_kwh,
        requested_kwh=row.requested_kwh,
    )
