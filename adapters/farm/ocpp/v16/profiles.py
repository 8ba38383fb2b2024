"""Charging profiles as a charge point keeps and stacks them (OCPP 1.6, section 3.13).

What holds at an outlet: of the TxProfiles of its transaction the one of the highest stack level that speaks now; without
any, likewise of its TxDefaultProfiles (those for connector 0 stand for every connector). The ChargePointMaxProfile caps it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from adapters.farm.ocpp.changes import AHEAD, soonest
from adapters.farm.ocpp.fields import maybe, maybe_instant, need, number
from v2g.errors import FrameError
from v2g.site import Evse
from v2g.units import kw_from_a, kw_from_w

MAX_STACK_LEVEL, MAX_PERIODS, MAX_PROFILES = 9, 24, 20
MAX, DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
RECURS = {"Daily": timedelta(days=1), "Weekly": timedelta(days=7)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `start_s` on, at most `limit` (in the schedule's unit); `phases` as sent, None where not said."""

    start_s: float
    limit: float
    phases: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingProfile:
    """One installed profile; `installed_at` begins a Relative schedule where there is no transaction."""

    profile_id: int
    connector_id: int
    stack_level: int
    purpose: str
    kind: str
    recurrency: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    transaction_id: int | None
    start: datetime | None
    duration_s: float | None
    unit: str
    periods: tuple[Period, ...]
    installed_at: datetime

    def limit_kw(self, now: datetime, transaction_began_at: datetime | None, evse: Evse) -> float | None:
        """Return the limit at `now` for this outlet [kW], None where the profile says nothing."""
        if (self.valid_from and now < self.valid_from) or (self.valid_to and now >= self.valid_to):
            return None
        elapsed_s = self._elapsed_s(now, transaction_began_at)
        if elapsed_s < 0.0 or (self.duration_s is not None and elapsed_s >= self.duration_s):
            return None
        period = [p for p in self.periods if p.start_s <= elapsed_s][-1]
        if self.unit == "W":
            return kw_from_w(period.limit)
        phases = min(period.phases or 3, len(evse.phases))
        return kw_from_a(period.limit, voltage_v=evse.voltage_v, phases=phases)

    def changes(self, transaction_began_at: datetime | None, since: datetime, until: datetime) -> Iterator[datetime]:
        """Give the instants between `since` and `until` at which the limit may change."""
        begin = (self.start if self.kind != "Relative" else None) or transaction_began_at or self.installed_at
        turn = RECURS[self.recurrency or "Daily"] if self.kind == "Recurring" else None
        if turn is not None and begin < since:
            begin += (since - begin) // turn * turn
        while begin < until:
            yield from (begin + timedelta(seconds=p.start_s) for p in self.periods)
            if self.duration_s is not None:
                yield begin + timedelta(seconds=self.duration_s)
            if turn is None:
                break
            begin += turn
        yield from (instant for instant in (self.valid_from, self.valid_to) if instant)

    def _elapsed_s(self, now: datetime, transaction_began_at: datetime | None) -> float:
        begin = self.start if self.kind != "Relative" else None
        elapsed = now - (begin or transaction_began_at or self.installed_at)
        if self.kind == "Recurring" and elapsed >= timedelta(0):
            elapsed %= RECURS[self.recurrency or "Daily"]
        return elapsed.total_seconds()


