"""Faults of the farm against a scripted central system, and by themselves."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from adapters.farm.mischief import Fault, FaultKind, early_departures
from tests.adapters.farm.ocpp.central import SPEED, Central, farm, station_outlet
from tests.adapters.farm.stations import stay
from tests.adapters.farm.waiting import until


@pytest.fixture
async def central() -> AsyncIterator[Central]:
    async with Central("ocpp2.1") as server:
        yield server


def fault(kind: FaultKind, **changes: float) -> Fault:
    return Fault(kind=kind, **{"at_s": 300.0, "for_s": 1200.0, **changes})


async def test_a_silent_station_hears_but_does_not_answer_and_comes_round(central: Central) -> None:
    async with farm(central, stay(), faults=[fault(FaultKind.SILENCE)]):
        await until(lambda: central.net_w > 0.0)
        await asyncio.sleep(400.0 / SPEED)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await central.set_profile(limit=8000.0)
        assert central.connections == 1
        await asyncio.sleep(1200.0 / SPEED)
        assert (await central.set_profile(limit=8000.0))["status"] == "Accepted"


@pytest.mark.parametrize(("kind", "status"), [(FaultKind.REFUSE, "Rejected"), (FaultKind.IGNORE, "Accepted")])
async def test_limits_are_refused_or_accepted_and_ignored(central: Central, kind: FaultKind, status: str) -> None:
    async with farm(central, stay(), faults=[fault(kind, at_s=0.0, for_s=1e6)]):
        await until(lambda: central.net_w > 0.0)
        assert (await central.set_profile(limit=8000.0))["status"] == status
        told = len(central.events())
        await until(lambda: len(central.events()) > told + 3)
        assert central.net_w == pytest.approx(4140.0)


async def test_late_answers_come_late_and_hold_nothing_else_up(central: Central) -> None:
    async with farm(central, stay(), faults=[fault(FaultKind.LATE, at_s=0.0, for_s=1e6, size=300.0)]):
        await until(lambda: central.net_w > 0.0)
        told = len(central.events())
        assert (await central.set_profile(limit=8000.0))["status"] == "Accepted"
        assert len(central.events()) > told + 2


async def test_a_storm_breaks_every_connection_and_each_comes_back(central: Central) -> None:
    async with farm(central, stay(), faults=[fault(FaultKind.STORM)]):
        await until(lambda: central.connections == 2)
        await until(lambda: len(central.said("BootNotification")) == 2)
        await until(lambda: central.events()[-1]["triggerReason"] == "MeterValuePeriodic")
    assert [e["seqNo"] for e in central.events()] == list(range(len(central.events())))


async def test_meters_lie_and_freeze_while_the_truth_goes_on(central: Central) -> None:
    faults = [
        fault(FaultKind.LYING_METER, at_s=0.0, for_s=1e6, size=0.5),
        fault(FaultKind.FROZEN_METER, at_s=1800.0, for_s=1e6),
        fault(FaultKind.WRONG_SOC, at_s=0.0, for_s=1e6, size=0.3),
    ]
    async with farm(central, stay(), faults=faults) as live:
        await until(lambda: central.net_w == pytest.approx(2070.0))
        assert central.measured("SoC") == pytest.approx(80.0, abs=2.0)
        await asyncio.sleep(1800.0 / SPEED)
        told_wh = central.measured("Energy.Active.Import.Register")
        charged_kwh = live.outcome().energy_charged_kwh
        await until(lambda: live.outcome().energy_charged_kwh > charged_kwh + 0.3)
        assert central.measured("Energy.Active.Import.Register") == told_wh < 1000.0 * charged_kwh


async def test_requests_sent_twice_are_answered_twice_and_counted_once(central: Central) -> None:
    async with farm(central, stay(), faults=[fault(FaultKind.REPEAT, at_s=0.0, for_s=1e6)]):
        await until(lambda: len(central.said("Heartbeat")) > 3)
        await until(lambda: central.net_w > 0.0)
        assert (await central.set_profile(limit=8000.0))["status"] == "Accepted"
    numbers = [e["seqNo"] for e in central.events()]
    assert numbers == sorted(numbers)
    assert len(numbers) > len(set(numbers))


async def test_a_share_of_the_stations_is_struck_the_same_by_the_same_seed(central: Central) -> None:
    evses = tuple(station_outlet("ocpp2.1", f"E{n}", station_id=f"CP{n}") for n in range(10))
    drawn = []
    for seed in (1, 1, 2):
        async with farm(central, evses=evses, faults=[fault(FaultKind.DROP, share=0.3)], seed=seed) as live:
            drawn.append(live._mischief._course[0][3])
    assert drawn[0] == drawn[1] != drawn[2]
    assert [len(names) for names in drawn] == [3, 3, 3]


def test_early_departures_are_a_share_and_stay_within_the_stay() -> None:
    visits = [stay(f"E{n}", hours_h=8.0) for n in range(400)]
    sooner = early_departures(visits, share=0.25, seed=3)
    left = [(after.leaves_at, before.leaves_at) for before, after in zip(visits, sooner, strict=True)]
    changed = [pair for pair in left if pair[0] < pair[1]]
    assert len(changed) == pytest.approx(100, abs=30)
    assert all(after.leaves_at - after.arrives_at >= timedelta(minutes=5) for after in sooner)
    assert [v.stated_departure for v in sooner] == [v.stated_departure for v in visits]
