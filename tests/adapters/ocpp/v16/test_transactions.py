"""Transactions of OCPP 1.6 as chargers really send them: queued, nameless, interrupted by boots."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.adapters.ocpp.charger import Charger, charger
from tests.adapters.ocpp.conftest import START, Bench, make_bench
from tests.adapters.ocpp.peers import stamp
from v2g.setpoint import Setpoint

HOUR = timedelta(hours=1)


@pytest.fixture
async def line() -> AsyncIterator[tuple[Bench, Charger]]:
    bench = make_bench()
    async with bench.central.serve() as listener, charger(listener.url, "CP-B") as peer:
        await peer.boot()
        await peer.prepared()
        yield bench, peer


async def begin(peer: Charger, hours: float = 0.0, wh: int = 1000) -> int:
    request = {"connectorId": 1, "idTag": f"T{hours:g}", "meterStart": wh, "timestamp": stamp(START + hours * HOUR)}
    return int((await peer.ask("StartTransaction", request))["transactionId"])


async def stop(peer: Charger, transaction_id: int, hours: float = 0.0, wh: int = 2000) -> None:
    await peer.ask("StopTransaction", {"transactionId": transaction_id, "meterStop": wh, "timestamp": stamp(START + hours * HOUR)})


async def test_what_was_queued_offline_does_not_take_the_place_of_the_present_car(line: tuple[Bench, Charger]) -> None:
    bench, peer = line
    bench.clock.advance_to(START + 10 * HOUR)
    await begin(peer, 9.0, 5000)
    present = bench.session("b")
    old = await begin(peer, 1.0)
    assert bench.session("b") == present
    await stop(peer, old, 2.0)
    assert bench.session("b") == present
    assert bench.transactions.ended[old][1] == START + 2 * HOUR


@pytest.mark.parametrize("unnamed", [-1, 0])
async def test_a_stop_without_a_name_means_the_only_one_open(line: tuple[Bench, Charger], unnamed: int) -> None:
    bench, peer = line
    opened = await begin(peer)
    await stop(peer, 4711)
    assert not bench.transactions.ended, "another name is another transaction"
    await stop(peer, unnamed)
    assert list(bench.transactions.ended) == [opened]
    await stop(peer, unnamed)
    assert list(bench.transactions.ended) == [opened]


async def test_of_two_open_ones_a_stop_without_a_name_means_neither(line: tuple[Bench, Charger]) -> None:
    bench, peer = line
    await begin(peer)
    await begin(peer, 0.001)
    await stop(peer, -1)
    assert not bench.transactions.ended


async def test_boots_in_the_middle_change_nothing_but_what_was_promised(line: tuple[Bench, Charger]) -> None:
    bench, peer = line
    await begin(peer)
    session = bench.session("b")
    for _ in range(3):
        before = len(peer.payloads("GetConfiguration"))
        await bench.central.apply([Setpoint(unit_id="b", power_kw=5.0, valid_until=START + HOUR)])
        assert bench.state("b").acknowledged_kw == 5.0
        await peer.boot()
        await peer.status("Available")
        assert (bench.session("b"), bench.state("b").acknowledged_kw) == (session, None)
        await peer.until(lambda before=before: len(peer.payloads("GetConfiguration")) > before)  # type: ignore[misc]
        await peer.status("Charging")
    assert peer.profiles()[-1]["transactionId"] == 1
    assert list(bench.transactions.begun) == [1]


async def test_energy_told_by_intervals_adds_up(line: tuple[Bench, Charger]) -> None:
    bench, peer = line
    await begin(peer, wh=0)
    for n, wh in ((1, "500"), (2, "1000"), (2, "1000"), (3, "0")):
        bench.clock.advance_to(START + n * HOUR / 4)
        value = {"value": wh, "measurand": "Energy.Active.Import.Interval", "unit": "Wh"}
        sampled = {"timestamp": stamp(START + n * HOUR / 4), "sampledValue": [value]}
        await peer.ask("MeterValues", {"connectorId": 1, "meterValue": [sampled]})
    assert bench.session("b").charged_kwh == pytest.approx(1.5)
    power = bench.state("b").power_kw
    assert power is not None
    assert power.value == 0.0