@dataclass(slots=True)
class Profiles:
    """All profiles installed on one charge point."""

    _installed: list[ChargingProfile] = field(default_factory=list)

    @property
    def all(self) -> tuple[ChargingProfile, ...]:
        """Every installed profile."""
        return tuple(self._installed)

    def install(self, profile: ChargingProfile) -> bool:
        """Install a profile in place of one with its id, or its purpose, connector and stack level; False if there is no room."""
        kept = [p for p in self._installed if not _replaces(profile, p)]
        if len(kept) >= MAX_PROFILES:
            return False
        self._installed = [*kept, profile]
        return True

    def clear(self, payload: dict[str, Any]) -> bool:
        """Remove what a ClearChargingProfile names, by id or else by all criteria given; False if nothing fits."""
        profile_id = maybe(payload, "id", int)
        wanted = {
            "connector_id": maybe(payload, "connectorId", int),
            "purpose": maybe(payload, "chargingProfilePurpose", str),
            "stack_level": maybe(payload, "stackLevel", int),
        }
        given = {"profile_id": profile_id} if profile_id is not None else {k: v for k, v in wanted.items() if v is not None}
        kept = [p for p in self._installed if any(getattr(p, name) != value for name, value in given.items())]
        cleared, self._installed = len(kept) < len(self._installed), kept
        return cleared

    def end_transaction(self, connector_id: int) -> None:
        """Forget the TxProfiles of the connector, whose transaction has ended."""
        self._installed = [p for p in self._installed if p.purpose != TX or p.connector_id != connector_id]

    def limit_kw(self, evse: Evse, now: datetime, transaction_began_at: datetime | None, n_connectors: int) -> float:
        """Return what holds at the outlet at `now` [kW]: its own fallback where no profile but the station's maximum speaks.

        Connectors share the station's maximum.
        """
        spoken = (self._highest(purpose, evse, now, transaction_began_at) for purpose in (TX, DEFAULT))
        own = next((limit for limit in spoken if limit is not None), evse.fallback_kw)
        whole = self._highest(MAX, evse, now, transaction_began_at)
        return own if whole is None else min(own, whole / n_connectors)

    def next_change(self, evse: Evse, now: datetime, transaction_began_at: datetime | None) -> datetime | None:
        """Return when what holds at the outlet may change after `now`, None if it does not in the next hour."""
        own = (p for p in self._installed if p.connector_id in (0, evse.connector_id))
        return soonest((at for p in own for at in p.changes(transaction_began_at, now, now + AHEAD)), after=now)

    def _highest(self, purpose: str, evse: Evse, now: datetime, transaction_began_at: datetime | None) -> float | None:
        candidates = [p for p in self._installed if p.purpose == purpose and p.connector_id in (0, evse.connector_id)]
        for profile in sorted(candidates, key=lambda p: (-p.stack_level, -p.connector_id)):
            limit_kw = profile.limit_kw(now, transaction_began_at, evse)
            if limit_kw is not None:
                return limit_kw
        return None


def read_profile(connector_id: int, data: dict[str, Any], now: datetime) -> ChargingProfile:
    """Return the profile in a payload. Raises `FrameError` on anything that the standard does not allow."""
    schedule = need(data, "chargingSchedule", dict)
    duration_s = maybe(schedule, "duration", int)
    profile = ChargingProfile(
        profile_id=need(data, "chargingProfileId", int),
        connector_id=connector_id,
        stack_level=need(data, "stackLevel", int),
        purpose=_one_of(data, "chargingProfilePurpose", (MAX, DEFAULT, TX)),
        kind=_one_of(data, "chargingProfileKind", ("Absolute", "Recurring", "Relative")),
        recurrency=_one_of(data, "recurrencyKind", tuple(RECURS)) if "recurrencyKind" in data else None,
        valid_from=maybe_instant(data, "validFrom"),
        valid_to=maybe_instant(data, "validTo"),
        transaction_id=maybe(data, "transactionId", int),
        start=maybe_instant(schedule, "startSchedule"),
        duration_s=None if duration_s is None else float(duration_s),
        unit=_one_of(schedule, "chargingRateUnit", ("A", "W")),
        periods=tuple(_read_period(p) for p in need(schedule, "chargingSchedulePeriod", list)),
        installed_at=now,
    )
    if not profile.periods or profile.periods[0].start_s != 0.0:
        raise FrameError("the first period does not start at 0", place="chargingSchedulePeriod")
    return profile


def _read_period(data: Any) -> Period:
    if not isinstance(data, dict):
        raise FrameError("a period is no object", place="chargingSchedulePeriod")
    return Period(
        start_s=float(need(data, "startPeriod", int)), limit=number(data, "limit"), phases=maybe(data, "numberPhases", int)
    )


def _one_of(data: dict[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = need(data, name, str)
    if value not in allowed:
        raise FrameError(f"{value!r} is none of {allowed}", place=name)
    return value


def _replaces(new: ChargingProfile, old: ChargingProfile) -> bool:
    if new.profile_id == old.profile_id:
        return True
    return (new.purpose, new.connector_id, new.stack_level) == (old.purpose, old.connector_id, old.stack_level)
