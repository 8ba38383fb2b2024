"""What every version of OCPP must make of the same day, over real sockets."""

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from adapters.ocpp.central import LEASE_MARGIN_S
from adapters.ocpp.credentials import Credentials
from tests.adapters.ocpp.conftest import PASSWORDS, START, Bench, make_bench, make_site
from tests.adapters.ocpp.peers import peer
from tests.support.transactions import MemoryTransactions
from v2g.in_force import longest_lease_s
from v2g.observation import Quality
from v2g.setpoint import Applied, Rejected, Setpoint, TimedOut, Unreachable
from v2g.site import Protocol

OCPP = [protocol for protocol in Protocol if protocol.is_ocpp]
HOUR = START + timedelta(hours=1)


@pytest.fixture(params=OCPP)
def protocol(request: pytest.FixtureRequest) -> Protocol:
    return Protocol(request.param)


@pytest.fixture
async def site_bench(protocol: Protocol) -> AsyncIterator[Bench]:
    made = make_bench(site=make_site(protocol))
    async with made.central.serve() as listener:
        made.url = listener.url
        yield made


def setpoint(unit_id: str, power_kw: float, lease_s: float = 900.0) -> Setpoint:
    return Setpoint(unit_id=unit_id, power_kw=power_kw, valid_until=START + timedelta(seconds=lease_s))


async def test_a_day_of_one_car(site_bench: Bench, protocol: Protocol) -> None:
    bench = site_bench
    async with peer(protocol, bench.url, "CP-A") as car:
        assert await car.boot() == "Accepted"
        await car.raw.prepared()
        await car.plug()
        plugged = bench.session("a1")
        assert (plugged.plugged_in_at, plugged.driver) == (START, "")
        await car.begin(START)
        assert (bench.session("a1").session_id, bench.session("a1").driver) == (plugged.session_id, "driver-tag")
        assert bench.state("a2").session is None

        assert await bench.central.apply([setpoint("a1", 11.0)]) == (Applied(setpoint=setpoint("a1", 11.0), at=START),)
        assert car.limits_w() == [(11_000.0, True, 900)]
        assert (bench.state("a1").acknowledged_kw, bench.state("a1").lease_until) == (11.0, START + timedelta(seconds=900))

        bench.clock.advance_to(HOUR)
        await car.measure(HOUR, power_w=7000, register_wh=8000, soc=55)
        state, session = bench.state("a1"), bench.session("a1")
        assert state.power_kw is not None
        assert (state.power_kw.value, state.power_kw.quality) == (7.0, Quality.GOOD)
        assert (session.charged_kwh, session.soc_frac) == (pytest.approx(7.0), 0.55)
        assert state.acknowledged_kw is None, "the lease has run out"

        await car.end(HOUR, register_wh=9000)
        ((meter_stop_kwh, at, _),) = bench.transactions.ended.values()
        assert (meter_stop_kwh, at) == (9.0, HOUR)
        assert bench.session("a1").session_id == plugged.session_id, "the car is still there"
        await car.unplug()
        assert bench.state("a1").session is None
    await car.raw.until(lambda: not bench.state("a1").online)


async def test_outcomes_say_what_became_of_a_setpoint(protocol: Protocol) -> None:
    bench = make_bench(site=make_site(protocol), answer_timeout_s=0.3)
    async with bench.central.serve() as listener:
        assert await bench.central.apply([setpoint("b", 5.0)]) == (Unreachable(setpoint=setpoint("b", 5.0)),)
        async with peer(protocol, listener.url, "CP-B") as car:
            (early,) = await bench.central.apply([setpoint("b", 5.0)])
            assert (type(early), car.raw.asked) == (Unreachable, []), "before its boot, a charger is asked nothing"
            await car.boot()
            await car.raw.until(lambda: len(bench.changes) >= 2)
            (late,) = await bench.central.apply([setpoint("b", 5.0, lease_s=0.0)])
            assert isinstance(late, Rejected)
            (back,) = await bench.central.apply([setpoint("b", -5.0)])
            assert isinstance(back, Rejected)
            assert car.limits_w()[-1][0] == 0.0, "whoever cannot give back is told to draw nothing"
            assert bench.state("b").acknowledged_kw == 0.0
            obey = car.raw.answers.get("SetChargingProfile")
            car.raw.answers["SetChargingProfile"] = lambda _: {"status": "Rejected"}
            (refused,) = await bench.central.apply([setpoint("b", 5.0)])
            assert isinstance(refused, Rejected)
            assert bench.state("b").acknowledged_kw == 0.0, "what was promised before still holds"
            car.raw.answers["SetChargingProfile"] = lambda _: {"status": "Perhaps"}
            (nonsense,) = await bench.central.apply([setpoint("b", 5.0)])
            assert isinstance(nonsense, Rejected)
            if obey:
                car.raw.answers["SetChargingProfile"] = obey
            else:
                del car.raw.answers["SetChargingProfile"]
            car.raw.silent.add("SetChargingProfile")
            (silence,) = await bench.central.apply([setpoint("b", 5.0)])
            assert silence == TimedOut(setpoint=setpoint("b", 5.0), after_s=0.3)
            car.raw.silent.clear()
            (again,) = await bench.central.apply([setpoint("b", 5.0)])
            assert isinstance(again, Applied)


