"""What energy and calls really cost over a span: published prices over the tariff, by quarter-hour, for bills."""

from datetime import datetime, timedelta

import numpy as np

from adapters.farm.bill import Calls, Prices
from adapters.farm.outcome import QUARTER_S
from adapters.farm.surroundings import StepSeries
from config.simulation.closed_loop import Run
from forecasts.prices import Prices as PriceForecast
from v2g.signals import Signals, mean_of
from v2g.site import Site
from v2g.stating.calls import carbon_of, dispatch_of, events_of, reserves_of
from v2g.stating.money import contract_of
from v2g.timegrid import Array, TimeGrid


def price_series(site: Site, signals: Signals, start: datetime, end: datetime) -> Prices:
    """Return the prices from the quarter-hour of `start` to `end`, for a station that answers no calls."""
    begin_s = start.timestamp() // QUARTER_S * QUARTER_S
    begin = start + timedelta(seconds=begin_s - start.timestamp())
    grid = TimeGrid.uniform(begin, step_h=0.25, n_steps=max(int((end.timestamp() - begin_s) // QUARTER_S) + 1, 1))
    outlook = PriceForecast(site.tariff, site.time_zone).on(grid, signals)
    carbon = carbon_of(signals, grid, site.tariff.carbon_price_per_kg)

    def series(values: Array) -> StepSeries:
        return StepSeries(start=begin, step_s=QUARTER_S, values=values)

    return Prices(
        import_per_kwh=series(outlook.import_per_kwh),
        export_per_kwh=series(outlook.export_per_kwh),
        demand_charge_per_kw=site.tariff.demand_charge_per_kw,
        contract=contract_of(site.tariff),
        carbon_per_kwh=series(carbon.price_per_kg * carbon.intensity_kg_per_kwh) if carbon else None,
        time_zone=site.time_zone,
    )


def calls_of(signals: Signals, run: Run) -> Calls:
    """Return what `signals` asked during a run: events from the baseline that was fixed then, reserves as the plans held them.

    Before an event was known it counts from what the station draws while its cars rest, as in planning.
    """
    done = run.outcome
    grid = TimeGrid.uniform(done.first_quarter, step_h=0.25, n_steps=len(done.import_kw))
    reserves = reserves_of(signals, grid)
    return Calls(
        start=grid.start,
        dispatch=dispatch_of(signals, grid),
        events=events_of(signals, grid, tuple(run.baseline_kw), done.load_kw - done.pv_kw),
        reserves=reserves,
        held_kw=tuple(mean_of(run.held_kw.get(r.reserve_id, ()), grid, np.zeros(grid.n_steps)) for r in reserves),
    )
