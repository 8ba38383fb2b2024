"""What the API says of signals that nobody has published yet."""

from datetime import datetime
from enum import StrEnum

from adapters.web.models import Model


class BandModel(Model):
    """By step [kW]: what is expected, and the least and the most over a busy and a calm course besides."""

    expected: list[float]
    low: list[float]
    high: list[float]


class CostChangeModel(Model):
    """A term of the operator's money on either side [currency]; what is earned is negative."""

    name: str
    before: float
    after: float


class DriverEffectModel(Model):
    """What changes for a driver: stored energy at departure, its largest change at any time, and when the promise is in."""

    evse_id: str
    energy_kwh: float
    furthest_kwh: float
    ready_before: datetime | None
    ready_after: datetime | None


class PreviewModel(Model):
    """What the station would do, beside what it does now; nothing is published. Powers are net at the connection, + import.

    `in_window` is the share of each step that is signalled; energies and peaks are of the expected course. `elasticity` is the
    relative change of the energy in the window by the relative change of its mean price, null where no price changes.
    `cost_unanswered` is what the station would pay more for energy if it went on as it does.
    """

    starts: list[datetime]
    step_h: list[float]
    in_window: list[float]
    before_kw: BandModel
    after_kw: BandModel
    change_kw: BandModel
    moved_kwh: float
    window_kwh: float
    ahead_kwh: float
    rebound_kwh: float
    peak_before_kw: float
    peak_after_kw: float
    window_peak_before_kw: float
    window_peak_after_kw: float
    price_before_per_kwh: float
    price_after_per_kwh: float
    elasticity: float | None
    cost: float
    costs: list[CostChangeModel]
    cost_unanswered: float
    over_limit_kw: float
    unmet_kwh: float
    affected: list[str]
    drivers: list[DriverEffectModel]


class TriedModel(Model):
    """The highest net import in the window under a price."""

    price_per_kwh: float
    peak_kw: float


class PriceFoundModel(Model):
    """The least price that keeps the window at the target; null if none does, and then `preview` is of the dearest asked about."""

    price_per_kwh: float | None
    target_kw: float
    tried: list[TriedModel]
    preview: PreviewModel


class SurfaceModel(Model):
    """What each price would do in each hour alone; lists of lists are hours by prices, powers net import [kW]."""

    starts: list[datetime]
    step_h: float
    prices: list[float]
    before_kw: list[float]
    before_peak_kw: list[float]
    price_before_per_kwh: list[float]
    power_kw: list[list[float]]
    peak_kw: list[list[float]]
    moved_kwh: list[list[float]]
    rebound_kwh: list[list[float]]
    cost: list[list[float]]
    drivers: list[list[int]]


class JobState(StrEnum):
    """How far a job is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SurfaceJobModel(Model):
    """A response surface that is being worked out: `done_frac` of it, `why` it failed, and the surface once it is there."""

    job_id: str
    state: JobState
    done_frac: float
    why: str
    surface: SurfaceModel | None
