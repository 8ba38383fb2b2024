"""The central system over real sockets, against a charger that shares no code with it."""

import asyncio
from datetime import datetime, timedelta

import pytest

from adapters.ocpp.connection import DisconnectedError
from tests.adapters.ocpp.charger import Charger, RefusedByCentralError, charger
from tests.adapters.ocpp.conftest import PASSWORDS, START, Bench, make_bench
from tests.support.transactions import MemoryTransactions
from v2g.observation import Quality
from v2g.setpoint import Applied, Rejected, Setpoint, TimedOut, Unreachable


def setpoint(unit_id: str, power_kw: float, lease_s: float = 900.0, now: datetime = START) -> Setpoint:
    return Setpoint(unit_id=unit_id, power_kw=power_kw, valid_until=now + timedelta(seconds=lease_s))


def stamp(offset_s: float = 0.0) -> str:
    return (START + timedelta(seconds=offset_s)).isoformat().replace("+00:00", "Z")


async def start(peer: Charger, *, connector: int = 1, tag: str = "TAG", meter_wh: int = 1000, at: str = "") -> int:
    request = {"connectorId": connector, "idTag": tag, "meterStart": meter_wh, "timestamp": at or stamp()}
    answer = await peer.ask("StartTransaction", request)
    assert answer["idTagInfo"]["status"] == "Accepted"
    return int(answer["transactionId"])


async def meter(peer: Charger, at: str, *values: dict[str, str], connector: int = 1) -> None:
    sampled = {"timestamp": at, "sampledValue": list(values)}
    await peer.ask("MeterValues", {"connectorId": connector, "meterValue": [sampled]})


def power(watts: float) -> dict[str, str]:
    return {"value": str(watts), "measurand": "Power.Active.Import", "unit": "W"}


async def test_a_day_of_one_car(bench: Bench) -> None:
    assert [state.evse_id for state in bench.central.states(START)] == ["a1", "b", "a2"]
    assert not bench.state("a1").online
    async with charger(bench.url, "CP-A") as peer:
        boot = await peer.boot()
        assert boot == {"status": "Accepted", "currentTime": "2026-01-05T08:00:00Z", "interval": 300}
        await peer.prepared()
        await peer.status("Preparing")
        plugged = bench.session("a1")
        assert plugged.plugged_in_at == START
        assert plugged.driver == ""
        transaction = await start(peer)
        await peer.status("Charging")
        assert bench.session("a1").session_id == plugged.session_id
        assert bench.session("a1").driver == "driver-tag"

        assert await bench.central.apply([setpoint("a1", 11.0)]) == (Applied(setpoint=setpoint("a1", 11.0), at=START),)
        assert peer.profiles()[-1]["transactionId"] == transaction
        assert bench.state("a1").acknowledged_kw == 11.0
        assert bench.state("a1").lease_until == START + timedelta(seconds=900)

        bench.clock.advance_to(START + timedelta(hours=1))
        register = {"value": "8000"}
        soc = {"value": "55", "measurand": "SoC", "unit": "Percent", "location": "EV"}
        await meter(peer, stamp(3600), power(7000), register, soc)
        state = bench.state("a1")
        assert state.power_kw is not None
        assert (state.power_kw.value, state.power_kw.quality) == (7.0, Quality.GOOD)
        assert bench.session("a1").charged_kwh == pytest.approx(7.0)
        assert bench.session("a1").soc_frac == 0.55
        assert state.acknowledged_kw is None, "the lease has run out"

        stop = {"transactionId": transaction, "meterStop": 9000, "timestamp": stamp(3600), "reason": "EVDisconnected"}
        assert await peer.ask("StopTransaction", stop) == {}
        assert bench.transactions.ended[transaction] == (9.0, START + timedelta(hours=1), "EVDisconnected")
        await peer.status("Finishing")
        assert bench.session("a1").session_id == plugged.session_id
        await peer.status("Available")
        assert bench.state("a1").session is None
    assert bench.changes


