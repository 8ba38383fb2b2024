"""Scenarios for simulations: from people's series where they give some, made up by seed where they do not; and they say so."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from adapters.farm.arrivals import APARTMENTS, WORKPLACE, daily_visits
from adapters.farm.replay import visits_from_sessions
from adapters.farm.supercharging import SUPERCHARGING, passing_visits
from adapters.farm.surroundings import StepSeries
from adapters.farm.visit import Visit
from adapters.series.align import Aligned, align
from adapters.series.place import align_sessions
from adapters.series.series import SeriesKind, read_series
from adapters.series.sessions import SessionRow, read_sessions
from config.reading.signal_file import load_signals
from config.simulation.closed_loop import Scenario
from config.simulation.surroundings import building_load, pv_production
from config.site.load import LoadedSite
from forecasts.history import History
from v2g.errors import InputError, SeriesError
from v2g.session import EndedVisit
from v2g.signals import Interval, Signal, SignalKind, Signals
from v2g.site import Site

HISTORY_DAYS = 28
"""What forecasts may have learned before the first simulated day, where the file has it."""
DEFAULT_START = date(2026, 6, 15)
START_YEARS = range(1990, 2101)
LONGEST_DAYS = 3660
HOUR = timedelta(hours=1)
HABITS = {"workplace": "a workplace", "apartments": "apartments", "supercharging": "passing cars"}
PUBLISHED_BEFORE_H = 11.0
"""Day-ahead prices are known at 13:00 of the day before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What people give `v2g simulate`; None is made up by the seed."""

    sessions: Path | None = None
    load: Path | None = None
    prices: Path | None = None
    signals: Path | None = None
    start: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """What forecasts may know of the days before the start, and the country whose holidays they keep."""

    load: History = field(default_factory=History)
    pv: History = field(default_factory=History)
    ended: tuple[EndedVisit, ...] = ()
    country: str = ""


def make_scenario(loaded: LoadedSite, files: Files, *, days: int, seed: int, v2g_share: float) -> tuple[Scenario, Past]:
    """Return a scenario of `days` whole local days, and its past. Raises `InputError` on days or files that cannot be used."""
    site, zone = loaded.site, ZoneInfo(loaded.site.time_zone)
    rows = read_sessions(files.sessions) if files.sessions else ()
    first_day = files.start or _first_day(rows, zone)
    _check_days(first_day, days)
    start = datetime.combine(first_day, time(), tzinfo=zone).astimezone(UTC)
    end = datetime.combine(first_day + timedelta(days=days), time(), tzinfo=zone).astimezone(UTC)
    visits, ended, visit_note = _visits(loaded, rows, start, end, seed, v2g_share)
    load, load_past, load_note = _load(loaded, files.load, start, end, seed)
    prices, price_note = _prices(loaded, files.prices, start, end)
    called, call_note = _called(site, files.signals, start)
    scenario = Scenario(
        site=site,
        start=start,
        end=end,
        visits=visits,
        load_kw=load,
        pv_kw=pv_production(site, start, hours_h=(end - start) / HOUR, seed=seed + 1),
        signals=(*prices, *called),
        notes=(visit_note, load_note, price_note, *call_note),
    )
    pv_past = _sun_before(site, start, seed) if files.load else History()
    return scenario, Past(load=load_past, pv=pv_past, ended=ended, country=loaded.file.country)


def _sun_before(site: Site, start: datetime, seed: int) -> History:
    """Return what panels gave in the days before, made up like those to come: who metered the load then metered the sun too."""
    if not site.pv:
        return History()
    past = pv_production(site, start - timedelta(days=HISTORY_DAYS), hours_h=24.0 * HISTORY_DAYS, seed=seed + 2)
    since = np.datetime64(past.start.replace(tzinfo=None), "s")
    times = since + (past.step_s * np.arange(len(past.values) - 1)).astype("timedelta64[s]")
    return History.from_arrays(times, past.values[:-1], step_s=int(past.step_s))


def _check_days(first_day: date, days: int) -> None:
    if first_day.year not in START_YEARS:
        mend = f"give a day from {START_YEARS[0]} to {START_YEARS[-1]}"
        raise InputError(f"a simulation cannot start on {first_day}", place="--start", mend=mend)
    if days > LONGEST_DAYS:
        raise InputError(f"a simulation cannot last {days} days", place="--days", mend=f"give at most {LONGEST_DAYS}")


def _first_day(rows: tuple[SessionRow, ...], zone: ZoneInfo) -> date:
    """Return a Monday: the first with two weeks of sessions before it, where there are sessions."""
    if not rows:
        return DEFAULT_START
    earliest = min(row.plug_in for row in rows).astimezone(zone).date() + timedelta(days=14)
    latest = max(row.plug_in for row in rows).astimezone(zone).date()
    monday = earliest + timedelta(days=-earliest.weekday() % 7)
    return monday if monday <= latest else monday - timedelta(days=14)


def _visits(
    loaded: LoadedSite, rows: tuple[SessionRow, ...], start: datetime, end: datetime, seed: int, v2g_share: float
) -> tuple[tuple[Visit, ...], tuple[EndedVisit, ...], str]:
    site = loaded.site
    if not rows:
        days, habit = round((end - start) / timedelta(days=1)), loaded.file.series.habit
        visits = _made_up(site, habit, start=start, days=days, seed=seed, v2g_share=v2g_share)
        return visits, (), f"sessions: made up, seed {seed}: {len(visits)} sessions of {HABITS[habit]}"
    placement = align_sessions(
        rows,
        start=start,
        end=end,
        time_zone=site.time_zone,
        series_time_zone=loaded.file.series.sessions_time_zone or site.time_zone,
        evse_ids=[e.evse_id for e in site.evses],
        seed=seed,
        days_before=HISTORY_DAYS,
    )
    ended = tuple(
        EndedVisit(
            driver=s.user,
            plugged_in_at=s.plug_in,
            left_at=s.plug_out,
            stated=s.stated_departure,
            energy_kwh=s.energy_kwh,
            requested_kwh=s.energy_kwh,
        )
        for s in placement.ended
    )
    note = f"{placement.note}; {len(ended)} earlier ones known to the forecast; the drivers ask for what their cars really took"
    return visits_from_sessions(placement.sessions, site, seed=seed, v2g_share=v2g_share), ended, note


def _made_up(site: Site, habit: str, *, start: datetime, days: int, seed: int, v2g_share: float) -> tuple[Visit, ...]:
    if habit == "supercharging":
        return passing_visits(site, SUPERCHARGING, start=start, days=days, seed=seed, v2g_share=v2g_share)
    of_day = APARTMENTS if habit == "apartments" else WORKPLACE
    return daily_visits(site, of_day, start=start, days=days, seed=seed, v2g_share=v2g_share)


def _load(loaded: LoadedSite, path: Path | None, start: datetime, end: datetime, seed: int) -> tuple[StepSeries, History, str]:
    site, scale = loaded.site, loaded.file.series.load_scale
    if path is None:
        series = building_load(site, start, hours_h=(end - start) / HOUR, seed=seed)
        return series, History(), f"load: made up, seed {seed}, between the site's base and peak"
    aligned = _aligned(loaded, path, SeriesKind.LOAD, loaded.file.series.load_time_zone, start, end)
    past = History.from_arrays(aligned.history_times, scale * aligned.history)
    scaled = "" if scale == 1.0 else f", times {scale:g}"
    return (
        StepSeries(start=start, step_s=aligned.step_h * 3600, values=np.maximum(scale * aligned.values, 0.0)),
        past,
        f"{aligned.note}{scaled}",
    )


def _prices(loaded: LoadedSite, path: Path | None, start: datetime, end: datetime) -> tuple[Signals, str]:
    """Return one signal a local day, known from 13:00 of the day before."""
    if path is None:
        return (), "prices: the site's tariff"
    aligned = _aligned(loaded, path, SeriesKind.PRICE, loaded.file.series.prices_time_zone, start, end)
    zone = ZoneInfo(loaded.site.time_zone)
    step = timedelta(hours=aligned.step_h)
    by_day: dict[date, list[Interval]] = {}
    for i, price in enumerate(aligned.values):
        begin = aligned.start + i * step
        by_day.setdefault(begin.astimezone(zone).date(), []).append(Interval(start=begin, end=begin + step, value=float(price)))
    signals = tuple(
        Signal(
            signal_id=f"day-ahead-{day}",
            kind=SignalKind.PRICE,
            source=path.name,
            issued_at=intervals[0].start - timedelta(hours=PUBLISHED_BEFORE_H),
            intervals=tuple(intervals),
        )
        for day, intervals in by_day.items()
    )
    return signals, f"{aligned.note}; each day's are known at 13:00 of the day before"


def _called(site: Site, path: Path | None, start: datetime) -> tuple[Signals, tuple[str, ...]]:
    """Return what is published besides prices, and a note about it."""
    if path is None:
        return (), ()
    signals = load_signals(path, site, start)
    return signals, (f"signals: {path.name}: {', '.join(str(s.kind) for s in signals)}",)


def _aligned(loaded: LoadedSite, path: Path, kind: SeriesKind, zone: str | None, start: datetime, end: datetime) -> Aligned:
    if not path.exists():
        raise SeriesError("there is no such file", place=str(path), mend="give the path of a CSV file")
    site_zone = loaded.site.time_zone
    return align(
        read_series(path, kind=kind),
        start=start,
        end=end,
        time_zone=site_zone,
        series_time_zone=zone or site_zone,
        days_before=HISTORY_DAYS,
    )
