"""What a 1.6 charger is asked once it has booted: its abilities, the fallback beneath every lease, the meter values we need."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from ocpp.v16.enums import Action, ChargingProfileStatus, ConfigurationKey, ConfigurationStatus, Measurand

from adapters.ocpp.connection import AnswerTimeoutError, RefusedError
from adapters.ocpp.frames import BadFrameError, Payload
from adapters.ocpp.limits import RateUnit, rate_unit
from adapters.ocpp.station import Station
from adapters.ocpp.v16.profiles import ceiling_profile, fallback_profile

Ask = Callable[[str, Payload], Awaitable[Payload]]

MEASURANDS = (Measurand.power_active_import, Measurand.energy_active_import_register, Measurand.soc)
SETTLED = frozenset({ConfigurationStatus.accepted, ConfigurationStatus.reboot_required})
KEYS = (
    ConfigurationKey.charging_schedule_allowed_charging_rate_unit,
    ConfigurationKey.meter_value_sample_interval,
    ConfigurationKey.meter_values_sampled_data,
)


class Preparation:
    """Prepares one charger; what it refuses is logged, and the rest still done.

    `ask` sends a request and returns its checked answer, raising as `Caller.call` does; only `DisconnectedError` comes
    through.
    """

    def __init__(self, ask: Ask, station: Station, *, meter_interval_s: float) -> None:
        self._ask, self._station, self._meter_interval_s = ask, station, meter_interval_s
        self._settings: dict[str, str] = {}
        self._log = station.log

    async def abilities(self) -> RateUnit:
        """Learn the charger's settings and return the unit in which it takes limits."""
        answer = await self._attempt(Action.get_configuration, {"key": list(KEYS)})
        self._settings = {setting["key"]: setting.get("value", "") for setting in answer.get("configurationKey", [])}
        return rate_unit(self._settings.get(ConfigurationKey.charging_schedule_allowed_charging_rate_unit, ""))

    async def fallbacks(self, unit: RateUnit) -> None:
        """Install what each outlet may do when no lease says otherwise."""
        for outlet in self._station.outlets.values():
            answer = await self._attempt(Action.set_charging_profile, fallback_profile(outlet.evse, unit))
            if answer.get("status") != ChargingProfileStatus.accepted:
                self._log.warning("fallback_not_installed", evse=outlet.evse.evse_id, status=answer.get("status", ""))

    async def ceiling(self, unit: RateUnit, now: datetime) -> None:
        """Limit the whole station to what its outlets may draw together."""
        outlets = [outlet.evse for outlet in self._station.outlets.values()]
        answer = await self._attempt(Action.set_charging_profile, ceiling_profile(outlets, unit, now))
        if answer.get("status") != ChargingProfileStatus.accepted:
            self._log.info("ceiling_not_installed", status=answer.get("status", ""))

    async def meter_values(self) -> None:
        """Ask for the measurands and the interval we need, where the charger's differ."""
        interval = str(max(round(self._meter_interval_s), 1))
        if self._settings.get(ConfigurationKey.meter_value_sample_interval) != interval:
            await self._change(ConfigurationKey.meter_value_sample_interval, interval)
        metered = {name.strip() for name in self._settings.get(ConfigurationKey.meter_values_sampled_data, "").split(",")}
        if not metered.issuperset(MEASURANDS):
            without_soc = MEASURANDS[:-1]  # AC chargers do not know it, and some refuse the whole list for it
            await self._change(ConfigurationKey.meter_values_sampled_data, ",".join(MEASURANDS), ",".join(without_soc))

    async def _change(self, key: ConfigurationKey, *values: str) -> None:
        """Ask for the first of `values` that the charger takes; once a process, for some reboot when asked."""
        if key in self._station.asked:
            return
        self._station.asked.add(key)
        for value in values:
            answer = await self._attempt(Action.change_configuration, {"key": key, "value": value})
            if answer.get("status") in SETTLED:
                return
        self._log.warning("setting_refused", key=key)

    async def _attempt(self, action: str, payload: Payload) -> Payload:
        """Return the answer, empty if there is none."""
        try:
            return await self._ask(action, payload)
        except (RefusedError, AnswerTimeoutError, BadFrameError) as error:
            self._log.warning("preparation_failed", action=action, reason=str(error))
            return {}