async def test_two_connectors_and_two_stations_are_kept_apart(bench: Bench) -> None:
    async with charger(bench.url, "CP-A") as double, charger(bench.url, "CP-B") as single:
        for peer in (double, single):
            await peer.boot()
            await peer.prepared()
        await double.status("Preparing", connector=2)
        await double.status("Available", connector=1)
        second = await start(double, connector=2, tag="T2")
        assert bench.state("a1").session is None
        assert bench.state("b").session is None
        assert bench.session("a2").driver == "driver-t2"
        outcomes = await bench.central.apply([setpoint("b", 5.0), setpoint("a2", 6.0), setpoint("a1", 7.0)])
        assert [type(outcome) for outcome in outcomes] == [Applied] * 3
        sent = [payload for action, payload in double.asked if action == "SetChargingProfile"]
        leases = [payload for payload in sent if payload["csChargingProfiles"]["stackLevel"] == 1]
        by_connector = {payload["connectorId"]: payload["csChargingProfiles"] for payload in leases}
        assert by_connector[2]["transactionId"] == second
        assert by_connector[1]["chargingProfilePurpose"] == "TxDefaultProfile"
        assert len(single.profiles()) == 1
        await meter(double, stamp(), power(5000), connector=2)
        assert bench.state("a2").power_kw is not None
        await single.ask("StopTransaction", {"transactionId": second, "meterStop": 0, "timestamp": stamp()})
        assert second not in bench.transactions.ended, "no station ends another's transaction"


async def test_only_w_or_a_as_the_charger_says(bench: Bench) -> None:
    async with charger(bench.url, "CP-B") as peer:
        peer.configuration["ChargingScheduleAllowedChargingRateUnit"] = "Current"
        await peer.boot()
        await peer.prepared()
        await peer.until(lambda: len(bench.changes) >= 2)
        await bench.central.apply([setpoint("b", 11.04)])
        period = peer.profiles()[-1]["chargingSchedule"]["chargingSchedulePeriod"][0]
        assert period == {"startPeriod": 0, "limit": 16.0, "numberPhases": 3}
        assert peer.profiles()[-1]["chargingSchedule"]["chargingRateUnit"] == "A"


async def test_settings_are_asked_only_where_they_differ_and_only_once(bench: Bench) -> None:
    refuse_soc = {"Power.Active.Import,Energy.Active.Import.Register": "Accepted"}
    asked: list[list[str]] = []
    for expected in (2, 0):
        async with charger(bench.url, "CP-B") as peer:
            peer.configuration["MeterValuesSampledData"] = "Energy.Active.Import.Register"
            peer.answers["ChangeConfiguration"] = lambda asked: {"status": refuse_soc.get(asked["value"], "Rejected")}
            await peer.boot()
            await peer.prepared()
            await peer.until(lambda: len(peer.payloads("ChangeConfiguration")) >= expected)  # noqa: B023 - called at once
            await asyncio.sleep(0.02)
            asked.append([payload["value"] for payload in peer.payloads("ChangeConfiguration")])
    wanted = "Power.Active.Import,Energy.Active.Import.Register"
    assert asked == [[f"{wanted},SoC", wanted], []]


async def test_reconnect_without_boot_is_prepared_and_asked_how_it_is() -> None:
    bench = make_bench(boot_grace_s=0.01)
    async with bench.central.serve() as listener, charger(listener.url, "CP-B") as peer:
        await peer.until(lambda: len(peer.payloads("TriggerMessage")) == 2)
        messages = [payload["requestedMessage"] for payload in peer.payloads("TriggerMessage")]
        assert messages == ["StatusNotification", "MeterValues"]
        await peer.prepared()
        assert [p["chargingProfilePurpose"] for p in peer.profiles(level=0)] == ["TxDefaultProfile", "ChargePointMaxProfile"]


async def test_outcomes_say_what_became_of_a_setpoint(bench: Bench) -> None:
    assert await bench.central.apply([setpoint("b", 5.0)]) == (Unreachable(setpoint=setpoint("b", 5.0)),)
    async with charger(bench.url, "CP-B") as peer:
        assert await bench.central.apply([setpoint("b", 5.0)]) == (Unreachable(setpoint=setpoint("b", 5.0)),)
        assert peer.asked == [], "before its boot is accepted, a charger is asked nothing"
        await peer.boot()
        await peer.until(lambda: len(bench.changes) >= 2)
        (negative,) = await bench.central.apply([setpoint("b", -5.0)])
        assert negative == Rejected(setpoint=setpoint("b", -5.0), reason="OCPP 1.6 cannot discharge: 0 kW was sent instead")
        assert bench.state("b").acknowledged_kw == 0.0
        assert peer.profiles()[-1]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 0

        peer.answers["SetChargingProfile"] = lambda _: {"status": "NotSupported"}
        (refused,) = await bench.central.apply([setpoint("b", 5.0)])
        assert isinstance(refused, Rejected)
        assert "NotSupported" in refused.reason
        assert bench.state("b").acknowledged_kw == 0.0, "what was promised before still holds"

        peer.answers["SetChargingProfile"] = lambda _: {"status": "Perhaps"}
        (nonsense,) = await bench.central.apply([setpoint("b", 5.0)])
        assert isinstance(nonsense, Rejected)

        peer.answers.pop("SetChargingProfile")
        (late,) = await bench.central.apply([setpoint("b", 5.0, lease_s=0.0)])
        assert late == Rejected(setpoint=setpoint("b", 5.0, lease_s=0.0), reason="its lease has run out")
        assert (await bench.central.apply([setpoint("b", 5.0)]))[0] == Applied(setpoint=setpoint("b", 5.0), at=START)


