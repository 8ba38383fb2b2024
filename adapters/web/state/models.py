"""The station now, as the API tells it; names carry units, + is into the car or the site, a limit of null means none."""

from datetime import datetime
from typing import Literal

from adapters.web.models import Model
from adapters.web.plan.models import WordsModel
from adapters.web.steering.models import OverrideModel
from v2g.alarm import AlarmCode
from v2g.observation import Quality
from v2g.solution import Rung
from v2g.station import Condition
from v2g.storages import StorageKind
from v2g.why import Why


class ReadingModel(Model):
    """A measured value, its age at the station's present instant, and whether it can be trusted."""

    value: float
    at: datetime
    age_s: float
    quality: Quality


class PromiseModel(Model):
    """What the plan holds for the driver: energies are stored in the car; `ready_at` is null if the target is not reached.

    The plan aims at `due_at`, before the car leaves, since cars leave early; `planned_kwh` is what it has at the departure that is
    stated, else at the one that is as likely too early as too late.
    `probability` is that of having the target whenever the car leaves, null where no forecast says when. `cost_at_most` is what the
    promise costs at most [currency], null where no money buys it.
    """

    target_kwh: float
    planned_kwh: float
    shortfall_kwh: float
    due_at: datetime
    ready_at: datetime | None
    probability: float | None
    cost_at_most: float | None


class SessionModel(Model):
    """A car plugged in. Target and floor are those that hold, stated by the driver or set by the site's rules."""

    session_id: str
    evse_id: str
    driver: str
    plugged_in_at: datetime
    departure: datetime | None
    discharge_consent: bool
    energy_wish_kwh: float | None
    soc_frac: float | None
    soc_target_frac: float | None
    soc_floor_frac: float
    capacity_kwh: float | None
    charged_kwh: float
    discharged_kwh: float
    promise: PromiseModel | None


class EvseModel(Model):
    """One outlet now. `setpoint_kw` is the last command, `acknowledged_kw` the one confirmed and in force, until `lease_until`.

    Where none is in force, `lease_until` is since when the charger is known to follow its fallback.
    """

    evse_id: str
    online: bool
    fault: str
    power_kw: ReadingModel | None
    setpoint_kw: float | None
    acknowledged_kw: float | None
    outcome: Literal["applied", "rejected", "timed_out", "unreachable", "withheld"] | None
    bound_by: list[str]
    lease_until: datetime | None
    why: Why | None
    reason: WordsModel | None
    session: SessionModel | None
    override: OverrideModel | None


class BatteryModel(Model):
    """A stationary battery now."""

    battery_id: str
    online: bool
    soc_frac: float | None
    power_kw: ReadingModel | None
    setpoint_kw: float | None
    acknowledged_kw: float | None
    why: Why | None
    reason: WordsModel | None


class LevelModel(Model):
    """What an asset has made or holds beside what it could, in one unit.

    An electrolyser: hydrogen since midnight, of the day's target [kg]. A flexible load: how far it is ahead of its baseline
    (− behind), of its band [kWh]. A swap station: what its packs hold, of what they can [kWh]. A PV array: what it makes, of what
    it could [kW].
    """

    value: float
    full: float
    unit: Literal["kg", "kWh", "kW"]


class AssetModel(Model):
    """An asset or curtailable PV array now; `kind` is what it is, `setpoint_kw` what the last tick told it."""

    asset_id: str
    kind: StorageKind
    online: bool
    fault: str
    power_kw: ReadingModel | None
    stored_kwh: ReadingModel | None
    possible_kw: ReadingModel | None
    level: LevelModel | None
    setpoint_kw: float | None
    acknowledged_kw: float | None
    why: Why | None
    reason: WordsModel | None


class PartModel(Model):
    """One part of the daemon and how it is: a sentence in English, and in Chinese unless it is a program's own words."""

    name: str
    condition: Condition
    detail: str
    detail_zh: str


class AlarmModel(Model):
    """What an operator should know: its code, the unit it is about ("" = the station), and more about it in English."""

    code: AlarmCode
    unit_id: str
    detail: str


class ForecastModel(Model):
    """How the model of a signal does by the last days' forecasts: of `n` values the share within the 10–90 % band, and the skill.

    Skill is 1 − its loss / the baseline's, null while nothing was scored; `model_in_use` is false where it lost and gave way.
    """

    signal: str
    n: int
    coverage80: float | None
    skill: float | None
    model_in_use: bool


class HealthModel(Model):
    """The daemon's health."""

    alive: bool
    ready: bool
    at: datetime
    last_tick_at: datetime | None
    parts: list[PartModel]
    alarms: list[AlarmModel]
    forecasts: list[ForecastModel]


class TickModel(Model):
    """Where the present setpoints come from."""

    tick: int
    at: datetime
    rung: Rung
    reason: str
    gap_frac: float | None
    planner: str
    solve_s: float


class StateModel(Model):
    """The station now. `now` is its clock's instant and `speed` how fast that clock runs, null until it was seen to run.

    `asset_kw` is what all assets draw, what PV arrays hold back counted as drawn.
    """

    now: datetime
    speed: float | None
    observed_at: datetime
    site_power_kw: ReadingModel | None
    load_kw: ReadingModel | None
    pv_kw: ReadingModel | None
    charge_kw: float
    discharge_kw: float
    battery_kw: float
    asset_kw: float
    import_limit_kw: float | None
    export_limit_kw: float | None
    import_price_per_kwh: float | None
    tick: TickModel | None
    health: HealthModel
    alarms: list[AlarmModel]
    evses: list[EvseModel]
    batteries: list[BatteryModel]
    assets: list[AssetModel]
