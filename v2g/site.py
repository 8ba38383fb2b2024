"""What a station is made of. Values only; the site file's schema and its checks are in `config/`."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from v2g.assets import Asset
from v2g.failsafe import Failsafe

NO_LIMIT = float("inf")
PlannerChoice = Literal["auto", "exact", "fleet"]
"""Who plans: the exact planner, the fleet planner, or whichever the problem's size and content call for."""


class Protocol(StrEnum):
    """How a charger is spoken to; a simulated one has no wire at all, for demos of more chargers than sockets."""

    OCPP16 = "ocpp1.6"
    OCPP201 = "ocpp2.0.1"
    OCPP21 = "ocpp2.1"
    MQTT = "mqtt"
    SIMULATED = "simulated"

    @property
    def is_ocpp(self) -> bool:
        """Whether it is a version of OCPP, all of which the one central system speaks."""
        return self not in (Protocol.MQTT, Protocol.SIMULATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A node of the feeder tree: breaker, transformer or shared DC cabinet. The root is the grid connection.

    `import_limit_kw` and `export_limit_kw` bound the sum of the three phases [kW, both ≥ 0]; `phase_limit_a` bounds each
    phase [A] at `voltage_v` phase to neutral. With `module_kw` > 0 it is a cabinet: the outlets at it share
    ``import_limit_kw / module_kw`` power modules of that size [kW, at the AC side], and each holds whole ones.
    """

    circuit_id: str
    parent_id: str | None = None
    import_limit_kw: float = NO_LIMIT
    export_limit_kw: float = NO_LIMIT
    phase_limit_a: float = NO_LIMIT
    voltage_v: float = 230.0
    module_kw: float = 0.0

    @property
    def n_modules(self) -> int:
        """Number of power modules; 0 where it is no cabinet."""
        return round(self.import_limit_kw / self.module_kw) if self.module_kw else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evse:
    """One outlet that can be given a setpoint: the schedulable unit of a charging station.

    `station_id` is the charger's identity on the wire and `connector_id` its connector (1, 2, …). Powers are at the AC
    side [kW, ≥ 0]; `discharge_max_kw` 0 means charge-only. `charge_min_kw` is the least power above 0 that the outlet
    can hold (6 A per phase on AC). `phases` names the phases used, e.g. (1,) or (1, 2, 3). `fallback_kw` is what it may
    do when it hears nothing. `negative_limits` says that its vendor takes a negative limit for discharge, where its version
    of OCPP knows none.
    """

    evse_id: str
    station_id: str
    connector_id: int = 1
    protocol: Protocol
    circuit_id: str
    charge_max_kw: float
    charge_min_kw: float = 0.0
    discharge_max_kw: float = 0.0
    phases: tuple[int, ...] = (1, 2, 3)
    voltage_v: float = 230.0
    efficiency: float = 0.95
    fallback_kw: float = 0.0
    negative_limits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A stationary battery, new or in its second life. Powers at the AC side [kW, ≥ 0], one-way efficiencies in 0..1.

    `capacity_kwh` is the nameplate's, of which `soh_frac` is left; states of charge are shares of what is left. `wear_cost_per_kwh`
    is the price of a discharged kWh whatever the depth; on top of it each kWh out of the segments `depth_frac`, shallow first,
    costs `depth_price_per_kwh`, and each kWh stored above `calendar_above_frac` costs `calendar_price_per_kwh_h` an hour.
    """

    battery_id: str
    circuit_id: str
    capacity_kwh: float
    charge_max_kw: float
    discharge_max_kw: float
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    soc_min_frac: float = 0.1
    soc_max_frac: float = 0.95
    wear_cost_per_kwh: float = 0.03
    soh_frac: float = 1.0
    depth_frac: tuple[float, ...] = ()
    depth_price_per_kwh: tuple[float, ...] = ()
    calendar_above_frac: float = 0.5
    calendar_price_per_kwh_h: float = 0.0

    @property
    def usable_kwh(self) -> float:
        """What the battery holds in its state of health [kWh]."""
        return self.soh_frac * self.capacity_kwh

    @property
    def depth_kwh(self) -> tuple[float, ...]:
        """The segments of depth [kWh]."""
        return tuple(share * self.usable_kwh for share in self.depth_frac)


@dataclass(frozen=True, slots=True, kw_only=True)
class PvArray:
    """A photovoltaic array: `peak_kw` at standard conditions, angles in degrees (azimuth clockwise from north).

    A `curtailable` one takes setpoints: the most it may produce. It produces all it can when it hears nothing.
    """

    pv_id: str
    circuit_id: str
    peak_kw: float
    latitude_deg: float
    longitude_deg: float
    tilt_deg: float = 20.0
    azimuth_deg: float = 180.0
    curtailable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UncontrolledLoad:
    """The building or other load behind the same connection: what it draws at least and at most [kW]."""

    circuit_id: str
    base_kw: float = 0.0
    peak_kw: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffPeriod:
    """A price [currency/kWh] from `start_h` to `end_h` [h of the local day, 0..24].

    `months` (1..12) and `weekdays` (1 = Monday .. 7 = Sunday, ISO 8601) say when it holds; empty = always.
    """

    start_h: float
    end_h: float
    price_per_kwh: float
    months: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What energy costs when no signal says otherwise. The last period that matches wins.

    Export is paid `export_share` of the import price, plus `export_adder_per_kwh`, unless a signal prices it.
    `demand_charge_per_kw` is paid on the month's highest mean import over a quarter-hour.

    A capacity contract subscribes `contracted_kw` (inf = no contract); what the month's peak is beyond it is bought in up to
    `max_blocks` blocks of `block_kw` for `block_price` each, or costs `overage_price_per_kw`. `carbon_price_per_kg` is paid on
    imported energy's carbon where a GHG signal tells it.
    """

    base_price_per_kwh: float
    periods: tuple[TariffPeriod, ...] = ()
    export_share: float = 0.0
    export_adder_per_kwh: float = 0.0
    demand_charge_per_kw: float = 0.0
    contracted_kw: float = NO_LIMIT
    overage_price_per_kw: float = 0.0
    block_kw: float = 0.0
    block_price: float = 0.0
    max_blocks: int = 0
    carbon_price_per_kg: float = 0.0

    @property
    def free_peak_kw(self) -> float:
        """Import up to which the month's peak costs nothing [kW]; inf where it never costs anything."""
        if self.demand_charge_per_kw > 0:
            return 0.0
        return self.contracted_kw if self.overage_price_per_kw > 0 else NO_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the operator lets the daemon do.

    `guard_frac` is the share of each limit kept free; `lease_s` how long a setpoint lives; `stale_after_s` the age at which
    a meter counts as silent; `rise_s` in how long a limit gives back all the room that it took; `dwell_s` the least time
    between charging and discharging; `soc_floor_frac` what discharge always leaves; `default_stay_h` the stay assumed of a
    stranger; `default_target_frac` the state of charge assumed to be wanted when the driver said nothing, `default_energy_kwh` the
    energy when the car tells no state of charge either;
    `target_probability` that with which the target is met before the car leaves: it is due at this quantile of early departures;
    `taper_from_frac` is the state of charge from which a car that does not tell takes less power;
    `peak_spare_h` how long a car that may give back is able to do so beyond its target, where a peak is to be expected;
    `v2g_wear_cost_per_kwh` what a discharged kWh costs the car's battery; `expect_arrivals` whether plans leave room for cars that
    are likely to come. `v2g_day_*` and `v2g_life_*` cap what a vehicle gives back on one local day and ever: energy at the AC
    side [kWh], time [h] and equivalent full cycles. For `code_consent_s` after plug-in the outlet's code is enough to consent to
    discharge.

    `unserved_price_factor` is what a kWh missing at a still earlier departure is worth, in mean prices of a kWh. Measured on a
    week of real workplace sessions each (JPL, Caltech): 4 delivers 98.8 and 99.5 % of the uncontrolled energy, 8 99.9 and 99.8 %.
    """

    discharge: bool = True
    guard_frac: float = 0.02
    lease_s: float = 900.0
    stale_after_s: float = 60.0
    rise_s: float = 300.0
    dwell_s: float = 300.0
    soc_floor_frac: float = 0.2
    default_stay_h: float = 8.0
    default_target_frac: float = 0.8
    default_energy_kwh: float = 20.0
    target_probability: float = 0.9
    unserved_price_factor: float = 8.0
    peak_spare_h: float = 0.5
    v2g_wear_cost_per_kwh: float = 0.04
    taper_from_frac: float = 0.85
    v2g_day_kwh: float = NO_LIMIT
    v2g_day_h: float = NO_LIMIT
    v2g_day_cycles: float = NO_LIMIT
    v2g_life_kwh: float = NO_LIMIT
    v2g_life_h: float = NO_LIMIT
    v2g_life_cycles: float = NO_LIMIT
    expect_arrivals: bool = True
    code_consent_s: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """How far and how finely to plan: `n_fine` steps of `fine_h`, then `n_coarse` steps of `coarse_h` [h].

    A tick runs every `tick_s`, the fast loop every `fast_s` [s]. A car that comes or goes brings the next tick forward, but to no
    less than `event_s` after the last one: in a fleet somebody always does. With `scenarios` above 1 the first step is planned for
    as many courses of load, sun and departures at once.
    """

    fine_h: float = 0.25
    n_fine: int = 16
    coarse_h: float = 1.0
    n_coarse: int = 20
    tick_s: float = 300.0
    fast_s: float = 5.0
    event_s: float = 0.0
    scenarios: Literal[1, 3, 5] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A station. `circuits[0]` is the grid connection; `time_zone` is an IANA name, used only for tariffs and display.

    With a `failsafe` limits hold while their source is silent.
    """

    site_id: str
    name: str
    time_zone: str
    currency: str
    circuits: tuple[Circuit, ...]
    evses: tuple[Evse, ...]
    tariff: Tariff
    batteries: tuple[Battery, ...] = ()
    pv: tuple[PvArray, ...] = ()
    loads: tuple[UncontrolledLoad, ...] = ()
    rules: Rules = field(default_factory=Rules)
    horizon: Horizon = field(default_factory=Horizon)
    country: str = "CN"
    assets: tuple[Asset, ...] = ()
    planner: PlannerChoice = "auto"
    failsafe: Failsafe | None = None

    @property
    def asset_ids(self) -> tuple[str, ...]:
        """Names of all that tells an `AssetState`: the assets, then the curtailable PV arrays."""
        return (*(a.asset_id for a in self.assets), *(p.pv_id for p in self.pv if p.curtailable))
