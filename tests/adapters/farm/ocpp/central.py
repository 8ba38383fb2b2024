"""A scripted OCPP 2.x central system on raw frames, which checks each of them against the official schemas."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from types import TracebackType
from typing import Any, Self

from jsonschema.exceptions import ValidationError
from ocpp.messages import MessageType, get_validator
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from adapters.clock import AcceleratedClock
from adapters.farm.live import LiveFarm
from adapters.farm.visit import Visit
from adapters.mqtt_client import Broker
from tests.adapters.farm.stations import START, always, outlet, station
from v2g.session import Wishes
from v2g.site import Evse, Protocol

Payload = dict[str, Any]
VERSIONS = {"ocpp2.0.1": "2.0.1", "ocpp2.1": "2.1"}
SPEED = 600.0
NOBODY = Broker(host="127.0.0.1", port=9)
ACCEPTED = {"status": "Accepted"}


class Central:
    """One server for one station at a time; `heard` is what it was told, `answers` what it says to that, fixed or by a function."""

    def __init__(self, protocol: str) -> None:
        self.protocol, self.version = protocol, VERSIONS[protocol]
        self.heard: list[tuple[str, Payload]] = []
        self.broken: list[str] = []
        self.socket: ServerConnection | None = None
        self.connections = 0
        self._ids, self._open = count(), dict[str, asyncio.Future[Any]]()
        now = "2026-01-05T08:00:00Z"
        self.answers: dict[str, Any] = {
            "BootNotification": {"currentTime": now, "interval": 120, "status": "Accepted"},
            "Heartbeat": {"currentTime": now},
            "Authorize": {"idTokenInfo": ACCEPTED},
            "NotifyEVChargingNeeds": ACCEPTED,
            "SignCertificate": ACCEPTED,
            "TransactionEvent": lambda event: self.answers["Authorize"] if "idToken" in event else {},
        }
        self._listening: Server | None = None

    @property
    def url(self) -> str:
        assert self._listening is not None
        host, port = next(iter(self._listening.sockets)).getsockname()[:2]
        return f"ws://{host}:{port}"

    async def __aenter__(self) -> Self:
        self._listening = await serve(self._welcome, "127.0.0.1", 0, subprotocols=[self.protocol])
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._listening is not None
        self._listening.close()
        await self._listening.wait_closed()
        assert self.broken == []

    def said(self, action: str, **fields: Any) -> list[Payload]:
        """Return the payloads of `action` whose fields are as given, oldest first."""
        return [p for name, p in self.heard if name == action and fields.items() <= p.items()]

    def events(self, **fields: Any) -> list[Payload]:
        """Return the transaction events, oldest first."""
        return self.said("TransactionEvent", **fields)

    @property
    def transaction_id(self) -> str:
        """The id of the transaction begun last."""
        return str(self.events(eventType="Started")[-1]["transactionInfo"]["transactionId"])

    def measured(self, name: str = "Power.Active.Import") -> float:
        """Return the last value told of a measurand, −1 if there is none."""
        meters = [e["meterValue"][-1]["sampledValue"] for e in self.events() if "meterValue" in e]
        values = {v["measurand"]: v["value"] for v in meters[-1]} if meters else {}
        return float(values.get(name, -1.0))

    @property
    def net_w(self) -> float:
        """The last measured power, negative out of the car."""
        return self.measured() - self.measured("Power.Active.Export")

    async def ask(self, action: str, payload: Payload | None = None) -> Any:
        """Send a command that fits its schema; return the answer, or the frame of an error."""
        self._check(MessageType.Call, action, payload or {})
        return await self.ask_anything(action, payload or {})

    async def ask_anything(self, action: str, payload: Any) -> Any:
        """Send a command, whatever it is."""
        assert self.socket is not None
        message_id = str(next(self._ids))
        self._open[message_id] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps([2, message_id, action, payload]))
        async with asyncio.timeout(30):
            frame = await self._open[message_id]
        if frame[0] == 3:
            self._check(MessageType.CallResult, action, frame[2])
            return frame[2]
        return frame

    async def set_profile(self, evse_id: int = 1, **changes: Any) -> Any:
        """Send a charging profile: at least a `limit` or another value of its only period."""
        return await self.ask("SetChargingProfile", {"evseId": evse_id, "chargingProfile": self.profile(**changes)})

    def profile(self, *, purpose: str = "TxProfile", unit: str = "W", schedule: Payload | None = None, **changes: Any) -> Payload:
        """Return a Relative profile of one period."""
        values = {"limit", "setpoint", "dischargeLimit", "operationMode", "numberPhases", "limit_L2", "limit_L3"}
        period = {"startPeriod": 0} | {name: changes.pop(name) for name in values & changes.keys()}
        profile: Payload = {
            "id": 7,
            "stackLevel": 1,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Relative",
            "chargingSchedule": [
                {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": [period]} | (schedule or {}),
            ],
        }
        if purpose == "TxProfile":
            profile["transactionId"] = self.transaction_id
        return profile | changes

    def _check(self, kind: int, action: str, payload: Payload) -> None:
        try:
            get_validator(kind, action, self.version).validate(payload)
        except ValidationError as error:
            self.broken.append(f"{action}: {error.message} at {error.json_path}")

    async def _welcome(self, socket: ServerConnection) -> None:
        assert socket.subprotocol == self.protocol
        self.socket, self.connections = socket, self.connections + 1
        try:
            async for raw in socket:
                await self._take(socket, json.loads(raw))
        except ConnectionClosed:
            pass
        finally:
            self.socket = None

    async def _take(self, socket: ServerConnection, frame: list[Any]) -> None:
        if frame[0] != 2:
            if frame[1] in self._open:
                self._open.pop(frame[1]).set_result(frame)
            return
        _, message_id, action, payload = frame
        self._check(MessageType.Call, action, payload)
        self.heard.append((action, payload))
        answer = self.answers.get(action, {})
        with suppress(ConnectionClosed):  # what came before the end is still to be read
            await socket.send(json.dumps([3, message_id, answer(payload) if callable(answer) else answer]))


def station_outlet(protocol: str, name: str = "A", **changes: Any) -> Evse:
    """Return an 11 kW outlet of the station CP1 with a fallback of 6 A."""
    values = {"protocol": Protocol(protocol), "station_id": "CP1", "fallback_kw": 4.14, "discharge_max_kw": 11.04}
    return outlet(name, **{**values, **changes})


@asynccontextmanager
async def farm(central: Central, *visits: Visit, evses: tuple[Evse, ...] = (), **options: Any) -> AsyncIterator[LiveFarm]:
    """Run a farm of one station with these visits against `central`, at 600 times the speed of time."""

    async def told(evse_id: str, wishes: Wishes) -> bool:
        del evse_id, wishes
        return True

    values = {"tell_wishes": told, "load_kw": always(10.0), "pv_kw": always(0.0), "clock": AcceleratedClock(START, SPEED)}
    site = station(*(evses or (station_outlet(central.protocol),)))
    async with LiveFarm(site, visits, ocpp_url=central.url, broker=NOBODY, **{**values, **options}) as live:
        yield live
