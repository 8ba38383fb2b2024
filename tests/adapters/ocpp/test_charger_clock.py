"""Clocks that are wrong: hours by a time zone, drifting, jumping, set right; and queues, which only look so."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ocpp.charger_clock import RIGHT, ChargerClock
from tests.adapters.ocpp.charger import Payload
from tests.adapters.ocpp.conftest import START, make_bench, make_site
from tests.adapters.ocpp.peers import peer, stamp
from v2g.observation import Quality
from v2g.site import Protocol

MINUTE = timedelta(minutes=1)
HOURS = timedelta(hours=8)
EXACT = timedelta(seconds=1)


def told(clock: ChargerClock, *, off: timedelta, minutes: range, prompt: bool = False) -> list[timedelta]:
    """Let a clock that is `off` tell an instant each minute; return how wrong each is then read."""
    nows = [START + n * MINUTE for n in minutes]
    return [abs(clock.read(now + off, now, prompt=prompt) - now) for now in nows]


@pytest.mark.parametrize("off", [HOURS, timedelta(days=400), timedelta(minutes=3)])
def test_a_clock_that_is_ahead_is_known_after_three_words(off: timedelta) -> None:
    clock = ChargerClock("CP")
    assert told(clock, off=off, minutes=range(4)) == [off, off, timedelta(), timedelta()]
    assert clock.off == off
    queued = START - timedelta(hours=2)
    assert clock.read(queued + off, START + 9 * MINUTE) == queued, "by the same clock"


def test_a_clock_that_is_behind_is_known_only_by_what_is_told_as_it_happens() -> None:
    clock = ChargerClock("CP")
    assert told(clock, off=-HOURS, minutes=range(5)) == [HOURS] * 5
    assert told(clock, off=-HOURS, minutes=range(5, 9), prompt=True)[2:] == [timedelta()] * 2
    assert told(clock, off=-HOURS, minutes=range(9, 11)) == [timedelta()] * 2


def test_a_queue_is_no_slow_clock_and_keeps_its_times() -> None:
    clock = ChargerClock("CP")
    queue = [START - HOURS + n * MINUTE for n in range(30)]
    assert [clock.read(at, START, prompt=True) for at in queue] == queue
    assert clock.off == timedelta()


def test_a_clock_that_was_set_right_is_believed_at_once_and_one_that_jumps_again_after_three_words() -> None:
    clock = ChargerClock("CP")
    told(clock, off=HOURS, minutes=range(4))
    assert told(clock, off=timedelta(), minutes=range(4, 6)) == [timedelta()] * 2
    assert clock.off == timedelta()
    assert told(clock, off=2 * HOURS, minutes=range(6, 10))[2:] == [timedelta()] * 2


def test_a_clock_that_drifts_is_followed() -> None:
    clock = ChargerClock("CP")
    wrong = [clock.read(now + HOURS + n * timedelta(seconds=2), now) - now for n in range(60) for now in [START + n * MINUTE]]
    assert max(abs(error) for error in wrong[2:]) <= timedelta(seconds=40)


@given(st.timedeltas(-RIGHT, RIGHT), st.booleans())
def test_what_is_nearly_right_is_believed_but_never_of_the_future(off: timedelta, prompt: bool) -> None:
    assert ChargerClock("CP").read(START + off, START, prompt=prompt) == START + min(off, timedelta())


def test_what_is_no_instant_is_let_be() -> None:
    clock = ChargerClock("CP")
    clock.hear("banana", START)
    assert clock.off == timedelta()


def local(at_utc: str) -> str:
    """Return a stamp as a charger in a zone eight hours east writes it, without saying so."""
    return at_utc.removesuffix("Z")


@pytest.mark.parametrize("protocol", [protocol for protocol in Protocol if protocol.is_ocpp])
@pytest.mark.parametrize("off", [HOURS, -HOURS])
async def test_a_charger_in_local_time_is_metered_all_the_same(protocol: Protocol, off: timedelta) -> None:
    bench = make_bench(site=make_site(protocol))
    async with bench.central.serve() as listener, peer(protocol, listener.url, "CP-B") as car:
        await car.boot()
        await car.raw.prepared()
        for n in range(4):
            now = START + n * MINUTE
            bench.clock.advance_to(now)
            await car.raw.status("Occupied" if protocol != Protocol.OCPP16 else "Charging", 1, timestamp=local(stamp(now + off)))
            power: Payload = {"value": "7000", "measurand": "Power.Active.Import"}
            power |= {} if protocol == Protocol.OCPP16 else {"value": 7000}
            values = [{"timestamp": stamp(now + off), "sampledValue": [power]}]
            place = {"connectorId": 1} if protocol == Protocol.OCPP16 else {"evseId": 1}
            await car.raw.ask("MeterValues", place | {"meterValue": values})
        state = bench.state("b")
        assert state.power_kw is not None
        assert (state.power_kw.value, state.power_kw.at, state.power_kw.quality) == (7.0, now, Quality.GOOD)
        assert bench.central.clocks_off_s == {"CP-B": off.total_seconds()}
        await car.begin(now + off)
        assert bench.transactions.begun[1].began_at == now
