"""What one tick knew, decided and did: enough to replay it as a test."""

from dataclasses import dataclass, field
from datetime import datetime

from v2g.observation import Observation
from v2g.outlook import Outlook
from v2g.plan import Plan
from v2g.problem import Problem
from v2g.setpoint import DispatchReport, Setpoint
from v2g.signals import Signals


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memory:
    """What one tick hands to the next.

    `peak_so_far_kw` is the billing month's highest quarter-hour mean import, `month` that month in the site's time zone
    (e.g. "2026-01"). `directions` maps a unit to the instant and sign (+1, −1) of its last power.
    """

    tick: int = 0
    plan: Plan | None = None
    peak_so_far_kw: float = 0.0
    month: str = ""
    directions: dict[str, tuple[datetime, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TickRecord:
    """One tick. `alarms` are what an operator should know, in words."""

    tick: int
    at: datetime
    observation: Observation
    outlook: Outlook
    signals: Signals
    problem: Problem
    plan: Plan
    setpoints: tuple[Setpoint, ...]
    report: DispatchReport
    alarms: tuple[str, ...] = ()
    times_s: dict[str, float] = field(default_factory=dict)
