"""Other forecasts for the same days: the truth is told exactly, and figures stand side by side."""

from datetime import timedelta
from io import StringIO

import numpy as np
from rich.console import Console

from adapters.farm.surroundings import StepSeries
from adapters.farm.virtual import VirtualFarm
from adapters.farm.visit import Visit
from config.commands.screen import forecasts_table
from config.simulation.closed_loop import Scenario
from config.simulation.rivals import Forecasts, forecast_kpis
from config.simulation.truth import TrueForecaster
from forecasts.forecaster import SeasonalForecaster
from tests.support.builders import NOW, a_site
from v2g.outlook import LEVELS, Outlook
from v2g.signals import Interval, Signal, SignalKind
from v2g.timegrid import TimeGrid

HOUR = timedelta(hours=1)
GRID = TimeGrid(start=NOW, step_h=np.full(4, 0.5))


def a_visit(evse_id: str, begin_h: float, end_h: float) -> Visit:
    return Visit(
        evse_id=evse_id,
        driver="",
        arrives_at=NOW + begin_h * HOUR,
        leaves_at=NOW + end_h * HOUR,
        capacity_kwh=100.0,
        soc_frac=0.5,
        charge_max_kw=7.0,
        energy_kwh=9.5,
    )


async def true_outlook(*visits: Visit) -> Outlook:
    site = a_site()
    prices = (Interval(start=NOW, end=NOW + HOUR, value=0.3), Interval(start=NOW + HOUR, end=NOW + 2 * HOUR, value=0.1))
    later = Signal(signal_id="p", kind=SignalKind.PRICE, source="", issued_at=NOW + HOUR, intervals=prices)
    load = StepSeries(start=NOW, step_s=900.0, values=np.array([1.0, 3.0, 5.0, 7.0]))
    sun = StepSeries.constant(2.0, NOW)
    scenario = Scenario(site=site, start=NOW, end=NOW + 3 * HOUR, visits=visits, load_kw=load, pv_kw=sun, signals=(later,))
    farm = VirtualFarm(site, visits, start=NOW, load_kw=load, pv_kw=sun)
    forecaster = TrueForecaster(SeasonalForecaster(site), scenario)
    observation = await farm.observe(NOW)
    forecaster.learn(observation)
    return forecaster.forecast(observation, (), GRID)


async def test_load_sun_and_prices_are_told_as_they_will_be() -> None:
    told = await true_outlook()
    np.testing.assert_allclose(told.load_kw, np.tile([2.0, 6.0, 7.0, 7.0], (len(LEVELS), 1)))
    np.testing.assert_allclose(told.pv_kw, 2.0)
    np.testing.assert_allclose(told.import_price_per_kwh, [0.3, 0.3, 0.1, 0.1])


async def test_who_is_here_leaves_then_and_who_comes_is_one_car() -> None:
    evses = [e.evse_id for e in a_site().evses]
    told = await true_outlook(a_visit(evses[0], 0.0, 1.2), a_visit(evses[1], 1.0, 1.5), a_visit(evses[0], 2.5, 2.9))
    (here,), (comes,) = told.departures, told.arrivals
    assert set(here.quantiles) == {NOW + 1.2 * HOUR}
    assert (comes.arrives, comes.departs, comes.number) == (NOW + HOUR, NOW + 1.5 * HOUR, 1.0)
    assert comes.energy_kwh == 9.5 / a_site().evses[1].efficiency


def test_a_cost_is_told_over_each_rivals() -> None:
    figures = {Forecasts.LEARNED: {"cost": 9.0, "ticks": 3}, Forecasts.PROFILES: {"cost": 10.0}, Forecasts.TRUE: {"cost": 8.0}}
    told = forecast_kpis(figures)["forecasts"]
    assert told["learned"] == {"cost": 9.0}
    assert (told["cost_over_profiles"], told["cost_over_true"]) == (0.9, 1.125)
    stored = replace_cost(figures, 6.0)
    assert forecast_kpis(stored)["forecasts"]["cost_over_true"] == 0.75


def test_the_command_shows_forecasts_side_by_side() -> None:
    figures = {Forecasts.LEARNED: {"cost": 9.0}, Forecasts.PROFILES: {"cost": 10.0}, Forecasts.TRUE: {"cost": 8.0}}
    console = Console(width=100, file=StringIO())
    console.print(forecasts_table(forecast_kpis(figures)["forecasts"]))
    assert isinstance(console.file, StringIO)
    told = console.file.getvalue().split()
    assert [told.index(name) for name in ("learned", "profiles", "true")] == sorted(
        map(told.index, ("learned", "profiles", "true"))
    )
    assert {"9.000", "10.000", "8.000", "1.125"} <= set(told)


def replace_cost(figures: dict[Forecasts, dict[str, float]], cost: float) -> dict[Forecasts, dict[str, float]]:
    return figures | {Forecasts.LEARNED: figures[Forecasts.LEARNED] | {"cost_with_stored_energy": cost}}
