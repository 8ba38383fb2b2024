"""What is expected over the horizon, as quantiles."""

from dataclasses import dataclass
from datetime import datetime

from v2g.timegrid import Array, TimeGrid

LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Departure:
    """When a plugged-in car is expected to leave.

    `quantiles[i]` is the instant by which it has left with probability `LEVELS[i]`, not decreasing. `source` says where
    it comes from: "stated", "history" or "default".
    """

    session_id: str
    quantiles: tuple[datetime, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSession:
    """Cars that are not here yet: `number` of them (a mean, often below 1) at outlets of `circuit_id` that will be empty.

    On average they come at `arrives` and go at `departs`; each takes `energy_kwh` at up to `power_kw`, both at the AC side.
    """

    circuit_id: str
    arrives: datetime
    departs: datetime
    energy_kwh: float
    power_kw: float
    number: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FleetCourse:
    """One way the fleet may go, drawn: every plugged-in car leaves for sure at an instant, and whole cars come, or none.

    `arrivals` are those of the outlook, in its order, with another `number` each.
    """

    departures: tuple[Departure, ...]
    arrivals: tuple[ExpectedSession, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """Forecasts on `grid`.

    `load_kw` and `pv_kw` are (len(LEVELS), n_steps), both ≥ 0 and not decreasing along the levels; prices are (n_steps,)
    in currency/kWh, the medians where they are not published yet. `import_price_quantiles`, (len(LEVELS), n_steps), tell how sure
    these are, None where that is not known. `expected_peak_kw` is the peak that the billing month will hardly stay below, however
    well the cars are used; 0 where nothing is known of it. `fleet_courses` are equally likely ways the fleet may go, if any were
    drawn. `notes` say which rule or model spoke, for people.
    """

    grid: TimeGrid
    load_kw: Array
    pv_kw: Array
    import_price_per_kwh: Array
    export_price_per_kwh: Array
    departures: tuple[Departure, ...] = ()
    arrivals: tuple[ExpectedSession, ...] = ()
    expected_peak_kw: float = 0.0
    import_price_quantiles: Array | None = None
    fleet_courses: tuple[FleetCourse, ...] = ()
    notes: tuple[str, ...] = ()
