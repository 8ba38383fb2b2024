"""What the station's instruments say at one instant, each value with its age and quality."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from v2g.overrides import Override
from v2g.session import ChargingSession


class Quality(StrEnum):
    """How far a reading can be trusted."""

    GOOD = "good"
    STALE = "stale"
    SUSPECT = "suspect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A measured value, when it was measured, and its quality."""

    value: float
    at: datetime
    quality: Quality = Quality.GOOD

    def age_s(self, now: datetime) -> float:
        """Return the reading's age [s]."""
        return (now - self.at).total_seconds()


class BreachKind(StrEnum):
    """How an outlet was measured not to keep its word: it draws more than told, gives back more, or gives back nothing."""

    DRAWS = "draws"
    GIVES = "gives"
    WITHHOLDS = "withholds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """What an outlet confirmed and what it was measured to do [kW]; `tries` counts the times it was told again in vain."""

    kind: BreachKind
    told_kw: float
    measured_kw: float
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseState:
    """An outlet as its charger last told.

    `power_kw` is measured at the AC side. `acknowledged_kw` is the last setpoint the charger confirmed, None if it never
    did or if its lease ran out. `lease_until` is when that lease ends; without a setpoint in force it is since when the charger
    is known to follow its fallback, None where nothing is known. `fault` is "" or what the charger complains of. `breach` is what
    measurements say against its word (`v2g.conduct`), `override` what a person ordered; adapters leave both None.
    """

    evse_id: str
    online: bool
    session: ChargingSession | None = None
    power_kw: Reading | None = None
    acknowledged_kw: float | None = None
    lease_until: datetime | None = None
    fault: str = ""
    breach: Breach | None = None
    override: Override | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryState:
    """A stationary battery: state of charge 0..1 and measured power [kW]."""

    battery_id: str
    online: bool
    soc_frac: Reading | None = None
    power_kw: Reading | None = None
    acknowledged_kw: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetState:
    """An asset or curtailable PV array as it last told (`Site.asset_ids`).

    `power_kw` is measured, + into it. `stored_kwh` is, by kind: hydrogen made since the site's midnight (heating value); how far
    a flexible load is ahead of its baseline (− behind); what all packs of a swap station hold; None for PV. `possible_kw` is what
    a PV array could produce now (≥ 0).
    `acknowledged_kw` is the setpoint in force until `lease_until`, None where the fallback is.
    """

    asset_id: str
    online: bool
    stored_kwh: Reading | None = None
    power_kw: Reading | None = None
    possible_kw: Reading | None = None
    acknowledged_kw: float | None = None
    lease_until: datetime | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The whole station at `at`.

    `site_power_kw` is the net power at the grid connection, `load_kw` the uncontrolled load (≥ 0) and `pv_kw` the PV
    production (≥ 0, as if nothing were curtailed), each None where there is no such meter or it never spoke. Outlets, batteries
    and assets come in the site's order.
    """

    at: datetime
    evses: tuple[EvseState, ...]
    batteries: tuple[BatteryState, ...] = ()
    assets: tuple[AssetState, ...] = ()
    site_power_kw: Reading | None = None
    load_kw: Reading | None = None
    pv_kw: Reading | None = None
