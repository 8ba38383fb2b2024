"""A tiny central system on the `ocpp` package, which checks every frame against the standard's schemas."""

from types import TracebackType
from typing import Any, Self

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Heard = tuple[str, dict[str, Any]]


class Station(ChargePoint):
    """The central system's end of one connection; notes what it hears in `heard`."""

    def __init__(self, name: str, socket: ServerConnection, csms: "Csms") -> None:
        super().__init__(name, socket)
        self.csms = csms

    def note(self, action: str, payload: dict[str, Any]) -> None:
        self.csms.heard.append((action, payload))

    def tag_info(self, tag: str) -> dict[str, str]:
        return {"status": "Blocked" if tag in self.csms.blocked else "Accepted"}

    @on("BootNotification")
    def on_boot(self, **payload: Any) -> call_result.BootNotification:
        self.note("BootNotification", payload)
        status = self.csms.boot_answers.pop(0) if self.csms.boot_answers else "Accepted"
        return call_result.BootNotification(current_time="2026-01-05T08:00:00Z", interval=120, status=status)

    @on("Heartbeat")
    def on_heartbeat(self) -> call_result.Heartbeat:
        self.note("Heartbeat", {})
        return call_result.Heartbeat(current_time="2026-01-05T08:00:00Z")

    @on("StatusNotification")
    def on_status(self, **payload: Any) -> call_result.StatusNotification:
        self.note("StatusNotification", payload)
        return call_result.StatusNotification()

    @on("Authorize")
    def on_authorize(self, id_tag: str) -> call_result.Authorize:
        self.note("Authorize", {"id_tag": id_tag})
        return call_result.Authorize(id_tag_info=self.tag_info(id_tag))

    @on("StartTransaction")
    def on_start(self, **payload: Any) -> call_result.StartTransaction:
        if self.csms.failing_starts:
            self.csms.failing_starts -= 1
            raise RuntimeError("the database is away")
        self.note("StartTransaction", payload)
        self.csms.last_transaction += 1
        return call_result.StartTransaction(transaction_id=self.csms.last_transaction, id_tag_info=self.tag_info(payload["id_tag"]))

    @on("StopTransaction")
    def on_stop(self, **payload: Any) -> call_result.StopTransaction:
        self.note("StopTransaction", payload)
        return call_result.StopTransaction()

    @on("MeterValues")
    def on_meter_values(self, **payload: Any) -> call_result.MeterValues:
        self.note("MeterValues", payload)
        return call_result.MeterValues()


class Csms:
    """Serves on a free loopback port; `stations` are those connected now."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.stations: dict[str, Station] = {}
        self.blocked: set[str] = set()
        self.boot_answers: list[str] = []
        self.failing_starts = self.last_transaction = 0
        self.headers: list[str | None] = []
        self._server: Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        host, port = next(iter(self._server.sockets)).getsockname()[:2]
        return f"ws://{host}:{port}/ocpp"

    async def __aenter__(self) -> Self:
        self._server = await serve(self._welcome, "127.0.0.1", 0, subprotocols=["ocpp1.6"])
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def said(self, action: str) -> list[dict[str, Any]]:
        """Return the payloads of all frames of `action`, oldest first."""
        return [payload for name, payload in self.heard if name == action]

    def statuses(self, connector_id: int = 1) -> list[str]:
        """Return the statuses a connector announced, oldest first."""
        return [p["status"] for p in self.said("StatusNotification") if p["connector_id"] == connector_id]

    async def _welcome(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.subprotocol == "ocpp1.6"
        self.headers.append(socket.request.headers.get("Authorization"))
        name = socket.request.path.rsplit("/", 1)[1]
        self.stations[name] = station = Station(name, socket, self)
        try:
            await station.start()
        except ConnectionClosed:
            if self.stations.get(name) is station:
                del self.stations[name]
