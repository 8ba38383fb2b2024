"""OCPP 2.x over one connection: what the charger asks, and what it is asked."""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog
from ocpp.v201.enums import (
    Action,
    ClearChargingProfileStatusEnumType,
    GenericStatusEnumType,
    MessageTriggerEnumType,
    RequestStartStopStatusEnumType,
)
from ocpp.v201.enums import IdTokenEnumType as TokenKind

from adapters.ocpp.connection import AnswerTimeoutError, DisconnectedError, RefusedError
from adapters.ocpp.dialect import Caller, Context
from adapters.ocpp.frames import UNREADABLE_ID, BadFrameError, ErrorCode, Payload
from adapters.ocpp.limits import Limit, RateUnit, composite_kw, limit_for
from adapters.ocpp.outlet import Promise, Transaction
from adapters.ocpp.readback import needs_proof, promised_kw
from adapters.ocpp.station import Station
from adapters.ocpp.v2.edition import Edition
from adapters.ocpp.v2.inbound import Inbound
from adapters.ocpp.v2.preparation import Preparation
from adapters.ocpp.v2.profiles import Lease, clear_requests
from v2g.errors import UnavailableError
from v2g.setpoint import Setpoint
from v2g.site import Evse

log = structlog.get_logger()

COMPOSITE_S = 60
SPELLINGS = {ErrorCode.FORMATION: "FormatViolation"}
UNREADABLE = "RpcFrameworkError"
OTHER = {RateUnit.WATTS: RateUnit.AMPS, RateUnit.AMPS: RateUnit.WATTS}


