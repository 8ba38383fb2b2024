"""Reports that events ask for: usage as metered, the plan as forecast, and what could be given up or taken on beside it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from adapters.openadr.reading import FOR_EVER, Event, Span, Wanted
from v2g.ports import Station
from v2g.record import TickRecord
from v2g.station import HistoryPoint
from v2g.timegrid import Array

HISTORY_H = 48.0
KWH, KW = "KWH", "KW"
UNITS = {
    "USAGE": KWH,
    "USAGE_FORECAST": KWH,
    "DEMAND": KW,
    "READING": KW,
    "BASELINE": KW,
    "UP_REGULATION_AVAILABLE": KW,
    "DOWN_REGULATION_AVAILABLE": KW,
    "LOAD_SHED_DELTA_AVAILABLE": KW,
}
"""The payload types that can be reported, and in which unit."""
PLANNED = frozenset(UNITS) - {"USAGE", "DEMAND", "READING"}
"""Those that tell of the plan, never of the meter."""
LATE = timedelta(hours=24)
"""A report that was due longer ago is not sent any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A report to send now: which intervals of which event, and the `key` by which it is remembered as sent."""

    event: Event
    wanted: Wanted
    numbers: range

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What tells this report from others."""
        return self.event.event_id, self.wanted.payload_type, self.wanted.reading_type, self.numbers.start


def due_reports(event: Event, now: datetime, sent: Collection[tuple[str, str, str, int]]) -> Iterator[Due]:
    """Yield what an event's reportDescriptors ask for by `now` and was not `sent`."""
    for wanted in (w for w in event.wanted if w.payload_type in UNITS):
        for numbers in _batches(wanted, len(event.spans)):
            report = Due(event=event, wanted=wanted, numbers=numbers)
            at = event.spans[numbers[-1]].end if wanted.historical else _asked(event, wanted, numbers)
            if at <= now < at + LATE and report.key not in sent:
                yield report


def _batches(wanted: Wanted, n: int) -> list[range]:
    """Return the intervals of each report: those up to an interval, or from one on, every so many intervals."""
    if n == 0:
        return []
    number = n if wanted.number < 1 else min(wanted.number, n)
    every = number if wanted.every < 1 else wanted.every
    if wanted.historical:
        first = wanted.start if wanted.start >= 0 else every - 1 if wanted.every >= 1 else n - 1
        return [range(max(0, end - number + 1), end + 1) for end in range(first, n, every)]
    return [range(begin, min(begin + number, n)) for begin in range(max(wanted.start, 0), n, every)]


def _asked(event: Event, wanted: Wanted, numbers: range) -> datetime:
    """Return when a forecast is due: where the intervals begin that it is about, or at once if it is not said."""
    return event.spans[numbers.start].start if wanted.start >= 0 else event.issued_at


def report_body(report: Due, station: Station, ven_name: str) -> dict[str, Any] | None:
    """Return the report as the VTN takes it, None as long as nothing can be told."""
    kind, event = report.wanted.payload_type, report.event
    figures = Figures(station)
    told = [(i, figures.value(report.wanted, event.spans[i])) for i in report.numbers]
    intervals = [_interval(i, event.spans[i], kind, value) for i, value in told if value is not None]
    if not intervals:
        return None
    descriptor = {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": kind, "units": UNITS[kind]}
    if report.wanted.reading_type:
        descriptor["readingType"] = report.wanted.reading_type
    return {
        "eventID": event.event_id,
        "clientName": ven_name,
        "reportName": f"{kind} of {event.name or event.event_id}"[:128],
        "payloadDescriptors": [descriptor],
        "resources": [{"resourceName": ven_name, "intervals": intervals}],
    }


def _interval(number: int, span: Span, kind: str, value: float) -> dict[str, Any]:
    period = {"start": f"{span.start:%Y-%m-%dT%H:%M:%SZ}"}
    if span.end != FOR_EVER:
        period["duration"] = f"PT{round((span.end - span.start).total_seconds())}S"
    return {"id": number, "intervalPeriod": period, "payloads": [{"type": kind, "values": [round(value, 3)]}]}


class Figures:
    """What the station has measured and plans."""

    def __init__(self, station: Station) -> None:
        self._points: tuple[HistoryPoint, ...] = station.history(HISTORY_H)
        self._record = station.latest()

    def value(self, wanted: Wanted, span: Span) -> float | None:
        """Return what is wanted over an interval, in the unit of its type; None where it is not known."""
        kind = wanted.payload_type
        ahead = kind in PLANNED or not wanted.historical or wanted.reading_type == "FORECAST"
        mean_kw = self._planned_kw(kind, span) if ahead else self._measured_kw(span)
        if mean_kw is None:
            return None
        hours = (span.end - span.start).total_seconds() / 3600.0
        return max(mean_kw, 0.0) * hours if UNITS[kind] == KWH else mean_kw

    def _measured_kw(self, span: Span) -> float | None:
        """Return the mean net import [kW]."""
        values = [point.import_kw for point in self._points if span.start <= point.at < span.end]
        return float(np.mean(values)) if values else None

    def _planned_kw(self, kind: str, span: Span) -> float | None:
        if self._record is None:
            return None
        grid = self._record.plan.grid
        weight = grid.coverage(span.start, span.end) * grid.step_h
        if not weight.any():
            return None
        return float(_ahead_kw(kind, self._record) @ weight / weight.sum())


def _ahead_kw(kind: str, record: TickRecord) -> Array:
    """Return a plan's figure on each step, (T,) [kW].

    Up-regulation is what the units could draw less or give more than planned, by their powers; down-regulation what they could
    draw more, as far as the connection has room. How long they can keep it up is another question.
    """
    plan, storages = record.plan, record.problem.storages
    if kind == "DOWN_REGULATION_AVAILABLE":
        most = np.maximum(storages.charge_max_kw.sum(axis=0) - plan.power_kw.sum(axis=0), 0.0)
        return np.asarray(np.minimum(most, np.maximum(plan.import_limit_kw - plan.import_kw, 0.0)))
    if kind in ("UP_REGULATION_AVAILABLE", "LOAD_SHED_DELTA_AVAILABLE"):
        return np.asarray(np.maximum(plan.power_kw.sum(axis=0) + storages.discharge_max_kw.sum(axis=0), 0.0))
    return np.asarray(plan.import_kw - plan.export_kw)
