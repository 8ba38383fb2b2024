"""What an operator should know, as data: pages say it in their reader's language."""

from dataclasses import dataclass
from enum import StrEnum


class AlarmCode(StrEnum):
    """What is the matter."""

    NOT_CONNECTED = "not_connected"
    FAULT = "fault"
    RUNG = "rung"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    WITHHELD = "withheld"
    IGNORES = "ignores"
    DISTRUSTED = "distrusted"
    TICK_FAILED = "tick_failed"
    RECORDS_LOST = "records_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One matter: its code, the unit it is about ("" = the station), and what is known of it beyond that."""

    code: AlarmCode
    unit_id: str = ""
    detail: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (f"{self.code} {self.unit_id}".strip(), self.detail) if part)
