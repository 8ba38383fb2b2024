"""TransactionEvent: transactions as OCPP 2.x tells them, named by the charger, late, repeated and out of order.

Every effect is kept before the charger is answered, and may happen twice without harm: the store knows a transaction by its
station's name for it. An event of a transaction that nobody knows begins it, whatever its type; one of a transaction that has
ended changes nothing. Source: OCPP 2.0.1, Part 2, E01–E14.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ocpp.v201.enums import AuthorizationStatusEnumType as Authorization
from ocpp.v201.enums import ChargingStateEnumType as State
from ocpp.v201.enums import IdTokenEnumType as TokenKind
from ocpp.v201.enums import ReasonEnumType as Reason
from ocpp.v201.enums import TransactionEventEnumType as Event
from ocpp.v201.enums import TriggerReasonEnumType as Trigger

from adapters.ocpp.dialect import Context
from adapters.ocpp.events import Events, Key
from adapters.ocpp.frames import Payload
from adapters.ocpp.instants import is_plausible, parse_instant
from adapters.ocpp.outlet import Outlet, Sample, Transaction
from adapters.ocpp.station import Station
from adapters.ocpp.v2.meter import read_meter_values

ACCEPTED: Payload = {"idTokenInfo": {"status": Authorization.accepted}}
REFUSED: Payload = {"idTokenInfo": {"status": Authorization.invalid}}
GONE = frozenset({Trigger.ev_communication_lost, Trigger.ev_departed})
MAX_OPEN = 64  # transactions of a station in mind at once; one that loses their ends would have ever more


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event: the charger's name of the transaction, its type, when, at which outlet (0: not said), and the rest as sent."""

    reference: str
    kind: str
    at: datetime
    evse_id: int
    key: Key
    payload: Payload


