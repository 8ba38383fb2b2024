"""The farm's own charge points, which share no code with this side, against the central system: each version, both directions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from adapters.clock import AcceleratedClock
from adapters.farm.live import LiveFarm
from adapters.mqtt_client import Broker
from adapters.ocpp.central import CentralSystem
from tests.adapters.farm.stations import START, always, outlet, station, v2g_stay
from tests.support.transactions import MemoryTransactions
from v2g.observation import EvseState
from v2g.session import Wishes
from v2g.setpoint import Applied, Outcome, Rejected, Setpoint
from v2g.site import Protocol

SPEED = 600.0
NOBODY = Broker(host="127.0.0.1", port=9)
PATIENCE_WALL_S = 10.0


class Yard:
    """A central system, and a farm with one two-way car at one two-way outlet."""

    def __init__(self, protocol: Protocol) -> None:
        self.clock = AcceleratedClock(START, SPEED)
        evse = outlet("A", protocol=protocol, station_id="CP1", fallback_kw=4.14)
        self.site, self.transactions = station(evse), MemoryTransactions()
        self.changes = 0
        self.central = CentralSystem(
            self.site,
            self.clock,
            self.transactions,
            pseudonym=lambda tag: f"driver-{tag}",
            on_change=self._count,
            meter_interval_s=10.0,
        )

    def _count(self) -> None:
        self.changes += 1

    def state(self) -> EvseState:
        (state,) = self.central.states(self.clock.now())
        return state

    async def apply(self, power_kw: float, lease_s: float = 900.0) -> Outcome:
        until = self.clock.now() + timedelta(seconds=lease_s)
        (outcome,) = await self.central.apply([Setpoint(unit_id="A", power_kw=power_kw, valid_until=until)])
        return outcome

    async def measured(self, low_kw: float, high_kw: float) -> None:
        """Wait until the outlet measures a power between the two."""
        async with asyncio.timeout(PATIENCE_WALL_S):
            while not ((reading := self.state().power_kw) and low_kw <= reading.value <= high_kw):  # noqa: ASYNC110 - polled
                await asyncio.sleep(0.01)

    async def charging(self) -> None:
        """Wait until the car's transaction is known and the charger prepared."""
        async with asyncio.timeout(PATIENCE_WALL_S):
            while not isinstance(await self.apply(11.0), Applied) or not ((s := self.state().session) and s.driver):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def told(evse_id: str, wishes: Wishes) -> bool:
    del evse_id, wishes
    return True


@asynccontextmanager
async def yard(protocol: Protocol) -> AsyncIterator[Yard]:
    made = Yard(protocol)
    async with (
        made.central.serve() as listener,
        LiveFarm(
            made.site,
            [v2g_stay(energy_kwh=25.0)],
            ocpp_url=listener.url,
            broker=NOBODY,
            tell_wishes=told,
            load_kw=always(0.0),
            pv_kw=always(0.0),
            clock=made.clock,
            sample_s=10.0,
        ),
    ):
        yield made


@pytest.mark.parametrize("protocol", [protocol for protocol in Protocol if protocol.is_ocpp])
async def test_setpoints_are_followed_and_measured_and_lapse_to_the_fallback(protocol: Protocol) -> None:
    async with yard(protocol) as made:
        await made.charging()
        await made.measured(10.5, 11.1)
        assert isinstance(await made.apply(6.0, lease_s=600), Applied)
        assert made.state().acknowledged_kw == pytest.approx(6.0)
        await made.measured(5.5, 6.1)
        assert await made.central.in_force("A") in (None, pytest.approx(6.0)), "not every charger will say"
        await made.measured(3.9, 4.2)
        assert made.state().acknowledged_kw is None
        assert made.central.rejected_frames == {"CP1": 0}


async def test_on_2_1_a_car_gives_back_and_stops_when_nobody_renews() -> None:
    async with yard(Protocol.OCPP21) as made:
        await made.charging()
        session = made.state().session
        assert session is not None
        assert session.vehicle.discharge_max_kw == pytest.approx(11.04)
        outcome = await made.apply(-7.0, lease_s=1200)
        assert isinstance(outcome, Applied), outcome
        assert made.state().acknowledged_kw == pytest.approx(-7.0)
        await made.measured(-7.1, -6.5)
        await made.measured(0.0, 4.2)
        session = made.state().session
        assert session is not None
        assert session.discharged_kwh > 0.5
        assert made.central.rejected_frames == {"CP1": 0}


@pytest.mark.parametrize("protocol", [Protocol.OCPP16, Protocol.OCPP201])
async def test_on_older_versions_it_does_not(protocol: Protocol) -> None:
    async with yard(protocol) as made:
        await made.charging()
        outcome = await made.apply(-7.0)
        assert isinstance(outcome, Rejected)
        assert "cannot discharge: 0 kW was sent instead" in outcome.reason
        await made.measured(0.0, 0.01)
