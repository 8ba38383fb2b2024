"""The station as its site file describes it, as the API tells it. A limit of null means none."""

from adapters.web.models import Model
from v2g.signals import SignalKind
from v2g.site import Protocol


class EvseFacts(Model):
    """One outlet as the site file describes it."""

    evse_id: str
    station_id: str
    connector_id: int
    protocol: Protocol
    circuit_id: str
    charge_max_kw: float
    charge_min_kw: float
    discharge_max_kw: float


class CircuitFacts(Model):
    """One node of the feeder tree; the one without a parent is the grid connection.

    `phases_kw` is what three phases at `phase_limit_a` carry together.
    """

    circuit_id: str
    parent_id: str | None
    import_limit_kw: float | None
    export_limit_kw: float | None
    phase_limit_a: float | None
    phases_kw: float | None


class BoundsModel(Model):
    """The least and the most that a number may be."""

    least: float
    most: float


class SignalFacts(Model):
    """What a signal of a kind may say at this station: its values in `unit`, and the terms of its contract, none but for calls."""

    kind: SignalKind
    unit: str
    values: BoundsModel
    contract: dict[str, BoundsModel]


class TariffPeriodFacts(Model):
    """A price from `start_h` to `end_h` of the local day; in these months and on these weekdays (1 = Monday), in all if empty."""

    start_h: float
    end_h: float
    price_per_kwh: float
    months: list[int]
    weekdays: list[int]


class TariffFacts(Model):
    """What energy costs when no signal says otherwise; the last period that matches wins."""

    base_price_per_kwh: float
    periods: list[TariffPeriodFacts]
    export_share: float
    demand_charge_per_kw: float


class RulesFacts(Model):
    """What the site file lets the daemon do."""

    discharge: bool
    guard_frac: float
    soc_floor_frac: float
    default_target_frac: float
    default_energy_kwh: float
    default_stay_h: float
    target_probability: float
    v2g_wear_cost_per_kwh: float
    lease_s: float
    stale_after_s: float
    dwell_s: float
    code_consent_s: float


class SiteModel(Model):
    """The station."""

    site_id: str
    name: str
    time_zone: str
    currency: str
    circuits: list[CircuitFacts]
    evses: list[EvseFacts]
    battery_ids: list[str]
    asset_ids: list[str]
    pv_peak_kw: float
    signals: list[SignalFacts]
    tariff: TariffFacts
    rules: RulesFacts
    tick_s: float
    stale_after_s: float
