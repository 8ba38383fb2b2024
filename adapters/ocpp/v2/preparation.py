"""What a 2.x charger is asked once it has booted: its abilities, the fallbacks beneath every lease, the meter values we need."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from ocpp.v201.enums import Action, ChargingProfileStatusEnumType, GetChargingProfileStatusEnumType
from ocpp.v201.enums import MeasurandEnumType as Measurand

from adapters.ocpp.connection import AnswerTimeoutError, RefusedError
from adapters.ocpp.dialect import Context
from adapters.ocpp.frames import BadFrameError, Payload
from adapters.ocpp.limits import RateUnit, rate_unit
from adapters.ocpp.readback import fallback_from
from adapters.ocpp.station import Station
from adapters.ocpp.v2.edition import Ask
from adapters.ocpp.v2.inbound import Inbound
from adapters.ocpp.v2.profiles import fallback, station_ceiling
from adapters.ocpp.v2.variables import MEASURANDS, RATE_UNIT, SAMPLE_INTERVAL, Variable, Variables, read, write
from v2g.site import Evse

NEEDED = (Measurand.power_active_import, Measurand.energy_active_import_register, Measurand.soc)
NEEDED_BACK = (Measurand.power_active_export, Measurand.energy_active_export_register)
REPORT_WALL_S = 20.0  # of a thousand that connect at once, some report after more than 5 s

Composite = Callable[[Evse, int], Awaitable[Payload | None]]
"""Returns the schedule that an outlet says it keeps to for so long [s], None if it will not say."""


class Preparation:
    """Prepares one charger; what it refuses is logged, and the rest still done.

    `ask` sends a request and returns its checked answer, raising as `Caller.call` does, and so does `composite`; only
    `DisconnectedError` comes through.
    """

    def __init__(
        self, ask: Ask, station: Station, inbound: Inbound, context: Context, composite: Composite, *, of_battery: tuple[str, ...]
    ) -> None:
        self._ask, self._station, self._inbound, self._context, self._composite = ask, station, inbound, context, composite
        self._of_battery = of_battery
        self._variables = Variables()
        self._log = station.log

    async def abilities(self, more: tuple[Variable, ...]) -> tuple[RateUnit, Variables]:
        """Return the unit in which the charger takes limits, and what it tells of its variables, `more` among them."""
        self._variables = await read(self.attempt, (RATE_UNIT, SAMPLE_INTERVAL, MEASURANDS, *more))
        return rate_unit(self._variables.text(RATE_UNIT)), self._variables

    async def profiles(self, unit: RateUnit) -> None:
        """Install what each outlet may do when no lease says otherwise, and read it back; then the station's ceiling.

        A ceiling alone, if we are cut off after it, might be taken for leave to draw so much.
        """
        evses = [outlet.evse for outlet in self._station.outlets.values()]
        for evse in evses:
            wanted = fallback(evse, unit)
            answer = await self.attempt(Action.set_charging_profile, wanted)
            if answer.get("status") != ChargingProfileStatusEnumType.accepted:
                self._log.warning("fallback_not_installed", evse=evse.evse_id, status=answer.get("status", ""))
            else:
                await self._read_back(evse, wanted["chargingProfile"])
        whole = await self.attempt(Action.set_charging_profile, station_ceiling(evses, unit, self._context.clock.now()))
        if whole.get("status") != ChargingProfileStatusEnumType.accepted:
            self._log.info("ceiling_not_installed", status=whole.get("status", ""))

    async def meter_values(self) -> None:
        """Ask for the measurands and the interval we need, where the charger's differ."""
        interval = str(max(round(self._context.meter_interval_s), 1))
        if self._variables.text(SAMPLE_INTERVAL) != interval:
            await self._change(SAMPLE_INTERVAL, interval)
        gives_back = any(outlet.evse.discharge_max_kw > 0 for outlet in self._station.outlets.values())
        needed = NEEDED + NEEDED_BACK if gives_back else NEEDED
        whole = needed + self._of_battery if gives_back else needed
        if not self._variables.items(MEASURANDS).issuperset(whole):
            without_soc = [name for name in needed if name != Measurand.soc]  # AC chargers do not know it, and some refuse for it
            await self._change(MEASURANDS, *dict.fromkeys(",".join(names) for names in (whole, needed, without_soc)))

    async def attempt(self, action: str, payload: Payload) -> Payload:
        """Return the answer, empty if there is none."""
        try:
            return await self._ask(action, payload)
        except (RefusedError, AnswerTimeoutError, BadFrameError) as error:
            self._log.warning("preparation_failed", action=action, reason=str(error))
            return {}

    async def _read_back(self, evse: Evse, wanted: Payload) -> None:
        """Ask for the fallback again, and say aloud if it is not there as it was sent."""
        request_id, report = self._inbound.expect_report()
        criterion = {"chargingProfileId": [wanted["id"]]}
        request = {"requestId": request_id, "evseId": evse.connector_id, "chargingProfile": criterion}
        try:
            answer = await self.attempt(Action.get_charging_profiles, request)
            if answer.get("status") != GetChargingProfileStatusEnumType.accepted:
                self._log.warning("fallback_not_read_back", evse=evse.evse_id, status=answer.get("status", ""))
                return
            async with asyncio.timeout(REPORT_WALL_S):
                kept = await report
        except TimeoutError:
            self._log.warning("fallback_not_read_back", evse=evse.evse_id, status="no report")
        else:
            if _limit(wanted) not in [_limit(profile) for profile in kept if profile["id"] == wanted["id"]]:
                self._log.warning("fallback_differs", evse=evse.evse_id, wanted=_limit(wanted))
            else:
                await self._ground(evse)
        finally:
            self._inbound.drop_report(request_id)

    async def _ground(self, evse: Evse) -> None:
        """Note from when the fallback, which lies there, holds: once whatever lease is left is over, of which we may know nothing.

        A charger that will not say what it keeps to may keep to the longest.
        """
        begins, seen_s = self._context.clock.now(), self._context.longest_lease_s
        if self._station.outlets[evse.connector_id].promise is None:
            try:
                schedule = await self._composite(evse, seen_s)
            except AnswerTimeoutError:
                schedule = None
            seen = fallback_from(schedule, evse, begins, seen_s) if schedule else begins + timedelta(seconds=seen_s)
            if seen is None:
                self._log.warning("fallback_differs", evse=evse.evse_id, wanted_kw=evse.fallback_kw)
                return
            begins = seen
        self._station.put(self._station.outlets[evse.connector_id].grounded(begins))

    async def _change(self, variable: Variable, *values: str) -> None:
        """Ask for the first of `values` that the charger takes; once a process, for some reboot when asked."""
        if variable.name in self._station.asked:
            return
        self._station.asked.add(variable.name)
        for value in values:
            if await write(self.attempt, variable, value):
                return
        self._log.warning("setting_refused", key=variable.name)


def _limit(profile: Payload) -> tuple[str, float]:
    """Return unit and limit of a profile's first period; NaN, which equals nothing, where it has none."""
    schedule = profile["chargingSchedule"][0]
    return schedule["chargingRateUnit"], float(schedule["chargingSchedulePeriod"][0].get("limit", float("nan")))
