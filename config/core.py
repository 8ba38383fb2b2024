"""The core of a running station, restored from its database: behind real protocols, and where chargers and time are made up."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from adapters.store.store import Store
from config.people.archive import StoredArchive
from config.people.live_station import HISTORY_H, LiveStation
from config.people.orders import Orders
from config.people.previews import Previews
from config.station.control import Control
from config.station.gateway import SiteGateway
from config.station.keeping import Keeping
from config.station.learning import read_meters
from config.station.watch import Watch
from forecasts.daysoff import days_off
from forecasts.forecaster import SeasonalForecaster
from optimizer.ladder import Ladder
from v2g.ports import Clock, Planner
from v2g.record import Memory
from v2g.site import Site
from v2g.standing import ForecastScore
from v2g.tick import Parts

HISTORY_DAYS = 98
"""What day-type profiles look back at; models are learnt from more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What controls a station, what people see of it, and what they may ask it."""

    station: LiveStation
    control: Control
    forecaster: SeasonalForecaster
    previews: Previews
    orders: Orders
    archive: StoredArchive

    def attend(self, watch: tuple[Watch, ...]) -> None:
        """Show the control loop; ask `watch` how the parts are."""
        self.station.attend(self.control, watch, self.previews, lambda: self.forecaster.watch.standings)

    def works(self) -> list[Coroutine[Any, Any, None]]:
        """Return what runs as long as the station does: ticks, looks, and what is kept of both."""
        return [self.control.run_ticks(), self.control.run_looks(), self.station.keeping.run()]


async def restored(
    site: Site,
    clock: Clock,
    store: Store,
    gateway: SiteGateway,
    *,
    planner: Planner,
    asked: Planner,
    hourly: Planner | None = None,
    wake: asyncio.Event,
) -> Core:
    """Return the core with all that `store` kept of it.

    `planner` plans, `asked` and `hourly` answer what would be, `wake` asks for a tick.
    """
    gateway.restore(await store.wishes())
    signals, points = await store.signals(), await store.history(HISTORY_H)
    station = LiveStation(site, clock, gateway, store, Keeping(store.keep), signals=signals, history=points)
    forecaster = await make_forecaster(site, store, on_score=station.scored)
    parts = Parts(site=site, gateway=gateway, forecaster=forecaster, planner=Ladder(planner))
    memory = await store.memory() or Memory()
    control = Control(parts, clock, wake, memory=memory, signals=station.signals, on_tick=station.ticked, on_look=station.looked)
    previews = Previews(site, forecaster, asked, station.situation, hourly=hourly)
    orders = Orders(site, clock, gateway, store, control.hurry)
    await orders.restore()
    archive = StoredArchive(store)
    return Core(station=station, control=control, forecaster=forecaster, previews=previews, orders=orders, archive=archive)


async def make_forecaster(
    site: Site, store: Store, *, on_score: Callable[[ForecastScore], None] = lambda _score: None
) -> SeasonalForecaster:
    """Return a forecaster that knows the load and PV of the last months, the visits kept and the country's holidays."""
    load, pv = await read_meters(store, store.now(), HISTORY_DAYS)
    visits, holidays = await store.visits(), days_off(site.country)
    return SeasonalForecaster(site, load_history=load, pv_history=pv, session_history=visits, holidays=holidays, on_score=on_score)
