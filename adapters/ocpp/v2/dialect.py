"""OCPP 2.x over one connection: what the charger asks, and what it is asked."""

from datetime import timedelta
from functools import partial

from ocpp.v201.enums import (
    Action,
    ClearChargingProfileStatusEnumType,
    GenericStatusEnumType,
    MessageTriggerEnumType,
    RequestStartStopStatusEnumType,
)
from ocpp.v201.enums import IdTokenEnumType as TokenKind

from adapters.ocpp.attendance import Attendance
from adapters.ocpp.connection import AnswerTimeoutError, DisconnectedError, RefusedError
from adapters.ocpp.dialect import Caller, Context
from adapters.ocpp.frames import UNREADABLE_ID, BadFrameError, ErrorCode, Payload
from adapters.ocpp.limits import composite_kw, limit_for
from adapters.ocpp.outlet import Outlet, Promise
from adapters.ocpp.readback import Proofs
from adapters.ocpp.station import Station
from adapters.ocpp.v2.edition import Edition
from adapters.ocpp.v2.inbound import Inbound
from adapters.ocpp.v2.preparation import Preparation
from adapters.ocpp.v2.profiles import Lease, clear_request, clear_requests
from adapters.ocpp.v2.variables import phase_switching
from adapters.ocpp.ways import Scope, Way, Ways
from v2g.setpoint import Setpoint
from v2g.site import Evse

COMPOSITE_S = 60
SPELLINGS = {ErrorCode.FORMATION: "FormatViolation"}
UNREADABLE = "RpcFrameworkError"


class Dialect2:
    """Speaks an edition of OCPP 2.x with one charger; fills `adapters.ocpp.dialect.Dialect`."""

    def __init__(self, caller: Caller, station: Station, context: Context, *, edition: Edition) -> None:
        self._caller, self._station, self._context, self._edition = caller, station, context, edition
        self._leases = edition.leases(self._ask, station, context)
        self._inbound = Inbound(station, context, edition, self._leases.handlers)
        self._attendance = Attendance(station, context, prepare=self._prepare, refresh=self.refresh)
        self._ways, self._proofs = Ways(), Proofs(self.in_force)
        self._starts = 0
        self._phases: dict[int, int] = {}
        self._ready = False
        self._log = station.log

    async def answer(self, action: str, payload: Payload) -> Payload:
        """Return the answer to a request. Raises `BadFrameError` or `UnavailableError`, which refuse it."""
        self._edition.schemas.check_request(action, payload)
        return await self._inbound.answer(action, payload)

    def answered(self, action: str) -> bool:
        """Take note of an accepted boot only now: until its answer is sent, a charger may not be asked anything."""
        return action == Action.boot_notification and self._inbound.accepted and self._attendance.booted()

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
        """Prepare the charger after a boot; one that goes on without a boot is prepared and asked how it is."""
        await self._attendance.run()

    async def set_power(self, evse: Evse, setpoint: Setpoint) -> None:
        """Make the outlet keep the setpoint until it expires. Where it cannot give back, 0 is sent, and `RefusedError` raised."""
        if not self._ready:
            raise DisconnectedError("the charger has not booted yet")
        one_way = await self._leases.one_way(evse) if setpoint.power_kw < 0 else ""
        before = self._station.outlets[evse.connector_id]
        lay = partial(self._lay, before, setpoint, gives=setpoint.power_kw < 0 and not one_way)
        ways = self._ways.order(before, setpoint.attempt, alone=self._station.has_one_outlet and setpoint.power_kw >= 0)
        promise = await self._ways.say(before, ways, lay, partial(self._clear, evse))
        outlet, transaction = self._station.outlets[evse.connector_id], before.transaction
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
        schedule = await self._composite(evse, COMPOSITE_S)
        return composite_kw(schedule["chargingSchedulePeriod"], schedule["chargingRateUnit"], evse) if schedule else None

    async def command(self, action: str, payload: Payload) -> Payload:
        """Send what an operator asks for, and return the answer."""
        if action not in self._edition.commands:
            raise BadFrameError(f"{action[:50]!r} is no command of OCPP {self._edition.name}", code=ErrorCode.NOT_SUPPORTED)
        self._edition.schemas.check_request(action, payload)
        answer = await self._ask(action, payload)
        self._leases.commanded(action, payload, answer)
        return answer

    async def _lay(self, outlet: Outlet, setpoint: Setpoint, way: Way, *, gives: bool) -> Promise:
        """Lay a lease and return what the charger then promises. Raises `RefusedError` if it does not accept."""
        evse, transaction = outlet.evse, outlet.transaction
        limit = limit_for(setpoint.power_kw, evse, way.unit, gives_back=gives)
        lease = Lease(
            evse=evse,
            limit=limit,
            now=self._context.clock.now(),
            until=setpoint.valid_until,
            scope=way.scope,
            reference=transaction.reference if transaction else "",
            phase=None if way.scope is Scope.STATION else self._phases.get(evse.connector_id),
        )
        until = await self._leases.lay(lease)
        if until is None:
            raise RefusedError(f"the charger refused {limit.value:g} {limit.unit} for the {way.scope}, and whatever else was tried")
        over_by = until + max(self._context.clock.now() - lease.now, timedelta())
        power_kw = await self._proofs.promised_kw(evse, limit)
        return Promise(power_kw=power_kw, until=until, over_by=over_by, for_transaction=way.scope is Scope.TRANSACTION)

    async def _composite(self, evse: Evse, duration_s: int) -> Payload | None:
        """Return the schedule that the charger says it keeps to from now on, None if it will not say."""
        request = {"evseId": evse.connector_id, "duration": duration_s, "chargingRateUnit": self._ways.unit}
        try:
            answer = await self._ask(Action.get_composite_schedule, request)
        except (RefusedError, BadFrameError) as error:
            self._log.info("composite_schedule_unknown", evse=evse.evse_id, reason=str(error))
            return None
        return answer.get("schedule") if answer["status"] == GenericStatusEnumType.accepted else None

    async def _clear(self, evse: Evse, scope: Scope) -> Payload:
        return await self._ask(Action.clear_charging_profile, clear_request(evse, scope))

    async def _ask(self, action: str, payload: Payload) -> Payload:
        answer = await self._caller.call(action, payload)
        self._edition.schemas.check_response(action, answer)
        return answer

    async def _prepare(self) -> None:
        """Take setpoints as soon as their unit is known, and say so once the fallbacks lie beneath them."""
        evses = tuple(outlet.evse for outlet in self._station.outlets.values())
        switching = {evse: phase_switching(evse.connector_id) for evse in evses if len(evse.phases) == 1}
        preparation = Preparation(
            self._ask, self._station, self._inbound, self._context, self._composite, of_battery=self._edition.of_battery
        )
        unit, variables = await preparation.abilities((*self._leases.variables(evses), *switching.values()))
        self._leases.learn(variables)
        self._phases = {evse.connector_id: evse.phases[0] for evse, asked in switching.items() if variables.is_true(asked)}
        self._ways.begin(unit)
        self._proofs.forget()
        self._ready = True
        await preparation.profiles(unit)
        self._context.on_change()
        await preparation.meter_values()