async def test_what_a_charger_keeps_to_is_read_back_once(site_bench: Bench, protocol: Protocol) -> None:
    bench = site_bench
    async with peer(protocol, bench.url, "CP-B") as car:
        await car.boot()
        await car.raw.until(lambda: len(bench.changes) >= 2)
        wire = {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11_000.0}]}
        old = {"status": "Accepted", "connectorId": 1, "scheduleStart": "2026-01-05T08:00:00Z", "chargingSchedule": wire}
        new = {"status": "Accepted", "schedule": wire | {"evseId": 1, "duration": 60, "scheduleStart": "2026-01-05T08:00:00Z"}}
        car.raw.answers["GetCompositeSchedule"] = lambda _: old if protocol == Protocol.OCPP16 else new
        (ignored,) = await bench.central.apply([setpoint("b", 5.0)])
        assert isinstance(ignored, Rejected)
        assert "11 kW" in ignored.reason
        assert bench.state("b").acknowledged_kw is None
        assert await bench.central.in_force("b") == 11.0
        for power_kw in (12.0, 6.0):
            (outcome,) = await bench.central.apply([setpoint("b", power_kw)])
            assert isinstance(outcome, Applied), "having told the truth once, it is believed"


async def test_a_charger_that_showed_its_fallback_counts_at_it_when_its_lease_ends_but_not_while_in_doubt(
    protocol: Protocol,
) -> None:
    bench = make_bench(site=make_site(protocol), answer_timeout_s=0.3)
    async with bench.central.serve() as listener, peer(protocol, listener.url, "CP-B") as car:
        if protocol == Protocol.OCPP16:
            wire = {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 4200.0}]}
            said = {"status": "Accepted", "connectorId": 1, "scheduleStart": "2026-01-05T08:00:00Z", "chargingSchedule": wire}
            car.raw.answers["GetCompositeSchedule"] = lambda _: said
        await car.boot()
        await car.raw.until(lambda: len(bench.changes) >= 2)
        assert bench.state("b").lease_until == START, "the fallback holds since it was shown"
        await bench.central.apply([setpoint("b", 5.0)])
        bench.clock.advance_to(HOUR)
        state = bench.state("b")
        assert (state.acknowledged_kw, state.lease_until) == (None, START + timedelta(seconds=900))
        car.raw.silent.add("SetChargingProfile")
        (silence,) = await bench.central.apply([setpoint("b", 11.0, lease_s=4500)])
        assert isinstance(silence, TimedOut)
        assert bench.state("b").lease_until is None, "it may draw anything now"
        bench.clock.advance_to(START + timedelta(seconds=4500))
        assert bench.state("b").lease_until == START + timedelta(seconds=4500)


async def test_a_lease_that_a_charger_keeps_over_a_boot_counts_until_it_ends(protocol: Protocol) -> None:
    """It may be one that a central system of before laid: nobody here knows of it but the charger."""
    bench = make_bench(site=make_site(protocol))
    async with bench.central.serve() as listener, peer(protocol, listener.url, "CP-B") as car:
        periods = [{"startPeriod": 0, "limit": 11_000.0}, {"startPeriod": 600, "limit": 4200.0}]
        wire = {"chargingRateUnit": "W", "chargingSchedulePeriod": periods}
        old = {"status": "Accepted", "connectorId": 1, "scheduleStart": "2026-01-05T08:00:00Z", "chargingSchedule": wire}
        new = {"status": "Accepted", "schedule": wire | {"evseId": 1, "duration": 960, "scheduleStart": "2026-01-05T08:00:00Z"}}
        car.raw.answers["GetCompositeSchedule"] = lambda _: old if protocol == Protocol.OCPP16 else new
        await car.boot()
        await car.raw.until(lambda: len(bench.changes) >= 2)
        state = bench.state("b")
        assert (state.acknowledged_kw, state.lease_until) == (None, None), "it may still draw 11 kW"
        bench.clock.advance_to(START + timedelta(seconds=600))
        assert bench.state("b").lease_until == START + timedelta(seconds=600)


