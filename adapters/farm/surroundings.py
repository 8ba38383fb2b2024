"""What happens around the cars: uncontrolled load, PV production and the import limit, as staircases over time."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from v2g.errors import SeriesError
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepSeries:
    """A value for each step of `step_s` seconds from `start`; its first and last value hold before and after it.

    Raises `SeriesError` if it is empty or a value is not finite.
    """

    start: datetime
    step_s: float
    values: Array

    def __post_init__(self) -> None:
        if not len(self.values) or self.step_s <= 0.0:
            raise SeriesError("the series has no values or no step", place="series", mend="give at least one value")
        if np.isnan(self.values).any():
            raise SeriesError("a value is not a number", place="series", mend="fill the gaps first")

    @classmethod
    def constant(cls, value: float, start: datetime) -> "StepSeries":
        """Return a series that is `value` for ever."""
        return cls(start=start, step_s=900.0, values=np.array([value]))

    def at(self, instant_s: float) -> float:
        """Return the value at `instant_s` [s since 1970]."""
        index = int((instant_s - self.start.timestamp()) // self.step_s)
        return float(self.values[min(max(index, 0), len(self.values) - 1)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surroundings:
    """Load and PV [kW, ≥ 0] and, where it varies, the import limit at the grid connection [kW]."""

    load_kw: StepSeries
    pv_kw: StepSeries
    import_limit_kw: StepSeries | None = None

    def import_limit_at(self, instant_s: float) -> float:
        """Return the varying import limit [kW], infinite where there is none."""
        return float("inf") if self.import_limit_kw is None else self.import_limit_kw.at(instant_s)
