"""Power that flows back: what must be told and allowed before, how it is asked for, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.adapters.ocpp.charger import Payload, connected
from tests.adapters.ocpp.charger2 import Charger2, kind, sampled
from tests.adapters.ocpp.conftest import START, Bench, make_bench, make_site
from tests.adapters.ocpp.peers import left_s, stamp
from tests.adapters.ocpp.peers import peer as any_peer
from v2g.setpoint import Applied, Outcome, Rejected, Setpoint
from v2g.site import Protocol

EVSE = {"id": 1, "connectorId": 1}
TOKEN = {"idToken": "TAG", "type": "ISO14443"}
MODES = ("V2XChargingCtrlr", "SupportedOperationModes")
DYNAMIC = ("SmartChargingCtrlr", "SupportsDynamicProfiles")
OFFLINE = ("SmartChargingCtrlr", "SupportsMaxOfflineDuration")
TWO_WAY: Payload = {
    "requestedEnergyTransfer": "AC_BPT",
    "v2xChargingParameters": {"maxChargePower": 11000, "maxDischargePower": -9000, "targetSoC": 80, "evTargetEnergyRequest": 20000},
    "departureTime": "2026-01-05T17:00:00Z",
}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = make_bench(site=make_site(Protocol.OCPP21, discharge_max_kw=11.0))
    async with made.central.serve() as listener:
        made.url = listener.url
        yield made


def setpoint(power_kw: float, bench: Bench, lease_s: float = 900) -> Setpoint:
    return Setpoint(unit_id="b", power_kw=power_kw, valid_until=bench.clock.now() + timedelta(seconds=lease_s))


async def apply(bench: Bench, power_kw: float, lease_s: float = 900) -> Outcome:
    (outcome,) = await bench.central.apply([setpoint(power_kw, bench, lease_s)])
    return outcome


async def ready(bench: Bench, peer: Charger2, needs: Payload | None = None) -> None:
    """Boot, plug a car in, and let it tell its needs."""
    before = len(bench.changes)
    await peer.boot()
    await peer.until(lambda: len(bench.changes) > before)
    await peer.event("Started", evse=EVSE, idToken=TOKEN, info={"chargingState": "Charging"})
    if needs is not None:
        answer = await peer.ask("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": needs})
        assert answer["status"] == "Accepted"


def station(bench: Bench) -> Any:
    return connected(kind("2.1"), bench.url, "CP-B", subprotocols=["ocpp2.1"])


def period(profile: Payload) -> Payload:
    return dict(profile["chargingSchedule"][0]["chargingSchedulePeriod"][0])


async def test_a_car_that_told_its_parameters_gives_back_by_a_central_setpoint(bench: Bench) -> None:
    async with station(bench) as peer:
        peer.variables[OFFLINE] = "true"
        await ready(bench, peer, TWO_WAY)
        session = bench.session("b")
        assert (session.vehicle.charge_max_kw, session.vehicle.discharge_max_kw) == (11.0, 9.0)
        assert (session.wishes.energy_kwh, session.wishes.soc_target_frac) == (20.0, 0.8)
        assert session.wishes.departure == START + timedelta(hours=9)
        assert not session.wishes.discharge_consent, "consent is never assumed"
        assert isinstance(await apply(bench, -5.0), Applied)
        assert bench.state("b").acknowledged_kw == -5.0
        (lease,) = peer.profiles("TxProfile")
        wanted = {
            "startPeriod": 0,
            "operationMode": "CentralSetpoint",
            "setpoint": -5000.0,
            "dischargeLimit": -5000.0,
            "limit": 0.0,
        }
        assert period(lease) == wanted
        assert (lease["transactionId"], left_s(lease["chargingSchedule"][0])) == ("tx-1", 900)
        assert (lease["maxOfflineDuration"], lease["invalidAfterOfflineDuration"]) == (900, True)
        (allowed,) = peer.payloads("NotifyAllowedEnergyTransfer")
        assert {"AC_BPT", "DC_BPT"} <= set(allowed["allowedEnergyTransfer"])
        assert isinstance(await apply(bench, -6.0), Applied)
        assert len(peer.payloads("NotifyAllowedEnergyTransfer")) == 1, "once a transaction"

        at = START + timedelta(minutes=10)
        bench.clock.advance_to(at)
        values = [
            sampled(0, "Power.Active.Import"),
            sampled(6000, "Power.Active.Export"),
            sampled(3.0, "Energy.Active.Export.Register", "kWh"),
            sampled(4, "Energy.Active.Import.Register", "Wh", unitOfMeasure={"unit": "Wh", "multiplier": 3}),
        ]
        await peer.event("Updated", at=stamp(START), meterValue=[{"timestamp": stamp(START), "sampledValue": values}])
        values[2] = sampled(4.0, "Energy.Active.Export.Register", "kWh")
        await peer.event("Updated", at=stamp(at), meterValue=[{"timestamp": stamp(at), "sampledValue": values}])
        state = bench.state("b")
        assert state.power_kw is not None
        assert state.power_kw.value == -6.0
        assert bench.session("b").discharged_kwh == pytest.approx(1.0)
        assert bench.session("b").charged_kwh == 0.0


async def test_the_battery_of_a_two_way_car_is_asked_for_and_known(bench: Bench) -> None:
    async with station(bench) as peer:
        await ready(bench, peer, TWO_WAY)
        await peer.until(lambda: bool(peer.payloads("SetVariables")))
        (asked,) = peer.payloads("SetVariables")[-1]["setVariableData"]
        assert "Display.BatteryEnergyCapacity" in asked["attributeValue"].split(",")
        assert bench.session("b").vehicle.capacity_kwh is None, "an alternating-current car tells it nowhere else"
        values = [sampled(77, "Display.BatteryEnergyCapacity", "kWh", location="EV"), sampled(40, "Display.PresentSOC", "Percent")]
        await peer.event("Updated", at=stamp(START), meterValue=[{"timestamp": stamp(START), "sampledValue": values}])
        session = bench.session("b")
        assert (session.vehicle.capacity_kwh, session.soc_frac) == (77.0, 0.4)


@pytest.mark.parametrize(
    ("needs", "modes", "allows", "says"),
    [
        (None, "CentralSetpoint", "Accepted", "not asked for two-way transfer"),
        ({"requestedEnergyTransfer": "AC_three_phase"}, "CentralSetpoint", "Accepted", "not asked for two-way transfer"),
        ({"requestedEnergyTransfer": "AC_BPT"}, "CentralSetpoint", "Accepted", "not asked for two-way transfer"),
        (TWO_WAY, "ChargingOnly", "Accepted", "no central setpoints"),
        (TWO_WAY, "ChargingOnly,CentralSetpoint", "Rejected", "does not allow"),
    ],
)
async def test_whatever_is_missing_nothing_flows_back(
    bench: Bench, needs: Payload | None, modes: str, allows: str, says: str
) -> None:
    async with station(bench) as peer:
        peer.variables[MODES] = modes
        peer.answers["NotifyAllowedEnergyTransfer"] = lambda _: {"status": allows}
        await ready(bench, peer, needs)
        outcome = await apply(bench, -5.0)
        assert isinstance(outcome, Rejected)
        assert says in outcome.reason
        assert "0 kW was sent instead" in outcome.reason
        assert period(peer.profiles()[-1])["limit"] == 0.0
        assert bench.state("b").acknowledged_kw == 0.0
        if says.startswith("not asked"):
            assert bench.session("b").vehicle.discharge_max_kw == 0.0, "the planner is told that it cannot"


async def test_a_setpoint_that_is_clamped_promises_what_is_kept_and_one_that_is_ignored_nothing(bench: Bench) -> None:
    async with station(bench) as peer:
        await ready(bench, peer, TWO_WAY)
        kept = {"evseId": 1, "duration": 60, "scheduleStart": stamp(START), "chargingRateUnit": "W"}
        for watts, promised in ((-3000.0, -3.0), (0.0, 0.0)):
            said = {"chargingSchedulePeriod": [{"startPeriod": 0, "setpoint": watts}]}
            peer.answers["GetCompositeSchedule"] = lambda _, said=said: {"status": "Accepted", "schedule": kept | said}  # type: ignore[misc]
            assert isinstance(await apply(bench, -5.0), Applied)
            assert bench.state("b").acknowledged_kw == promised
        for watts in (11_000.0, -9000.0):
            said = {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": watts}]}
            peer.answers["GetCompositeSchedule"] = lambda _, said=said: {"status": "Accepted", "schedule": kept | said}  # type: ignore[misc]
            assert isinstance(await apply(bench, -5.0), Rejected)
        no_limit = {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": -1.0}]}
        peer.answers["GetCompositeSchedule"] = lambda _: {"status": "Accepted", "schedule": kept | no_limit}
        assert await bench.central.in_force("b") is None, "-1 says that there is no limit, not a discharge"


async def test_a_dynamic_schedule_is_updated_where_only_its_number_changes(bench: Bench) -> None:
    async with station(bench) as peer:
        peer.variables[DYNAMIC] = "true"
        await ready(bench, peer, TWO_WAY)
        await apply(bench, -5.0)
        (laid,) = peer.profiles("TxProfile")
        assert (laid["chargingProfileKind"], laid["chargingSchedule"][0]["duration"]) == ("Dynamic", 450)
        assert "dynUpdateTime" not in laid, "a clock behind ours would wait for it"
        assert bench.state("b").lease_until == START + timedelta(seconds=450)
        bench.clock.advance_to(START + timedelta(seconds=300))
        await apply(bench, -6.0)
        update = {"setpoint": -6000.0, "dischargeLimit": -6000.0, "limit": 0.0}
        assert peer.payloads("UpdateDynamicSchedule") == [{"chargingProfileId": laid["id"], "scheduleUpdate": update}]
        assert bench.state("b").lease_until == START + timedelta(seconds=750)

        answer = await peer.ask("PullDynamicScheduleUpdate", {"chargingProfileId": laid["id"]})
        assert answer == {"status": "Accepted", "scheduleUpdate": update}
        bench.clock.advance_to(START + timedelta(seconds=740))
        assert (await peer.ask("PullDynamicScheduleUpdate", {"chargingProfileId": laid["id"]}))["status"] == "Accepted"
        assert bench.state("b").lease_until == START + timedelta(seconds=1190)
        bench.clock.advance_to(START + timedelta(seconds=800))
        late = await peer.ask("PullDynamicScheduleUpdate", {"chargingProfileId": laid["id"]})
        assert late == {"status": "Rejected"}, "it would outlive the setpoint's own lease"
        assert (await peer.ask("PullDynamicScheduleUpdate", {"chargingProfileId": 4711})) == {"status": "Rejected"}

        await apply(bench, 7.0)
        assert period(peer.profiles("TxProfile")[-1])["operationMode"] == "ChargingOnly", "another mode is another profile"
        assert len(peer.payloads("UpdateDynamicSchedule")) == 1


async def test_a_profile_laid_for_the_end_of_a_lease_is_not_kept_for_the_next(bench: Bench) -> None:
    async with station(bench) as peer:
        peer.variables[DYNAMIC] = "true"
        await ready(bench, peer, TWO_WAY)
        await apply(bench, 4.0, lease_s=17)
        assert bench.state("b").lease_until == START + timedelta(seconds=17), "so little is not halved"
        bench.clock.advance_to(START + timedelta(seconds=10))
        await apply(bench, 5.0)
        assert bench.state("b").lease_until == START + timedelta(seconds=460)
        assert [each["chargingSchedule"][0]["duration"] for each in peer.profiles("TxProfile")] == [17, 450]
        assert not peer.payloads("UpdateDynamicSchedule")


async def test_a_pull_that_crosses_a_new_number_does_not_take_it_back(bench: Bench) -> None:
    async with station(bench) as peer:
        peer.variables[DYNAMIC] = "true"
        await ready(bench, peer, TWO_WAY)
        await apply(bench, -5.0)
        (laid,) = peer.profiles("TxProfile")
        peer.silent.add("UpdateDynamicSchedule")
        applying = asyncio.create_task(apply(bench, -6.0))
        await peer.until(lambda: bool(peer.payloads("UpdateDynamicSchedule")))
        assert await peer.ask("PullDynamicScheduleUpdate", {"chargingProfileId": laid["id"]}) == {"status": "Rejected"}
        await peer.answer_late()
        assert isinstance(await applying, Applied)
        told = await peer.ask("PullDynamicScheduleUpdate", {"chargingProfileId": laid["id"]})
        assert told["scheduleUpdate"]["setpoint"] == -6000.0


async def test_where_dynamic_schedules_fail_absolute_ones_are_laid(bench: Bench) -> None:
    async with station(bench) as peer:
        peer.variables[DYNAMIC] = "true"
        await ready(bench, peer, TWO_WAY)
        kinds = {"Dynamic": "Rejected", "Absolute": "Accepted"}
        peer.answers["SetChargingProfile"] = lambda asked: {"status": kinds[asked["chargingProfile"]["chargingProfileKind"]]}
        del peer.answers["GetCompositeSchedule"]
        peer.answers["GetCompositeSchedule"] = lambda _: {"status": "Rejected"}
        assert isinstance(await apply(bench, -5.0), Applied)
        assert bench.state("b").lease_until == START + timedelta(seconds=900)


async def test_a_driver_with_priority_is_promised_nothing_until_it_ends(bench: Bench) -> None:
    async with station(bench) as peer:
        await ready(bench, peer, TWO_WAY)
        await apply(bench, 5.0)
        await peer.ask("NotifyPriorityCharging", {"transactionId": "tx-1", "activated": True})
        assert bench.state("b").acknowledged_kw is None
        outcome = await apply(bench, 5.0)
        assert isinstance(outcome, Rejected)
        assert "priority" in outcome.reason
        await peer.ask("NotifyPriorityCharging", {"transactionId": "tx-1", "activated": False})
        assert isinstance(await apply(bench, 5.0), Applied)
        for on, kept in ((True, None), (False, None)):
            request = {"transactionId": "tx-1", "activate": on}
            assert (await bench.central.command("CP-B", "UsePriorityCharging", request))["status"] == "Accepted"
            assert bench.state("b").acknowledged_kw is kept
        assert isinstance(await apply(bench, 5.0), Applied)


async def test_a_unit_that_is_refused_is_cured_by_the_other(bench: Bench) -> None:
    async with station(bench) as peer:
        await ready(bench, peer)
        units = {"W": "Rejected", "A": "Accepted"}
        peer.answers["SetChargingProfile"] = lambda asked: {
            "status": units[asked["chargingProfile"]["chargingSchedule"][0]["chargingRateUnit"]]
        }
        peer.answers["GetCompositeSchedule"] = lambda _: {"status": "Rejected"}
        assert isinstance(await apply(bench, 11.0), Applied)
        written = {"startPeriod": 0, "limit": 15.9, "numberPhases": 3, "operationMode": "ChargingOnly"}
        assert period(peer.profiles()[-1]) == written
        assert bench.state("b").acknowledged_kw == pytest.approx(10.971)
        asked = len(peer.asked)
        await apply(bench, 9.0)
        assert len(peer.asked) == asked + 1, "what worked is tried first"


@pytest.mark.parametrize("protocol", [Protocol.OCPP16, Protocol.OCPP201])
async def test_by_a_vendors_convention_older_versions_take_negative_limits(protocol: Protocol) -> None:
    site = make_site(protocol, discharge_max_kw=11.0)
    site = replace(site, evses=tuple(replace(evse, negative_limits=True) for evse in site.evses))
    bench = make_bench(site=site)
    async with bench.central.serve() as listener, any_peer(protocol, listener.url, "CP-B") as car:
        await car.boot()
        await car.raw.until(lambda: len(bench.changes) >= 2)
        await car.begin(START)
        assert bench.session("b").vehicle.discharge_max_kw is None
        assert isinstance(await apply(bench, -5.0), Applied)
        assert car.limits_w()[-1] == (-5000.0, True, 900)
        assert bench.state("b").acknowledged_kw == -5.0
