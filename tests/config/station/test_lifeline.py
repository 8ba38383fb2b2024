from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from adapters.clock import VirtualClock
from adapters.store import Store
from config.people.live_station import LiveStation
from config.station.gateway import SiteGateway
from config.station.keeping import Keeping
from config.station.lifeline import Lifeline
from tests.config.station.test_gateway import FakeChargers
from tests.support.builders import NOW, a_site, an_observation
from v2g.failsafe import Failsafe
from v2g.setpoint import DispatchReport
from v2g.site import Protocol
from v2g.station import Condition

FAILSAFE = Failsafe(import_kw=20.0, heartbeat_s=120.0, duration_s=3600.0)


def test_a_station_starts_limited_until_the_source_is_heard() -> None:
    line = Lifeline(FAILSAFE, NOW)
    assert (len(line.signals(NOW)), line.turned(NOW), line.turned(NOW)) == (1, True, False)
    assert [(p.condition, "until" in p.detail) for p in line.parts(NOW)] == [(Condition.DEGRADED, True)]
    line.hear(NOW)
    assert (line.signals(NOW), line.turned(NOW)) == ((), True)
    assert [p.condition for p in line.parts(NOW)] == [Condition.OK]


def test_who_falls_silent_is_told_of_even_after_the_failsafe() -> None:
    line = Lifeline(FAILSAFE, NOW)
    line.hear(NOW)
    silent, over = NOW + timedelta(seconds=120), NOW + timedelta(hours=2)
    assert (len(line.signals(silent)), len(line.signals(over))) == (1, 0)
    assert [p.condition for p in line.parts(over)] == [Condition.DEGRADED]


def test_without_a_failsafe_silence_is_nothing() -> None:
    line = Lifeline(None, NOW)
    assert (line.signals(NOW), line.parts(NOW), line.turned(NOW)) == ((), (), False)


async def test_a_stations_limits_are_the_failsafes_while_it_hears_nobody(tmp_path: Path) -> None:
    site, clock = replace(a_site(), failsafe=FAILSAFE), VirtualClock(NOW)
    async with Store(f"sqlite:///{tmp_path / 'station.sqlite'}", clock) as store:
        gateway = SiteGateway(site, dict.fromkeys(Protocol, FakeChargers(())), None, None)
        station = LiveStation(site, clock, gateway, store, Keeping(store.keep), signals=(), history=())
        station.looked(an_observation(site), DispatchReport(outcomes=()))
        assert station.history(1.0)[-1].import_limit_kw == 20.0
        assert [p.name for p in station.health().parts] == ["failsafe"]
        station.hear()
        clock.advance_to(NOW + timedelta(minutes=1))
        station.looked(an_observation(site, at=clock.now()), DispatchReport(outcomes=()))
        assert station.history(1.0)[-1].import_limit_kw == 50.0
        clock.advance_to(NOW + timedelta(minutes=3))
        assert [s.source for s in station.signals()] == ["failsafe"]