async def test_a_charger_of_2_x_that_will_not_say_what_it_keeps_to_counts_at_its_fallback_after_the_longest_lease() -> None:
    site = make_site(Protocol.OCPP201)
    bench = make_bench(site=site)
    async with bench.central.serve() as listener, peer(Protocol.OCPP201, listener.url, "CP-B") as car:
        car.raw.answers["GetCompositeSchedule"] = lambda _: {"status": "Rejected"}
        await car.boot()
        await car.raw.until(lambda: len(bench.changes) >= 2)
        assert bench.state("b").lease_until is None
        longest = timedelta(seconds=math.ceil(longest_lease_s(site)) + LEASE_MARGIN_S)
        bench.clock.advance_to(START + longest)
        assert bench.state("b").lease_until == START + longest


async def test_transactions_outlive_a_restart_and_a_newer_connection_replaces_the_old(protocol: Protocol) -> None:
    kept = MemoryTransactions()
    before = make_bench(kept, site=make_site(protocol))
    async with before.central.serve() as listener, peer(protocol, listener.url, "CP-B") as car:
        await car.begin(START)
    password, credentials = PASSWORDS["CP-B"], Credentials(PASSWORDS)
    after = make_bench(kept, site=make_site(protocol), boot_grace_s=0.01, credentials=credentials)
    async with after.central.serve() as listener, peer(protocol, listener.url, "CP-B", password=password) as old:
        await old.raw.prepared()
        assert after.session("b").driver == "driver-tag"
        await after.central.apply([setpoint("b", 5.0)])
        assert old.limits_w()[-1][1], "the same transaction goes on"
        session = after.session("b")
        async with peer(protocol, listener.url, "CP-B", password=password) as new:
            await new.boot()
            await new.raw.prepared()
            await old.raw.socket.wait_closed()
            assert (old.raw.close_code, after.session("b")) == (1008, session)
            await after.central.apply([setpoint("b", 6.0)])
            assert new.limits_w()[-1][:2] == (6000.0, True)
    assert not kept.ended


async def test_an_absent_store_leaves_a_boot_pending_and_postpones_transactions(site_bench: Bench, protocol: Protocol) -> None:
    site_bench.transactions.available = False
    async with peer(protocol, site_bench.url, "CP-B") as car:
        assert await car.boot() == "Pending"
        await asyncio.sleep(0.02)
        assert car.raw.asked == [], "it is asked nothing"
        site_bench.transactions.available = True
        assert await car.boot() == "Accepted"
        await car.raw.prepared()
        await car.begin(START)
        assert site_bench.session("b").driver == "driver-tag"


async def test_stations_are_kept_apart(site_bench: Bench, protocol: Protocol) -> None:
    async with peer(protocol, site_bench.url, "CP-A") as double, peer(protocol, site_bench.url, "CP-B") as single:
        for each in (double, single):
            await each.boot()
            await each.raw.prepared()
        await double.begin(START, connector=2, tag="T2")
        assert site_bench.state("a1").session is None
        assert site_bench.state("b").session is None
        assert site_bench.session("a2").driver == "driver-t2"
        await single.end(START, register_wh=0)
        outcomes = await site_bench.central.apply([setpoint("b", 5.0), setpoint("a2", 6.0), setpoint("a1", 7.0)])
        assert [type(outcome) for outcome in outcomes] == [Applied] * 3
        assert sorted(double.limits_w()) == [(6000.0, True, 900), (7000.0, False, 900)]
        assert len(single.limits_w()) == 1
        assert {t for t in site_bench.transactions.begun if t not in site_bench.transactions.ended} == {1}
        await site_bench.central.clear("a2")
        assert site_bench.state("a2").acknowledged_kw is None
