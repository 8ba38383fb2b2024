"""OCPP 1.6J over one connection: what the charger asks, and what it is asked."""

from functools import partial

from ocpp.v16.enums import (
    Action,
    ChargingProfileStatus,
    ClearChargingProfileStatus,
    GetCompositeScheduleStatus,
    MessageTrigger,
    RemoteStartStopStatus,
)

from adapters.ocpp.attendance import Attendance
from adapters.ocpp.connection import AnswerTimeoutError, DisconnectedError, RefusedError
from adapters.ocpp.dialect import Caller, Context
from adapters.ocpp.frames import BadFrameError, ErrorCode, Payload
from adapters.ocpp.limits import composite_kw, limit_for
from adapters.ocpp.outlet import Outlet, Promise
from adapters.ocpp.readback import Proofs, fallback_from
from adapters.ocpp.schemas import Schemas
from adapters.ocpp.station import Station
from adapters.ocpp.v16.inbound import Inbound
from adapters.ocpp.v16.preparation import Preparation
from adapters.ocpp.v16.profiles import clear_request, clear_requests, lease_profile
from adapters.ocpp.ways import Scope, Way, Ways
from v2g.setpoint import Setpoint
from v2g.site import Evse

COMPOSITE_S = 60
SCHEMAS = Schemas("1.6", Action)
COMMANDS = frozenset(
    {
        Action.cancel_reservation,
        Action.certificate_signed,
        Action.change_availability,
        Action.change_configuration,
        Action.clear_cache,
        Action.data_transfer,
        Action.delete_certificate,
        Action.extended_trigger_message,
        Action.get_composite_schedule,
        Action.get_configuration,
        Action.get_diagnostics,
        Action.get_installed_certificate_ids,
        Action.get_local_list_version,
        Action.get_log,
        Action.install_certificate,
        Action.reserve_now,
        Action.reset,
        Action.send_local_list,
        Action.signed_update_firmware,
        Action.trigger_message,
        Action.unlock_connector,
        Action.update_firmware,
    }
)
"""What an operator may ask of a charger; setpoints go the way of setpoints."""


