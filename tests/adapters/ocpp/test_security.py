"""Security profiles over real sockets: every profile in every version, and what attackers try."""

import asyncio
import ssl
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidMessage, InvalidStatus

from adapters.clock import AcceleratedClock
from adapters.farm.live import LiveFarm
from adapters.mqtt_client import Broker
from adapters.ocpp import central as central_module
from adapters.ocpp.credentials import Credentials
from adapters.ocpp.door import FLAPS
from adapters.ocpp.guard import ADDRESS_BURST, PAIR_BURST, PAIR_EVERY_S
from config.farm.farm import farm_tls
from tests.adapters.farm.stations import START as FARM_START
from tests.adapters.farm.stations import always, outlet, station, stay
from tests.adapters.ocpp.authority import Authority, keep
from tests.adapters.ocpp.charger import charger
from tests.adapters.ocpp.conftest import PASSWORDS, START, Bench, make_bench, make_site
from tests.adapters.ocpp.peers import peer
from tests.adapters.yards import told
from tests.support.transactions import MemoryTransactions
from v2g.site import Protocol

OCPP = [protocol for protocol in Protocol if protocol.is_ocpp]
GUESS = "my-guess"
REFUSED = (InvalidStatus, InvalidMessage, ssl.SSLError, ConnectionError, EOFError)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("strangers"))


def secured(authority: Authority, profile: int, protocol: Protocol = Protocol.OCPP16) -> Bench:
    """Return a bench of a security profile."""
    tls = None if profile == 1 else authority.tls(client_ca=profile == 3, demand=profile == 3)
    return make_bench(site=make_site(protocol), credentials=None if profile == 3 else Credentials(PASSWORDS), tls=tls)


@pytest.mark.parametrize("profile", [1, 2, 3])
@pytest.mark.parametrize("protocol", OCPP)
async def test_every_profile_in_every_version(authority: Authority, protocol: Protocol, profile: int) -> None:
    bench = secured(authority, profile, protocol)
    options = {
        1: {"password": PASSWORDS["CP-B"]},
        2: {"password": PASSWORDS["CP-B"], "ssl": authority.client()},
        3: {"ssl": authority.station("CP-B")},
    }[profile]
    async with bench.central.serve() as listener:
        assert listener.url.startswith("wss:" if profile > 1 else "ws:")
        async with peer(protocol, listener.url, "CP-B", **options) as car:
            assert await car.boot() == "Accepted"
            await car.raw.prepared()
            await car.begin(START)
            assert bench.session("b").driver == "driver-tag"


async def status_of(url: str, name: str, **options: object) -> int:
    """Return with what a connection is refused."""
    with pytest.raises(InvalidStatus) as caught:
        async with charger(url, name, **options):  # type: ignore[arg-type]
            pass
    return caught.value.response.status_code


async def test_a_certificate_opens_for_the_station_it_names_alone(authority: Authority) -> None:
    bench = secured(authority, 3)
    async with bench.central.serve() as listener:
        assert await status_of(listener.url, "CP-A", ssl=authority.station("CP-B")) == 401
        assert await status_of(listener.url, "CP-A", ssl=authority.station("CP-A.evil")) == 401
        assert await status_of(listener.url, "CP-X", ssl=authority.station("CP-X")) == 401
        async with charger(listener.url, "CP-A", ssl=authority.station("CP-A")) as one:
            await one.boot()


async def test_no_certificate_a_strange_one_one_of_ones_own_or_an_expired_one_ends_the_handshake(
    authority: Authority, strangers: Authority
) -> None:
    bench, yesterday = secured(authority, 3), datetime.now(UTC) - timedelta(days=1)
    strange = authority.client(strangers.ca.issue_cert(common_name="CP-A"))
    expired = authority.station("CP-A", not_before=yesterday - timedelta(days=1), not_after=yesterday)
    async with bench.central.serve() as listener:
        for context in (authority.client(), strange, expired):
            with pytest.raises(REFUSED):
                async with charger(listener.url, "CP-A", ssl=context):
                    pass
        assert not bench.changes


async def test_who_has_no_password_shows_a_certificate_and_nobody_goes_down_a_profile(authority: Authority) -> None:
    known = {"CP-A": PASSWORDS["CP-A"]}
    bench = make_bench(credentials=Credentials(known), tls=authority.tls(client_ca=True))
    async with bench.central.serve() as listener:
        assert await status_of(listener.url, "CP-B", password="", ssl=authority.client()) == 401
        assert await status_of(listener.url, "CP-A", ssl=authority.station("CP-A")) == 401
        assert await status_of(listener.url, "CP-A", password=known["CP-A"], ssl=authority.station("CP-B")) == 401
        async with (
            charger(listener.url, "CP-A", password=known["CP-A"], ssl=authority.client()),
            charger(listener.url, "CP-B", ssl=authority.station("CP-B")),
        ):
            await asyncio.sleep(0)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
