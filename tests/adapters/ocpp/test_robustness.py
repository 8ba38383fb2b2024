"""Hostile and broken peers over real sockets: each harms itself only."""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from adapters.ocpp.connection import MAX_STRIKES
from tests.adapters.ocpp.charger import SUBPROTOCOLS, RefusedByCentralError, charger
from tests.adapters.ocpp.conftest import PASSWORDS, Bench, make_bench
from tests.support.transactions import MemoryTransactions
from v2g.errors import InputError


async def reply_to(url: str, text: str | bytes) -> Any:
    """Say `text` as CP-A and return the answer."""
    async with connect(f"{url}/CP-A", subprotocols=SUBPROTOCOLS) as socket:
        await socket.send(text)
        while True:
            frame = json.loads(await asyncio.wait_for(socket.recv(), 5))
            if frame[0] != 2:
                return frame


@pytest.mark.parametrize(
    ("text", "message_id", "code"),
    [
        ("nonsense", "-1", "FormationViolation"),
        (b"\x00\x01", "-1", "FormationViolation"),
        ("[" * 3000, "-1", "FormationViolation"),
        ('[2,17,"Heartbeat",{}]', "-1", "ProtocolError"),
        ('[2,"a","Heartbeat",null]', "a", "ProtocolError"),
        ('[2,"a","MakeCoffee",{}]', "a", "NotImplemented"),
        ('[2,"a","Heartbeat",{"x":1}]', "a", "FormationViolation"),
        ('[2,"a","Authorize",{"idTag":7}]', "a", "TypeConstraintViolation"),
        ('[2,"a","Authorize",{}]', "a", "ProtocolError"),
        ('[2,"a","StatusNotification",{"connectorId":1,"errorCode":"x","status":"y"}]', "a", "PropertyConstraintViolation"),
    ],
)
async def test_bad_frames_are_answered_counted_and_harm_nobody(bench: Bench, text: str | bytes, message_id: str, code: str) -> None:
    async with charger(bench.url, "CP-B") as other:
        frame = await reply_to(bench.url, text)
        assert frame[:3] == [4, message_id, code]
        assert bench.central.rejected_frames == {"CP-A": 1, "CP-B": 0}
        await other.ask("Heartbeat", {})


async def test_an_oversized_frame_costs_its_sender_the_connection(bench: Bench) -> None:
    async with charger(bench.url, "CP-B") as other:
        async with connect(f"{bench.url}/CP-A", subprotocols=SUBPROTOCOLS) as socket:
            await socket.send(json.dumps([2, "a", "DataTransfer", {"vendorId": "x", "data": "x" * 70_000}]))
            await asyncio.wait_for(socket.wait_closed(), 5)
            assert socket.protocol.close_code == 1009
        await other.ask("Heartbeat", {})
        await other.until(lambda: not bench.state("a1").online)


async def test_repeated_nonsense_closes_the_connection_and_the_charger_may_come_back(bench: Bench) -> None:
    async with charger(bench.url, "CP-A") as peer:
        for _ in range(MAX_STRIKES):
            await peer.socket.send("nonsense")
        await asyncio.wait_for(peer.socket.wait_closed(), 5)
        assert peer.close_code == 1008
    async with charger(bench.url, "CP-A") as peer:
        assert (await peer.boot())["status"] == "Accepted"


async def test_instants_and_readings_out_of_this_world_change_nothing(bench: Bench) -> None:
    async with charger(bench.url, "CP-B") as peer:
        with pytest.raises(RefusedByCentralError, match="PropertyConstraintViolation"):
            await peer.ask("StartTransaction", {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "banana"})
        values = [{"value": "NaN", "measurand": "Power.Active.Import"}, {"value": "-1e12"}, {"value": "200", "measurand": "SoC"}]
        sampled = {"timestamp": "2026-01-05T08:00:00Z", "sampledValue": values}
        assert await peer.ask("MeterValues", {"connectorId": 1, "meterValue": [sampled]}) == {}
        assert await peer.ask("MeterValues", {"connectorId": 0, "meterValue": [sampled]}) == {}
        assert bench.state("b").power_kw is None
        assert bench.state("b").session is None


class FaultyTransactions(MemoryTransactions):
    """A store with a fault of ours in it."""

    async def begin(self, **_: object) -> int:
        raise RuntimeError("a fault of ours")


async def test_a_fault_in_a_handler_ends_that_connection_only() -> None:
    bench = make_bench(FaultyTransactions())
    async with bench.central.serve() as listener, charger(listener.url, "CP-A") as peer, charger(listener.url, "CP-B") as other:
        start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2026-01-05T08:00:00Z"}
        await peer.socket.send(json.dumps([2, "a", "StartTransaction", start]))
        await asyncio.wait_for(peer.socket.wait_closed(), 5)
        assert peer.close_code == 1011
        await other.ask("Heartbeat", {})
        async with charger(listener.url, "CP-A") as again:
            await again.ask("Heartbeat", {})


async def test_strangers_and_wrong_passwords_get_the_same_answer(guarded: Bench) -> None:
    answers = []
    for station, password in (("CP-X", PASSWORDS["CP-A"]), ("CP-A", PASSWORDS["CP-B"]), ("CP-A", None)):
        with pytest.raises(InvalidStatus) as caught:
            async with charger(guarded.url, station, password=password):
                pass
        response = caught.value.response
        headers = {name: value for name, value in response.headers.raw_items() if name != "Date"}
        answers.append((response.status_code, headers, response.body))
    assert answers[0][0] == 401
    assert answers[0] == answers[1] == answers[2]
    async with charger(guarded.url, "CP-A", password=PASSWORDS["CP-A"]) as peer:
        assert (await peer.boot())["status"] == "Accepted"


async def test_only_who_knows_the_password_replaces_a_connection(guarded: Bench) -> None:
    async with charger(guarded.url, "CP-A", password=PASSWORDS["CP-A"]) as peer:
        with pytest.raises(InvalidStatus):
            async with charger(guarded.url, "CP-A", password=PASSWORDS["CP-B"]):
                pass
        await peer.ask("Heartbeat", {})


async def test_subprotocols_are_negotiated(bench: Bench) -> None:
    async with charger(bench.url, "CP-A", subprotocols=["ocpp2.0.1", "ocpp1.6"]) as peer:
        assert peer.socket.subprotocol == "ocpp1.6"
    async with charger(bench.url, "CP-A", subprotocols=None) as peer:
        assert peer.socket.subprotocol is None
        assert (await peer.boot())["status"] == "Accepted"
    async with charger(bench.url, "CP-A", subprotocols=["ocpp2.0.1", "ocpp2.1"]) as peer:
        assert peer.socket.subprotocol == "ocpp2.1", "the best of others than its own"
    with pytest.raises(InvalidStatus, match="400"):
        async with charger(bench.url, "CP-A", subprotocols=["ocpp1.5"]):
            pass


async def test_it_listens_to_the_network_only_with_passwords() -> None:
    with pytest.raises(InputError, match="give the stations passwords"):
        async with make_bench().central.serve(host=""):
            pass
