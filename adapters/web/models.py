"""What the API says. Names carry units; + is into the car or the site; a limit of null means none."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from v2g.alarm import AlarmCode
from v2g.observation import Quality
from v2g.overrides import OverrideKind
from v2g.signals import SignalKind
from v2g.site import Protocol
from v2g.solution import Rung, Tier
from v2g.station import Condition
from v2g.storages import StorageKind
from v2g.why import Why


class Model(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class EvseFacts(Model):
    """One outlet as the site file describes it."""

    evse_id: str
    station_id: str
    connector_id: int
    protocol: Protocol
    circuit_id: str
    charge_max_kw: float
    charge_min_kw: float
    discharge_max_kw: float


class CircuitFacts(Model):
    """One node of the feeder tree; the one without a parent is the grid connection."""

    circuit_id: str
    parent_id: str | None
    import_limit_kw: float | None
    export_limit_kw: float | None


class BoundsModel(Model):
    """The least and the most that a number may be."""

    least: float
    most: float


class SignalFacts(Model):
    """What a signal of a kind may say at this station: its values in `unit`, and the terms of its contract, none but for calls."""

    kind: SignalKind
    unit: str
    values: BoundsModel
    contract: dict[str, BoundsModel]


class TariffPeriodFacts(Model):
    """A price from `start_h` to `end_h` of the local day; in these months and on these weekdays (1 = Monday), in all if empty."""

    start_h: float
    end_h: float
    price_per_kwh: float
    months: list[int]
    weekdays: list[int]


class TariffFacts(Model):
    """What energy costs when no signal says otherwise; the last period that matches wins."""

    base_price_per_kwh: float
    periods: list[TariffPeriodFacts]
    export_share: float
    demand_charge_per_kw: float


class RulesFacts(Model):
    """What the site file lets the daemon do."""

    discharge: bool
    guard_frac: float
    soc_floor_frac: float
    default_target_frac: float
    default_energy_kwh: float
    default_stay_h: float
    target_probability: float
    v2g_wear_cost_per_kwh: float
    lease_s: float
    stale_after_s: float
    dwell_s: float


class SiteModel(Model):
    """The station."""

    site_id: str
    name: str
    time_zone: str
    currency: str
    circuits: list[CircuitFacts]
    evses: list[EvseFacts]
    battery_ids: list[str]
    asset_ids: list[str]
    pv_peak_kw: float
    signals: list[SignalFacts]
    tariff: TariffFacts
    rules: RulesFacts
    tick_s: float
    stale_after_s: float


class ReadingModel(Model):
    """A measured value, its age at the station's present instant, and whether it can be trusted."""

    value: float
    at: datetime
    age_s: float
    quality: Quality


class PromiseModel(Model):
    """What the plan holds for the driver: energies are stored in the car; `ready_at` is null if the target is not reached.

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


class WishesModel(Model):
    """What a driver asked for; null where nothing was said. Energy is to be added since plug-in."""

    energy_kwh: float | None
    soc_target_frac: float | None
    departure: datetime | None
    discharge_consent: bool
    soc_floor_frac: float | None
    priority: float


class WordsModel(Model):
    """A sentence for people."""

    en: str
    zh: str


class OverrideModel(Model):
    """What a person ordered an outlet to do until then; `max_kw` is a limit's."""

    override_id: str
    evse_id: str
    kind: OverrideKind
    reason: str
    by: str
    issued_at: datetime
    until: datetime
    max_kw: float | None


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
    """One part of the daemon and how it is."""

    name: str
    condition: Condition
    detail: str


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


class ExplanationModel(Model):
    """Why a unit does what it does, by step; prices in currency/kWh, what the driver's promise costs at most in currency.

    `limit` names the limit on the way to the grid that costs it most, "" where none binds. `promise_price_per_kwh` and
    `promise_cost` are null where the promise cannot be met at any price.
    """

    why: list[Why]
    limit: list[str]
    price_per_kwh: list[float]
    limit_price_per_kwh: list[float]
    value_per_kwh: list[float]
    promise_price_per_kwh: float | None
    promise_cost: float | None
    words: WordsModel


class UnitPlan(Model):
    """One car's or battery's plan: power in each step, stored energy at the end of each."""

    unit_id: str
    power_kw: list[float]
    energy_kwh: list[float]
    why: Why
    explanation: ExplanationModel | None


class EffectModel(Model):
    """What the published signals change: the plan under them less the plan without them.

    `import_kw` is by step; `moved_kwh` was taken from some steps and put into others; `affected` names the units concerned.
    """

    starts: list[datetime]
    step_h: list[float]
    import_kw: list[float]
    moved_kwh: float
    cost: float
    unmet_kwh: float
    affected: list[str]


class TermModel(Model):
    """One term of the objective in its own unit."""

    name: str
    tier: Tier
    value: float
    unit: str


class PlanModel(Model):
    """The plan; all lists without a unit are by step.

    Load and PV are the medians expected, with the outer deciles of the load and of the import price. `signal_ids` names the signals
    it was made under. `expected_kw` is what cars that are not here yet are expected to take, part of the import.
    """

    tick: int
    made_at: datetime
    signal_ids: list[str]
    starts: list[datetime]
    step_h: list[float]
    units: list[UnitPlan]
    import_kw: list[float]
    export_kw: list[float]
    import_limit_kw: list[float | None]
    import_price_per_kwh: list[float]
    import_price_low_per_kwh: list[float]
    import_price_high_per_kwh: list[float]
    export_price_per_kwh: list[float]
    fixed_kw: list[float]
    expected_kw: list[float]
    load_kw: list[float]
    load_low_kw: list[float]
    load_high_kw: list[float]
    pv_kw: list[float]
    rung: Rung
    reason: str
    gap_frac: float | None
    planner: str
    solve_s: float
    times_s: dict[str, float]
    terms: list[TermModel]
    notes: list[str]


class HistoryModel(Model):
    """The station's past, oldest first; every list has one value an instant. A load of null was not measured."""

    at: list[datetime]
    import_kw: list[float]
    load_kw: list[float | None]
    pv_kw: list[float]
    charge_kw: list[float]
    discharge_kw: list[float]
    asset_kw: list[float]
    import_limit_kw: list[float | None]
    price_per_kwh: list[float]
