"""What a person orders an outlet to do, for a while: pause, charge now, or draw and give no more than so much.

An order is a bound, or a wish, of one outlet: it never widens what the site's limits, the car or its driver allow.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf
from typing import Protocol

from v2g.archive import Place
from v2g.errors import OverrideError
from v2g.site import Site

LONGEST = timedelta(days=7)


class OverrideKind(StrEnum):
    """What is ordered. A pause and a limit hold for whoever comes; "charge now" is over when the car leaves."""

    PAUSE = "pause"
    CHARGE_NOW = "charge_now"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An order to the outlet `evse_id`, in force from `issued_at` to `until`; `max_kw` is a limit's [kW], of both directions."""

    override_id: str
    evse_id: str
    kind: OverrideKind
    reason: str
    by: str
    issued_at: datetime
    until: datetime
    max_kw: float | None = None

    @property
    def name(self) -> str:
        """What it is called among what bounds a setpoint."""
        return f"override:{self.kind}"

    @property
    def ceiling_kw(self) -> float:
        """Most that may be drawn [kW, ≥ 0]."""
        return 0.0 if self.kind is OverrideKind.PAUSE else inf if self.max_kw is None else self.max_kw

    @property
    def floor_kw(self) -> float:
        """Most that may be given back [kW, ≤ 0]."""
        return -(self.max_kw or 0.0)

    def holds(self, now: datetime, plugged_in_at: datetime | None) -> bool:
        """Return whether it holds at `now` for the car there since `plugged_in_at`, None where there is none."""
        meant = self.kind is not OverrideKind.CHARGE_NOW or (plugged_in_at is not None and plugged_in_at <= self.issued_at)
        return meant and self.issued_at <= now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOverride:
    """An order as it is kept, and when and by whom it was ended before its time, if it was."""

    override: Override
    ended_at: datetime | None
    ended_by: str


class Overrides(Protocol):
    """The orders of a station. All deeds are written in the audit log, and raise `UnavailableError` if they cannot be kept."""

    def active(self) -> tuple[Override, ...]:
        """Return the orders whose time is now, the oldest first."""
        ...

    async def order(self, override: Override) -> None:
        """Put an order in force in place of an earlier one for that outlet. Raises `OverrideError` if it cannot be."""
        ...

    async def lift(self, evse_id: str, by: str) -> bool:
        """End an outlet's order; False if there is none."""
        ...

    async def past(self, *, before: Place | None, limit: int) -> tuple[PastOverride, ...]:
        """Return up to `limit` orders, the newest first, older than that with this instant and id."""
        ...


def check_override(override: Override, site: Site, now: datetime) -> None:
    """Raise `OverrideError` if an order names no outlet, has no end in time, or no limit where it should."""
    if all(evse.evse_id != override.evse_id for evse in site.evses):
        raise OverrideError("there is no such outlet", place="evse_id", mend="see /api/site")
    check_end(override.until, now)
    if (override.max_kw is None) == (override.kind is OverrideKind.LIMIT):
        raise OverrideError("a limit, and nothing else, has a power", place="max_kw", mend="give it with a limit only")


def check_end(until: datetime, now: datetime) -> None:
    """Raise `OverrideError` if an order given now would not end soon."""
    if not timedelta(0) < until - now <= LONGEST:
        mend = f"it is {now:%Y-%m-%dT%H:%M}Z at the station"
        raise OverrideError(f"it does not end within {LONGEST.days} days from now", place="until", mend=mend)
