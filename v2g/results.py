"""What a station has brought, by day, month or year, beside what the same cars would have cost without control."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import groupby


class Period(StrEnum):
    """What results are summed over, in the site's own calendar."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"

    def start_of(self, day: date) -> date:
        """Return the first day of the period that `day` lies in."""
        match self:
            case Period.DAY:
                return day
            case Period.MONTH:
                return day.replace(day=1)
            case Period.YEAR:
                return day.replace(month=1, day=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What the connection drew and gave, and what that cost.

    Energies [kWh], the highest mean import of a quarter-hour [kW], costs [currency]; `peak_cost` is that of the months' highest
    quarter-hours, counted for whole months only. `carbon_kg` is None where no carbon curve was told.
    """

    import_kwh: float = 0.0
    export_kwh: float = 0.0
    peak_kw: float = 0.0
    energy_cost: float = 0.0
    peak_cost: float = 0.0
    carbon_kg: float | None = None

    @property
    def cost(self) -> float:
        """What was to pay."""
        return self.energy_cost + self.peak_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of `days` days from `start` on.

    Cars took `charged_kwh` and gave back `discharged_kwh` at the AC side; of the former `valley_kwh` in the hours at which the
    tariff is cheapest, None where it has one price only. `wear_cost` is what giving back cost their batteries. `visits` cars left;
    of `asked` whose drivers had named an energy, `kept` got it. `uncontrolled` is the same energy taken at once at full power.
    """

    start: date
    days: int = 1
    charged_kwh: float
    discharged_kwh: float
    pv_kwh: float
    valley_kwh: float | None
    wear_cost: float
    visits: int
    asked: int
    kept: int
    actual: Side
    uncontrolled: Side

    @property
    def valley_share(self) -> float | None:
        """The share of the energy charged that was charged in valley hours."""
        return None if self.valley_kwh is None or self.charged_kwh <= 0 else self.valley_kwh / self.charged_kwh

    @property
    def kept_share(self) -> float | None:
        """The share of the drivers who asked for an energy that got it."""
        return self.kept / self.asked if self.asked else None

    @property
    def saved(self) -> float:
        """What was saved against no control, wear paid [currency]."""
        return self.uncontrolled.cost - self.actual.cost - self.wear_cost


def by_period(days: Sequence[Result], period: Period) -> tuple[Result, ...]:
    """Return the results of days in order, summed over each period they lie in."""
    groups = groupby(days, key=lambda day: period.start_of(day.start))
    return tuple(total(list(group), start) for start, group in groups)


def total(parts: Sequence[Result], start: date) -> Result:
    """Return the sum of results under one `start`; peaks are the highest. `parts` must not be empty."""
    return Result(
        start=start,
        days=sum(part.days for part in parts),
        charged_kwh=sum(part.charged_kwh for part in parts),
        discharged_kwh=sum(part.discharged_kwh for part in parts),
        pv_kwh=sum(part.pv_kwh for part in parts),
        valley_kwh=_sum(part.valley_kwh for part in parts),
        wear_cost=sum(part.wear_cost for part in parts),
        visits=sum(part.visits for part in parts),
        asked=sum(part.asked for part in parts),
        kept=sum(part.kept for part in parts),
        actual=_together([part.actual for part in parts]),
        uncontrolled=_together([part.uncontrolled for part in parts]),
    )


def with_peak_cost(result: Result, actual: float, uncontrolled: float) -> Result:
    """Return a month's result with what its highest quarter-hours cost."""
    return replace(
        result,
        actual=replace(result.actual, peak_cost=actual),
        uncontrolled=replace(result.uncontrolled, peak_cost=uncontrolled),
    )


def _together(sides: Sequence[Side]) -> Side:
    return Side(
        import_kwh=sum(side.import_kwh for side in sides),
        export_kwh=sum(side.export_kwh for side in sides),
        peak_kw=max(side.peak_kw for side in sides),
        energy_cost=sum(side.energy_cost for side in sides),
        peak_cost=sum(side.peak_cost for side in sides),
        carbon_kg=_sum(side.carbon_kg for side in sides),
    )


def _sum(values: Iterable[float | None]) -> float | None:
    """Return the sum of what is known, None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
