"""How OCPP 2.1 makes a charger keep setpoints: central setpoints that give back, dynamic schedules, offline limits.

A dynamic profile lives for its schedule's duration since its last update, be it pushed by us or pulled by the charger (K28), and
since it came, by the charger's own clock: we write no time into it, which a clock behind ours would take for the future. So
each is laid for half of the lease, or a minute, and a pull is answered only while what it prolongs still ends within the lease. One
laid when little of a lease was left lives too briefly for the next, and is laid anew. Giving back needs all of: a vehicle that
asked for two-way transfer and told its V2X parameters, a charger that knows central setpoints, and its leave to transfer both ways,
asked once a transaction. Source: OCPP 2.1, Part 2, K18, K28, Q05–Q07.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ocpp.v21.enums import (
    Action,
    ChargingProfileStatusEnumType,
    NotifyAllowedEnergyTransferStatusEnumType,
    PriorityChargingStatusEnumType,
)
from ocpp.v21.enums import ChargingProfileKindEnumType as Kind
from ocpp.v21.enums import EnergyTransferModeEnumType as Transfer
from ocpp.v21.enums import OperationModeEnumType as Mode

from adapters.ocpp.connection import RefusedError
from adapters.ocpp.dialect import Context
from adapters.ocpp.frames import Payload
from adapters.ocpp.limits import Limit
from adapters.ocpp.station import Station
from adapters.ocpp.v2.edition import Ask, Handler
from adapters.ocpp.v2.needs import TWO_WAY
from adapters.ocpp.v2.profiles import Lease, absolute, request, schedule
from adapters.ocpp.v2.variables import Variable, Variables
from adapters.ocpp.v21.periods import mode_of, period_of, values_of
from adapters.ocpp.ways import Scope
from v2g.site import Evse

DYNAMIC = Variable("SmartChargingCtrlr", "SupportsDynamicProfiles")
OFFLINE = Variable("SmartChargingCtrlr", "SupportsMaxOfflineDuration")
MODES = "SupportedOperationModes"
V2X = "V2XChargingCtrlr"
ACCEPTED: Payload = {"status": ChargingProfileStatusEnumType.accepted}
REJECTED: Payload = {"status": ChargingProfileStatusEnumType.rejected}
ONE_WAY_MODES = frozenset(Transfer) - TWO_WAY
LEAST_S = 60
"""A profile lives no shorter than this, if the lease is as long: pulls may come late, or never."""
PULLED_WITHIN = timedelta(seconds=30)
"""A charger takes no answer that comes later than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A dynamic profile that the charger has: whose limit it is in which transaction, and until when the setpoint itself holds."""

    evse_id: str
    limit: Limit
    reference: str
    duration_s: int
    until: datetime


class Leases21:
    """Lays leases over one connection; fills `adapters.ocpp.v2.edition.Leases`."""

    def __init__(self, ask: Ask, station: Station, context: Context) -> None:
        self._ask, self._station, self._context = ask, station, context
        self._modes: dict[Variable, frozenset[str]] = {}
        self._dynamic = self._offline = False
        self._priority: set[str] = set()
        self._laid: dict[int, Laid] = {}
        self._allowed: set[str] = set()
        self._log = station.log

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What else the charger may ask, by action."""
        return {Action.pull_dynamic_schedule_update: self._pull, Action.notify_priority_charging: self._priority_told}

    def variables(self, evses: tuple[Evse, ...]) -> tuple[Variable, ...]:
        """Ask whether profiles may be dynamic or end offline, and where power can flow back, in which modes."""
        return (DYNAMIC, OFFLINE, *(Variable(V2X, MODES, evse.connector_id) for evse in evses if evse.discharge_max_kw > 0))

    def learn(self, variables: Variables) -> None:
        """Take note of what the charger can; after a boot nothing laid before is relied on."""
        self._modes = {each: variables.items(each) for each in variables.values if each.component == V2X}
        self._offline, self._dynamic = variables.is_true(OFFLINE), variables.is_true(DYNAMIC)
        self._laid.clear()
        self._allowed.clear()

    async def one_way(self, evse: Evse) -> str:
        """Return why the outlet cannot give back, "" if it can."""
        outlet = self._station.outlets[evse.connector_id]
        if outlet.transaction is None:
            return "without a transaction nothing is given back"
        if outlet.vehicle.discharge_max_kw == 0:
            return "the car has not asked for two-way transfer"
        modes = self._modes.get(Variable(V2X, MODES, evse.connector_id), frozenset())
        if modes and Mode.central_setpoint not in modes:
            return "the charger knows no central setpoints"
        return "" if await self._allow(outlet.transaction.reference) else "the charger does not allow two-way transfer"

    async def lay(self, lease: Lease) -> datetime | None:
        """Make the charger keep `lease`; return until when it will, None if it refused."""
        if lease.reference in self._priority:
            raise RefusedError("priority charging is on: the charger keeps to no setpoint")
        if self._dynamic and lease.scope is Scope.TRANSACTION and lease.duration_s > 0:
            try:
                until = await self._lay_dynamic(lease)
            except RefusedError as error:
                self._log.warning("no_dynamic_profiles", reason=str(error))
                self._dynamic, until = False, None
            if until is not None:
                return until
        self._laid.pop(lease.profile_id, None)
        offline = {"maxOfflineDuration": max(lease.duration_s, 1), "invalidAfterOfflineDuration": True}
        payload = absolute(lease, period_of(lease))
        payload["chargingProfile"] |= offline if self._offline else {}
        return lease.until if await self._is_accepted(Action.set_charging_profile, payload) else None

    def commanded(self, action: str, payload: Payload, answer: Payload) -> None:
        """Take note that priority charging was switched: the charger tells so only when it was not we who asked."""
        if action == Action.use_priority_charging and answer["status"] == PriorityChargingStatusEnumType.accepted:
            self._prioritise(payload["transactionId"], on=payload["activate"])

    async def _priority_told(self, payload: Payload) -> Payload:
        self._station.journal.add(self._context.clock.now(), Action.notify_priority_charging, payload)
        self._prioritise(payload["transactionId"], on=payload["activated"])
        return {}

    def _prioritise(self, reference: str, *, on: bool) -> None:
        """While a driver's priority overrides every setpoint, none is promised, and none can be laid."""
        outlet = next((o for o in self._station.outlets.values() if o.transaction and o.transaction.reference == reference), None)
        if outlet is None:
            return
        (self._priority.add if on else self._priority.discard)(reference)
        if on:
            self._station.put(outlet.promised(None))
        self._context.on_change()

    async def _lay_dynamic(self, lease: Lease) -> datetime | None:
        """Update the profile that is there, where only the number changes, or lay a new one.

        Until the charger has answered, what it had is not told again: a pull that crosses the new number would take it back.
        """
        known, duration_s = self._laid.pop(lease.profile_id, None), _life_s(lease)
        laid = Laid(
            evse_id=lease.evse.evse_id, limit=lease.limit, reference=lease.reference, duration_s=duration_s, until=lease.until
        )
        if known is not None and _differ_in_number(known, laid, lease.duration_s):
            update = {"chargingProfileId": lease.profile_id, "scheduleUpdate": values_of(lease.limit)}
            if await self._is_accepted(Action.update_dynamic_schedule, update):
                self._laid[lease.profile_id] = Laid(
                    evse_id=laid.evse_id, limit=laid.limit, reference=laid.reference, duration_s=known.duration_s, until=lease.until
                )
                return lease.start + timedelta(seconds=known.duration_s)
        timed = schedule(lease, period_of(lease)) | {"duration": duration_s}
        interval_s = max(duration_s // 2, 1)
        profile = request(lease, Kind.dynamic, timed, dynUpdateInterval=interval_s)
        if not await self._is_accepted(Action.set_charging_profile, profile):
            return None
        self._laid[lease.profile_id] = laid
        return lease.start + timedelta(seconds=duration_s)

    async def _pull(self, payload: Payload) -> Payload:
        """Tell a charger the number in force, which prolongs its profile; refuse where that would outlive the lease."""
        profile_id, now = payload["chargingProfileId"], self._context.clock.now()
        laid = self._laid.get(profile_id)
        outlet = next((o for o in self._station.outlets.values() if laid and o.evse.evse_id == laid.evse_id), None)
        if laid is None or outlet is None or outlet.promise is None or outlet.promise.until <= now:
            return REJECTED
        until = now + timedelta(seconds=laid.duration_s)
        if until > laid.until or outlet.transaction is None or outlet.transaction.reference != laid.reference:
            return REJECTED
        self._station.put(outlet.prolonged(until, until + PULLED_WITHIN))
        return ACCEPTED | {"scheduleUpdate": values_of(laid.limit)}

    async def _allow(self, reference: str) -> bool:
        """Tell the charger that power may flow both ways, once a transaction: the driver consents, or nobody would ask."""
        if reference in self._allowed:
            return True
        notice = {"transactionId": reference, "allowedEnergyTransfer": sorted(Transfer)}
        try:
            answer = await self._ask(Action.notify_allowed_energy_transfer, notice)
        except RefusedError as error:  # it knows no such message, and has negotiated two ways with the car already
            self._log.info("allowed_transfer_not_told", reason=str(error))
        else:
            if answer["status"] != NotifyAllowedEnergyTransferStatusEnumType.accepted:
                return False
        self._allowed.add(reference)
        return True

    async def _is_accepted(self, action: str, payload: Payload) -> bool:
        answer = await self._ask(action, payload)
        return bool(answer["status"] == ChargingProfileStatusEnumType.accepted)


def _life_s(lease: Lease) -> int:
    """Return for how long a dynamic profile is to live without being updated."""
    return max(lease.duration_s // 2, min(lease.duration_s, LEAST_S))


def _differ_in_number(known: Laid, wanted: Laid, most_s: int) -> bool:
    """Return whether an update of the number alone makes `known` what is `wanted`: it lives at most `most_s`, not much shorter."""
    same = (known.reference, known.limit.unit, mode_of(known.limit)) == (
        wanted.reference,
        wanted.limit.unit,
        mode_of(wanted.limit),
    )
    return same and wanted.duration_s <= 2 * known.duration_s <= 2 * most_s
