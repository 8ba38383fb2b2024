"""What an edition of OCPP 2.x adds to what all have in common."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapters.ocpp.dialect import Context
from adapters.ocpp.frames import Payload
from adapters.ocpp.schemas import Schemas
from adapters.ocpp.station import Station
from adapters.ocpp.v2.profiles import Lease
from adapters.ocpp.v2.variables import Variable, Variables
from v2g.site import Evse

Ask = Callable[[str, Payload], Awaitable[Payload]]
"""Sends a request and returns its checked answer; raises as `Caller.call` does, and `BadFrameError`."""

Handler = Callable[[Payload], Awaitable[Payload]]

Answer = Callable[[Payload, datetime], Payload]
"""Returns the answer to what was told at an instant."""


class Leases(Protocol):
    """How an edition makes one charger keep setpoints."""

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What else the charger may ask, by action."""
        ...

    def variables(self, evses: tuple[Evse, ...]) -> tuple[Variable, ...]:
        """Return what to ask a charger with these outlets for beside what every edition asks."""
        ...

    def learn(self, variables: Variables) -> None:
        """Take note of what the charger can, after a boot."""
        ...

    def commanded(self, action: str, payload: Payload, answer: Payload) -> None:
        """Take note of an operator's command that was answered."""
        ...

    async def one_way(self, evse: Evse) -> str:
        """Return why the outlet cannot give back, "" if it can. Asks the charger where it must."""
        ...

    async def lay(self, lease: Lease) -> datetime | None:
        """Make the charger keep `lease`; return until when it will, None if it refused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """An edition of OCPP 2.x.

    `commands` are what an operator may ask of a charger, `noted` what chargers tell and we only keep, with its answer;
    `unanswered` what they tell without wanting an answer. `of_battery` are measurands that tell of a battery what AC cars tell
    nowhere else.
    """

    name: str
    schemas: Schemas
    commands: frozenset[str]
    noted: Mapping[str, Answer]
    leases: Callable[[Ask, Station, Context], Leases]
    authorization: Callable[[Station], Payload]
    unanswered: frozenset[str] = frozenset()
    of_battery: tuple[str, ...] = ()
