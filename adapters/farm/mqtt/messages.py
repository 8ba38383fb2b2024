"""Payloads of the MQTT contract, version 1, as the farm writes and reads them (docs/mqtt.md)."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from v2g.errors import FrameError

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A setpoint message: signed power and fallback [kW]."""

    setpoint_id: str
    at: datetime
    power_kw: float
    valid_until: datetime
    fallback_kw: float


def root(site_id: str) -> str:
    """Return the prefix of all topics of a site."""
    return f"v2g/v1/{site_id}"


def write(payload: Payload) -> str:
    """Return a payload as JSON; instants become RFC 3339 strings."""
    return json.dumps(payload, default=_write_instant, allow_nan=False)


def setpoint_id_of(raw: bytes) -> str | None:
    """Return the id of a setpoint message, None if even that cannot be read."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    name = data.get("setpoint_id") if isinstance(data, dict) else None
    return name if isinstance(name, str) and name else None


def read_command(raw: bytes) -> Command:
    """Return a setpoint message. Raises `FrameError` naming the field that does not fit."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise FrameError("this is not JSON", place="setpoint") from error
    if not isinstance(data, dict):
        raise FrameError("this is no object", place="setpoint")
    return Command(
        setpoint_id=_text(data, "setpoint_id"),
        at=_instant(data, "at"),
        power_kw=_number(data, "power_kw"),
        valid_until=_instant(data, "valid_until"),
        fallback_kw=_number(data, "fallback_kw"),
    )


def _write_instant(value: Any) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"cannot write a {type(value).__name__}")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _text(data: Payload, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise FrameError("missing or no text", place=name)
    return value


def _number(data: Payload, name: str) -> float:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FrameError("missing or no finite number", place=name)
    return float(value)


def _instant(data: Payload, name: str) -> datetime:
    text = _text(data, name)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise FrameError("no instant", place=name) from error
    if instant.tzinfo is None:
        raise FrameError("no offset", place=name)
    return instant.astimezone(UTC)
