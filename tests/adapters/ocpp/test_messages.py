"""Every message of every version, both ways, over real sockets and against the official schemas."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from ocpp.messages import MessageType
from ocpp.v16.enums import Action as Action16
from ocpp.v21.enums import Action as Action21
from ocpp.v201.enums import Action as Action201

from adapters.ocpp.frames import BadFrameError
from adapters.ocpp.v2.edition import Edition
from adapters.ocpp.v16.dialect import COMMANDS
from adapters.ocpp.v21.edition import EDITION as V21
from adapters.ocpp.v201.edition import EDITION as V201
from tests.adapters.ocpp.charger import Payload, RefusedByCentralError
from tests.adapters.ocpp.conftest import START, make_bench, make_site
from tests.adapters.ocpp.instances import instance, official
from tests.adapters.ocpp.peers import peer
from v2g.site import Protocol

OWN = frozenset({"SetChargingProfile", "ClearChargingProfile"})
"""What only setpoints may use."""


@dataclass(frozen=True)
class Words:
    """The actions of a version: what stations ask, what operators ask of them, and what the central system asks by itself."""

    protocol: Protocol
    version: str
    inbound: frozenset[str]
    commands: frozenset[str]
    own: frozenset[str]


def two(protocol: Protocol, edition: Edition, actions: frozenset[str]) -> Words:
    own = OWN | {"RequestStartTransaction", "RequestStopTransaction", "NotifyAllowedEnergyTransfer", "UpdateDynamicSchedule"}
    inbound = actions - edition.commands - own | {"DataTransfer"}
    return Words(protocol, edition.name, inbound, frozenset(map(str, edition.commands)), own & actions)


ONE = Words(
    Protocol.OCPP16,
    "1.6",
    frozenset(
        {
            "Authorize",
            "BootNotification",
            "DataTransfer",
            "DiagnosticsStatusNotification",
            "FirmwareStatusNotification",
            "Heartbeat",
            "LogStatusNotification",
            "MeterValues",
            "SecurityEventNotification",
            "SignCertificate",
            "SignedFirmwareStatusNotification",
            "StartTransaction",
            "StatusNotification",
            "StopTransaction",
        }
    ),
    frozenset(map(str, COMMANDS)),
    OWN | {"RemoteStartTransaction", "RemoteStopTransaction"},
)
VERSIONS = (
    ONE,
    two(Protocol.OCPP201, V201, frozenset(map(str, Action201))),
    two(Protocol.OCPP21, V21, frozenset(map(str, Action21))),
)
ALL: Mapping[str, frozenset[str]] = {
    "1.6": frozenset(map(str, Action16)),
    "2.0.1": frozenset(map(str, Action201)),
    "2.1": frozenset(map(str, Action21)),
}


@pytest.mark.parametrize("words", VERSIONS, ids=lambda words: words.version)
def test_no_message_of_a_version_is_forgotten(words: Words) -> None:
    assert words.inbound | words.commands | words.own == ALL[words.version]


@pytest.mark.parametrize("words", VERSIONS, ids=lambda words: words.version)
@pytest.mark.parametrize("whole", [False, True], ids=["least", "whole"])
async def test_whatever_a_station_asks_is_answered_by_the_schema(words: Words, *, whole: bool) -> None:
    bench = make_bench(site=make_site(words.protocol))
    async with bench.central.serve() as listener, peer(words.protocol, listener.url, "CP-B") as car:
        for action in sorted(words.inbound):
            answer = await car.raw.ask(action, instance(MessageType.Call, action, words.version, whole=whole))
            official(MessageType.CallResult, action, words.version).validate(answer)
        assert bench.central.rejected_frames["CP-B"] == 0
        told = {entry.action for entry in bench.central.journal("CP-B")}
        assert {"SecurityEventNotification", "SignCertificate", "FirmwareStatusNotification"} <= told


@pytest.mark.parametrize("words", VERSIONS, ids=lambda words: words.version)
@pytest.mark.parametrize("whole", [False, True], ids=["least", "whole"])
async def test_whatever_an_operator_asks_reaches_the_station_by_the_schema(words: Words, *, whole: bool) -> None:
    bench = make_bench(site=make_site(words.protocol))
    async with bench.central.serve() as listener, peer(words.protocol, listener.url, "CP-B") as car:
        await car.boot()
        await car.raw.prepared()
        for action in sorted(words.commands):
            answer = instance(MessageType.CallResult, action, words.version, whole=whole)

            def said(_: Payload, answer: Payload = answer) -> Payload:
                return answer

            car.raw.answers[action] = said
            request = instance(MessageType.Call, action, words.version, whole=whole)
            assert await bench.central.command("CP-B", action, request) == answer
            assert request in car.raw.payloads(action)
        for action in words.own | {"BootNotification", "MakeCoffee"}:
            with pytest.raises(BadFrameError, match="is no command"):
                await bench.central.command("CP-B", action, {})
        with pytest.raises(BadFrameError, match="breaks the rule"):
            await bench.central.command("CP-B", "Reset", {"type": "Perhaps"})


@pytest.mark.parametrize("words", VERSIONS[1:], ids=lambda words: words.version)
async def test_codes_are_spelt_as_the_version_does(words: Words) -> None:
    bench = make_bench(site=make_site(words.protocol))
    async with bench.central.serve() as listener, peer(words.protocol, listener.url, "CP-B") as car:
        await car.raw.socket.send("nonsense")
        await car.raw.socket.send('[2,"a","Heartbeat",{"x":1}]')
        await car.raw.until(lambda: len(car.raw.errors) == 2)
        assert [error[1:3] for error in car.raw.errors] == [["-1", "RpcFrameworkError"], ["a", "FormatViolation"]]


async def test_a_stream_wants_no_answer_and_is_kept_where_the_version_has_it() -> None:
    sent = '[6,"s","NotifyPeriodicEventStream",{"id":1,"pending":0,"basetime":"2026-01-05T08:00:00Z","data":[{"t":0,"v":"1"}]}]'
    for words in VERSIONS:
        bench = make_bench(site=make_site(words.protocol))
        async with bench.central.serve() as listener, peer(words.protocol, listener.url, "CP-B") as car:
            await car.raw.socket.send(sent)
            await car.raw.socket.send('[5,"r","FormatViolation","",{}]')
            await car.raw.ask("Heartbeat", {})
            kept = [entry.action for entry in bench.central.journal("CP-B")]
            assert kept == (["NotifyPeriodicEventStream"] if words.version == "2.1" else [])
            assert bench.central.rejected_frames["CP-B"] == (words.version != "2.1")
            assert car.raw.errors == []


async def test_the_journal_names_nobody_and_stays_small() -> None:
    bench = make_bench(site=make_site(Protocol.OCPP21))
    async with bench.central.serve() as listener, peer(Protocol.OCPP21, listener.url, "CP-B") as car:
        swap = instance(MessageType.Call, "BatterySwap", "2.1") | {"idToken": {"idToken": "SECRET-CARD", "type": "ISO14443"}}
        await car.raw.ask("BatterySwap", swap)
        for _ in range(40):
            await car.raw.ask("SignCertificate", {"csr": "x" * 5000})
        entries = bench.central.journal("CP-B")
        assert len(entries) == 32
        assert all(len(entry.text) <= 500 for entry in entries)
        await car.raw.ask("BatterySwap", swap)
        assert bench.central.journal("CP-B")[-1].at == START
        assert "SECRET" not in bench.central.journal("CP-B")[-1].text
        with pytest.raises(RefusedByCentralError, match="NotSupported"):
            await car.raw.ask("Reset", {"type": "Immediate"})


@pytest.mark.parametrize("words", VERSIONS[1:], ids=lambda words: words.version)
async def test_a_report_without_end_is_refused(words: Words) -> None:
    bench = make_bench(site=make_site(words.protocol))
    async with bench.central.serve() as listener, peer(words.protocol, listener.url, "CP-B") as car:
        car.raw.answers["GetChargingProfiles"] = lambda _: {"status": "Accepted"}
        await car.boot()
        await car.raw.until(lambda: bool(car.raw.payloads("GetChargingProfiles")))
        (asked,) = car.raw.payloads("GetChargingProfiles")
        page = instance(MessageType.Call, "ReportChargingProfiles", words.version)
        page |= {"requestId": asked["requestId"], "tbc": True, "chargingProfile": page["chargingProfile"] * 60}
        for _ in range(2):
            await car.raw.ask("ReportChargingProfiles", page)
        with pytest.raises(RefusedByCentralError, match="PropertyConstraintViolation"):
            await car.raw.ask("ReportChargingProfiles", page)
