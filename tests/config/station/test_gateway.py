from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.clock import VirtualClock
from adapters.ocpp.central import CentralSystem
from adapters.store import Store
from adapters.store.rows import KeptWishes
from config.station.gateway import SiteGateway
from tests.adapters.ocpp.charger import charger
from tests.support.builders import NOW, a_site, an_observation
from tests.support.fake_station import FakeStation
from v2g.errors import WishError
from v2g.observation import AssetState, EvseState, Reading
from v2g.session import Claim, Wishes
from v2g.setpoint import Applied, Outcome, Setpoint, Unreachable
from v2g.site import Protocol, PvArray, Site


class FakeChargers:
    """Fills the port `Chargers` for some outlets."""

    def __init__(self, states: Sequence[EvseState]) -> None:
        self._states, self.sent = tuple(states), list[str]()

    def states(self, now: datetime) -> tuple[EvseState, ...]:
        del now
        return self._states

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        self.sent += [s.unit_id for s in setpoints]
        return tuple(Applied(setpoint=s, at=NOW) for s in setpoints)


@pytest.fixture
def parts() -> tuple[SiteGateway, FakeChargers, FakeChargers]:
    site = a_site(3)
    site = replace(site, evses=(replace(site.evses[0], protocol=Protocol.OCPP16), *site.evses[1:]))
    states = an_observation(site, E1=None).evses
    ocpp, mqtt = FakeChargers(states[:1]), FakeChargers(states[1:2])
    return SiteGateway(site, {Protocol.OCPP16: ocpp, Protocol.MQTT: mqtt}, None, None), ocpp, mqtt


def a_setpoint(unit_id: str) -> Setpoint:
    return Setpoint(unit_id=unit_id, power_kw=5.0, valid_until=NOW + timedelta(minutes=15))


async def test_setpoints_go_to_the_adapter_that_has_the_outlet_and_outcomes_come_in_order(
    parts: tuple[SiteGateway, FakeChargers, FakeChargers],
) -> None:
    gateway, ocpp, mqtt = parts
    outcomes = await gateway.apply([a_setpoint(name) for name in ("E2", "E0", "nowhere", "E1")])
    assert [o.setpoint.unit_id for o in outcomes] == ["E2", "E0", "nowhere", "E1"]
    assert isinstance(outcomes[2], Unreachable)
    assert (ocpp.sent, mqtt.sent) == (["E0"], ["E2", "E1"])


async def test_after_the_clock_jumped_leases_are_unknown_until_confirmed_anew_and_plans_are_made_at_once() -> None:
    site, steady, woken = a_site(1), [0.0], list[bool]()
    lease = replace(an_observation(site, E0=None).evses[0], lease_until=NOW + timedelta(minutes=10))
    fake = FakeChargers([lease])
    chargers = dict.fromkeys(Protocol, fake)
    gateway = SiteGateway(site, chargers, None, None, steady_s=lambda: steady[0], on_jump=lambda: woken.append(True))
    gateway.glance(NOW)
    jumped_to, steady[0] = NOW + timedelta(hours=1), 1.0
    assert gateway.glance(jumped_to).evses[0].lease_until is None
    assert woken == [True]
    await gateway.apply([a_setpoint("E0")])
    assert gateway.glance(jumped_to).evses[0].lease_until == lease.lease_until
    assert woken == [True]


async def test_an_outlet_nobody_speaks_of_is_offline(parts: tuple[SiteGateway, FakeChargers, FakeChargers]) -> None:
    observation = await parts[0].observe(NOW)
    assert [(s.evse_id, s.online) for s in observation.evses] == [("E0", True), ("E1", True), ("E2", False)]
    assert observation.load_kw is None


async def test_wishes_of_the_driver_override_those_of_the_car(parts: tuple[SiteGateway, FakeChargers, FakeChargers]) -> None:
    gateway = parts[0]
    wishes = Wishes(energy_kwh=12.0)
    assert gateway.wish("E0", wishes, NOW) == "S-E0"
    session = (await gateway.observe(NOW)).evses[0].session
    assert session is not None
    assert session.wishes == wishes


def kept(evse_id: str, minutes_ago: float, session_id: str = "before", **wishes: Any) -> KeptWishes:
    seen_at = NOW - timedelta(minutes=minutes_ago)
    return KeptWishes(session_id=session_id, evse_id=evse_id, seen_at=seen_at, wishes=Wishes(**wishes))


@pytest.mark.parametrize(
    ("outlet", "one", "theirs"),
    [
        (0, kept("E0", 60.0, energy_kwh=9.0), True),
        (0, kept("E0", 60.1, energy_kwh=9.0), False),
        (1, kept("E1", 60.0, energy_kwh=9.0), False),
        (1, kept("E1", 90.0, "S-E1", energy_kwh=9.0), True),
    ],
    ids=["seen with this car", "of the car before", "MQTT names its sessions", "the session itself"],
)
async def test_wishes_from_before_a_restart_are_of_the_car_that_was_there_already(
    outlet: int, one: KeptWishes, theirs: bool
) -> None:
    site = a_site(2)
    site = replace(site, evses=(replace(site.evses[0], protocol=Protocol.OCPP16), site.evses[1]))
    first, second = an_observation(site).evses
    gateway = SiteGateway(site, {Protocol.OCPP16: FakeChargers([first]), Protocol.MQTT: FakeChargers([second])}, None, None)
    gateway.restore([one, kept(one.evse_id, 600.0, "long ago", energy_kwh=1.0)])
    session = (await gateway.observe(NOW)).evses[outlet].session
    assert session is not None
    assert (session.wishes.energy_kwh == 9.0) is theirs


