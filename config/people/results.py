"""What the station has brought, from the history, the visits and the prices kept: the same bill as a simulation's.

The reference is the same energy taken at once: each car from its plug-in on at the outlets' mean power, everything else as it was.
It is made from visits, of which only those of the last months are kept, and from the cars that are here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np

from adapters.farm.bill import Prices, bill
from adapters.farm.outcome import QUARTER_S, Outcome
from adapters.store import browsing, rows, visits
from adapters.store.store import Store
from config.people.live_station import POINT_EVERY
from config.simulation.prices import price_series
from forecasts.prices import tariff_prices
from v2g.localday import next_midnight
from v2g.ports import Station
from v2g.records import Results
from v2g.results import Period, Result, Side, by_period, total, with_peak_cost
from v2g.session import EndedVisit
from v2g.signals import Signals
from v2g.site import Site
from v2g.stating.calls import carbon_of
from v2g.stating.money import contract_of
from v2g.timegrid import Array, TimeGrid

QUARTER_H = QUARTER_S / 3600
POINT_S = POINT_EVERY.total_seconds()
FINAL_AFTER = timedelta(days=2)
"""A day's visits have ended, nearly all, after so long; until then it is worked out anew."""
KEPT_KWH, KEPT_FRAC = 0.5, 0.02
"""What a driver may lack of what was asked and still have got it, the greater of the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A car that took `energy_kwh`, net at the AC side, from `since` on; `asked_kwh` None where its driver named no energy."""

    since: datetime
    until: datetime
    energy_kwh: float
    asked_kwh: float | None
    left: bool


class ResultsBook:
    """Works results out a day at a time, and remembers the days that are over."""

    def __init__(self, station: Station, store: Store) -> None:
        self._station, self._store, self._site = station, store, station.site
        self._days: dict[date, Result | None] = {}

    async def between(self, first: date, last: date, by: Period) -> Results:
        """Return the results of the days from `first` to `last` that anything is known of."""
        days = [day for at in _dates(first, last) if (day := await self._day(at)) is not None]
        months = [self._with_peaks(month) for month in by_period(days, Period.MONTH)]
        parts = days if by is Period.DAY else months if by is Period.MONTH else by_period(months, by)
        return Results(rows=tuple(parts), total=total(months, days[0].start) if days else None)

    async def _day(self, day: date) -> Result | None:
        if day not in self._days:
            result = await self._worked_out(day)
            if self._station.now() - next_midnight(_midnight(day, self._site), self._site.time_zone) < FINAL_AFTER:
                return result
            self._days[day] = result
        return self._days[day]

    async def _worked_out(self, day: date) -> Result | None:
        start = _midnight(day, self._site)
        end = next_midnight(start, self._site.time_zone)
        flows = await self._store.run(partial(browsing.read_flows, since=start, until=end))
        if flows.shape[1] == 0:
            return None
        ended = await self._store.run(partial(visits.read_during, since=start, until=end))
        signals = await self._store.run(partial(rows.read_signals, now=start))
        stays = [*(_ended(visit) for visit in ended), *_present(self._station)]
        return result_of(self._site, day, flows, stays, signals)

    def _with_peaks(self, month: Result) -> Result:
        tariff, contract = self._site.tariff, contract_of(self._site.tariff)

        def cost(peak_kw: float) -> float:
            return tariff.demand_charge_per_kw * peak_kw + (contract.month_cost(peak_kw) if contract else 0.0)

        return with_peak_cost(month, cost(month.actual.peak_kw), cost(month.uncontrolled.peak_kw))


def result_of(site: Site, day: date, flows: Array, stays: Sequence[Stay], signals: Signals) -> Result:
    """Return what a local day brought: `flows` as of `browsing.read_flows`, `stays` of all cars that were there."""
    start = _midnight(day, site)
    end = next_midnight(start, site.time_zone)
    grid = TimeGrid.uniform(start, step_h=QUARTER_H, n_steps=round((end - start).total_seconds() / QUARTER_S))
    means, covered_h = quarters(flows, grid)
    net_kw, pv_kw, charge_kw, discharge_kw = means[0] - means[1], means[2], means[3], means[4]
    at_once_kw = np.divide(uncontrolled_kwh(site, stays, grid), covered_h, out=np.zeros(grid.n_steps), where=covered_h > 0)
    other_kw = net_kw - charge_kw + discharge_kw + at_once_kw
    prices, carbon = price_series(site, signals, start, end), carbon_of(signals, grid, 1.0)
    grams = carbon.intensity_kg_per_kwh if carbon else None
    valley, left = _valley(site, grid), [s for s in stays if s.left and start <= s.until < end]
    asked = [s for s in left if s.asked_kwh is not None]
    return Result(
        start=day,
        charged_kwh=float(charge_kw @ covered_h),
        discharged_kwh=float(discharge_kw @ covered_h),
        pv_kwh=float(pv_kw @ covered_h),
        valley_kwh=None if valley is None else float((charge_kw * valley) @ covered_h),
        wear_cost=site.rules.v2g_wear_cost_per_kwh * float(discharge_kw @ covered_h),
        visits=len(left),
        asked=len(asked),
        kept=sum(_kept(stay) for stay in asked),
        actual=_side(means[0], means[1], covered_h, grid, prices, grams),
        uncontrolled=_side(np.maximum(other_kw, 0.0), np.maximum(-other_kw, 0.0), covered_h, grid, prices, grams),
    )