class TransactionEvents:
    """Takes the transaction events of one charger, one at a time."""

    def __init__(self, station: Station, context: Context) -> None:
        self._station, self._context = station, context
        self._turn = asyncio.Lock()
        self._log = station.log

    async def take(self, payload: Payload) -> Payload:
        """Return the answer to a TransactionEvent that fits its schema. Raises `BadFrameError` or `UnavailableError`."""
        told = self._read(payload)
        answer = ACCEPTED if "idToken" in payload else {}
        async with self._turn:
            await self._station.restore_from(self._context.transactions)
            events = self._station.events.get(told.reference)
            if events is not None and events.has(told.key):
                self._log.info("event_repeated", seq_no=told.key[1], kind=told.kind)
                return answer
            outlet = self._outlet(told)
            if outlet is None:
                return REFUSED if "idToken" in payload else {}
            await self._follow(told, outlet)
        return answer

    def _read(self, payload: Payload) -> Told:
        stamp, kind = parse_instant(payload["timestamp"], "$.timestamp"), payload["eventType"]
        evse_id, now = payload.get("evse", {}).get("id", 0), self._context.clock.now()
        at = self._station.clock.read(stamp, now, prompt=not payload.get("offline", False))
        if not is_plausible(at, now):
            self._log.warning("clock_off", told=stamp.isoformat())
            at = self._station.mend_instant(evse_id, stamp, now)
        key = (stamp, payload["seqNo"], kind)
        reference = payload["transactionInfo"]["transactionId"]
        return Told(reference=reference, kind=kind, at=at, evse_id=evse_id, key=key, payload=payload)

    def _outlet(self, told: Told) -> Outlet | None:
        """Return the outlet of a transaction; one that is known stays where it began, and a single outlet needs no naming."""
        known = self._station.references.get(told.reference)
        evse_id = told.evse_id if known is None else self._station.transactions[known]
        if not evse_id and len(self._station.outlets) == 1:
            (evse_id,) = self._station.outlets
        outlet = self._station.outlets.get(evse_id)
        if outlet is None:
            self._log.warning("unknown_outlet", evse=evse_id, action="TransactionEvent", mend="add it to the site file")
        return outlet

    async def _follow(self, told: Told, outlet: Outlet) -> None:
        """Keep what an event means, then change what is known of the outlet."""
        connector_id, driver, samples = outlet.evse.connector_id, self._driver(told.payload), self._samples(told, outlet)
        transaction_id = await self._known(told, outlet, samples, driver)
        if transaction_id is None:
            return
        meter_stop_kwh = _last_register(samples, outlet)
        if told.kind == Event.ended:
            await self._keep_end(told, transaction_id, meter_stop_kwh)
        events = self._station.events.setdefault(told.reference, Events())
        latest, missing = events.is_latest(told.key), events.take(told.key)
        if missing:
            self._log.info("events_missing", seq_no=told.key[1], missing=missing)
        outlet = self._station.outlets[connector_id]
        if outlet.transaction and outlet.transaction.transaction_id == transaction_id:
            outlet = outlet.named(driver) if driver and told.kind != Event.ended else outlet
            outlet = _plugged(told, outlet) if latest and not told.payload.get("offline") else outlet
        for sample in samples:
            outlet = outlet.measured(sample)
        if told.kind == Event.ended:
            outlet = outlet.ended(transaction_id, meter_stop_kwh=meter_stop_kwh, at=told.at, departed=_departed(told))
            self._station.forget(transaction_id, told.reference)
        self._station.put(outlet)

    async def _known(self, told: Told, outlet: Outlet, samples: Sequence[Sample], driver: str) -> int | None:
        """Return the id of the event's transaction, which this may begin; None if it has ended before."""
        known = self._station.references.get(told.reference)
        nameless = outlet.transaction is None or not outlet.transaction.driver
        if known is not None and not (driver and nameless):
            return known
        registers = [sample.register_kwh for sample in samples if sample.register_kwh is not None]
        meter_start_kwh = registers[0] if registers else outlet.register_kwh.value if outlet.register_kwh else None
        transactions = self._context.transactions
        transaction_id = await transactions.begin(
            station_id=self._station.station_id,
            connector_id=outlet.evse.connector_id,
            driver=driver,
            meter_start_kwh=meter_start_kwh or 0.0,
            at=told.at,
            reference=told.reference,
        )
        if known is not None:
            return known
        if all(t.transaction_id != transaction_id for t in await transactions.open(self._station.station_id)):
            self._log.info("event_of_an_ended_transaction", transaction=transaction_id, kind=told.kind)
            return None
        self._begin(
            Transaction(
                transaction_id=transaction_id,
                driver=driver,
                began_at=told.at,
                meter_start_kwh=meter_start_kwh,
                reference=told.reference,
            ),
            outlet,
        )
        return transaction_id

    def _begin(self, transaction: Transaction, outlet: Outlet) -> None:
        """Open a transaction, in the outlet unless a later one is open there: what was queued offline comes late."""
        station, transaction_id = self._station, transaction.transaction_id
        if len(station.references) >= MAX_OPEN:
            oldest = next(iter(station.references))
            station.forget(station.references[oldest], oldest)
        self._log.info("transaction_began", evse=outlet.evse.evse_id, transaction=transaction_id)
        station.references[transaction.reference] = transaction_id
        station.transactions[transaction_id] = outlet.evse.connector_id
        station.events[transaction.reference] = Events()
        if outlet.transaction is None or outlet.transaction.began_at <= transaction.began_at:
            begun = outlet.begun(transaction)
            if outlet.session_id not in ("", begun.session_id):
                self._log.warning("another_car", evse=outlet.evse.evse_id, transaction=transaction_id, was=outlet.session_id)
            station.put(begun)

    async def _keep_end(self, told: Told, transaction_id: int, meter_stop_kwh: float) -> None:
        reason = told.payload["transactionInfo"].get("stoppedReason", Reason.local)
        await self._context.transactions.end(
            transaction_id=transaction_id, meter_stop_kwh=meter_stop_kwh, at=told.at, reason=reason
        )
        self._log.info("transaction_ended", transaction=transaction_id, reason=reason)

    def _samples(self, told: Told, outlet: Outlet) -> list[Sample]:
        clock, now = self._station.clock, self._context.clock.now()
        samples, doubts = read_meter_values(told.payload.get("meterValue", ()), evse=outlet.evse, clock=clock, now=now)
        for doubt in doubts:
            self._log.warning("reading_rejected", evse=outlet.evse.evse_id, reason=doubt)
        return samples

    def _driver(self, payload: Payload) -> str:
        """Return the pseudonym of whoever the event names, "" if nobody."""
        token = payload.get("idToken", {})
        named = token.get("idToken") and token.get("type") != TokenKind.no_authorization
        return self._context.pseudonym(token["idToken"]) if named else ""


def _plugged(told: Told, outlet: Outlet) -> Outlet:
    """Return the outlet with the cable plugged in as the event tells."""
    state, plugged = told.payload["transactionInfo"].get("chargingState"), outlet.plugged
    if _departed(told):
        plugged = False
    elif state is not None and told.kind != Event.ended:
        plugged = True
    return outlet.told(plugged=plugged, idle=outlet.idle, fault=outlet.fault, at=told.at)


def _departed(told: Told) -> bool:
    """Return whether the event says that the car has gone."""
    info = told.payload["transactionInfo"]
    gone = info.get("stoppedReason") == Reason.ev_disconnected or told.payload["triggerReason"] in GONE
    return gone or info.get("chargingState") == State.idle


def _last_register(samples: Sequence[Sample], outlet: Outlet) -> float:
    """Return the meter's last register value [kWh], 0 where none was ever told."""
    registers = [sample.register_kwh for sample in samples if sample.register_kwh is not None]
    known = outlet.register_kwh.value if outlet.register_kwh else 0.0
    return registers[-1] if registers else known
