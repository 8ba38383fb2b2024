"""A charger for tests: plain websockets and JSON, no code of the central system's. It obeys what it is told, and notes it.

Every word of the central system's is held against the official schemas.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

from ocpp.messages import MessageType
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.adapters.ocpp.instances import exact, official

Payload = dict[str, Any]
SUBPROTOCOLS = (Subprotocol("ocpp1.6"),)
CONFIGURATION = {
    "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    "MeterValueSampleInterval": "60",
    "MeterValuesSampledData": "Power.Active.Import,Energy.Active.Import.Register,SoC",
}


class RefusedByCentralError(Exception):
    """A CALLERROR came back; its code is the message."""


def accepted(_: Payload) -> Payload:
    return {"status": "Accepted"}


class Charger:
    """One connection of a charger. `asked` lists what it was asked; `answers` overrides how it answers an action."""

    def __init__(self, socket: ClientConnection, *, version: str = "1.6") -> None:
        self.socket, self.version = socket, version
        self.configuration = dict(CONFIGURATION)
        self.asked: list[tuple[str, Payload]] = []
        self.silent: set[str] = set()
        self.answers: dict[str, Callable[[Payload], Payload]] = {"GetConfiguration": self._configuration}
        self.errors: list[list[Any]] = []
        self._waiting: dict[str, asyncio.Future[Payload]] = {}
        self._count = 0
        self._last_id = ""

    async def ask(self, action: str, payload: Payload) -> Payload:
        self._count += 1
        answer: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._waiting[f"m{self._count}"] = answer
        await self.socket.send(json.dumps([2, f"m{self._count}", action, payload]))
        said = await asyncio.wait_for(answer, 5)
        official(MessageType.CallResult, action, self.version).validate(said)
        return said

    async def boot(self) -> Payload:
        return await self.ask("BootNotification", {"chargePointVendor": "Test", "chargePointModel": "One"})

    async def status(self, status: str, connector: int = 1, **more: str) -> Payload:
        return await self.ask("StatusNotification", {"connectorId": connector, "errorCode": "NoError", "status": status} | more)

    async def answer_late(self) -> None:
        """Accept what was asked last."""
        await self.socket.send(json.dumps([3, self._last_id, {"status": "Accepted"}]))

    @property
    def close_code(self) -> int | None:
        """The code with which the connection was closed, None while it is open."""
        return self.socket.protocol.close_code

    def payloads(self, action: str) -> list[Payload]:
        """Return what was asked with `action`."""
        return [payload for asked, payload in self.asked if asked == action]

    def profiles(self, purpose: str | None = None, level: int = 1) -> list[Payload]:
        """Return the charging profiles received, fallbacks left out."""
        got = [payload["csChargingProfiles"] for payload in self.payloads("SetChargingProfile")]
        return [p for p in got if p["stackLevel"] == level and purpose in (None, p["chargingProfilePurpose"])]

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until `true`, at most half a minute."""
        async with asyncio.timeout(30):
            while not true():  # noqa: ASYNC110 - the condition is of the test's, no event is behind it
                await asyncio.sleep(0.005)

    async def prepared(self) -> None:
        """Wait until the central system has installed the fallbacks, and the ceiling last."""
        await self.until(lambda: any("MaxProfile" in p["chargingProfilePurpose"] for p in self.profiles(level=0)))

    async def listen(self) -> None:
        try:
            async for text in self.socket:
                frame = json.loads(text)
                if frame[0] == MessageType.Call:
                    exact(frame[2], self.version).validate(json.loads(text, parse_float=Decimal)[3])
                await self._take(frame)
        except ConnectionClosed:
            return

    async def _take(self, frame: list[Any]) -> None:
        if frame[0] == 2:
            _, message_id, action, payload = frame
            self.asked.append((action, payload))
            self._last_id = message_id
            if action not in self.silent:
                answer = self.answers.get(action, accepted)(payload)
                await self.socket.send(json.dumps([3, message_id, answer]))
            return
        waiting = self._waiting.pop(frame[1], None)
        if frame[0] == 4:
            self.errors.append(frame)
            if waiting:
                waiting.set_exception(RefusedByCentralError(frame[2]))
        elif waiting:
            waiting.set_result(frame[2])

    def _configuration(self, payload: Payload) -> Payload:
        keys = payload.get("key", list(self.configuration))
        known = [{"key": k, "readonly": False, "value": self.configuration[k]} for k in keys if k in self.configuration]
        return {"configurationKey": known, "unknownKey": [k for k in keys if k not in self.configuration]}


Kind = TypeVar("Kind", bound=Charger)


@asynccontextmanager
async def charger(url: str, station: str, *, password: str | None = None, **options: Any) -> AsyncIterator[Charger]:
    """Connect a 1.6 charger as `station` and let it listen while the context lasts."""
    options.setdefault("subprotocols", SUBPROTOCOLS)
    async with connected(Charger, url, station, password=password, **options) as peer:
        yield peer


@asynccontextmanager
async def connected(
    kind: Callable[[ClientConnection], Kind], url: str, station: str, *, password: str | None = None, **options: Any
) -> AsyncIterator[Kind]:
    """Connect a charger of any kind."""
    if password is not None:
        token = b64encode(f"{station}:{password}".encode()).decode()
        options["additional_headers"] = {"Authorization": f"Basic {token}"}
    async with connect(f"{url}/{station}", close_timeout=1, **options) as socket:
        peer = kind(socket)
        listening = asyncio.create_task(peer.listen())
        try:
            yield peer
        finally:
            listening.cancel()
