"""What a station told that changes no setpoint: security events, alarms, certificates, firmware, reports."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from adapters.ocpp.frames import Payload

log = structlog.get_logger()

ENTRIES = 32  # a station; with 500 characters each at most about 30 KB
MAX_CHARS = 500
HIDDEN = frozenset({"idToken", "idTag", "data", "customerIdentifier", "vatNumber", "vatCompany"})  # names a person, or may
"""Names of fields that are never kept nor logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What was told with `action` at `at`; `text` is the payload as JSON, persons hidden, cut to `MAX_CHARS`."""

    at: datetime
    action: str
    text: str


class Journal:
    """The last things one station told."""

    def __init__(self, station_id: str) -> None:
        self._station_id = station_id
        self._entries: tuple[Entry, ...] = ()  # an empty deque takes 760 bytes, and most stations tell nothing

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def add(self, at: datetime, action: str, payload: Payload) -> None:
        """Keep what was told, and log it."""
        text = json.dumps(_without_persons(payload), separators=(",", ":"))[:MAX_CHARS]
        self._entries = (*self._entries, Entry(at=at, action=action, text=text))[-ENTRIES:]
        log.info("station_told", station=self._station_id, action=action, payload=text)


def _without_persons(value: Any) -> Any:
    match value:
        case dict():
            return {key: "…" if key in HIDDEN else _without_persons(inner) for key, inner in value.items()}
        case list():
            return [_without_persons(inner) for inner in value]
    return value
