"""Values that the people's side is shown."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from v2g.alarm import Alarm
from v2g.observation import Observation
from v2g.standing import Standing


class Condition(StrEnum):
    """How a part of the daemon is."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the daemon ("solver", "broker", "database", "ocpp", "meters", …), its condition and a sentence about it.

    `detail_zh` is the sentence in Chinese, "" where it is a program's own words.
    """

    name: str
    condition: Condition
    detail: str = ""
    detail_zh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The daemon's health. `alive` while ticks come in time, `ready` if the last succeeded; how the models of `forecasts` do."""

    alive: bool
    ready: bool
    at: datetime
    last_tick_at: datetime | None
    parts: tuple[Part, ...]
    alarms: tuple[Alarm, ...] = ()
    forecasts: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """The station at `at` [kW; price in currency/kWh].

    `load_kw` is None where no meter told it. `charge_kw` ≥ 0 and `discharge_kw` ≥ 0 sum over the cars; `asset_kw` is as of
    `assets_kw`.
    """

    at: datetime
    import_kw: float
    load_kw: float | None
    pv_kw: float
    charge_kw: float
    discharge_kw: float
    import_limit_kw: float
    price_per_kwh: float
    asset_kw: float = 0.0


def assets_kw(observation: Observation) -> float:
    """Return what all assets draw, what PV arrays hold back counted as drawn [kW, signed]; what is not told counts as 0."""
    told = (s for s in observation.assets if s.power_kw)
    return sum(s.power_kw.value + (s.possible_kw.value if s.possible_kw else 0.0) for s in told if s.power_kw)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTransaction:
    """A charging transaction that has begun and not ended; `driver` is a pseudonym.

    `reference` is the charger's own name for it, "" where only the central system gives names (OCPP 1.6).
    """

    transaction_id: int
    station_id: str
    connector_id: int
    driver: str
    meter_start_kwh: float
    began_at: datetime
    reference: str = ""
