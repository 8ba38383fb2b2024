"""One charging profile: what it lets an EVSE do at an instant (OCPP 2.0.1, K01; operation modes OCPP 2.1, Q)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf
from typing import Any

from adapters.farm.ocpp.fields import maybe_instant
from adapters.farm.ocpp.link import Payload
from v2g.site import Evse
from v2g.units import kw_from_a, kw_from_w

MAX, DEFAULT, TX, PRIORITY = "ChargingStationMaxProfile", "TxDefaultProfile", "TxProfile", "PriorityCharging"
CHARGING_ONLY, SETPOINT, IDLE = "ChargingOnly", "CentralSetpoint", "Idle"
DYNAMIC = "Dynamic"
RECURS = {"Daily": timedelta(days=1), "Weekly": timedelta(days=7)}
VALUES = ("limit", "dischargeLimit", "setpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a profile asks for: a power [kW, − out of the car] and in which operation mode it is meant."""

    power_kw: float
    mode: str = CHARGING_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A period of a schedule from `start_s` on; `values` as sent, in the schedule's unit and by phase."""

    start_s: float
    mode: str
    phases: int | None
    values: dict[str, float]

    def order(self, unit: str, evse: Evse) -> Order:
        """Return what it asks of `evse`: a limit to stay under or, as a central setpoint, a power to hold within the limits."""
        limit_kw, least_kw, setpoint_kw = (self._kw(name, unit, evse) for name in VALUES)
        if self.mode == IDLE:
            return Order(power_kw=0.0, mode=IDLE)
        if self.mode == SETPOINT:
            top_kw, bottom_kw = inf if limit_kw is None else limit_kw, -inf if least_kw is None else least_kw
            return Order(power_kw=min(max(setpoint_kw or 0.0, bottom_kw), top_kw), mode=SETPOINT)
        return Order(power_kw=limit_kw or 0.0)

    def _kw(self, name: str, unit: str, evse: Evse) -> float | None:
        """Return a value over all phases [kW]: the sum of the phases where they are told apart, None where nothing was said."""
        first = self.values.get(name)
        if first is None:
            return None
        others = [self.values[f"{name}_{phase}"] for phase in ("L2", "L3") if f"{name}_{phase}" in self.values]
        if unit == "W":
            return kw_from_w(first + sum(others))
        if others:
            return kw_from_a(first + sum(others), voltage_v=evse.voltage_v, phases=1)
        return kw_from_a(first, voltage_v=evse.voltage_v, phases=min(self.phases or 3, len(evse.phases)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One installed profile; `payload` is it as sent.

    A Relative schedule begins with the transaction, a Dynamic one with its last update, at `updated_at`; without a
    transaction a Relative one begins when it was installed, at `installed_at`. An update was last asked for at `asked_at`.
    """

    profile_id: int
    evse_id: int
    stack_level: int
    purpose: str
    kind: str
    valid_from: datetime | None
    valid_to: datetime | None
    transaction_id: str | None
    start: datetime | None
    duration_s: float | None
    recurs: timedelta | None
    unit: str
    periods: tuple[Period, ...]
    offline_s: float | None
    dies_offline: bool
    pull_s: float
    installed_at: datetime
    updated_at: datetime
    asked_at: datetime
    payload: Payload

    def order(self, now: datetime, began_at: datetime | None, evse: Evse) -> Order | None:
        """Return what it asks at `now` in a transaction that `began_at` then, None where it says nothing."""
        if (self.valid_from and now < self.valid_from) or (self.valid_to and now >= self.valid_to):
            return None
        elapsed = now - self._begin(began_at)
        if self.recurs and elapsed >= timedelta(0):
            elapsed %= self.recurs
        elapsed_s = elapsed.total_seconds()
        if elapsed_s < 0.0 or (self.duration_s is not None and elapsed_s >= self.duration_s):
            return None
        return [p for p in self.periods if p.start_s <= elapsed_s][-1].order(self.unit, evse)

    def changes(self, began_at: datetime | None, since: datetime, until: datetime) -> Iterator[datetime]:
        """Give the instants between `since` and `until` at which what it asks may change."""
        begin, turn = self._begin(began_at), self.recurs
        marks_s = [p.start_s for p in self.periods] + ([] if self.duration_s is None else [self.duration_s])
        first = begin if turn is None or begin > since else begin + (since - begin) // turn * turn
        while first < until:
            yield from (first + timedelta(seconds=s) for s in marks_s)
            if turn is None:
                break
            first += turn
        yield from (instant for instant in (self.valid_from, self.valid_to) if instant)

    def updated(self, values: Payload, now: datetime) -> "Profile":
        """Return a Dynamic profile after an update of its only period."""
        (period,) = self.periods
        return replace(self, periods=(replace(period, values=period.values | _numbers(values)),), updated_at=now)

    def asked(self, now: datetime) -> "Profile":
        """Return a Dynamic profile for which an update was asked."""
        return replace(self, asked_at=now)

    def survives(self, offline_s: float) -> bool:
        """Return whether it still speaks after so long without the central system [s]."""
        return self.offline_s is None or offline_s <= self.offline_s

    def overlaps(self, other: "Profile") -> bool:
        """Return whether both are to hold at the same place, in the same stack and at some common instant."""
        mine = (self.purpose, self.evse_id, self.stack_level, self.transaction_id)
        if mine != (other.purpose, other.evse_id, other.stack_level, other.transaction_id):
            return False
        ends_before = self.valid_to and other.valid_from and self.valid_to <= other.valid_from
        begins_after = self.valid_from and other.valid_to and self.valid_from >= other.valid_to
        return not (ends_before or begins_after)

    def _begin(self, began_at: datetime | None) -> datetime:
        if self.kind == DYNAMIC:
            return self.updated_at
        return self.start or began_at or self.installed_at


def read_profile(evse_id: int, data: Payload, now: datetime) -> Profile:
    """Return the profile in `data`, which fits its schema; of several schedules (for ISO 15118) the first is followed.

    Raises `FrameError` on an instant that is none.
    """
    schedule = data["chargingSchedule"][0]
    return Profile(
        profile_id=data["id"],
        evse_id=evse_id,
        stack_level=data["stackLevel"],
        purpose=data["chargingProfilePurpose"],
        kind=data["chargingProfileKind"],
        valid_from=maybe_instant(data, "validFrom"),
        valid_to=maybe_instant(data, "validTo"),
        transaction_id=data.get("transactionId"),
        start=maybe_instant(schedule, "startSchedule"),
        duration_s=schedule.get("duration"),
        recurs=RECURS[data.get("recurrencyKind", "Daily")] if data["chargingProfileKind"] == "Recurring" else None,
        unit=schedule["chargingRateUnit"],
        periods=tuple(_read_period(p) for p in schedule["chargingSchedulePeriod"]),
        offline_s=data.get("maxOfflineDuration"),
        dies_offline=data.get("invalidAfterOfflineDuration", False),
        pull_s=float(data.get("dynUpdateInterval", 0)),
        installed_at=now,
        updated_at=maybe_instant(data, "dynUpdateTime") or now,
        asked_at=now,
        payload=data,
    )


def _read_period(data: Payload) -> Period:
    mode = data.get("operationMode", CHARGING_ONLY)
    return Period(start_s=data["startPeriod"], mode=mode, phases=data.get("numberPhases"), values=_numbers(data))


def _numbers(data: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in data.items() if name.startswith(VALUES)}
