"""Transaction events as stations really send them: repeated, late, out of order, of transactions that nobody knows."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ocpp.events import Events
from tests.adapters.ocpp.charger import connected
from tests.adapters.ocpp.charger2 import Charger2, kind, sampled
from tests.adapters.ocpp.conftest import START, Bench, make_bench, make_site
from tests.adapters.ocpp.peers import stamp
from v2g.site import Protocol

EVSE = {"id": 1, "connectorId": 1}
TOKEN = {"idToken": "TAG", "type": "ISO14443"}


@pytest.fixture(params=[Protocol.OCPP201, Protocol.OCPP21])
async def line(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Bench, Charger2]]:
    bench = make_bench(site=make_site(request.param))
    version = str(request.param).removeprefix("ocpp")
    async with (
        bench.central.serve() as listener,
        connected(kind(version), listener.url, "CP-B", subprotocols=[request.param]) as peer,
    ):
        bench.url = listener.url
        yield bench, peer


def meter(at: datetime, wh: float, *more: dict[str, object]) -> list[dict[str, object]]:
    return [{"timestamp": stamp(at), "sampledValue": [sampled(wh, "Energy.Active.Import.Register", "Wh"), *more]}]


def later(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


async def test_a_repeat_counts_once_and_is_answered_alike(line: tuple[Bench, Charger2]) -> None:
    bench, peer = line
    for _ in range(3):
        answer = await peer.event("Started", evse=EVSE, idToken=TOKEN, meterValue=meter(START, 1000), seqNo=0)
        assert answer["idTokenInfo"]["status"] == "Accepted"
    assert list(bench.transactions.begun) == [1]
    bench.clock.advance_to(later(60))
    for _ in range(3):
        await peer.event("Updated", at=stamp(later(60)), meterValue=meter(later(60), 8000), seqNo=1)
    assert bench.session("b").charged_kwh == pytest.approx(7.0)
    for _ in range(3):
        await peer.event("Ended", at=stamp(later(60)), meterValue=meter(later(60), 8000), seqNo=2)
    assert bench.transactions.ended == {1: (8.0, later(60), "Local")}
    assert bench.state("b").session is None
    assert list(bench.transactions.begun) == [1]


async def test_a_station_that_numbers_every_event_alike_loses_none(line: tuple[Bench, Charger2]) -> None:
    bench, peer = line
    bench.clock.advance_to(later(30))
    await peer.event("Started", evse=EVSE, idToken=TOKEN, meterValue=meter(START, 1000), seqNo=0)
    await peer.event("Updated", at=stamp(later(30)), meterValue=meter(later(30), 3000), seqNo=0)
    assert bench.session("b").charged_kwh == pytest.approx(2.0)
    await peer.event("Ended", at=stamp(later(30)), seqNo=0)
    assert bench.transactions.ended[1][0] == 3.0


async def test_the_driver_may_come_after_the_car(line: tuple[Bench, Charger2]) -> None:
    bench, peer = line
    await peer.event("Started", evse=EVSE, info={"chargingState": "EVConnected"})
    assert bench.session("b").driver == ""
    nobody = {"idToken": "", "type": "NoAuthorization"}
    await peer.event("Updated", idToken=nobody, triggerReason="Authorized")
    assert bench.session("b").driver == ""
    await peer.event("Updated", idToken=TOKEN, triggerReason="Authorized", info={"chargingState": "Charging"})
    assert bench.session("b").driver == "driver-tag"
    assert bench.transactions.begun[1].driver == "driver-tag"
    await peer.event(
        "Ended", idToken=TOKEN | {"idToken": "MASTER"}, triggerReason="StopAuthorized", info={"stoppedReason": "MasterPass"}
    )
    assert bench.session("b").driver == "", "the cable is still in, and who ended it is not who drives"
    await peer.status("Available")
    assert bench.state("b").session is None


async def test_what_was_queued_offline_comes_late_and_harms_no_present(line: tuple[Bench, Charger2]) -> None:
    bench, peer = line
    bench.clock.advance_to(later(600))
    now, old = later(600), START
    await peer.event("Started", "new", at=stamp(now), evse=EVSE, idToken=TOKEN, meterValue=meter(now, 9000), seqNo=0)
    present = bench.session("b")
    for number, (event, minutes, wh) in enumerate([("Started", 0, 1000), ("Updated", 30, 4000), ("Ended", 60, 8000)]):
        at = old + timedelta(minutes=minutes)
        info = {"stoppedReason": "EVDisconnected"} if event == "Ended" else {"chargingState": "Charging"}
        await peer.event(
            event, "old", at=stamp(at), evse=EVSE, offline=True, meterValue=meter(at, wh), info=info, seqNo=number, idToken=TOKEN
        )
    assert bench.session("b") == present
    assert bench.transactions.ended == {2: (8.0, old + timedelta(hours=1), "EVDisconnected")}
    await peer.event("Updated", "new", at=stamp(now), meterValue=meter(now, 9000), seqNo=1)
    assert bench.session("b") == present


async def test_a_queue_that_outlives_its_car_leaves_no_car_behind(line: tuple[Bench, Charger2]) -> None:
    bench, peer = line
    bench.clock.advance_to(later(600))
    await peer.status("Available")
    await peer.event("Started", evse=EVSE, idToken=TOKEN, offline=True, info={"chargingState": "Charging"})
    await peer.event("Ended", at=stamp(later(60)), offline=True, info={"stoppedReason": "Local"}, triggerReason="StopAuthorized")
    assert bench.state("b").session is None
    assert bench.transactions.ended[1][1] == later(60)


async def test_events_come_out_of_order(line: tuple[Bench, Charger2]) -> None:
    bench, peer = line
    bench.clock.advance_to(later(60))
    await peer.event(
        "Updated", at=stamp(later(60)), evse=EVSE, meterValue=meter(later(60), 5000), seqNo=5, info={"chargingState": "Idle"}
    )
    assert bench.transactions.begun[1].meter_start_kwh == 5.0, "begun by what came first"
    await peer.event("Updated", at=stamp(later(30)), meterValue=meter(later(30), 3000), seqNo=4, info={"chargingState": "Charging"})
    await peer.event("Started", evse=EVSE, idToken=TOKEN, seqNo=0)
    assert bench.session("b").driver == "driver-tag"
    register = bench.session("b").charged_kwh
    await peer.event("Ended", at=stamp(later(60)), meterValue=meter(later(60), 5000), seqNo=6)
    assert bench.transactions.ended[1][0] == 5.0
    assert register == 0.0
    await peer.event("Updated", at=stamp(later(60)), evse=EVSE, meterValue=meter(later(60), 5000), seqNo=3)
    assert bench.state("b").session is None, "it has ended"
    assert list(bench.transactions.begun) == [1]


async def test_an_end_alone_is_kept(line: tuple[Bench, Charger2]) -> None:
    bench, peer = line
    await peer.event("Ended", "lost", evse=EVSE, meterValue=meter(START, 7000), info={"stoppedReason": "PowerLoss"})
    assert bench.transactions.ended == {1: (7.0, START, "PowerLoss")}
    assert bench.state("b").session is None


async def test_unknown_outlets_and_clocks_that_are_off(line: tuple[Bench, Charger2]) -> None:
    bench, peer = line
    assert (await peer.event("Started", "x", evse={"id": 7}, idToken=TOKEN))["idTokenInfo"]["status"] == "Invalid"
    async with connected(kind(peer.version), bench.url, "CP-A", subprotocols=[f"ocpp{peer.version}"]) as double:
        assert await double.event("Updated", "y") == {}, "nobody knows at which of its two outlets"
    assert bench.transactions.begun == {}
    await peer.event("Started", at="1970-01-01T00:00:10Z", evse=EVSE, idToken=TOKEN)
    assert bench.session("b").plugged_in_at == START


async def test_a_station_that_forgets_to_end_has_at_most_so_many_in_mind(line: tuple[Bench, Charger2]) -> None:
    bench, peer = line
    for number in range(70):
        await peer.event("Started", f"tx-{number}", at=stamp(START + timedelta(seconds=number)), evse=EVSE, idToken=TOKEN)
    assert len(bench.transactions.begun) == 70
    assert bench.session("b").driver == "driver-tag"
    await peer.event("Ended", "tx-0", at=stamp(later(2)), meterValue=meter(START, 1000))
    assert bench.transactions.ended[1][0] == 1.0


@given(st.permutations(range(6)))
def test_what_is_missing_is_counted_and_the_latest_known_in_any_order(order: list[int]) -> None:
    events = Events()
    highest = -1
    for number in order:
        key = (START + timedelta(seconds=number), number, "Updated")
        assert events.is_latest(key) == (number > highest)
        assert events.take(key) == (max(number - highest - 1, 0) if highest >= 0 else 0)
        assert events.has(key)
        highest = max(highest, number)
