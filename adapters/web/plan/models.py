"""The plan, as the API tells it; names carry units, + is into the car or the site."""

from datetime import datetime

from adapters.web.models import Model
from v2g.solution import Rung, Tier
from v2g.why import Why


class WordsModel(Model):
    """A sentence for people."""

    en: str
    zh: str


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
