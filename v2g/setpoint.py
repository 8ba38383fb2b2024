"""Setpoints, and what became of them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Setpoint:
    """A command to one outlet or battery.

    `power_kw` ≥ 0 is the most the car may draw, < 0 the power it is to give back [kW at the AC side]. It expires at
    `valid_until`. `bound_by` names the limits that cut it, `why` says in one word what the plan wanted it for. `attempt` counts how
    often the unit was told so and did not follow: from the first on, adapters that know another way to say it use that.
    """

    unit_id: str
    power_kw: float
    valid_until: datetime
    bound_by: tuple[str, ...] = ()
    why: str = ""
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The charger confirmed the setpoint at `at`."""

    setpoint: Setpoint
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The charger refused, saying `reason`."""

    setpoint: Setpoint
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """No answer within `after_s` [s]; the charger may or may not follow."""

    setpoint: Setpoint
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """The charger is not connected; it follows its fallback."""

    setpoint: Setpoint


Outcome = Applied | Rejected | TimedOut | Unreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchReport:
    """Outcomes of one tick's setpoints; `withheld` were raises not sent because a lowering was not confirmed."""

    outcomes: tuple[Outcome, ...] = ()
    withheld: tuple[Setpoint, ...] = ()
