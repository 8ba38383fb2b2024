"""OCPP 1.6, from the charger: each request's answer, and what it changes in what is known of the station."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import ClassVar

from ocpp.v16.enums import (
    Action,
    AuthorizationStatus,
    ChargePointErrorCode,
    ChargePointStatus,
    DataTransferStatus,
    GenericStatus,
    Reason,
    RegistrationStatus,
)

from adapters.ocpp.dialect import Context
from adapters.ocpp.frames import BadFrameError, ErrorCode, Payload
from adapters.ocpp.instants import format_instant, is_plausible, parse_instant
from adapters.ocpp.outlet import Outlet, Transaction
from adapters.ocpp.station import Station
from adapters.ocpp.v16.meter import read_meter_values
from v2g.errors import UnavailableError
from v2g.units import kwh_from_wh

PENDING_S = 10
PLUGGED = frozenset(
    {
        ChargePointStatus.preparing,
        ChargePointStatus.charging,
        ChargePointStatus.suspended_ev,
        ChargePointStatus.suspended_evse,
        ChargePointStatus.finishing,
    }
)
LIVE = frozenset({ChargePointStatus.charging, ChargePointStatus.suspended_ev, ChargePointStatus.suspended_evse})
OUT_OF_ORDER = frozenset({ChargePointStatus.faulted, ChargePointStatus.unavailable})
NOTED = frozenset(
    {
        Action.diagnostics_status_notification,
        Action.firmware_status_notification,
        Action.log_status_notification,
        Action.security_event_notification,
        Action.signed_firmware_status_notification,
    }
)
ACCEPTED: Payload = {"idTagInfo": {"status": AuthorizationStatus.accepted}}
REFUSED: Payload = {"idTagInfo": {"status": AuthorizationStatus.invalid}}


class Inbound:
    """Answers one charger. Every request it is given fits its schema. `accepted` says whether the last boot was."""

    def __init__(self, station: Station, context: Context) -> None:
        self._station, self._context = station, context
        self.accepted = False
        self._log = station.log

    async def answer(self, action: str, payload: Payload) -> Payload:
        """Return the answer. Raises `BadFrameError` for what we do not serve, `UnavailableError` if it could not be kept."""
        handler = self._HANDLERS.get(action)
        if handler is None:
            raise BadFrameError(f"{action} is not for a central system", code=ErrorCode.NOT_SUPPORTED, place="$[2]")
        if action in NOTED or action == Action.sign_certificate:
            self._station.journal.add(self._now(), action, payload)
        return await handler(self, payload)

    async def restore(self) -> None:
        """Take up the transactions kept before this process began, once. Raises `UnavailableError`."""
        await self._station.restore_from(self._context.transactions)

    async def _boot(self, payload: Payload) -> Payload:
        """Accept the charger; while its open transactions cannot be read, let it wait and boot again."""
        vendor, model = payload["chargePointVendor"], payload["chargePointModel"]
        self._log.info("charger_booted", vendor=vendor, model=model, firmware=payload.get("firmwareVersion", ""))
        self._station.forget_promises()
        interval, status = max(round(self._context.heartbeat_interval_s), 1), RegistrationStatus.accepted
        try:
            await self.restore()
        except UnavailableError as error:
            self._log.warning("boot_postponed", reason=str(error))
            interval, status = PENDING_S, RegistrationStatus.pending
        self.accepted = status == RegistrationStatus.accepted
        return {"status": status, "currentTime": format_instant(self._now()), "interval": interval}

    async def _heartbeat(self, _: Payload) -> Payload:
        return {"currentTime": format_instant(self._now())}

    async def _status(self, payload: Payload) -> Payload:
        status, fault = payload["status"], _fault(payload)
        if "timestamp" in payload:
            self._station.clock.hear(payload["timestamp"], self._now())
        if payload["connectorId"] == 0:
            self._station.fault = fault
            return {}
        outlet = self._outlet(payload["connectorId"], Action.status_notification)
        if outlet is not None:
            self._station.put(outlet.told(plugged=status in PLUGGED, idle=status not in LIVE, fault=fault, at=self._now()))
        return {}

    async def _authorize(self, _: Payload) -> Payload:
        return ACCEPTED

    async def _start(self, payload: Payload) -> Payload:
        """Keep a transaction before it is confirmed; the same facts again get the same id, from the store."""
        connector_id = payload["connectorId"]
        if self._outlet(connector_id, Action.start_transaction) is None:
            return REFUSED | {"transactionId": 0}
        driver, began_at = self._context.pseudonym(payload["idTag"]), self._instant(payload)
        meter_start_kwh = kwh_from_wh(payload["meterStart"])
        transaction_id = await self._context.transactions.begin(
            station_id=self._station.station_id,
            connector_id=connector_id,
            driver=driver,
            meter_start_kwh=meter_start_kwh,
            at=began_at,
        )
        if self._station.transactions.get(transaction_id) is None:
            self._log.info("transaction_began", connector=connector_id, transaction=transaction_id)
            self._station.transactions[transaction_id] = connector_id
            transaction = Transaction(
                transaction_id=transaction_id, driver=driver, began_at=began_at, meter_start_kwh=meter_start_kwh
            )
            outlet = self._station.outlets[connector_id]
            if outlet.transaction is None or outlet.transaction.began_at <= began_at:  # else it was queued, and is long over
                begun = outlet.begun(transaction)
                if outlet.session_id not in ("", begun.session_id):
                    self._log.warning("another_car", connector=connector_id, transaction=transaction_id, was=outlet.session_id)
                self._station.put(begun)
        return ACCEPTED | {"transactionId": transaction_id}

    async def _stop(self, payload: Payload) -> Payload:
        """Keep a transaction's end before it is confirmed. One that is not this station's is confirmed and left alone."""
        await self.restore()
        transaction_id, at = self._named(payload["transactionId"]), self._instant(payload)
        answer = ACCEPTED if "idTag" in payload else {}
        connector_id = self._station.transactions.get(transaction_id)
        if connector_id is None:
            self._log.warning("unknown_transaction_stopped", transaction=transaction_id)
            return answer
        meter_stop_kwh, reason = kwh_from_wh(payload["meterStop"]), payload.get("reason", "Local")
        await self._context.transactions.end(transaction_id=transaction_id, meter_stop_kwh=meter_stop_kwh, at=at, reason=reason)
        self._log.info("transaction_ended", connector=connector_id, transaction=transaction_id, reason=reason)
        self._station.forget(transaction_id)
        outlet = self._station.outlets.get(connector_id)
        if outlet is not None:
            departed = reason == Reason.ev_disconnected
            self._station.put(outlet.ended(transaction_id, meter_stop_kwh=meter_stop_kwh, at=at, departed=departed))
        return answer

    def _named(self, transaction_id: int) -> int:
        """Return the id meant: a charger that never got one, and says none, means the only one that is open."""
        open_ids = list(self._station.transactions)
        return open_ids[0] if transaction_id <= 0 and len(open_ids) == 1 else transaction_id

    async def _meter(self, payload: Payload) -> Payload:
        outlet = self._outlet(payload["connectorId"], Action.meter_values) if payload["connectorId"] else None
        if outlet is None:
            return {}
        clock, now = self._station.clock, self._now()
        samples, doubts = read_meter_values(payload["meterValue"], evse=outlet.evse, clock=clock, now=now)
        for sample in samples:
            jump_kw = outlet.jump_kw(sample)
            if jump_kw is not None:
                doubts.append(f"an energy register that jumps by {jump_kw:g} kW")
            outlet = outlet.measured(sample)
        for doubt in doubts:
            self._log.warning("reading_rejected", connector=outlet.evse.connector_id, reason=doubt)
        self._station.put(outlet)
        return {}

    async def _data_transfer(self, payload: Payload) -> Payload:
        self._log.info("unknown_vendor", vendor=payload["vendorId"])
        return {"status": DataTransferStatus.unknown_vendor_id}

    async def _sign(self, _: Payload) -> Payload:
        """Refuse: there is no certificate authority here; an operator finds the request in the journal and may sign it."""
        return {"status": GenericStatus.rejected}

    async def _note(self, _: Payload) -> Payload:
        return {}

    def _now(self) -> datetime:
        return self._context.clock.now()

    def _instant(self, payload: Payload) -> datetime:
        """Return the charger's timestamp, or the present where its clock cannot be believed."""
        told, now = parse_instant(payload["timestamp"], "$.timestamp"), self._now()
        at = self._station.clock.read(told, now)
        if is_plausible(at, now):
            return at
        self._log.warning("clock_off", told=told.isoformat())
        return self._station.mend_instant(payload.get("connectorId", 0), told, now)

    def _outlet(self, connector_id: int, action: str) -> Outlet | None:
        outlet = self._station.outlets.get(connector_id)
        if outlet is None:
            self._log.warning("unknown_connector", connector=connector_id, action=action, mend="add it to the site file")
        return outlet

    _HANDLERS: ClassVar[Mapping[str, Callable[["Inbound", Payload], Awaitable[Payload]]]] = {
        Action.boot_notification: _boot,
        Action.heartbeat: _heartbeat,
        Action.status_notification: _status,
        Action.authorize: _authorize,
        Action.start_transaction: _start,
        Action.stop_transaction: _stop,
        Action.meter_values: _meter,
        Action.data_transfer: _data_transfer,
        Action.sign_certificate: _sign,
    } | dict.fromkeys(NOTED, _note)


def _fault(payload: Payload) -> str:
    """Return what the charger complains of, "" if nothing."""
    error = payload["errorCode"]
    if error == ChargePointErrorCode.no_error:
        return payload["status"] if payload["status"] in OUT_OF_ORDER else ""
    info = payload.get("info", "")
    return f"{error}: {info}" if info else str(error)
