"""What the API says of the past that was kept: results, forecasts against what came, the audit log."""

from datetime import date, datetime
from typing import Any

from adapters.web.models import Model
from adapters.web.state.models import ForecastModel
from v2g.results import Period


class SideModel(Model):
    """What the connection drew and gave [kWh], its highest quarter-hour [kW], what that cost, and the carbon of the import [kg].

    `peak_cost` is counted by month; `carbon_kg` is null where no carbon curve was told.
    """

    import_kwh: float
    export_kwh: float
    peak_kw: float
    energy_cost: float
    peak_cost: float
    cost: float
    carbon_kg: float | None


class ResultModel(Model):
    """What came of `days` days from `start` on: `actual` beside `uncontrolled`, the same energy taken at once.

    `valley_kwh` is what was charged at the tariff's cheapest price of the day, null where it has but one. Of the `asked` drivers,
    who named an energy, `kept` got it.
    """

    start: date
    days: int
    charged_kwh: float
    discharged_kwh: float
    pv_kwh: float
    valley_kwh: float | None
    valley_share: float | None
    wear_cost: float
    saved: float
    visits: int
    asked: int
    kept: int
    kept_share: float | None
    actual: SideModel
    uncontrolled: SideModel


class ResultsModel(Model):
    """Results by period, oldest first, and of all together; null where nothing was kept."""

    by: Period
    first: date
    last: date
    currency: str
    rows: list[ResultModel]
    total: ResultModel | None


class BandModel(Model):
    """What was expected of a signal [kW], by step: the outer deciles and the median."""

    low: list[float]
    median: list[float]
    high: list[float]


class ExpectedModel(Model):
    """A forecast as it was made: `starts` and lengths of its steps, the load and the sun, and which rule or model spoke."""

    made_at: datetime
    starts: list[datetime]
    step_h: list[float]
    load: BandModel
    pv: BandModel
    notes: list[str]


class ScoreModel(Model):
    """How the forecasts of a signal did on a local day: of `n` values the share within the 10–90 % band, and the skill."""

    signal: str
    day: date
    n: int
    coverage80: float
    skill: float | None


class ForecastsModel(Model):
    """How each signal's model does now, how it did by day, and what the daemon says of the models in use."""

    standings: list[ForecastModel]
    scores: list[ScoreModel]
    said: str


class AuditEntryModel(Model):
    """An entry of the audit log; what its `facts` are depends on its kind."""

    number: int
    at: datetime
    kind: str
    facts: Any
    hash: str


class AuditModel(Model):
    """Entries, the newest first; ask for those before `older` to go on, null at the end."""

    entries: list[AuditEntryModel]
    older: int | None


class AuditChainModel(Model):
    """The chain of hashes as far as it was followed: `n` entries up to `head`, what is `broken` after them ("" if nothing).

    Ask again while it is not `whole`.
    """

    n: int
    head: str
    broken: str
    whole: bool
