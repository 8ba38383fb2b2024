"""A car at an outlet, what its driver asked for, and what is left of it when it has gone."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

STAY_MAX = timedelta(days=60)
"""What is said of a departure later than this is not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The phone that speaks for a car: `digest` of its secret with `salt`; only if it spoke in time `may_consent`."""

    salt: str
    digest: str
    may_consent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the driver asked for; None where nothing was said.

    The target is `energy_kwh` (to be added since plug-in) or `soc_target_frac` (0..1), whichever was given; consent to
    reverse discharge is never assumed. `soc_floor_frac` is what discharge must leave, `claim` whose phone it is that asked.
    """

    energy_kwh: float | None = None
    soc_target_frac: float | None = None
    departure: datetime | None = None
    discharge_consent: bool = False
    soc_floor_frac: float | None = None
    priority: float = 1.0
    claim: Claim | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """What is known of the car: capacity [kWh] and power limits at the AC side [kW]; None where unknown, 0 where it cannot.

    From `taper_from_frac` (0..1) on the battery's charging power falls linearly towards full.
    """

    capacity_kwh: float | None = None
    charge_max_kw: float | None = None
    discharge_max_kw: float | None = None
    taper_from_frac: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingSession:
    """A car plugged in at an outlet.

    `driver` is a pseudonym (never a raw id tag) or "". Energies are metered at the AC side since plug-in [kWh, ≥ 0].
    `soc_frac` is the latest state of charge the car reported, `soc_at` when; None where the car tells nothing.
    """

    session_id: str
    evse_id: str
    plugged_in_at: datetime
    driver: str = ""
    wishes: Wishes = field(default_factory=Wishes)
    vehicle: Vehicle = field(default_factory=Vehicle)
    charged_kwh: float = 0.0
    discharged_kwh: float = 0.0
    soc_frac: float | None = None
    soc_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedVisit:
    """A car was plugged in from `plugged_in_at` to `left_at`; `driver` is a pseudonym or "", `stated` what was announced.

    `energy_kwh` is what it took net at the AC side, None where nobody knows; `requested_kwh` what was asked for.
    """

    driver: str
    plugged_in_at: datetime
    left_at: datetime
    stated: datetime | None = None
    energy_kwh: float | None = None
    requested_kwh: float | None = None
