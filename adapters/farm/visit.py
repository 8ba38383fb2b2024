"""A car's stay at an outlet: what is true of it, whatever anybody else is told."""

from dataclasses import dataclass
from datetime import datetime

from adapters.farm.physics import TAPER_FROM_FRAC
from v2g.errors import SeriesError
from v2g.session import Vehicle, Wishes

BMS_FLOOR_FRAC = 0.1
"""State of charge at which a battery management system ends discharge by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One stay.

    The driver asks either for `energy_kwh` to be added to the battery or for `soc_target_frac` at departure, which may
    lie below the arrival's and then lets the difference be given back. `stated_departure` is what the driver says, `leaves_at`
    what happens. Powers are the car's own limits at the AC side [kW, ≥ 0]; from `taper_from_frac` on its battery takes less and
    less. `wake_s` is how long the car takes to draw power after it was paused. Raises `SeriesError` on values that no car can have.
    """

    evse_id: str
    driver: str
    arrives_at: datetime
    leaves_at: datetime
    capacity_kwh: float
    soc_frac: float
    charge_max_kw: float
    energy_kwh: float = 0.0
    soc_target_frac: float | None = None
    stated_departure: datetime | None = None
    discharge_max_kw: float = 0.0
    consent: bool = False
    soc_floor_frac: float = 0.2
    wake_s: float = 20.0
    taper_from_frac: float = TAPER_FROM_FRAC

    def __post_init__(self) -> None:
        self._need(self.leaves_at > self.arrives_at, "the car leaves before it arrives")
        self._need(self.capacity_kwh > 0.0, "the battery has no capacity")
        self._need(0.0 <= self.soc_frac <= 1.0, "the state of charge is outside 0..1")
        self._need(0.0 <= self.taper_from_frac < 1.0, "the taper begins outside 0..1")
        self._need(self.charge_max_kw > 0.0 and self.discharge_max_kw >= 0.0, "a power limit is negative or the car cannot charge")
        self._need(self.energy_kwh >= 0.0 and self.due_kwh <= self.capacity_kwh + 1e-9, "more is asked than the battery holds")

    @property
    def visit_id(self) -> str:
        """A name that no other visit of the same site has."""
        return f"{self.evse_id}@{self.arrives_at:%Y%m%dT%H%M%S}"

    @property
    def arrival_kwh(self) -> float:
        """Energy in the battery on arrival [kWh]."""
        return self.soc_frac * self.capacity_kwh

    @property
    def due_kwh(self) -> float:
        """Energy that the driver wants in the battery at departure [kWh]."""
        if self.soc_target_frac is None:
            return self.arrival_kwh + self.energy_kwh
        return self.soc_target_frac * self.capacity_kwh

    @property
    def is_v2g(self) -> bool:
        """Whether the car can give back and its driver lets it."""
        return self.consent and self.discharge_max_kw > 0.0

    @property
    def charge_limit_kwh(self) -> float:
        """Where the car itself ends charging [kWh]: full for a V2G car, else the limit its driver set, which is what is due."""
        return self.capacity_kwh if self.is_v2g else max(self.due_kwh, self.arrival_kwh)

    @property
    def wishes(self) -> Wishes:
        """What the driver tells the station."""
        return Wishes(
            energy_kwh=self.energy_kwh if self.soc_target_frac is None else None,
            soc_target_frac=self.soc_target_frac,
            departure=self.stated_departure,
            discharge_consent=self.consent,
            soc_floor_frac=self.soc_floor_frac,
        )

    @property
    def vehicle(self) -> Vehicle:
        """What the car tells of itself."""
        return Vehicle(
            capacity_kwh=self.capacity_kwh,
            charge_max_kw=self.charge_max_kw,
            discharge_max_kw=self.discharge_max_kw,
            taper_from_frac=self.taper_from_frac,
        )

    def _need(self, ok: bool, message: str) -> None:
        if not ok:
            raise SeriesError(message, place=f"visit {self.evse_id} {self.arrives_at.isoformat()}")
