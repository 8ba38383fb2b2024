"""What energy really cost over a span: published prices over the tariff, by quarter-hour, for bills."""

from datetime import datetime, timedelta

from adapters.farm.outcome import QUARTER_S, Prices
from adapters.farm.surroundings import StepSeries
from forecasts.prices import Prices as PriceForecast
from v2g.signals import Signals
from v2g.site import Site
from v2g.stating.money import contract_of
from v2g.timegrid import Array, TimeGrid


def price_series(site: Site, signals: Signals, start: datetime, end: datetime) -> Prices:
    """Return the prices from the quarter-hour of `start` to `end`."""
    begin_s = start.timestamp() // QUARTER_S * QUARTER_S
    begin = start + timedelta(seconds=begin_s - start.timestamp())
    n = max(int((end.timestamp() - begin_s) // QUARTER_S) + 1, 1)
    outlook = PriceForecast(site.tariff, site.time_zone).on(TimeGrid.uniform(begin, step_h=0.25, n_steps=n), signals)

    def series(values: Array) -> StepSeries:
        return StepSeries(start=begin, step_s=QUARTER_S, values=values)

    return Prices(
        import_per_kwh=series(outlook.import_per_kwh),
        export_per_kwh=series(outlook.export_per_kwh),
        demand_charge_per_kw=site.tariff.demand_charge_per_kw,
        contract=contract_of(site.tariff),
        time_zone=site.time_zone,
    )
