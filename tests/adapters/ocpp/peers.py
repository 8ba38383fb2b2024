"""Chargers of every version behind one set of words, for the contract that all versions keep."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from typing import Protocol as Shape

from tests.adapters.ocpp.charger import Charger, Payload, connected
from tests.adapters.ocpp.charger2 import Charger2, kind, sampled
from tests.adapters.ocpp.conftest import START
from v2g.site import Protocol

VERSIONS = {Protocol.OCPP201: "2.0.1", Protocol.OCPP21: "2.1"}


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def left_s(schedule: Payload) -> float:
    """Return how long an absolute schedule, which has begun, lasts from `START` on [s]."""
    begins = datetime.fromisoformat(schedule["startSchedule"])
    assert begins <= START
    return schedule["duration"] - (START - begins).total_seconds()


class Peer(Shape):
    """A charger with one car."""

    raw: Charger

    async def boot(self) -> str: ...
    async def plug(self, connector: int = 1) -> None: ...
    async def unplug(self, connector: int = 1) -> None: ...
    async def begin(self, at: datetime, *, register_wh: int = 1000, tag: str = "TAG", connector: int = 1) -> None: ...
    async def end(self, at: datetime, *, register_wh: int) -> None: ...
    async def measure(self, at: datetime, *, power_w: float, register_wh: float, soc: float) -> None: ...
    def limits_w(self) -> list[tuple[float, bool, float]]: ...


class Peer16:
    """A charger of OCPP 1.6."""

    def __init__(self, raw: Charger) -> None:
        self.raw, self._transaction = raw, 0

    async def boot(self) -> str:
        return str((await self.raw.boot())["status"])

    async def plug(self, connector: int = 1) -> None:
        await self.raw.status("Preparing", connector)

    async def unplug(self, connector: int = 1) -> None:
        await self.raw.status("Available", connector)

    async def begin(self, at: datetime, *, register_wh: int = 1000, tag: str = "TAG", connector: int = 1) -> None:
        request = {"connectorId": connector, "idTag": tag, "meterStart": register_wh, "timestamp": stamp(at)}
        self._transaction = (await self.raw.ask("StartTransaction", request))["transactionId"]

    async def end(self, at: datetime, *, register_wh: int) -> None:
        request = {"transactionId": self._transaction, "meterStop": register_wh, "timestamp": stamp(at), "reason": "Local"}
        await self.raw.ask("StopTransaction", request)

    async def measure(self, at: datetime, *, power_w: float, register_wh: float, soc: float) -> None:
        values = [
            {"value": str(power_w), "measurand": "Power.Active.Import"},
            {"value": str(register_wh)},
            {"value": str(soc), "measurand": "SoC"},
        ]
        await self.raw.ask("MeterValues", {"connectorId": 1, "meterValue": [{"timestamp": stamp(at), "sampledValue": values}]})

    def limits_w(self) -> list[tuple[float, bool, float]]:
        """Return the leases received: limit [W], whether of the transaction, how long it lasts from `START` on [s]."""
        return [
            (p["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"], "transactionId" in p, left_s(p["chargingSchedule"]))
            for p in self.raw.profiles()
        ]


class Peer2:
    """A charging station of OCPP 2.x."""

    def __init__(self, raw: Charger2) -> None:
        self.raw = raw

    async def boot(self) -> str:
        return str((await self.raw.boot())["status"])

    async def plug(self, connector: int = 1) -> None:
        await self.raw.status("Occupied", connector)

    async def unplug(self, connector: int = 1) -> None:
        await self.raw.status("Available", connector)

    async def begin(self, at: datetime, *, register_wh: int = 1000, tag: str = "TAG", connector: int = 1) -> None:
        meter = self._meter(at, sampled(register_wh, "Energy.Active.Import.Register", "Wh", context="Transaction.Begin"))
        token = {"idToken": tag, "type": "ISO14443"}
        info = {"chargingState": "Charging"}
        evse = {"id": connector, "connectorId": 1}
        answer = await self.raw.event("Started", at=stamp(at), evse=evse, idToken=token, meterValue=meter, info=info)
        assert answer["idTokenInfo"]["status"] == "Accepted"

    async def end(self, at: datetime, *, register_wh: int) -> None:
        meter = self._meter(at, sampled(register_wh, "Energy.Active.Import.Register", "Wh", context="Transaction.End"))
        info = {"stoppedReason": "Local"}
        await self.raw.event("Ended", at=stamp(at), meterValue=meter, info=info, triggerReason="StopAuthorized")

    async def measure(self, at: datetime, *, power_w: float, register_wh: float, soc: float) -> None:
        values = [
            sampled(power_w / 1000, "Power.Active.Import", "kW"),
            sampled(register_wh, "Energy.Active.Import.Register", "Wh"),
            sampled(soc, "SoC", "Percent"),
        ]
        await self.raw.event("Updated", at=stamp(at), meterValue=self._meter(at, *values))

    def limits_w(self) -> list[tuple[float, bool, float]]:
        """Return the leases received: limit [W], whether of the transaction, how long it lasts from `START` on [s]."""
        return [
            (s["chargingSchedulePeriod"][0]["limit"], "transactionId" in p, left_s(s))
            for p in self.raw.profiles()
            for s in p["chargingSchedule"]
        ]

    def _meter(self, at: datetime, *values: Payload) -> list[Payload]:
        return [{"timestamp": stamp(at), "sampledValue": list(values)}]


@asynccontextmanager
async def peer(protocol: Protocol, url: str, station: str, **options: Any) -> AsyncIterator[Peer]:
    """Connect a charger that speaks `protocol`."""
    if protocol == Protocol.OCPP16:
        async with connected(Charger, url, station, subprotocols=[protocol], **options) as raw:
            yield Peer16(raw)
    else:
        async with connected(kind(VERSIONS[protocol]), url, station, subprotocols=[protocol], **options) as raw2:
            yield Peer2(raw2)
