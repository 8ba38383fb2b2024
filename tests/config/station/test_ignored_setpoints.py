"""A charger that accepts limits and ignores them, with the whole control loop around it and its own wire to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import numpy as np

from adapters.clock import AcceleratedClock
from adapters.ending import end
from adapters.farm.live import LiveFarm
from adapters.farm.mischief import Fault, FaultKind
from adapters.ocpp.central import CentralSystem
from config.station.control import Control
from config.station.gateway import SiteGateway
from forecasts.forecaster import SeasonalForecaster
from tests.adapters.farm.stations import START, always, outlet, station, stay
from tests.support.transactions import MemoryTransactions
from v2g.alarm import AlarmCode
from v2g.problem import Problem
from v2g.record import Memory
from v2g.session import Wishes
from v2g.signals import Interval, Signal, SignalKind
from v2g.site import Horizon, Protocol, Rules
from v2g.solution import Rung, Solution
from v2g.tick import Parts

SPEED = 400.0
PATIENCE_WALL_S = 40.0
LIMIT_KW = 16.0


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


class Eager:
    """Fills `v2g.ports.Planner`: everybody at full power, whatever the limits; the projection has the last word."""

    async def solve(self, problem: Problem) -> Solution:
        nothing, power = np.zeros(problem.shape), problem.storages.charge_max_kw
        total, none = power.sum(axis=0), np.zeros(problem.shape[1])
        return Solution(
            charge_kw=power,
            discharge_kw=nothing,
            energy_kwh=nothing,
            import_kw=total,
            export_kw=none,
            terms=(),
            rung=Rung.OPTIMAL,
            times_s={"solve": 0.0},
        )


async def told(evse_id: str, wishes: Wishes) -> bool:
    del evse_id, wishes
    return True


class Scene:
    """Two cars at 11 kW, one on a charger that ignores limits; then the grid allows `LIMIT_KW`, and the other cannot wait."""

    def __init__(self) -> None:
        self.clock = AcceleratedClock(START, SPEED)
        deaf = outlet("deaf", protocol=Protocol.OCPP16, fallback_kw=4.14)
        other = outlet("other", protocol=Protocol.SIMULATED, fallback_kw=4.14)
        horizon = Horizon(n_fine=8, n_coarse=4, tick_s=60.0)
        self.site = station(deaf, other, rules=Rules(stale_after_s=120.0, lease_s=1200.0), horizon=horizon)
        self.central = CentralSystem(
            self.site, self.clock, MemoryTransactions(), pseudonym=lambda tag: tag, meter_interval_s=10.0, answer_timeout_s=5.0
        )
        cut = Interval(start=START + minutes(6), end=START + minutes(300), value=LIMIT_KW)
        self.cut = Signal(signal_id="cut", kind=SignalKind.IMPORT_CAPACITY_LIMIT, source="grid", issued_at=START, intervals=(cut,))
        self.alarms: list[AlarmCode] = []

    def drawn_kw(self, farm: LiveFarm) -> list[float]:
        return [
            state.power_kw.value if state.power_kw else 0.0
            for state in (*self.central.states(self.clock.now()), *farm.wireless.states(self.clock.now()))
        ]

    @asynccontextmanager
    async def playing(self, fault: Fault) -> AsyncIterator[tuple[LiveFarm, Control]]:
        async with (
            self.central.serve() as listener,
            LiveFarm(
                self.site,
                [stay("deaf", energy_kwh=28.0), stay("other", energy_kwh=28.0, stated_departure=START + minutes(180))],
                load_kw=always(0.0),
                pv_kw=always(0.0),
                clock=self.clock,
                ocpp_url=listener.url,
                broker=None,
                tell_wishes=told,
                sample_s=10.0,
                faults=[fault],
            ) as farm,
        ):
            chargers = {Protocol.OCPP16: self.central, Protocol.SIMULATED: farm.wireless}
            gateway = SiteGateway(self.site, chargers, None, None)
            parts = Parts(site=self.site, gateway=gateway, forecaster=SeasonalForecaster(self.site), planner=Eager())
            control = Control(
                parts,
                self.clock,
                asyncio.Event(),
                memory=Memory(),
                signals=lambda: (self.cut,),
                on_tick=lambda record, _: self.alarms.extend(a.code for a in record.alarms if a.unit_id == "deaf"),
                on_look=lambda _seen, _sent: None,
            )
            tasks = [asyncio.create_task(control.run_ticks()), asyncio.create_task(control.run_looks())]
            try:
                yield farm, control
            finally:
                await end(tasks)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_WALL_S):
        while not true():  # noqa: ASYNC110 - polled
            await asyncio.sleep(0.02)


async def test_it_is_found_others_make_room_and_another_way_to_say_it_cures_it() -> None:
    scene = Scene()
    async with scene.playing(Fault(kind=FaultKind.IGNORE, at_s=300.0, for_s=36_000.0)) as (farm, control):
        await until(lambda: AlarmCode.IGNORES in scene.alarms)
        assert control.memory.conducts["deaf"].breach is not None
        await until(lambda: sum(scene.drawn_kw(farm)) <= LIMIT_KW)
        deaf_kw, other_kw = scene.drawn_kw(farm)
        assert deaf_kw > 10.0 > other_kw, "others make room"
        await until(lambda: scene.drawn_kw(farm)[0] < 5.0)
        assert scene.clock.now() < START + minutes(20), "before the lease that it goes by has run out"
        await until(lambda: control.memory.conducts["deaf"].breach is None)
        await until(lambda: LIMIT_KW - 1.0 < sum(scene.drawn_kw(farm)) <= LIMIT_KW)