def quarters(flows: Array, grid: TimeGrid) -> tuple[Array, Array]:
    """Return the quarter-hours' means of import, export, PV, charge and discharge (5, n) [kW], and the hours covered (n,).

    A quarter is covered from the first that was heard in it to the last and as long as a point lasts, from its beginning where the
    first is as soon: of the quarter in which the daemon was started only what followed counts.
    """
    place = ((flows[0] - grid.start.timestamp()) // QUARTER_S).astype(np.int64)
    counts = np.bincount(place, minlength=grid.n_steps).astype(np.float64)
    series = (np.maximum(flows[1], 0.0), np.maximum(-flows[1], 0.0), *flows[2:])
    sums = np.array([np.bincount(place, weights=values, minlength=grid.n_steps) for values in series])
    into_s = flows[0] - grid.start.timestamp() - QUARTER_S * place
    first_s, last_s = np.full(grid.n_steps, QUARTER_S), np.zeros(grid.n_steps)
    np.minimum.at(first_s, place, into_s)
    np.maximum.at(last_s, place, into_s)
    apart_s = np.median(np.diff(flows[0])) if flows.shape[1] > 1 else 0.0
    point_s = max(POINT_S, float(apart_s))  # a fast clock's are further apart
    begins_s, ends_s = np.where(first_s > 1.5 * point_s, first_s, 0.0), np.minimum(last_s + point_s, QUARTER_S)
    return sums / np.maximum(counts, 1.0), np.where(counts > 0, ends_s - begins_s, 0.0) / 3600


def uncontrolled_kwh(site: Site, stays: Sequence[Stay], grid: TimeGrid) -> Array:
    """Return what the same cars would have drawn, each at once at the outlets' mean power, faster if it had to, (n,) [kWh]."""
    mean_kw = float(np.mean([evse.charge_max_kw for evse in site.evses]))
    edges_s = grid.start.timestamp() + QUARTER_S * np.arange(grid.n_steps + 1)
    drawn_kwh = np.zeros(grid.n_steps)
    for stay in stays:
        stay_h = max((stay.until - stay.since).total_seconds() / 3600, QUARTER_H)
        power_kw = max(mean_kw, stay.energy_kwh / stay_h)
        stored_kwh = np.clip(power_kw * (edges_s - stay.since.timestamp()) / 3600, 0.0, stay.energy_kwh)
        drawn_kwh += np.diff(stored_kwh)
    return drawn_kwh


def _side(import_kw: Array, export_kw: Array, covered_h: Array, grid: TimeGrid, prices: Prices, carbon: Array | None) -> Side:
    none = np.zeros(grid.n_steps)
    outcome = Outcome(
        start=grid.start,
        end=grid.end,
        first_quarter=grid.start,
        import_kw=import_kw,
        export_kw=export_kw,
        load_kw=none,
        pv_kw=none,
        charge_kw=none,
        discharge_kw=none,
        battery_charge_kw=none,
        battery_discharge_kw=none,
        covered_h=covered_h,
        max_import_kw=0.0,
        limit_violation_s=0.0,
        breaches=(),
        unconsented_kwh=0.0,
        visits=(),
    )
    money = bill(outcome, prices)
    return Side(
        import_kwh=float(import_kw @ covered_h),
        export_kwh=float(export_kw @ covered_h),
        peak_kw=outcome.peak_import_kw,
        energy_cost=money.import_cost - money.export_revenue + money.carbon_cost,
        carbon_kg=None if carbon is None else float((import_kw * carbon) @ covered_h),
    )


def _valley(site: Site, grid: TimeGrid) -> Array | None:
    """Return which quarters have the tariff's cheapest price of the day, None where it has one price only."""
    price = tariff_prices(site.tariff, site.time_zone, grid)
    return None if np.ptp(price) < 1e-9 else (price < price.min() + 1e-9).astype(np.float64)


def _kept(stay: Stay) -> bool:
    asked_kwh = stay.asked_kwh or 0.0
    return stay.energy_kwh >= asked_kwh - max(KEPT_KWH, KEPT_FRAC * asked_kwh)


def _ended(visit: EndedVisit) -> Stay:
    energy_kwh, asked_kwh = visit.energy_kwh or 0.0, visit.requested_kwh if visit.energy_kwh is not None else None
    return Stay(since=visit.plugged_in_at, until=visit.left_at, energy_kwh=energy_kwh, asked_kwh=asked_kwh, left=True)


def _present(station: Station) -> Iterator[Stay]:
    for state in station.observation().evses:
        if car := state.session:
            energy_kwh = max(car.charged_kwh - car.discharged_kwh, 0.0)
            yield Stay(since=car.plugged_in_at, until=station.now(), energy_kwh=energy_kwh, asked_kwh=None, left=False)


def _midnight(day: date, site: Site) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(site.time_zone)).astimezone(UTC)


def _dates(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=i) for i in range((last - first).days + 1))