class Dialect2:
    """Speaks an edition of OCPP 2.x with one charger; fills `adapters.ocpp.dialect.Dialect`."""

    def __init__(self, caller: Caller, station: Station, context: Context, *, edition: Edition) -> None:
        self._caller, self._station, self._context, self._edition = caller, station, context, edition
        self._leases = edition.leases(self._ask, station, context)
        self._inbound = Inbound(station, context, edition, self._leases.handlers)
        self._preparation = Preparation(self._ask, station, self._inbound, context)
        self._unit = RateUnit.WATTS
        self._proved: set[str] = set()
        self._starts = 0
        self._booted = asyncio.Event()
        self._ready = False
        self._log = log.bind(station=station.station_id)

    async def answer(self, action: str, payload: Payload) -> Payload:
        """Return the answer to a request. Raises `BadFrameError` or `UnavailableError`, which refuse it."""
        self._edition.schemas.check_request(action, payload)
        return await self._inbound.answer(action, payload)

    def answered(self, action: str) -> None:
        """Take note of an accepted boot only now: until its answer is sent, a charger may not be asked anything."""
        if action == Action.boot_notification and self._inbound.accepted:
            self._booted.set()

    def heard(self, action: str, payload: Payload) -> None:
        """Take note of what was told without wanting an answer. Raises `BadFrameError`."""
        if action not in self._edition.unanswered:
            raise BadFrameError(f"{action[:50]!r} without an answer", code=ErrorCode.PROTOCOL, answerable=False, place="$[0]")
        self._edition.schemas.check_send(action, payload)
        self._station.journal.add(self._context.clock.now(), action, payload)

    def code(self, error: BadFrameError) -> str:
        """Return the code of an error as OCPP 2.x spells it."""
        return UNREADABLE if error.message_id == UNREADABLE_ID else SPELLINGS.get(error.code, error.code)

    async def attend(self) -> None:
        """Prepare the charger after each boot; one that goes on without a boot is prepared and asked how it is."""
        try:
            await self._restore()
            if not await self._boots_in_time():
                await self._prepare()
                for outlet in self._station.outlets.values():
                    await self.refresh(outlet.evse)
            while await self._booted.wait():
                self._booted.clear()
                await self._prepare()
        except DisconnectedError:
            self._log.info("charger_left_while_attended")

    async def set_power(self, evse: Evse, setpoint: Setpoint) -> None:
        """Make the outlet keep the setpoint until it expires. Where it cannot give back, 0 is sent, and `RefusedError` raised."""
        if not self._ready:
            raise DisconnectedError("the charger has not booted yet")
        one_way = await self._leases.one_way(evse) if setpoint.power_kw < 0 else ""
        transaction = self._station.outlets[evse.connector_id].transaction
        write = partial(limit_for, setpoint.power_kw, evse, gives_back=setpoint.power_kw < 0 and not one_way)
        promise = await self._lay(evse, setpoint, transaction, write)
        outlet = self._station.outlets[evse.connector_id]
        if transaction is not None and (outlet.transaction is None or not transaction.is_same(outlet.transaction)):
            raise RefusedError("the transaction ended before the charger answered")
        self._station.put(outlet.promised(promise))
        if one_way:
            raise RefusedError(f"{one_way}: 0 kW was sent instead")

    async def clear_power(self, evse: Evse) -> bool:
        """Take the leases of the outlet back; False if the charger knew of none."""
        answers = [await self._ask(Action.clear_charging_profile, request) for request in clear_requests(evse)]
        self._station.put(self._station.outlets[evse.connector_id].promised(None))
        return any(answer["status"] == ClearChargingProfileStatusEnumType.accepted for answer in answers)

    async def remote_start(self, evse: Evse, id_tag: str) -> bool:
        """Ask to begin a transaction; True if the charger will try."""
        self._starts += 1
        token = {"idToken": id_tag, "type": TokenKind.central}
        request = {"evseId": evse.connector_id, "remoteStartId": self._starts, "idToken": token}
        answer = await self._ask(Action.request_start_transaction, request)
        return bool(answer["status"] == RequestStartStopStatusEnumType.accepted)

    async def remote_stop(self, evse: Evse) -> bool:
        """Ask to end the open transaction; False if there is none or the charger will not."""
        transaction = self._station.outlets[evse.connector_id].transaction
        if transaction is None:
            return False
        answer = await self._ask(Action.request_stop_transaction, {"transactionId": transaction.reference})
        return bool(answer["status"] == RequestStartStopStatusEnumType.accepted)

    async def refresh(self, evse: Evse) -> None:
        """Ask for the status and the meter values of an outlet; a charger that cannot is let be."""
        places = {
            MessageTriggerEnumType.status_notification: {"id": evse.connector_id, "connectorId": 1},
            MessageTriggerEnumType.meter_values: {"id": evse.connector_id},
        }
        for message, place in places.items():
            try:
                answer = await self._ask(Action.trigger_message, {"requestedMessage": message, "evse": place})
            except (RefusedError, AnswerTimeoutError, BadFrameError) as error:
                self._log.info("not_triggered", evse=evse.evse_id, message=message, reason=str(error))
            else:
                self._log.info("triggered", evse=evse.evse_id, message=message, status=answer["status"])

    async def in_force(self, evse: Evse) -> float | None:
        """Return the power [kW] that the charger says it keeps to now, by its composite schedule; None if it will not say."""
        request = {"evseId": evse.connector_id, "duration": COMPOSITE_S, "chargingRateUnit": self._unit}
        try:
            answer = await self._ask(Action.get_composite_schedule, request)
        except (RefusedError, BadFrameError) as error:
            self._log.info("composite_schedule_unknown", evse=evse.evse_id, reason=str(error))
            return None
        schedule = answer.get("schedule")
        if answer["status"] != GenericStatusEnumType.accepted or schedule is None:
            return None
        return composite_kw(schedule["chargingSchedulePeriod"], schedule["chargingRateUnit"], evse)

    async def command(self, action: str, payload: Payload) -> Payload:
        """Send what an operator asks for, and return the answer."""
        if action not in self._edition.commands:
            raise BadFrameError(f"{action[:50]!r} is no command of OCPP {self._edition.name}", code=ErrorCode.NOT_SUPPORTED)
        self._edition.schemas.check_request(action, payload)
        answer = await self._ask(action, payload)
        self._leases.commanded(action, payload, answer)
        return answer

    async def _lay(
        self, evse: Evse, setpoint: Setpoint, transaction: Transaction | None, write: Callable[[RateUnit], Limit]
    ) -> Promise:
        """Lay a lease in the charger's unit, or in the other if it refuses that; return what it then promises."""
        now, reference = self._context.clock.now(), transaction.reference if transaction else ""
        for unit in (self._unit, OTHER[self._unit]):
            limit = write(unit)
            lease = Lease(evse=evse, limit=limit, now=now, until=setpoint.valid_until, reference=reference)
            until = await self._leases.lay(lease)
            if until is not None:
                self._unit = unit
                power_kw = await self._proven(evse, limit)
                return Promise(power_kw=power_kw, until=until, for_transaction=transaction is not None)
        raise RefusedError(f"the charger refused {write(self._unit).value:g} {self._unit}, and as much in the other unit")

    async def _proven(self, evse: Evse, limit: Limit) -> float:
        """Return the power [kW] that can be counted on. Raises `RefusedError` where the charger contradicts itself."""
        if not needs_proof(limit, proved=evse.evse_id in self._proved):
            return limit.power_kw
        power_kw = promised_kw(limit, await self.in_force(evse))
        self._proved.add(evse.evse_id)
        return power_kw

    async def _ask(self, action: str, payload: Payload) -> Payload:
        answer = await self._caller.call(action, payload)
        self._edition.schemas.check_response(action, answer)
        return answer

    async def _prepare(self) -> None:
        """Take setpoints as soon as their unit is known, and say so once the fallbacks lie beneath them."""
        evses = tuple(outlet.evse for outlet in self._station.outlets.values())
        self._unit, variables = await self._preparation.abilities(self._leases.variables(evses))
        self._leases.learn(variables)
        self._proved.clear()
        self._ready = True
        await self._preparation.profiles(self._unit)
        self._context.on_change()
        await self._preparation.meter_values()

    async def _boots_in_time(self) -> bool:
        try:
            async with asyncio.timeout(self._context.boot_grace_wall_s):
                return await self._booted.wait()
        except TimeoutError:
            return False

    async def _restore(self) -> None:
        """Take up open transactions; if they cannot be read now, the next boot or event asks again."""
        try:
            await self._station.restore_from(self._context.transactions)
        except UnavailableError as error:
            self._log.warning("transactions_not_restored", reason=str(error))
