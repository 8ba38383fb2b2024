"""Prices over the horizon: what is published; beyond it quantiles foretold from it; else the site's tariff.

The rule beyond the published prices: if they end inside the horizon and their last 24 hours are complete, they are foretold from
the published days (`forecasts.prices_ahead`), and the median is planned with; otherwise the tariff holds.
Export is paid what is published for it by the same rule, else the tariff's share of the import price plus its adder.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from forecasts.curve import NOTHING, Curve, first_known
from forecasts.localtime import DAY_S, Calendar, Ints, local_s, utc_offset_s, weekdays
from forecasts.prices_ahead import foretold
from forecasts.series.conformal import MEDIAN
from v2g.outlook import LEVELS
from v2g.signals import SignalKind, Signals, prevailing
from v2g.site import Tariff, TariffPeriod
from v2g.timegrid import Array, TimeGrid

Levels = tuple[Curve, ...]
"""One curve for each of LEVELS."""

HALF_HOUR_S = 1800  # all zones in use shift their clocks on a UTC half-hour


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceOutlook:
    """Prices on a grid [currency/kWh], (n_steps,), the import's quantiles, (len(LEVELS), n_steps), and where they come from."""

    import_per_kwh: Array
    import_quantiles: Array
    export_per_kwh: Array
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Days:
    """UTC days since 1970, `end` excluded."""

    first: int
    end: int

    @classmethod
    def of(cls, grid: TimeGrid) -> "Days":
        """Return the days that `grid` touches."""
        return cls(int(grid.start.timestamp()) // DAY_S, int(grid.end.timestamp()) // DAY_S + 1)


class Prices:
    """Prices of a site with `tariff` in `time_zone`, which rests on `holidays`."""

    def __init__(self, tariff: Tariff, time_zone: str, *, holidays: Container[date] = frozenset()) -> None:
        self._tariff, self._calendar = tariff, Calendar(time_zone=time_zone, holidays=holidays)
        self._signals: Signals | None = None
        self._published = (NOTHING, NOTHING)
        self._composed: tuple[object, Levels, Curve, tuple[str, str]] | None = None

    def on(self, grid: TimeGrid, signals: Signals) -> PriceOutlook:
        """Return the prices on `grid`."""
        bought, paid, notes = self._curves(grid, signals)
        means = {curve: curve.mean_on(grid) for curve in dict.fromkeys(bought)}
        return PriceOutlook(
            import_per_kwh=means[bought[MEDIAN]],
            import_quantiles=np.maximum.accumulate([means[curve] for curve in bought], axis=0),
            export_per_kwh=paid.mean_on(grid),
            notes=notes,
        )

    def _curves(self, grid: TimeGrid, signals: Signals) -> tuple[Levels, Curve, tuple[str, str]]:
        """Return the import and export price over the days of `grid`, and their notes; made anew when a day or a signal comes."""
        if signals is not self._signals:
            self._signals = signals
            self._published = (published(signals, SignalKind.PRICE), published(signals, SignalKind.EXPORT_PRICE))
            self._composed = None
        days = Days.of(grid)
        until_s = tuple(_known_until_s(curve, grid) for curve in self._published)
        if self._composed is None or self._composed[0] != (days, until_s):
            self._composed = ((days, until_s), *self._compose(days, *until_s))
        return self._composed[1:]

    def _compose(
        self, days: Days, import_until_s: float | None, export_until_s: float | None
    ) -> tuple[Levels, Curve, tuple[str, str]]:
        published_import, published_export = self._published
        share, adder = self._tariff.export_share, self._tariff.export_adder_per_kwh
        buying, import_note = continued(published_import, self._calendar, days, import_until_s, "the tariff")
        selling, export_note = continued(published_export, self._calendar, days, export_until_s, f"{share:g} of import + {adder:g}")
        tariff = tariff_days(self._tariff, self._calendar.time_zone, days)
        completed = {curve: first_known(curve, tariff) for curve in dict.fromkeys(buying)}
        bought = tuple(completed[curve] for curve in buying)
        derived = Curve(edges_s=bought[MEDIAN].edges_s, values=share * bought[MEDIAN].values + adder)
        paid = first_known(selling[MEDIAN], derived)
        return bought, paid, (f"import price: {import_note}", f"export price: {export_note}")


def tariff_prices(tariff: Tariff, time_zone: str, grid: TimeGrid) -> Array:
    """Return the tariff's exact mean import price over each step [currency/kWh], (n_steps,); `time_zone` is an IANA name."""
    return tariff_days(tariff, time_zone, Days.of(grid)).mean_on(grid)


def published(signals: Signals, kind: SignalKind) -> Curve:
    """Return the prevailing signals of `kind` as one curve; a later one overrides an earlier one."""
    chosen = [interval for signal in prevailing(signals, kind) for interval in signal.intervals if interval.start < interval.end]
    if not chosen:
        return NOTHING
    begins = np.array([interval.start.timestamp() for interval in chosen])
    ends = np.array([interval.end.timestamp() for interval in chosen])
    edges = np.unique(np.concatenate([begins, ends]))
    values = np.full(len(edges) - 1, np.nan)
    for interval, first, last in zip(chosen, np.searchsorted(edges, begins), np.searchsorted(edges, ends), strict=True):
        values[first:last] = interval.value
    return Curve(edges_s=edges, values=values)


@lru_cache(maxsize=32)
def tariff_days(tariff: Tariff, time_zone: str, days: Days) -> Curve:
    """Return the tariff over `days`, exact to the second, on days of 23 and 25 hours too."""
    bounds_s = np.unique([round(3600 * hour) for period in tariff.periods for hour in (period.start_h, period.end_h)] or [0])
    midnights = np.arange(days.first - 1, days.end + 2) * DAY_S
    walls = (midnights[:, None] + bounds_s.astype(np.int64)).ravel()
    clock = np.arange(days.first * DAY_S, days.end * DAY_S + 1, HALF_HOUR_S)
    offsets = np.unique(utc_offset_s(clock, time_zone))
    edges = np.unique(np.concatenate([clock, (walls[:, None] - offsets).ravel()]))
    edges = edges[(edges >= clock[0]) & (edges <= clock[-1])]
    local = local_s((edges[:-1] + edges[1:]) // 2, time_zone)
    return Curve(edges_s=edges.astype(np.float64), values=_tariff_at(tariff, local))


def _tariff_at(tariff: Tariff, local: Ints) -> Array:
    prices = np.full(len(local), tariff.base_price_per_kwh)
    for period in tariff.periods:
        prices[_matches(period, local)] = period.price_per_kwh
    return prices


def _matches(period: TariffPeriod, local: Ints) -> NDArray[np.bool_]:
    """Return where the period holds; weekdays count from Monday = 1 as months do from January = 1 (ISO 8601)."""
    hour = local % DAY_S / 3600.0
    inside = (hour >= period.start_h) & (hour < period.end_h)
    if period.months:
        inside &= np.isin(local.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12 + 1, period.months)
    if period.weekdays:
        inside &= np.isin(weekdays(local // DAY_S) + 1, period.weekdays)
    return np.asarray(inside)


def _known_until_s(curve: Curve, grid: TimeGrid) -> float | None:
    """Return until when prices are published without a break from now on, or else from their beginning on."""
    until_s = curve.known_until_s(grid.start.timestamp())
    return curve.known_until_s(grid.end.timestamp()) if until_s is None else until_s


def continued(curve: Curve, calendar: Calendar, days: Days, until_s: float | None, otherwise: str) -> tuple[Levels, str]:
    """Return `curve`, known until `until_s`, at each of LEVELS, foretold over `days` where that is the rule, and a note."""
    if until_s is None:
        return (curve,) * len(LEVELS), otherwise
    told = f"published until {datetime.fromtimestamp(until_s, UTC).astimezone(ZoneInfo(calendar.time_zone)):%Y-%m-%d %H:%M}"
    if not curve.knows(until_s - DAY_S, until_s):
        return (curve,) * len(LEVELS), f"{told}, beyond it {otherwise}"
    end_s = days.end * DAY_S
    if until_s >= end_s:
        return (curve,) * len(LEVELS), told
    ahead = foretold(curve, calendar, until_s, end_s)
    return tuple(first_known(curve, level) for level in ahead), f"{told}, beyond it foretold from the days before"
