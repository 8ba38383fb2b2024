"""What one tick knew, decided and did: enough to replay it as a test."""

from dataclasses import dataclass, field
from datetime import datetime

from v2g.alarm import Alarm
from v2g.conduct import Conduct
from v2g.ledger import Ledger
from v2g.observation import Observation
from v2g.outlook import Outlook
from v2g.plan import Plan
from v2g.problem import Problem
from v2g.setpoint import DispatchReport, Setpoint
from v2g.signals import Interval, Signals
from v2g.waking import Rest


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterHour:
    """The running quarter-hour of the billing meter: seconds seen, energy drawn in them [kW·s], and what flows since `last_at`."""

    seen_s: float = 0.0
    energy_kws: float = 0.0
    last_at: datetime | None = None
    last_kw: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What each limit left to the units at `at`, import and export by its name [kW]; what is not named is not known."""

    at: datetime | None = None
    import_kw: dict[str, float] = field(default_factory=dict)
    export_kw: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memory:
    """What one tick hands to the next.

    `peak_so_far_kw` is the billing month's highest quarter-hour mean import, `month` that month in the site's time zone
    (e.g. "2026-01"), `quarter` the one being measured. `arrival_kwh` is each session's stored energy at plug-in.
    `directions` maps a unit to the instant since when it has not turned around, and its sign (+1, −1). `baseline_kw` is the net
    import expected before the events in force were known, `ledger` what vehicles gave back, `conducts` how outlets keep their word,
    `rests` how cars sleep, `rooms` what the limits left to the units.
    """

    tick: int = 0
    plan: Plan | None = None
    peak_so_far_kw: float = 0.0
    month: str = ""
    quarter: QuarterHour = field(default_factory=QuarterHour)
    arrival_kwh: dict[str, float] = field(default_factory=dict)
    directions: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    baseline_kw: tuple[Interval, ...] = ()
    ledger: Ledger = field(default_factory=Ledger)
    conducts: dict[str, Conduct] = field(default_factory=dict)
    rests: dict[str, Rest] = field(default_factory=dict)
    rooms: Rooms = field(default_factory=Rooms)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRecord:
    """What a fast look after tick `tick` sent at `at`."""

    tick: int
    at: datetime
    report: DispatchReport


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TickRecord:
    """One tick. `alarms` are what an operator should know."""

    tick: int
    at: datetime
    observation: Observation
    outlook: Outlook
    signals: Signals
    problem: Problem
    plan: Plan
    setpoints: tuple[Setpoint, ...]
    report: DispatchReport
    alarms: tuple[Alarm, ...] = ()
    times_s: dict[str, float] = field(default_factory=dict)
