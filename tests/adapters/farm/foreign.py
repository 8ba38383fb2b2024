"""A bare central system for every version of OCPP, made of nothing but the `ocpp` package, which checks each frame."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call_result as result16
from ocpp.v21 import ChargePoint as ChargePoint21
from ocpp.v21 import call_result as result21
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call_result as result201
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

NOW = "2026-06-17T00:00:00Z"
ACCEPTED = {"status": "Accepted"}
Heard = dict[str, Counter[str]]
"""How often each action was heard, by version."""
Route = TypeVar("Route", bound=Callable[..., Any])


def route(action: str) -> Callable[[Route], Route]:
    """Return the package's untyped decorator, typed."""
    return cast("Callable[[Route], Route]", on(action))


class Foreign16(ChargePoint16):  # type: ignore[misc]
    """The central system's end of a connection of OCPP 1.6."""

    def __init__(self, station: str, socket: ServerConnection, heard: Counter[str]) -> None:
        super().__init__(station, socket)
        self._heard = heard

    @route("BootNotification")
    def boot(self, **_: Any) -> Any:
        self._heard["BootNotification"] += 1
        return result16.BootNotification(current_time=NOW, interval=60, status="Accepted")

    @route("Heartbeat")
    def heartbeat(self) -> Any:
        return result16.Heartbeat(current_time=NOW)

    @route("StatusNotification")
    def status(self, **_: Any) -> Any:
        return result16.StatusNotification()

    @route("Authorize")
    def authorize(self, **_: Any) -> Any:
        return result16.Authorize(id_tag_info=ACCEPTED)

    @route("StartTransaction")
    def started(self, **_: Any) -> Any:
        self._heard["Started"] += 1
        return result16.StartTransaction(transaction_id=self._heard["Started"], id_tag_info=ACCEPTED)

    @route("StopTransaction")
    def stopped(self, **_: Any) -> Any:
        self._heard["Ended"] += 1
        return result16.StopTransaction(id_tag_info=ACCEPTED)

    @route("MeterValues")
    def meter(self, **_: Any) -> Any:
        self._heard["MeterValues"] += 1
        return result16.MeterValues()


class _Foreign2:
    """What both editions of OCPP 2.x have; `_results` are the package's answers of the edition."""

    _results: Any
    _heard: Counter[str]

    @route("BootNotification")
    def boot(self, **_: Any) -> Any:
        self._heard["BootNotification"] += 1
        return self._results.BootNotification(current_time=NOW, interval=60, status="Accepted")

    @route("Heartbeat")
    def heartbeat(self) -> Any:
        return self._results.Heartbeat(current_time=NOW)

    @route("StatusNotification")
    def status(self, **_: Any) -> Any:
        return self._results.StatusNotification()

    @route("Authorize")
    def authorize(self, **_: Any) -> Any:
        return self._results.Authorize(id_token_info=ACCEPTED)

    @route("TransactionEvent")
    def transaction(self, event_type: str, **told: Any) -> Any:
        self._heard[event_type] += 1
        self._heard["MeterValues"] += "meter_value" in told
        return self._results.TransactionEvent(id_token_info=ACCEPTED if "id_token" in told else None)

    @route("NotifyEVChargingNeeds")
    def needs(self, **_: Any) -> Any:
        return self._results.NotifyEVChargingNeeds(status="Accepted")

    @route("NotifyEvent")
    def event(self, **_: Any) -> Any:
        return self._results.NotifyEvent()

    @route("SecurityEventNotification")
    def security(self, **_: Any) -> Any:
        return self._results.SecurityEventNotification()


class Foreign201(_Foreign2, ChargePoint201):  # type: ignore[misc]
    """The central system's end of a connection of OCPP 2.0.1."""

    _results = result201

    def __init__(self, station: str, socket: ServerConnection, heard: Counter[str]) -> None:
        super().__init__(station, socket)
        self._heard = heard


class Foreign21(_Foreign2, ChargePoint21):  # type: ignore[misc]
    """The central system's end of a connection of OCPP 2.1."""

    _results = result21

    def __init__(self, station: str, socket: ServerConnection, heard: Counter[str]) -> None:
        super().__init__(station, socket)
        self._heard = heard


ENDS: dict[str, Any] = {"ocpp1.6": Foreign16, "ocpp2.0.1": Foreign201, "ocpp2.1": Foreign21}


@asynccontextmanager
async def foreign_central() -> AsyncIterator[tuple[str, Heard]]:
    """Serve all versions while the context lasts; also what was heard."""
    heard: Heard = {name: Counter() for name in ENDS}

    async def converse(socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.subprotocol is not None
        try:
            await ENDS[socket.subprotocol](socket.request.path.rsplit("/", 1)[1], socket, heard[socket.subprotocol]).start()
        except ConnectionClosed:
            return

    async with serve(converse, "127.0.0.1", 0, subprotocols=list(ENDS)) as server:  # type: ignore[arg-type]  # a NewType of str
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/any/path", heard
