"""The series that forecasts are measured on: where they lie, whose days they follow, and the load that sessions were."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import holidays
import numpy as np

from adapters.series.series import SeriesKind, read_series
from adapters.series.sessions import read_sessions
from forecasts.localtime import Calendar
from forecasts.series.series import Series

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
HOUR_S, SLOT_S = 3600, 900
CAR_KW = 6.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file, what it holds (None: sessions), and the calendar of its place."""

    file: str
    kind: SeriesKind | None
    time_zone: str
    country: str

    @property
    def calendar(self) -> Calendar:
        """The local days, with the country's holidays."""
        return Calendar(time_zone=self.time_zone, holidays=holidays.country_holidays(self.country))

    def path(self, data: Path) -> Path:
        """Return where the file lies in the folder `data`."""
        return data / f"{self.file}.csv.gz"


SOURCES: Mapping[str, Source] = {
    "factory": Source(file="load_steel_plant_15min", kind=SeriesKind.LOAD, time_zone="Asia/Seoul", country="KR"),
    "office": Source(file="load_office_1h", kind=SeriesKind.LOAD, time_zone="Europe/London", country="GB"),
    "household": Source(file="load_pv_household_30min", kind=SeriesKind.LOAD, time_zone="Europe/Paris", country="FR"),
    "grid_point": Source(file="load_grid_point_15min", kind=SeriesKind.LOAD, time_zone="Europe/Amsterdam", country="NL"),
    "workplace": Source(file="sessions_workplace_jpl", kind=None, time_zone="America/Los_Angeles", country="US"),
    "price": Source(file="price_dayahead_nl_1h", kind=SeriesKind.PRICE, time_zone="Europe/Amsterdam", country="NL"),
}


def read(source: Source, data: Path) -> Series:
    """Return a source's series; sessions as the load they were, each from its arrival on."""
    if source.kind is None:
        return load_of_sessions(source.path(data))
    told = read_series(source.path(data), kind=source.kind)
    return Series(start_s=told.start_s, slot_s=told.step_s, values=told.values)


def load_of_sessions(path: Path) -> Series:
    """Return the mean load [kW] of each quarter-hour if each car charges at `CAR_KW` from its arrival, or faster if it must."""
    rows = read_sessions(path)
    begins = np.array([row.plug_in.timestamp() for row in rows])
    stays_h = np.array([row.plug_out.timestamp() for row in rows]) / HOUR_S - begins / HOUR_S
    energy_kwh = np.array([row.energy_kwh for row in rows])
    power_kw = np.maximum(energy_kwh / stays_h, CAR_KW)
    events_s = np.concatenate([begins, begins + HOUR_S * energy_kwh / power_kw])
    order = np.argsort(events_s)
    load_kw = np.cumsum(np.concatenate([power_kw, -power_kw])[order])
    taken_kwh = np.concatenate([[0.0], np.cumsum(load_kw[:-1] * np.diff(events_s[order]) / HOUR_S)])
    edges_s = np.arange(events_s.min() // SLOT_S, events_s.max() // SLOT_S + 2) * SLOT_S
    values = np.diff(np.interp(edges_s, events_s[order], taken_kwh)) * HOUR_S / SLOT_S
    return Series(start_s=int(edges_s[0]), slot_s=SLOT_S, values=np.maximum(values, 0.0))