class Dialect16:
    """Speaks OCPP 1.6 with one charger; fills `adapters.ocpp.dialect.Dialect`."""

    def __init__(self, caller: Caller, station: Station, context: Context) -> None:
        self._caller, self._station, self._context = caller, station, context
        self._inbound = Inbound(station, context)
        self._attendance = Attendance(station, context, prepare=self._prepare, refresh=self.refresh)
        self._ways, self._proofs = Ways(), Proofs(self.in_force)
        self._ready = False
        self._log = station.log

    async def answer(self, action: str, payload: Payload) -> Payload:
        """Return the answer to a request. Raises `BadFrameError` or `UnavailableError`, which refuse it."""
        SCHEMAS.check_request(action, payload)
        return await self._inbound.answer(action, payload)

    def answered(self, action: str) -> bool:
        """Take note of an accepted boot only now: until its answer is sent, a charger may not be asked anything."""
        return action == Action.boot_notification and self._inbound.accepted and self._attendance.booted()

    def heard(self, action: str, _: Payload) -> None:
        """Refuse what wants no answer: OCPP 1.6 knows no such message."""
        raise BadFrameError(f"{action[:50]!r} without an answer", code=ErrorCode.PROTOCOL, answerable=False, place="$[0]")

    def code(self, error: BadFrameError) -> str:
        """Return the code of an error as OCPP 1.6 spells it."""
        return error.code

    async def attend(self) -> None:
        """Prepare the charger after a boot; one that goes on without a boot is prepared and asked how it is."""
        await self._attendance.run()

    async def set_power(self, evse: Evse, setpoint: Setpoint) -> None:
        """Limit the outlet until the setpoint expires.

        Discharge is beyond OCPP 1.6: 0 is sent, and `RefusedError` raised, unless the vendor takes negative limits.
        """
        if not self._ready:
            raise DisconnectedError("the charger has not booted yet")
        before = self._station.outlets[evse.connector_id]
        ways = self._ways.order(before, setpoint.attempt, alone=self._station.has_one_outlet and setpoint.power_kw >= 0)
        promise = await self._ways.say(before, ways, partial(self._lay, before, setpoint), partial(self._clear, evse))
        outlet = self._station.outlets[evse.connector_id]
        if before.transaction is not None and outlet.transaction != before.transaction:
            raise RefusedError("the transaction ended before the charger answered")
        self._station.put(outlet.promised(promise))
        if setpoint.power_kw < 0 and not evse.negative_limits:
            raise RefusedError("OCPP 1.6 cannot discharge: 0 kW was sent instead")

    async def clear_power(self, evse: Evse) -> bool:
        """Take the leases of the outlet back; False if the charger knew of none."""
        answers = [await self._ask(Action.clear_charging_profile, request) for request in clear_requests(evse)]
        self._station.put(self._station.outlets[evse.connector_id].promised(None))
        return any(answer["status"] == ClearChargingProfileStatus.accepted for answer in answers)

    async def remote_start(self, evse: Evse, id_tag: str) -> bool:
        """Ask to begin a transaction; True if the charger will try."""
        request = {"connectorId": evse.connector_id, "idTag": id_tag}
        answer = await self._ask(Action.remote_start_transaction, request)
        return bool(answer["status"] == RemoteStartStopStatus.accepted)

    async def remote_stop(self, evse: Evse) -> bool:
        """Ask to end the open transaction; False if there is none or the charger will not."""
        transaction = self._station.outlets[evse.connector_id].transaction
        if transaction is None:
            return False
        answer = await self._ask(Action.remote_stop_transaction, {"transactionId": transaction.transaction_id})
        return bool(answer["status"] == RemoteStartStopStatus.accepted)

    async def refresh(self, evse: Evse) -> None:
        """Ask for the status and the meter values of an outlet; a charger that cannot is let be."""
        for message in (MessageTrigger.status_notification, MessageTrigger.meter_values):
            request = {"requestedMessage": message, "connectorId": evse.connector_id}
            try:
                answer = await self._ask(Action.trigger_message, request)
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
        if action not in COMMANDS:
            raise BadFrameError(f"{action[:50]!r} is no command of OCPP 1.6", code=ErrorCode.NOT_SUPPORTED)
        SCHEMAS.check_request(action, payload)
        return await self._ask(Action(action), payload)

    async def _lay(self, outlet: Outlet, setpoint: Setpoint, way: Way) -> Promise:
        """Lay a lease and return what the charger then promises. Raises `RefusedError` if it does not accept."""
        evse, until, transaction = outlet.evse, setpoint.valid_until, outlet.transaction if way.scope is Scope.TRANSACTION else None
        limit = limit_for(setpoint.power_kw, evse, way.unit, gives_back=evse.negative_limits)
        request = lease_profile(
            limit,
            evse,
            now=self._context.clock.now(),
            until=until,
            transaction_id=transaction.transaction_id if transaction else None,
            whole=way.scope is Scope.STATION,
        )
        answer = await self._ask(Action.set_charging_profile, request)
        if answer["status"] != ChargingProfileStatus.accepted:
            purpose = request["csChargingProfiles"]["chargingProfilePurpose"]
            raise RefusedError(f"the charger answered {answer['status']} to a {purpose} of {limit.value:g} {limit.unit}")
        power_kw = await self._proofs.promised_kw(evse, limit)
        return Promise(power_kw=power_kw, until=until, over_by=until, for_transaction=transaction is not None)

    async def _clear(self, evse: Evse, scope: Scope) -> Payload:
        return await self._ask(Action.clear_charging_profile, clear_request(evse, scope))

    async def _ask(self, action: Action, payload: Payload) -> Payload:
        answer = await self._caller.call(action, payload)
        SCHEMAS.check_response(action, answer)
        return answer

    async def _prepare(self) -> None:
        """Take setpoints as soon as their unit is known, and say so once the fallbacks lie beneath them."""
        preparation = Preparation(self._ask, self._station, meter_interval_s=self._context.meter_interval_s)
        unit = await preparation.abilities()
        self._ways.begin(unit)
        self._proofs.forget()
        self._ready = True
        await preparation.fallbacks(unit)  # a ceiling alone, if we are cut off after it, might be taken for leave to draw so much
        await preparation.ceiling(unit, self._context.clock.now())
        for outlet in self._station.outlets.values():
            await self._read_back(outlet.evse)
        self._context.on_change()
        await preparation.meter_values()

    async def _read_back(self, evse: Evse) -> None:
        """Say aloud if a charger without a promise does not keep to its fallback, after whatever it was promised before."""
        if self._station.outlets[evse.connector_id].promise is not None:
            return
        now, seen_s = self._context.clock.now(), self._context.longest_lease_s
        try:
            schedule = await self._composite(evse, seen_s)
        except AnswerTimeoutError:
            return
        if schedule is None:
            return
        begins = fallback_from(schedule, evse, now, seen_s)
        if begins is None:
            self._log.warning("fallback_differs", evse=evse.evse_id, wanted_kw=evse.fallback_kw)
        else:
            self._station.put(self._station.outlets[evse.connector_id].grounded(begins))

    async def _composite(self, evse: Evse, duration_s: int) -> Payload | None:
        """Return the schedule that the charger says it keeps to from now on, None if it will not say."""
        request = {"connectorId": evse.connector_id, "duration": duration_s, "chargingRateUnit": self._ways.unit}
        try:
            answer = await self._ask(Action.get_composite_schedule, request)
        except (RefusedError, BadFrameError) as error:
            self._log.info("composite_schedule_unknown", evse=evse.evse_id, reason=str(error))
            return None
        return answer.get("chargingSchedule") if answer["status"] == GetCompositeScheduleStatus.accepted else None
