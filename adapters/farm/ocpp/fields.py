"""Reading the fields of a payload: each missing or ill-typed one is named."""

from datetime import UTC, datetime
from typing import Any, TypeVar

from v2g.errors import FrameError

T = TypeVar("T")


def need(payload: dict[str, Any], name: str, kind: type[T]) -> T:
    """Return a required field. Raises `FrameError` if it is missing or of another type."""
    value = payload.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise FrameError(f"{name} is missing or no {kind.__name__}", place=name)
    return value


def maybe(payload: dict[str, Any], name: str, kind: type[T]) -> T | None:
    """Return an optional field, None if it is missing. Raises `FrameError` if it is of another type."""
    return None if payload.get(name) is None else need(payload, name, kind)


def number(payload: dict[str, Any], name: str) -> float:
    """Return a required number. Raises `FrameError` if it is missing or none."""
    return float(need(payload, name, float) if isinstance(payload.get(name), float) else need(payload, name, int))


def maybe_instant(payload: dict[str, Any], name: str) -> datetime | None:
    """Return an optional instant; without an offset it is read as UTC. Raises `FrameError` if it is none."""
    text = maybe(payload, name, str)
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise FrameError(f"{text!r} is no instant", place=name, mend="e.g. 2026-01-01T00:00:00Z") from error
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def stamp(instant: datetime) -> str:
    """Return an instant as OCPP writes it."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