async def test_plain_words_and_old_tls_get_nowhere(authority: Authority) -> None:
    old = authority.client()
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1
    async with secured(authority, 2).central.serve() as listener:
        with pytest.raises(REFUSED):
            await connect(f"{listener.url.replace('wss', 'ws')}/CP-A", open_timeout=5)
        with pytest.raises(REFUSED):
            async with charger(listener.url, "CP-A", password=PASSWORDS["CP-A"], ssl=old):
                pass


async def test_a_thousand_guesses_from_one_address_are_hardly_looked_at(guarded: Bench) -> None:
    async with charger(guarded.url, "CP-A", password=PASSWORDS["CP-A"]):
        answers = [await status_of(guarded.url, f"CP-{n % 7}", password=f"guess-{n}") for n in range(1000)]
        assert answers.count(401) == ADDRESS_BURST
        assert answers.count(429) == 1000 - ADDRESS_BURST
        assert guarded.state("a1").online


async def test_guessing_at_a_station_does_not_lock_out_another_from_the_same_address(guarded: Bench) -> None:
    async with charger(guarded.url, "CP-A", password=PASSWORDS["CP-A"]):
        pass
    answers = [await status_of(guarded.url, "CP-B", password=GUESS) for _ in range(50)]
    assert answers.count(401) == PAIR_BURST
    assert await status_of(guarded.url, "CP-B", password=PASSWORDS["CP-B"]) == 429, "not even the right one is told"
    async with charger(guarded.url, "CP-A", password=PASSWORDS["CP-A"]):
        pass
    guarded.clock.advance_to(START + timedelta(seconds=PAIR_EVERY_S))
    async with charger(guarded.url, "CP-B", password=PASSWORDS["CP-B"]):
        pass


async def test_nobody_unproved_displaces_a_living_charger(bench: Bench) -> None:
    async with charger(bench.url, "CP-A") as first:
        assert await status_of(bench.url, "CP-A") == 409
        await first.boot()
        assert bench.state("a1").online
    async with charger(bench.url, "CP-A") as second:
        await second.boot()


async def test_a_dead_connection_makes_room_for_anybody_proved_or_not(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.ocpp.door.PING_WALL_S", 0.05)
    async with charger(bench.url, "CP-A") as dead:
        dead.socket.transport.pause_reading()
        async with charger(bench.url, "CP-A") as alive:
            await alive.boot()
            assert bench.central.troubles == ()
        dead.socket.transport.abort()


async def test_two_that_displace_each_other_are_told(guarded: Bench) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(FLAPS + 1):
            assert guarded.central.troubles == ()
            await stack.enter_async_context(charger(guarded.url, "CP-B", password=PASSWORDS["CP-B"]))
        assert guarded.central.troubles == ("several connect as CP-B",)
        guarded.clock.advance_to(START + timedelta(hours=1))
        assert guarded.central.troubles == ()


async def test_who_dawdles_in_the_handshake_is_cut_off(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(central_module, "HANDSHAKE_WALL_S", 0.2)
    for bench in (secured(authority, 1), secured(authority, 2)):
        async with bench.central.serve() as listener:
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            writer.write(b"GET /CP-A HTTP/1.1\r\n" if not listener.encrypted else b"\x16\x03\x01")
            async with asyncio.timeout(30):
                assert await reader.read() == b""
            writer.close()


async def test_too_many_in_the_lobby_push_out_their_own(guarded: Bench) -> None:
    lobby = guarded.central._door.lobby
    async with charger(guarded.url, "CP-A", password=PASSWORDS["CP-A"]) as inside:
        port = int(guarded.url.rpartition(":")[2])
        crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(lobby.places + 20)]
        for reader, _ in crowd[:20]:
            async with asyncio.timeout(30):
                assert await reader.read() == b""
        assert len(lobby) <= lobby.places
        await inside.boot()
        async with charger(guarded.url, "CP-B", password=PASSWORDS["CP-B"]) as other:
            await other.boot()
        for _, writer in crowd:
            writer.close()


@pytest.mark.parametrize("protocol", OCPP)
async def test_the_farms_chargers_come_by_password_and_by_certificate(
    authority: Authority, protocol: Protocol, tmp_path: Path
) -> None:
    keep(authority.ca.issue_cert(common_name="CP1"), tmp_path, "CP1")
    site = station(outlet("A", protocol=protocol, station_id="CP1"))
    for passwords, certificates in (({"CP1": PASSWORDS["CP-A"]}, None), ({}, tmp_path)):
        clock = AcceleratedClock(FARM_START, 300.0)
        credentials = Credentials(passwords) if passwords else None
        tls = authority.tls(client_ca=certificates is not None, demand=certificates is not None)
        bench = make_bench(MemoryTransactions(), site=site, credentials=credentials, tls=tls)
        async with bench.central.serve() as listener:
            farm = LiveFarm(
                site, [stay()], load_kw=always(0.0), pv_kw=always(0.0), clock=clock, ocpp_url=listener.url,
                broker=Broker(host="127.0.0.1", port=9), tell_wishes=told, ocpp_passwords=passwords,
                ocpp_tls=farm_tls(authority.trust, certificates),
            )  # fmt: skip
            async with farm, asyncio.timeout(30):
                while not farm.online:  # noqa: ASYNC110 - polled
                    await asyncio.sleep(0.01)
