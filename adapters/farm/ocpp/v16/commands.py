"""What a charge point answers when the central system commands."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from adapters.farm.ocpp.fields import maybe, need
from adapters.farm.ocpp.link import Payload, RefusedError
from adapters.farm.ocpp.v16.composite import composite
from adapters.farm.ocpp.v16.connector import Connector
from adapters.farm.ocpp.v16.profiles import MAX, MAX_PERIODS, MAX_STACK_LEVEL, TX, ChargingProfile, Profiles, read_profile
from adapters.farm.ocpp.v16.settings import Settings
from v2g.ports import Clock

TRIGGERED = ("BootNotification", "Heartbeat", "MeterValues", "StatusNotification")
ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}


class Actions(Protocol):
    """What a charge point can be made to do after its answer."""

    def begin(self, connector: Connector, tag: str) -> None:
        """Begin a transaction."""
        ...

    def end(self, connector: Connector, reason: str) -> None:
        """End a transaction."""
        ...

    def send_soon(self, requested: str, connector_ids: list[int]) -> None:
        """Send a message that was asked for."""
        ...

    def restart_soon(self) -> None:
        """Restart."""
        ...

    def settle(self, now: datetime) -> None:
        """Put the present limits in force."""
        ...


class Commands:
    """Answers calls at once; unknown actions are refused as NotImplemented."""

    def __init__(
        self,
        charger: Actions,
        connectors: Mapping[int, Connector],
        profiles: Profiles,
        settings: Settings,
        clock: Clock,
        touch: Callable[[], None],
        *,
        more: Mapping[str, Callable[[Payload], Payload]],
    ) -> None:
        self._charger, self._connectors, self._profiles, self._settings = charger, connectors, profiles, settings
        self._clock, self._touch = clock, touch
        self._handlers: dict[str, Callable[[Payload], Payload]] = {
            "SetChargingProfile": self._set_profile,
            "ClearChargingProfile": self._clear_profile,
            "TriggerMessage": self._trigger,
            "RemoteStartTransaction": self._remote_start,
            "RemoteStopTransaction": self._remote_stop,
            "GetConfiguration": self._get_configuration,
            "ChangeConfiguration": self._change_configuration,
            "Reset": self._reset,
            "GetCompositeSchedule": self._composite,
            "ExtendedTriggerMessage": self._trigger,
            **more,
        }

    def answer(self, action: str, payload: Payload) -> Payload:
        """Return the reply. Raises `RefusedError` for an unknown action and `FrameError` for a payload that cannot be used."""
        handler = self._handlers.get(action)
        if handler is None:
            raise RefusedError("NotImplemented", action)
        self._touch()
        reply = handler(payload)
        self._charger.settle(self._clock.now())
        return reply

    def _set_profile(self, payload: Payload) -> Payload:
        connector_id = need(payload, "connectorId", int)
        profile = read_profile(connector_id, need(payload, "csChargingProfiles", dict), self._clock.now())
        if not self._fits(profile) or not self._profiles.install(profile):
            return REJECTED
        return ACCEPTED

    def _fits(self, profile: ChargingProfile) -> bool:
        connector = self._connectors.get(profile.connector_id)
        if connector is None and profile.connector_id != 0:
            return False
        if (profile.purpose == MAX and connector is not None) or not 0 <= profile.stack_level <= MAX_STACK_LEVEL:
            return False
        if len(profile.periods) > MAX_PERIODS or (any(p.limit < 0.0 for p in profile.periods) and not self._negative(profile)):
            return False
        return profile.purpose != TX or self._fits_transaction(profile, connector)

    def _negative(self, profile: ChargingProfile) -> bool:
        """Return whether the vendor of every outlet meant takes a negative limit for discharge: no standard does."""
        meant = [c for number, c in self._connectors.items() if profile.connector_id in (0, number)]
        return profile.purpose != MAX and all(c.evse.negative_limits for c in meant)

    def _composite(self, payload: Payload) -> Payload:
        number, duration_s = need(payload, "connectorId", int), need(payload, "duration", int)
        meant = [c for n, c in self._connectors.items() if number in (0, n)]
        if not meant or duration_s <= 0:
            return REJECTED
        unit = maybe(payload, "chargingRateUnit", str) or "W"
        now = self._clock.now()
        return composite(self._profiles, meant, connector_id=number, now=now, duration_s=duration_s, unit=unit)

    def _fits_transaction(self, profile: ChargingProfile, connector: Connector | None) -> bool:
        if connector is None or connector.transaction is None:
            return False
        return profile.transaction_id in (None, connector.transaction.transaction_id)

    def _clear_profile(self, payload: Payload) -> Payload:
        return {"status": "Accepted" if self._profiles.clear(payload) else "Unknown"}

    def _trigger(self, payload: Payload) -> Payload:
        requested, connector_id = need(payload, "requestedMessage", str), maybe(payload, "connectorId", int)
        if requested not in TRIGGERED:
            return {"status": "NotImplemented"}
        if connector_id is not None and connector_id not in self._connectors:
            return REJECTED
        self._charger.send_soon(requested, list(self._connectors) if connector_id is None else [connector_id])
        return ACCEPTED

    def _remote_start(self, payload: Payload) -> Payload:
        tag, connector_id = need(payload, "idTag", str), maybe(payload, "connectorId", int)
        waiting = [
            c
            for number, c in self._connectors.items()
            if c.transaction is None and c.operative and c.outlet.visit is not None and connector_id in (None, number)
        ]
        if not waiting:
            return REJECTED
        connector = waiting[0]
        data: dict[str, Any] | None = maybe(payload, "chargingProfile", dict)
        profile = None if data is None else read_profile(connector.evse.connector_id, data, self._clock.now())
        if profile is not None and profile.purpose != TX:
            return REJECTED
        self._charger.begin(connector, tag)
        if profile is not None:
            self._profiles.install(profile)
        return ACCEPTED

    def _remote_stop(self, payload: Payload) -> Payload:
        transaction_id = need(payload, "transactionId", int)
        for connector in self._connectors.values():
            if connector.transaction is not None and connector.transaction.transaction_id == transaction_id:
                self._charger.end(connector, "Remote")
                return ACCEPTED
        return REJECTED

    def _get_configuration(self, payload: Payload) -> Payload:
        return self._settings.listing([str(key) for key in maybe(payload, "key", list) or []])

    def _change_configuration(self, payload: Payload) -> Payload:
        return {"status": self._settings.change(need(payload, "key", str), need(payload, "value", str))}

    def _reset(self, payload: Payload) -> Payload:
        need(payload, "type", str)
        self._charger.restart_soon()
        return ACCEPTED
