"""The `ocpp` package's own charge point against our central system: an opinion on the wire format that is not ours."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar, cast

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import Action, ChargePointErrorCode, ChargePointStatus
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.adapters.ocpp.conftest import START, Bench
from v2g.setpoint import Applied, Setpoint

STAMP = START.isoformat()
Route = TypeVar("Route", bound=Callable[..., Any])


def route(action: Action) -> Callable[[Route], Route]:
    """Return the package's untyped decorator, typed."""
    return cast("Callable[[Route], Route]", on(action))


class PackagePeer(ChargePoint):  # type: ignore[misc]
    """A charger made of the package's routes; it validates whatever it receives by the official schemas."""

    def __init__(self, station: str, socket: Any) -> None:
        super().__init__(station, socket)
        self.profiles: list[dict[str, Any]] = []
        self.triggered: list[str] = []

    @route(Action.get_configuration)
    async def configuration(self, **_: Any) -> Any:
        known = {"key": "ChargingScheduleAllowedChargingRateUnit", "readonly": True, "value": "Current"}
        return call_result.GetConfiguration(configuration_key=[known])

    @route(Action.change_configuration)
    async def change(self, **_: Any) -> Any:
        return call_result.ChangeConfiguration(status="Accepted")

    @route(Action.set_charging_profile)
    async def profile(self, cs_charging_profiles: dict[str, Any], **_: Any) -> Any:
        self.profiles.append(cs_charging_profiles)
        return call_result.SetChargingProfile(status="Accepted")

    @route(Action.clear_charging_profile)
    async def clear(self, **_: Any) -> Any:
        return call_result.ClearChargingProfile(status="Accepted")

    @route(Action.get_composite_schedule)
    async def composite(self, **_: Any) -> Any:
        return call_result.GetCompositeSchedule(status="Rejected")

    @route(Action.trigger_message)
    async def trigger(self, requested_message: str, **_: Any) -> Any:
        self.triggered.append(requested_message)
        return call_result.TriggerMessage(status="Accepted")

    @route(Action.remote_start_transaction)
    async def remote_start(self, **_: Any) -> Any:
        return call_result.RemoteStartTransaction(status="Accepted")

    @route(Action.remote_stop_transaction)
    async def remote_stop(self, **_: Any) -> Any:
        return call_result.RemoteStopTransaction(status="Rejected")


@asynccontextmanager
async def package_peer(url: str, station: str) -> AsyncIterator[PackagePeer]:
    async with connect(f"{url}/{station}", subprotocols=[Subprotocol("ocpp1.6")]) as socket:
        peer = PackagePeer(station, socket)
        listening = asyncio.create_task(peer.start())
        try:
            yield peer
        finally:
            listening.cancel()


async def test_the_package_understands_everything_we_say(bench: Bench) -> None:
    async with package_peer(bench.url, "CP-B") as peer:
        boot = await peer.call(call.BootNotification(charge_point_model="M", charge_point_vendor="V"))
        assert boot.status == "Accepted"
        assert (await peer.call(call.Heartbeat())).current_time == "2026-01-05T08:00:00Z"
        assert (await peer.call(call.Authorize(id_tag="T"))).id_tag_info["status"] == "Accepted"
        await peer.call(
            call.StatusNotification(connector_id=1, error_code=ChargePointErrorCode.no_error, status=ChargePointStatus.preparing)
        )
        started = await peer.call(call.StartTransaction(connector_id=1, id_tag="T", meter_start=0, timestamp=STAMP))
        value = {"timestamp": STAMP, "sampled_value": [{"value": "7.5", "measurand": "Power.Active.Import", "unit": "kW"}]}
        await peer.call(call.MeterValues(connector_id=1, transaction_id=started.transaction_id, meter_value=[value]))
        state = bench.state("b")
        assert state.power_kw is not None
        assert state.power_kw.value == 7.5
        assert bench.session("b").driver == "driver-t"

        while len(bench.changes) < 4:  # noqa: ASYNC110 - no event is behind the end of the preparation
            await asyncio.sleep(0.005)
        setpoint = Setpoint(unit_id="b", power_kw=11.04, valid_until=START + timedelta(minutes=15))
        assert await bench.central.apply([setpoint]) == (Applied(setpoint=setpoint, at=START),)
        fallback, ceiling, lease = peer.profiles
        assert ceiling["charging_profile_purpose"] == "ChargePointMaxProfile"
        assert fallback["charging_profile_purpose"] == "TxDefaultProfile"
        assert fallback["stack_level"] < lease["stack_level"]
        assert lease["charging_schedule"] == {
            "charging_rate_unit": "A",
            "charging_schedule_period": [{"start_period": 0, "limit": 16.0, "number_phases": 3}],
            "start_schedule": "2026-01-04T08:00:00Z",
            "duration": 86_400 + 900,
        }
        assert await bench.central.clear("b")
        assert await bench.central.remote_start("b", "T")
        assert not await bench.central.remote_stop("b")
        await bench.central.refresh("b")
        assert peer.triggered == ["StatusNotification", "MeterValues"]

        transfer = await peer.call(call.DataTransfer(vendor_id="acme"))
        assert transfer.status == "UnknownVendorId"
        stop = call.StopTransaction(meter_stop=100, timestamp=STAMP, transaction_id=started.transaction_id, id_tag="T")
        assert (await peer.call(stop)).id_tag_info["status"] == "Accepted"
        assert bench.transactions.ended[started.transaction_id][0] == 0.1
