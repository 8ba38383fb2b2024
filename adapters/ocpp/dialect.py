"""What a protocol version must give the central system, and what every version works with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from adapters.ocpp.frames import BadFrameError, Payload
from adapters.ocpp.turnstile import Turnstile
from v2g.ports import Clock, Transactions
from v2g.setpoint import Setpoint
from v2g.site import Evse

PREPARED_AT_ONCE, PREPARED_AFTER_WALL_S = 100, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every conversation with a charger shares.

    `on_change` is to be called when a charger has become ready for setpoints.
    `meter_interval_s` and `heartbeat_interval_s` are asked of chargers, in seconds of their clock; `boot_grace_wall_s` is
    how long a connected charger may take to boot before it is asked to. `longest_lease_s` is how long any setpoint may last that
    a charger still follows. `turnstile` lets so many be prepared at once.
    """

    clock: Clock
    transactions: Transactions
    pseudonym: Callable[[str], str]
    on_change: Callable[[], None]
    meter_interval_s: float
    heartbeat_interval_s: float
    boot_grace_wall_s: float
    longest_lease_s: int
    turnstile: Turnstile = field(default_factory=lambda: Turnstile(PREPARED_AT_ONCE, PREPARED_AFTER_WALL_S))


class Caller(Protocol):
    """The way to ask a charger something."""

    async def call(self, action: str, payload: Payload) -> Payload:
        """Return what the charger answered. Raises `RefusedError`, `AnswerTimeoutError` or `DisconnectedError`."""
        ...


class Responder(Protocol):
    """One protocol version's side of a connection."""

    async def answer(self, action: str, payload: Payload) -> Payload:
        """Return the answer to a request. Raises `BadFrameError` or `UnavailableError`, which refuse it."""
        ...

    def answered(self, action: str) -> bool:
        """Take note that the answer to `action` has been sent; return whether `attend` is due again."""
        ...

    def heard(self, action: str, payload: Payload) -> None:
        """Take note of what was told without wanting an answer. Raises `BadFrameError`."""
        ...

    def code(self, error: BadFrameError) -> str:
        """Return how this version spells the code of an error."""
        ...

    async def attend(self) -> None:
        """Prepare the charger after a boot, or without one; done once after connecting, and when `answered` says so."""
        ...


class Dialect(Responder, Protocol):
    """One protocol version, spoken over one connection: it answers the charger, and asks it what the central system wants."""

    async def set_power(self, evse: Evse, setpoint: Setpoint) -> None:
        """Make the charger keep `setpoint` and note what it promised.

        Raises as `Caller.call` does, and `BadFrameError` for an answer that is none; so do the methods below.
        """
        ...

    async def clear_power(self, evse: Evse) -> bool:
        """Take all limits but the fallback back; False if the charger knew of none."""
        ...

    async def remote_start(self, evse: Evse, id_tag: str) -> bool:
        """Ask to begin a transaction; True if the charger will try."""
        ...

    async def remote_stop(self, evse: Evse) -> bool:
        """Ask to end the open transaction; True if the charger will, False if not or if there is none."""
        ...

    async def refresh(self, evse: Evse) -> None:
        """Ask for the status and the meter values of an outlet."""
        ...

    async def in_force(self, evse: Evse) -> float | None:
        """Return the power that the charger says it keeps to now [kW, < 0 gives back], None if it will not say."""
        ...

    async def command(self, action: str, payload: Payload) -> Payload:
        """Send what an operator asks for, and return the answer.

        Raises `BadFrameError` as well for what is no command, breaks the schema, or would meddle with setpoints.
        """
        ...
