"""What devices say and what the daemon sends, as values. The contract is docs/mqtt.md."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.mqtt.schema import dump, parse
from v2g.errors import FrameError
from v2g.session import ChargingSession, Vehicle, Wishes
from v2g.setpoint import Setpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a device keeps as of `at`: `setpoint_kw` [kW] until `lease_until`, then its fallback.

    Without a setpoint `lease_until` is since when it follows a fallback of ours, None if it was never given one.
    """

    at: datetime
    setpoint_kw: float | None = None
    lease_until: datetime | None = None

    def in_force_kw(self, now: datetime) -> float | None:
        """Return the setpoint in force at `now` [kW], None where there is none or its lease is over."""
        return self.setpoint_kw if self.lease_until is not None and self.lease_until > now else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseReport:
    """An outlet's state message; `power_kw` [kW, + into the vehicle]."""

    at: datetime
    session: ChargingSession | None
    power_kw: float
    held: Held
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryReport:
    """A battery's state message; `power_kw` [kW, + into the battery], `soc_frac` 0..1."""

    at: datetime
    soc_frac: float
    power_kw: float
    held: Held


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetReport:
    """An asset's state message; `power_kw` [kW, + into it], `stored_kwh` and `possible_kw` [kW, ≥ 0] None where it tells none."""

    at: datetime
    power_kw: float
    stored_kwh: float | None
    possible_kw: float | None
    held: Held
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReport:
    """A meter's reading; `power_kw` [kW, + into the site]."""

    at: datetime
    power_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """A device's answer to a setpoint; `power_kw` is what is now in force [kW]."""

    setpoint_id: str
    at: datetime
    accepted: bool
    power_kw: float
    reason: str


def parse_status(payload: bytes, place: str) -> bool:
    """Return whether the device is online. Raises `FrameError`."""
    return bool(parse("status", payload, place)["online"])


def parse_evse(payload: bytes, place: str, evse_id: str) -> EvseReport:
    """Return the state of the outlet `evse_id`. Raises `FrameError`."""
    message = parse("evse_state", payload, place)
    at = instant(message["at"], place)
    return EvseReport(
        at=at,
        session=_session(message["session"], at, place, evse_id) if message["plugged"] else None,
        power_kw=float(message["power_kw"]),
        held=_held(message, at, place),
        fault=message.get("fault", ""),
    )


def parse_battery(payload: bytes, place: str) -> BatteryReport:
    """Return a battery's state. Raises `FrameError`."""
    message = parse("battery_state", payload, place)
    at = instant(message["at"], place)
    soc_frac, power_kw = float(message["soc_frac"]), float(message["power_kw"])
    return BatteryReport(at=at, soc_frac=soc_frac, power_kw=power_kw, held=_held(message, at, place))


def parse_asset(payload: bytes, place: str) -> AssetReport:
    """Return an asset's state. Raises `FrameError`."""
    message = parse("asset_state", payload, place)
    at = instant(message["at"], place)
    stored_kwh, possible_kw = message.get("stored_kwh"), message.get("possible_kw")
    return AssetReport(
        at=at,
        power_kw=float(message["power_kw"]),
        stored_kwh=None if stored_kwh is None else float(stored_kwh),
        possible_kw=None if possible_kw is None else float(possible_kw),
        held=_held(message, at, place),
        fault=message.get("fault", ""),
    )


def parse_meter(payload: bytes, place: str) -> MeterReport:
    """Return a meter's reading. Raises `FrameError`."""
    message = parse("meter", payload, place)
    return MeterReport(at=instant(message["at"], place), power_kw=float(message["power_kw"]))


def parse_ack(payload: bytes, place: str) -> Ack:
    """Return a device's answer. Raises `FrameError`."""
    message = parse("ack", payload, place)
    return Ack(
        setpoint_id=message["setpoint_id"],
        at=instant(message["at"], place),
        accepted=message["result"] == "accepted",
        power_kw=float(message["power_kw"]),
        reason=message.get("reason", ""),
    )


def dump_setpoint(setpoint: Setpoint, *, setpoint_id: str, at: datetime, fallback_kw: float) -> bytes:
    """Return the payload of a setpoint. Raises `FrameError` if a power is out of range, `ValueError` if it is not a number."""
    message = {
        "setpoint_id": setpoint_id,
        "at": text(at),
        "power_kw": setpoint.power_kw,
        "valid_until": text(setpoint.valid_until),
        "fallback_kw": fallback_kw,
    }
    return dump("setpoint", message, setpoint.unit_id)


def instant(words: str, place: str) -> datetime:
    """Return an RFC 3339 string as aware UTC. Raises `FrameError` if there is no such instant."""
    try:
        return datetime.fromisoformat(words).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise FrameError(f"there is no such instant: {error}", place=place, mend="e.g. 2026-01-01T12:00:00Z") from error


def text(at: datetime) -> str:
    """Return an instant as an RFC 3339 string in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _maybe_instant(words: str | None, place: str) -> datetime | None:
    return None if words is None else instant(words, place)


def _held(message: dict[str, Any], at: datetime, place: str) -> Held:
    setpoint_kw, lease_until = message.get("setpoint_kw"), _maybe_instant(message.get("lease_until"), place)
    if setpoint_kw is None or lease_until is None:
        return Held(at=at)
    return Held(at=at, setpoint_kw=float(setpoint_kw), lease_until=lease_until)


def _session(said: dict[str, Any], at: datetime, place: str, evse_id: str) -> ChargingSession:
    soc_frac = said.get("soc_frac")
    soc_at = _maybe_instant(said.get("soc_at"), place) or at
    return ChargingSession(
        session_id=said["session_id"],
        evse_id=evse_id,
        plugged_in_at=instant(said["plugged_in_at"], place),
        driver=said.get("driver", ""),
        wishes=_wishes(said.get("wishes") or {}, place),
        vehicle=_vehicle(said.get("vehicle") or {}),
        charged_kwh=float(said["charged_kwh"]),
        discharged_kwh=float(said.get("discharged_kwh", 0.0)),
        soc_frac=_maybe_float(soc_frac),
        soc_at=None if soc_frac is None else soc_at,
    )


def _vehicle(said: dict[str, Any]) -> Vehicle:
    return Vehicle(
        capacity_kwh=_maybe_float(said.get("capacity_kwh")),
        charge_max_kw=_maybe_float(said.get("charge_max_kw")),
        discharge_max_kw=_maybe_float(said.get("discharge_max_kw")),
        taper_from_frac=_maybe_float(said.get("taper_from_frac")),
    )


def _wishes(said: dict[str, Any], place: str) -> Wishes:
    return Wishes(
        energy_kwh=_maybe_float(said.get("energy_kwh")),
        soc_target_frac=_maybe_float(said.get("soc_target_frac")),
        departure=_maybe_instant(said.get("departure"), place),
        discharge_consent=said.get("discharge_consent", False),
        soc_floor_frac=_maybe_float(said.get("soc_floor_frac")),
        priority=float(said.get("priority", 1.0)),
    )


def _maybe_float(value: float | None) -> float | None:
    return None if value is None else float(value)