@pytest.mark.parametrize(("evse_id", "said"), [("E1", "no car"), ("E9", "no outlet")])
def test_wishes_for_nobody_are_refused(parts: tuple[SiteGateway, FakeChargers, FakeChargers], evse_id: str, said: str) -> None:
    with pytest.raises(WishError, match=said):
        parts[0].wish(evse_id, Wishes(), NOW)


@asynccontextmanager
async def serving(site: Site, clock: VirtualClock, store: Store) -> AsyncIterator[tuple[SiteGateway, str]]:
    """Serve the site's OCPP chargers behind a gateway that has taken back what was kept, as after a start of the daemon."""
    central = CentralSystem(site, clock, store, pseudonym=lambda tag: tag, boot_grace_s=0.01)
    gateway = SiteGateway(site, {Protocol.OCPP16: central}, None, None)
    gateway.restore(await store.wishes())
    async with central.serve() as listener:
        yield gateway, listener.url


async def test_what_a_driver_asked_for_before_charging_began_and_whose_phone_it_was_outlives_a_restart(tmp_path: Path) -> None:
    """The real store, the real central system behind the gateway, twice; the second is told of the car before its transaction."""
    clock, claim = VirtualClock(NOW), Claim(salt="E0@", digest="of the phone", may_consent=True)
    asked = Wishes(energy_kwh=12.0, departure=NOW + timedelta(hours=5), claim=claim)
    site = replace(a_site(1), evses=(replace(a_site(1).evses[0], protocol=Protocol.OCPP16),))
    url = f"sqlite:///{tmp_path / 'station.db'}"
    async with Store(url, clock) as store, serving(site, clock, store) as (gateway, at), charger(at, "E0") as peer:
        await peer.status("Preparing")
        session_id = gateway.wish("E0", asked, clock.now())
        await store.save_wishes(session_id=session_id, evse_id="E0", wishes=asked)
        clock.advance_to(NOW + timedelta(minutes=3))
        start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": clock.now().isoformat()}
        await peer.ask("StartTransaction", start)
        record = FakeStation(clock).latest()
        assert record is not None
        await store.keep(replace(record, at=clock.now(), observation=gateway.glance(clock.now())))
    clock.advance_to(NOW + timedelta(minutes=20))
    for _ in range(2):
        async with Store(url, clock) as store, serving(site, clock, store) as (gateway, at), charger(at, "E0") as peer:
            await peer.status("Charging")
            await peer.prepared()
            session = gateway.glance(clock.now()).evses[0].session
            assert session is not None
            assert (session.session_id, session.wishes) == ("E0#1", asked)
    async with Store(url, clock) as store, serving(site, clock, store) as (gateway, at), charger(at, "E0") as peer:
        clock.advance_to(NOW + timedelta(minutes=30))
        await peer.status("Charging")
        stop = {"transactionId": 1, "meterStop": 5000, "timestamp": clock.now().isoformat()}
        await peer.ask("StopTransaction", stop)
        await peer.status("Available")
        await peer.status("Preparing")
        session = gateway.glance(clock.now()).evses[0].session
        assert session is not None
        assert session.wishes == Wishes(), "the next car is nobody's yet"


class FakeAssets:
    """Fills the gateway's port for assets with one PV array that holds back 15 of 40 kW."""

    def states(self, now: datetime) -> tuple[AssetState, ...]:
        return (
            AssetState(
                asset_id="roof",
                online=True,
                power_kw=Reading(value=-25.0, at=now),
                possible_kw=Reading(value=40.0, at=now),
            ),
        )

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        return tuple(Applied(setpoint=s, at=NOW) for s in setpoints)


class FakeMeters:
    """Fills the port `Meters`: every meter reads 30 kW."""

    def reading(self, name: str) -> Reading | None:
        del name
        return Reading(value=30.0, at=NOW)


async def test_pv_is_seen_as_if_nothing_were_curtailed_and_assets_are_sent_their_setpoints() -> None:
    roof = PvArray(pv_id="roof", circuit_id="grid", peak_kw=50.0, latitude_deg=50.0, longitude_deg=8.0, curtailable=True)
    site = a_site(0, pv=(roof,))
    gateway = SiteGateway(site, {}, FakeMeters(), None, FakeAssets())
    seen = gateway.glance(NOW)
    assert seen.pv_kw == Reading(value=30.0 + 15.0, at=NOW)
    assert [s.asset_id for s in seen.assets] == ["roof"]
    (outcome,) = await gateway.apply([a_setpoint("roof")])
    assert isinstance(outcome, Applied)
