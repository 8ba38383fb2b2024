"""OCPP 2.x, from the charger: each request's answer, and what it changes in what is known of the station."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

from ocpp.v201.enums import Action, DataTransferStatusEnumType
from ocpp.v201.enums import ConnectorStatusEnumType as Status
from ocpp.v201.enums import NotifyEVChargingNeedsStatusEnumType as NeedsStatus
from ocpp.v201.enums import RegistrationStatusEnumType as Registration

from adapters.ocpp.dialect import Context
from adapters.ocpp.frames import BadFrameError, ErrorCode, Payload
from adapters.ocpp.instants import format_instant
from adapters.ocpp.outlet import Outlet, Sample
from adapters.ocpp.station import Station
from adapters.ocpp.v2.edition import Edition, Handler
from adapters.ocpp.v2.meter import read_meter_values
from adapters.ocpp.v2.needs import read_needs
from adapters.ocpp.v2.transactions import TransactionEvents
from v2g.errors import UnavailableError

PENDING_S = 10
MAX_REPORTED = 100  # profiles; one was asked for
PLACES = frozenset({"Connector", "EVSE", "ChargingStation"})
AVAILABILITY = "AvailabilityState"
OUT_OF_ORDER = frozenset({Status.faulted, Status.unavailable})


class Inbound:
    """Answers one charger. Every request it is given fits its schema. `accepted` says whether the last boot was."""

    def __init__(self, station: Station, context: Context, edition: Edition, more: Mapping[str, Handler]) -> None:
        self._station, self._context, self._edition = station, context, edition
        self._log = station.log
        self._reports: dict[int, asyncio.Future[list[Payload]]] = {}
        self._last_request_id = 0
        self._pages: dict[int, list[Payload]] = {}
        self.accepted = False
        self._transactions, self._more = TransactionEvents(station, context), more

    async def answer(self, action: str, payload: Payload) -> Payload:
        """Return the answer. Raises `BadFrameError` for what we do not serve, `UnavailableError` if it could not be kept."""
        if action in self._edition.noted:
            now = self._context.clock.now()
            self._station.journal.add(now, action, payload)
            return self._edition.noted[action](payload, now)
        if action in self._more:
            return await self._more[action](payload)
        handler = self._HANDLERS.get(action)
        if handler is None:
            raise BadFrameError(f"{action} is not for a central system", code=ErrorCode.NOT_SUPPORTED, place="$[2]")
        return await handler(self, payload)

    def expect_report(self) -> tuple[int, asyncio.Future[list[Payload]]]:
        """Return the id of a request not made before on this connection, and what will hold the profiles reported for it."""
        self._last_request_id += 1
        self._reports[self._last_request_id] = asyncio.get_running_loop().create_future()
        return self._last_request_id, self._reports[self._last_request_id]

    def drop_report(self, request_id: int) -> None:
        """Wait no more for a report."""
        self._reports.pop(request_id, None)
        self._pages.pop(request_id, None)

    async def _boot(self, payload: Payload) -> Payload:
        """Accept the charger; while its open transactions cannot be read, let it wait and boot again."""
        hardware = payload["chargingStation"]
        vendor, model, firmware = hardware["vendorName"], hardware["model"], hardware.get("firmwareVersion", "")
        self._log.info("charger_booted", vendor=vendor, model=model, firmware=firmware, reason=payload["reason"])
        self._station.forget_promises()
        self._station.occupied.clear()
        interval, status = max(round(self._context.heartbeat_interval_s), 1), Registration.accepted
        try:
            await self._station.restore_from(self._context.transactions)
        except UnavailableError as error:
            self._log.warning("boot_postponed", reason=str(error))
            interval, status = PENDING_S, Registration.pending
        self.accepted = status == Registration.accepted
        return {"status": status, "currentTime": format_instant(self._context.clock.now()), "interval": interval}

    async def _heartbeat(self, _: Payload) -> Payload:
        return {"currentTime": format_instant(self._context.clock.now())}

    async def _status(self, payload: Payload) -> Payload:
        self._station.clock.hear(payload["timestamp"], self._context.clock.now())
        self._place(payload["evseId"], payload["connectorId"], payload["connectorStatus"])
        return {}

    async def _event(self, payload: Payload) -> Payload:
        """Note events; those that tell availability are statuses, as OCPP 2.1 prefers them to be told."""
        self._station.journal.add(self._context.clock.now(), Action.notify_event, payload)
        for event in payload["eventData"]:
            if event["component"]["name"] in PLACES and event["variable"]["name"] == AVAILABILITY:
                evse = event["component"].get("evse", {})
                self._place(evse.get("id", 0), evse.get("connectorId", 0), event["actualValue"])
        return {}

    def _place(self, evse_id: int, connector_id: int, status: str) -> None:
        """Take the status of a connector, of an outlet (connector 0) or of the station (outlet 0)."""
        fault = status if status in OUT_OF_ORDER else ""
        if evse_id == 0:
            self._station.fault = fault
            return
        outlet = self._outlet(evse_id, Action.status_notification)
        if outlet is None:
            return
        occupied, place = self._station.occupied, (evse_id, connector_id)
        occupied.discard(place)
        if status == Status.occupied or (fault and outlet.plugged):
            occupied.add(place)
        plugged = any(outlet_id == evse_id for outlet_id, _ in occupied)
        self._station.put(outlet.told(plugged=plugged, idle=True, fault=fault, at=self._context.clock.now()))

    async def _authorize(self, _: Payload) -> Payload:
        return self._edition.authorization(self._station)

    async def _transaction(self, payload: Payload) -> Payload:
        return await self._transactions.take(payload)

    async def _meter(self, payload: Payload) -> Payload:
        evse_id = payload["evseId"]
        outlet = self._outlet(evse_id, Action.meter_values) if evse_id else None
        if outlet is None:
            return {}
        clock, now = self._station.clock, self._context.clock.now()
        samples, doubts = read_meter_values(payload["meterValue"], evse=outlet.evse, clock=clock, now=now)
        for sample in samples:
            jump_kw = outlet.jump_kw(sample)
            if jump_kw is not None:
                doubts.append(f"an energy register that jumps by {jump_kw:g} kW")
            outlet = outlet.measured(sample)
        for doubt in doubts:
            self._log.warning("reading_rejected", evse=outlet.evse.evse_id, reason=doubt)
        self._station.put(outlet)
        return {}

    async def _needs(self, payload: Payload) -> Payload:
        """Take what a car needs, and plan again; without a car there is nothing to plan."""
        outlet, now = self._outlet(payload["evseId"], Action.notify_ev_charging_needs), self._context.clock.now()
        if outlet is None or outlet.session is None:
            return {"status": NeedsStatus.rejected}
        needs = read_needs(payload["chargingNeeds"], outlet, now)
        for doubt in needs.doubts:
            self._log.warning("need_rejected", evse=outlet.evse.evse_id, reason=doubt)
        outlet = outlet.needing(needs.vehicle, needs.wishes)
        if needs.soc_frac is not None:
            outlet = outlet.measured(Sample(at=now, soc_frac=needs.soc_frac))
        self._station.put(outlet)
        self._context.on_change()
        return {"status": NeedsStatus.accepted}

    async def _report(self, payload: Payload) -> Payload:
        """Hand the profiles reported for a request to whoever waits, when the last page has come."""
        request_id = payload["requestId"]
        waiting = self._reports.get(request_id)
        if waiting is None:
            self._station.journal.add(self._context.clock.now(), Action.report_charging_profiles, payload)
            return {}
        pages = self._pages.setdefault(request_id, [])
        if len(pages) >= MAX_REPORTED:
            raise BadFrameError("a report without end", code=ErrorCode.PROPERTY, place="$.chargingProfile")
        pages.extend(payload["chargingProfile"])
        if not payload.get("tbc", False) and not waiting.done():
            waiting.set_result(pages)
        return {}

    async def _data_transfer(self, payload: Payload) -> Payload:
        self._log.info("unknown_vendor", vendor=payload["vendorId"])
        return {"status": DataTransferStatusEnumType.unknown_vendor_id}

    def _outlet(self, evse_id: int, action: str) -> Outlet | None:
        outlet = self._station.outlets.get(evse_id)
        if outlet is None:
            self._log.warning("unknown_outlet", evse=evse_id, action=action, mend="add it to the site file")
        return outlet

    _HANDLERS: ClassVar[Mapping[str, Callable[["Inbound", Payload], Awaitable[Payload]]]] = {
        Action.boot_notification: _boot,
        Action.heartbeat: _heartbeat,
        Action.status_notification: _status,
        Action.notify_event: _event,
        Action.authorize: _authorize,
        Action.transaction_event: _transaction,
        Action.meter_values: _meter,
        Action.notify_ev_charging_needs: _needs,
        Action.report_charging_profiles: _report,
        Action.data_transfer: _data_transfer,
    }
