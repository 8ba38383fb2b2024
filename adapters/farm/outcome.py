"""What truly happened at a simulated station: the ledger's result, for key figures and reports."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.farm.premises import AssetOutcome
from adapters.farm.visit import Visit
from v2g.timegrid import Array

QUARTER = timedelta(minutes=15)
QUARTER_S = QUARTER.total_seconds()
UNMET_KWH, UNMET_FRAC = 0.5, 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitOutcome:
    """What one car got, in energy at its battery [kWh].

    `possible_kwh` is the stored energy it could have left with at full power all its stay. `finished` is False for a car
    that is still there; `below_floor` says whether discharge took it below its driver's floor. `trace_kwh` is what it held at the
    ends of the quarter-hours it was seen in, the first of which is at `traced_from`; empty where nobody looked.
    """

    visit: Visit
    finished: bool
    left_kwh: float
    possible_kwh: float
    below_floor: bool
    traced_from: datetime | None = None
    trace_kwh: tuple[float, ...] = ()

    @property
    def asked_kwh(self) -> float:
        """Energy that was to be added."""
        return max(self.visit.due_kwh - self.visit.arrival_kwh, 0.0)

    @property
    def net_kwh(self) -> float:
        """Energy added since arrival, net of discharge."""
        return self.left_kwh - self.visit.arrival_kwh

    @property
    def delivered_kwh(self) -> float:
        """Energy of what was asked that the car left with; negative if it left with less than it should and came with."""
        return self.asked_kwh - max(self.visit.due_kwh - self.left_kwh, 0.0)

    @property
    def missing_kwh(self) -> float:
        """Energy missing to what was due and possible."""
        return max(min(self.visit.due_kwh, self.possible_kwh) - self.left_kwh, 0.0)

    @property
    def unmet(self) -> bool:
        """Whether the driver left with clearly less than was possible."""
        return self.finished and self.missing_kwh > max(UNMET_KWH, UNMET_FRAC * self.asked_kwh)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryOutcome:
    """What a stationary battery held when the simulation began and what it holds at its end [kWh]."""

    battery_id: str
    began_kwh: float
    ended_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """For how long, and how far at worst, a circuit or one of its phases ("main/L1") was above its limit."""

    name: str
    seconds: float
    worst_kw: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """The station's truth from `start` to `end`.

    The series are means over quarter-hours (n_quarters,) [kW, ≥ 0], the first of which begins at `first_quarter`; import and
    export are metered apart, so both may be positive in one quarter. Cars are in `charge_kw` and `discharge_kw`, stationary
    batteries in their own; `covered_h` is the observed part of each quarter [h]. `max_import_kw` is the highest power of any
    simulation step. `limit_violation_s` counts the time in which any circuit was above its limit; `breaches` has
    only those that were. `unconsented_kwh` was taken from cars whose drivers never agreed.
    """

    start: datetime
    end: datetime
    first_quarter: datetime
    import_kw: Array
    export_kw: Array
    load_kw: Array
    pv_kw: Array
    charge_kw: Array
    discharge_kw: Array
    battery_charge_kw: Array
    battery_discharge_kw: Array
    covered_h: Array
    max_import_kw: float
    limit_violation_s: float
    breaches: tuple[Breach, ...]
    unconsented_kwh: float
    visits: tuple[VisitOutcome, ...]
    assets: tuple[AssetOutcome, ...] = ()
    batteries: tuple[BatteryOutcome, ...] = ()

    @property
    def energy_charged_kwh(self) -> float:
        """Energy drawn by the cars at the AC side."""
        return float(self.charge_kw @ self.covered_h)

    @property
    def energy_discharged_kwh(self) -> float:
        """Energy given back by the cars at the AC side."""
        return float(self.discharge_kw @ self.covered_h)

    @property
    def peak_import_kw(self) -> float:
        """Highest mean import of a quarter-hour."""
        return float(self.import_kw.max(initial=0.0))

    @property
    def worst_violation_kw(self) -> float:
        """The furthest that any limit was exceeded."""
        return max((b.worst_kw for b in self.breaches), default=0.0)

    @property
    def finished(self) -> tuple[VisitOutcome, ...]:
        """The cars that have left."""
        return tuple(v for v in self.visits if v.finished)

    @property
    def asked_kwh(self) -> float:
        """What the drivers of the cars that left had asked."""
        return sum(v.asked_kwh for v in self.finished)

    @property
    def delivered_kwh(self) -> float:
        """What they got of it."""
        return sum(v.delivered_kwh for v in self.finished)

    @property
    def delivered_frac(self) -> float:
        """Delivered share of what was asked; 1 where nothing was."""
        return self.delivered_kwh / self.asked_kwh if self.asked_kwh > 0.0 else 1.0

    @property
    def net_kwh(self) -> float:
        """Energy added to all batteries of cars, those still there too, net of discharge."""
        return sum(v.net_kwh for v in self.visits)

    @property
    def unmet(self) -> tuple[VisitOutcome, ...]:
        """The cars whose drivers left with clearly less than was possible."""
        return tuple(v for v in self.visits if v.unmet)

    @property
    def floor_breaches(self) -> int:
        """How many cars were discharged below their drivers' floor."""
        return sum(v.below_floor for v in self.visits)
