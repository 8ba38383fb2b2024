"""The demo, whole: real broker, real sockets, real database, a solver in its own process; and what happens when they fail."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio

from config.demo.demo import Demo, running_demo
from v2g.observation import EvseState
from v2g.site import Protocol
from v2g.solution import Rung
from v2g.station import Condition

pytestmark = pytest.mark.asyncio(loop_scope="module")
WAIT_S = 30.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo() -> AsyncIterator[Demo]:
    async with running_demo(speed=300.0, web_port=0) as running:
        await until(lambda: running.daemon.control.outcomes["Applied"] >= 8)
        yield running
        figures = running.figures()
        assert figures["limit_violation_s"] == 0.0
        assert figures["unconsented_kwh"] == 0.0
        assert figures["floor_breaches"] == 0


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not true():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.02)


def evse(demo: Demo, evse_id: str) -> EvseState:
    return next(s for s in demo.daemon.station.observation().evses if s.evse_id == evse_id)


def part(demo: Demo, name: str) -> Condition:
    return next(p.condition for p in demo.daemon.station.health().parts if p.name == name)


async def ticks_on(demo: Demo, ticks: int = 3) -> None:
    before = sum(demo.daemon.control.rungs.values())
    await until(lambda: sum(demo.daemon.control.rungs.values()) >= before + ticks)


async def test_cars_charge_and_give_back_by_acknowledged_setpoints(demo: Demo) -> None:
    await until(lambda: demo.farm.outcome().energy_charged_kwh > 1 and demo.farm.outcome().energy_discharged_kwh > 1)
    await until(lambda: any((s.power_kw.value if s.power_kw else 0) < -1 for s in demo.daemon.station.observation().evses))
    figures = demo.figures()
    assert figures["setpoints_acknowledged"] == figures["setpoints_sent"]
    assert figures["chargers"] == {"ocpp1.6": 4, "ocpp2.0.1": 4, "mqtt": 2, "ocpp2.1": 2}
    assert figures["max_import_kw"] <= figures["import_limit_kw"]


async def test_cars_give_back_over_ocpp_as_they_were_told(demo: Demo) -> None:
    def gives_back(state: EvseState) -> bool:
        told_kw, power = state.acknowledged_kw or 0.0, state.power_kw
        return told_kw < -1 and power is not None and abs(power.value - told_kw) < 0.1

    speaking = {e.evse_id for e in demo.loaded.site.evses if e.protocol is Protocol.OCPP21}
    await until(lambda: any(gives_back(s) for s in demo.daemon.station.observation().evses if s.evse_id in speaking))


async def test_a_posted_price_curve_changes_the_plan_within_one_tick(demo: Demo) -> None:
    now = demo.clock.now()
    async with httpx.AsyncClient(base_url=demo.daemon.web_url) as client:
        before = (await client.get("api/plan")).json()
        body = {"kind": "PRICE", "start": now.isoformat(), "step_minutes": 60, "values": [9.0] * 6}
        posted = await client.post("api/signals", json=body)
        assert posted.status_code == 201, posted.text
        await ticks_on(demo, 2)
        after = (await client.get("api/plan")).json()
        assert max(after["import_price_per_kwh"]) > max(before["import_price_per_kwh"])
        assert (await client.delete(f"api/signals/{posted.json()['signal_id']}")).status_code == 204
    await ticks_on(demo, 2)


async def test_what_would_be_is_asked_beside_the_ticks_and_nothing_is_published(demo: Demo) -> None:
    async with httpx.AsyncClient(base_url=demo.daemon.web_url, timeout=2 * WAIT_S) as client:

        async def published() -> list[object]:
            told = [(await client.get(path)).json() for path in ("api/signals", "api/signals/past", "api/audit?kind=signal")]
            return [*told]

        before, ticks = await published(), sum(demo.daemon.control.rungs.values())
        start = (demo.clock.now() + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        job = await client.post("api/signals/preview/surface", json={"prices": [0.1, 9.0], "hours": 3, "start": start.isoformat()})
        assert job.status_code == 202, job.text
        curve = {"kind": "PRICE", "start": start.isoformat(), "step_minutes": 60, "values": [9.0, 9.0]}
        told = await client.post("api/signals/preview", json=curve)
        assert told.status_code == 200, told.text
        assert told.json()["price_after_per_kwh"] == pytest.approx(9.0, rel=0.2)
        async with asyncio.timeout(2 * WAIT_S):
            while (done := (await client.get(job.headers["Location"])).json())["state"] == "running":
                await ticks_on(demo, 1)
        assert done["state"] == "done", done["why"]
        assert len(done["surface"]["power_kw"]) == 3
        assert sum(demo.daemon.control.rungs.values()) > ticks, "the station is controlled meanwhile"
        assert await published() == before


async def test_a_killed_solver_is_a_rung_lower_and_then_forgotten(demo: Demo) -> None:
    pid = demo.daemon.planner.pid
    assert pid is not None
    before = demo.daemon.control.rungs[Rung.PREVIOUS]
    os.kill(pid, signal.SIGKILL)
    await until(lambda: demo.daemon.control.rungs[Rung.PREVIOUS] > before)
    await until(lambda: (latest := demo.daemon.control.latest) is not None and latest.plan.rung is Rung.OPTIMAL)
    assert demo.daemon.planner.pid not in {None, pid}


async def test_a_charger_without_network_is_told_and_comes_back(demo: Demo) -> None:
    demo.farm.drop_charger("AC-1", for_s=900.0)
    await until(lambda: not evse(demo, "AC-1").online)
    await ticks_on(demo)
    assert any("AC-1" in str(alarm) for alarm in demo.daemon.station.health().alarms)
    await until(lambda: evse(demo, "AC-1").online)


async def test_a_dead_charger_is_told_by_its_last_will_and_comes_back(demo: Demo) -> None:
    demo.farm.kill_charger("V2G-2")
    await until(lambda: not evse(demo, "V2G-2").online)
    await ticks_on(demo)
    demo.farm.revive("V2G-2")
    await until(lambda: evse(demo, "V2G-2").online)


async def test_a_lost_broker_leaves_the_rest_running_and_comes_back(demo: Demo) -> None:
    await demo.broker.stop()
    await until(lambda: part(demo, "broker") is Condition.DOWN)
    await until(lambda: part(demo, "meters") is Condition.DEGRADED)
    await ticks_on(demo)
    assert not evse(demo, "V2G-1").online
    assert evse(demo, "AC-2").online
    await demo.broker.start()
    await until(lambda: part(demo, "broker") is Condition.OK and part(demo, "meters") is Condition.OK)
    await until(lambda: evse(demo, "V2G-1").online)
    await ticks_on(demo)