async def test_a_promise_for_a_transaction_that_ends_meanwhile_counts_for_nothing(bench: Bench) -> None:
    async with charger(bench.url, "CP-B") as peer:
        await peer.boot()
        await peer.prepared()
        transaction = await start(peer)
        peer.silent.add("SetChargingProfile")
        applying = asyncio.create_task(bench.central.apply([setpoint("b", 5.0)]))
        await peer.until(lambda: bool(peer.profiles("TxProfile")))
        await peer.ask("StopTransaction", {"transactionId": transaction, "meterStop": 1000, "timestamp": stamp()})
        await peer.answer_late()
        (outcome,) = await applying
        assert isinstance(outcome, Rejected)
        assert bench.state("b").acknowledged_kw is None


async def test_silence_is_a_time_out_and_not_for_ever() -> None:
    bench = make_bench(answer_timeout_s=0.3)
    async with bench.central.serve() as listener, charger(listener.url, "CP-B") as peer:
        await peer.boot()
        await peer.until(lambda: len(bench.changes) >= 2)
        peer.silent.add("SetChargingProfile")
        (silence,) = await bench.central.apply([setpoint("b", 5.0)])
        assert silence == TimedOut(setpoint=setpoint("b", 5.0), after_s=0.3)
        assert bench.state("b").acknowledged_kw is None
        peer.silent.clear()
        (outcome,) = await bench.central.apply([setpoint("b", 5.0)])
        assert isinstance(outcome, Applied)


async def test_a_charger_that_dies_in_the_middle_of_a_call_is_unreachable(bench: Bench) -> None:
    async with charger(bench.url, "CP-B") as peer, charger(bench.url, "CP-A") as other:
        for each in (peer, other):
            await each.boot()
            await each.prepared()
        peer.silent.add("SetChargingProfile")
        applying = asyncio.create_task(bench.central.apply([setpoint("b", 5.0), setpoint("a1", 5.0)]))
        await peer.until(lambda: bool(peer.profiles()))
        peer.socket.transport.abort()
        outcomes = await applying
        assert [type(outcome) for outcome in outcomes] == [Unreachable, Applied]
        assert bench.state("b").acknowledged_kw is None, "it may have followed, or not"
        await other.until(lambda: not bench.state("b").online)
        assert bench.state("a1").online


async def test_a_newer_connection_replaces_the_old_one_and_its_cleanup_harms_nobody(guarded: Bench) -> None:
    bench, password = guarded, PASSWORDS["CP-B"]
    async with charger(bench.url, "CP-B", password=password) as old:
        await old.boot()
        await old.prepared()
        await old.status("Preparing")
        session = bench.session("b")
        async with charger(bench.url, "CP-B", password=password) as new:
            await new.boot()
            await new.prepared()
            await old.socket.wait_closed()
            assert old.close_code == 1008
            assert bench.state("b").online
            assert bench.session("b") == session
            (outcome,) = await bench.central.apply([setpoint("b", 5.0)])
            assert isinstance(outcome, Applied)
            assert new.profiles()
            assert not old.profiles()
    await new.until(lambda: not bench.state("b").online)


async def test_repeated_start_and_stop_count_once(bench: Bench) -> None:
    async with charger(bench.url, "CP-B") as peer:
        first, again = await start(peer), await start(peer)
        assert first == again
        other = await start(peer, meter_wh=2000)
        assert other != first
        bench.clock.advance_to(START + timedelta(minutes=1))
        stop = {"transactionId": other, "meterStop": 3000, "timestamp": stamp(60), "idTag": "TAG"}
        for _ in range(2):
            assert (await peer.ask("StopTransaction", stop))["idTagInfo"]["status"] == "Accepted"
        assert bench.transactions.ended == {other: (3.0, START + timedelta(seconds=60), "Local")}
        for unknown in (-1, 4711):
            assert await peer.ask("StopTransaction", {"transactionId": unknown, "meterStop": 0, "timestamp": stamp()}) == {}


async def test_a_repeat_is_recognised_though_the_charger_lives_in_1970(bench: Bench) -> None:
    async with charger(bench.url, "CP-B") as peer:
        first = await start(peer, at="1970-01-01T00:00:10Z")
        bench.clock.advance_to(START + timedelta(minutes=1))
        assert await start(peer, at="1970-01-01T00:00:10Z") == first
        assert bench.session("b").plugged_in_at == START


