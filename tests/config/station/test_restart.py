"""What forecasts know after a restart: what the database kept of the visits before."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.clock import VirtualClock
from adapters.store import Store
from config.core import make_forecaster
from config.people.live_station import LiveStation
from config.station.gateway import SiteGateway
from config.station.keeping import Keeping
from tests.config.station.test_gateway import FakeChargers
from tests.support.builders import NOW, a_session, a_site, an_observation
from tests.support.fake_station import FakeStation
from v2g.observation import Observation
from v2g.record import Memory
from v2g.site import Protocol, Site
from v2g.timegrid import TimeGrid

DAYS, STAY, ENERGY_KWH = 10, timedelta(minutes=45), 9.0


def both_protocols() -> Site:
    """Return two outlets, the first of OCPP, the other of MQTT."""
    site = a_site(2)
    return replace(site, evses=(replace(site.evses[0], protocol=Protocol.OCPP16), site.evses[1]))


def looks(site: Site, day: int) -> list[Observation]:
    """Return what is seen of a car at each outlet that comes at the hour of NOW and leaves after its stay."""
    came = NOW + timedelta(days=day)
    sessions = [
        replace(a_session(e.evse_id), session_id=f"{e.evse_id}-{day}", plugged_in_at=came, charged_kwh=ENERGY_KWH)
        for e in site.evses
    ]
    return [
        an_observation(site, at=came + timedelta(minutes=30), **{s.evse_id: s for s in sessions}),
        an_observation(site, at=came + STAY, **{s.evse_id: None for s in sessions}),
    ]


async def seen(site: Site, url: str) -> None:
    """Let a station see all days but the last, then end."""
    clock = VirtualClock(NOW)
    record = FakeStation(clock).latest()
    assert record is not None
    async with Store(url, clock) as store:
        keeping, gateway = Keeping(store.keep), SiteGateway(site, dict.fromkeys(Protocol, FakeChargers(())), None, None)
        station = LiveStation(site, clock, gateway, store, keeping, signals=(), history=())
        writing = asyncio.create_task(keeping.run())
        for observation in [look for day in range(-DAYS, 0) for look in looks(site, day)]:
            station.ticked(replace(record, at=observation.at, observation=observation), Memory())
        await keeping.drain()
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        assert keeping.lost == 0


@pytest.mark.parametrize("known", [True, False])
async def test_arrivals_are_expected_at_once_where_the_database_knows_a_week_of_them(known: bool, tmp_path: Path) -> None:
    site, url = both_protocols(), f"sqlite:///{tmp_path / 'station.sqlite'}"
    if known:
        await seen(site, url)
    async with Store(url, VirtualClock(NOW)) as store:
        forecaster = await make_forecaster(site, store)
    now = NOW - timedelta(hours=2)
    empty = an_observation(site, at=now, **{e.evse_id: None for e in site.evses})
    outlook = forecaster.forecast(empty, (), TimeGrid.uniform(now, step_h=0.5, n_steps=12))
    assert sum(s.number for s in outlook.arrivals) == pytest.approx(2.0 if known else 0.0)
    for session in outlook.arrivals:
        assert session.energy_kwh == pytest.approx(min(ENERGY_KWH, session.power_kw * STAY / timedelta(hours=1)))
        assert session.departs - session.arrives == STAY