async def test_transactions_outlive_a_restart() -> None:
    kept = MemoryTransactions()
    before = make_bench(kept)
    async with before.central.serve() as listener, charger(listener.url, "CP-B") as peer:
        transaction = await start(peer)
    after = make_bench(kept, boot_grace_s=0.01)
    async with after.central.serve() as listener, charger(listener.url, "CP-B") as peer:
        await peer.prepared()
        session = after.session("b")
        assert session.session_id == f"b#{transaction}"
        assert session.driver == "driver-tag"
        await after.central.apply([setpoint("b", 5.0)])
        assert peer.profiles()[-1]["transactionId"] == transaction
        await peer.ask("StopTransaction", {"transactionId": transaction, "meterStop": 1500, "timestamp": stamp()})
    assert kept.ended[transaction][0] == 1.5


async def test_an_absent_store_postpones_transactions_and_nothing_else(bench: Bench) -> None:
    bench.transactions.available = False
    async with charger(bench.url, "CP-B") as peer:
        with pytest.raises(RefusedByCentralError, match="InternalError"):
            await start(peer)
        with pytest.raises(RefusedByCentralError, match="InternalError"):
            await peer.ask("StopTransaction", {"transactionId": 1, "meterStop": 0, "timestamp": stamp()})
        assert bench.state("b").session is None
        await peer.ask("Heartbeat", {})
        bench.transactions.available = True
        assert await start(peer) == 1


async def test_a_slow_store_holds_up_no_other_answer(bench: Bench) -> None:
    async with charger(bench.url, "CP-B") as peer:
        await peer.boot()
        await peer.prepared()
        bench.transactions.released.clear()
        starting = asyncio.create_task(start(peer))
        await asyncio.sleep(0)
        await peer.ask("Heartbeat", {})
        (outcome,) = await bench.central.apply([setpoint("b", 5.0)])
        assert isinstance(outcome, Applied)
        assert not starting.done()
        bench.transactions.released.set()
        await starting


async def test_remote_start_stop_clear_and_refresh(bench: Bench) -> None:
    with pytest.raises(DisconnectedError):
        await bench.central.remote_start("b", "TAG")
    async with charger(bench.url, "CP-B") as peer:
        await peer.boot()
        await peer.prepared()
        assert await bench.central.remote_start("b", "TAG")
        assert peer.asked[-1] == ("RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG"})
        assert not await bench.central.remote_stop("b")
        transaction = await start(peer)
        assert await bench.central.remote_stop("b")
        assert peer.asked[-1] == ("RemoteStopTransaction", {"transactionId": transaction})
        await bench.central.apply([setpoint("b", 5.0)])
        peer.answers["ClearChargingProfile"] = lambda _: {"status": "Unknown"}
        assert not await bench.central.clear("b")
        assert bench.state("b").acknowledged_kw is None
        assert {payload["id"] for _, payload in peer.asked[-2:]} == {12, 13}
        await bench.central.refresh("b")
        assert peer.asked[-1] == ("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1})


async def test_what_is_not_ours_is_answered_as_the_standard_says(bench: Bench) -> None:
    async with charger(bench.url, "CP-B") as peer:
        assert await peer.ask("DataTransfer", {"vendorId": "acme"}) == {"status": "UnknownVendorId"}
        assert (await peer.ask("Authorize", {"idTag": "TAG"}))["idTagInfo"]["status"] == "Accepted"
        assert await peer.ask("FirmwareStatusNotification", {"status": "Idle"}) == {}
        assert await peer.ask("DiagnosticsStatusNotification", {"status": "Idle"}) == {}
        with pytest.raises(RefusedByCentralError, match="NotImplemented"):
            await peer.ask("MakeCoffee", {})
        with pytest.raises(RefusedByCentralError, match="NotSupported"):
            await peer.ask("Reset", {"type": "Soft"})
        request = {"connectorId": 7, "idTag": "TAG", "meterStart": 0, "timestamp": stamp()}
        assert (await peer.ask("StartTransaction", request))["idTagInfo"]["status"] == "Invalid"
        assert await peer.status("Charging", connector=7) == {}


async def test_faults_are_told(bench: Bench) -> None:
    async with charger(bench.url, "CP-A") as peer:
        await peer.status("Faulted", errorCode="GroundFailure", info="L1")
        assert bench.state("a1").fault == "GroundFailure: L1"
        assert bench.state("a2").fault == ""
        await peer.status("Unavailable", connector=0)
        assert bench.state("a2").fault == "Unavailable"
        await peer.status("Available", connector=0)
        await peer.status("Available")
        assert bench.state("a1").fault == ""
