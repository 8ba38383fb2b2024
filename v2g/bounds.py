"""What each unit may do now, and what the uncontrolled load may be: the two halves of `Limits`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from v2g.assets import Asset, Electrolyser, FlexibleLoad, SwapStation
from v2g.driver import may_discharge, soc_floor_frac, stored_energy_kwh
from v2g.ledger import EMPTY, Ledger, used_up
from v2g.observation import AssetState, BatteryState, BreachKind, EvseState, Observation, Quality, Reading
from v2g.outlook import Outlook
from v2g.overrides import OverrideKind
from v2g.session import ChargingSession
from v2g.site import Battery, Evse, PvArray, Rules, Site
from v2g.stating.circuits import MEDIAN, shares, unreachable_give_kw, unreachable_kw
from v2g.tapering import told_taper_frac
from v2g.timegrid import Array

FLOOR_MARGIN_KWH = 0.25
"""What a converter may lose more at part load than its efficiency says, before anybody hears of it."""
SHORTEST_LEASE_H = 1.0 / 60.0
"""A discharge that could not last so long is made smaller."""
RISE_SHARE = 0.26
"""Share of the quarter-hour's forecast error that can come in the minute until the next look: √(1/15)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitBounds:
    """Most a unit may draw (≥ 0) and give back (≤ 0), least it can hold when charging [kW], and what sets these bounds.

    `unconfirmed_kw` counts at the import limits whatever it is told, until it confirms a setpoint: what it may draw by itself,
    or what it was measured to draw [kW, ≥ 0]; `unconfirmed_give_kw` so at the export limits. `fallback_kw` is what it may draw once
    a lease is over. It gives back no more than `give_kwh` [kWh, AC side], whatever becomes of us: its
    lease ends by then. An `unbound` one takes no room under any limit: what it does is counted with what is not ours to set, or
    lowers what flows. One that is to charge `at_once`, by a person's order, wants all it may, before others.
    """

    unit_id: str
    circuit_id: str
    phases: tuple[int, ...]
    ceiling_kw: float
    floor_kw: float
    least_kw: float = 0.0
    ceiling_by: str = "rating"
    floor_by: str = "rating"
    unconfirmed_kw: float = 0.0
    unconfirmed_give_kw: float = 0.0
    fallback_kw: float = 0.0
    unbound: bool = False
    give_kwh: float = np.inf
    at_once: bool = False


def unit_bounds(site: Site, observation: Observation, ledger: Ledger = EMPTY) -> tuple[UnitBounds, ...]:
    """Return the bounds of every unit that is to be given a setpoint: reachable outlets, batteries, assets, PV arrays.

    An empty outlet counts if it still holds a setpoint: the next car would follow it.
    """
    states = {s.evse_id: s for s in observation.evses}
    charge = {s.battery_id: s for s in observation.batteries}
    reachable = [(e, states[e.evse_id]) for e in site.evses if e.evse_id in states and states[e.evse_id].online]
    told = [(e, s) for e, s in reachable if s.session or (s.acknowledged_kw or 0.0) != 0.0]
    outlets = [_outlet(e, s, site.rules, ledger, observation.at) for e, s in told]
    known = [(b, charge[b.battery_id]) for b in site.batteries if b.battery_id in charge]
    batteries = [_battery(battery, state) for battery, state in known if state.online]
    online = {s.asset_id: s for s in observation.assets if s.online}
    assets = [_asset(a, online[a.asset_id]) for a in site.assets if a.asset_id in online]
    arrays = [_array(p) for p in site.pv if p.curtailable and p.pv_id in online]
    return (*outlets, *batteries, *assets, *arrays)


def _outlet(evse: Evse, state: EvseState, rules: Rules, ledger: Ledger, at: datetime) -> UnitBounds:
    session = state.session
    if session is None or state.fault:
        by = f"fault:{state.fault}" if state.fault else "empty"
        ceiling, floor, ceiling_by, floor_by, give_kwh = 0.0, 0.0, by, by, 0.0
    else:
        own_kw = min(evse.charge_max_kw, session.vehicle.charge_max_kw or np.inf)
        ceiling = max(own_kw * told_taper_frac(session), min(evse.charge_min_kw, own_kw))
        ceiling_by = "taper" if ceiling < own_kw else "rating" if ceiling == evse.charge_max_kw else "vehicle"
        if state.breach is not None and state.breach.kind is BreachKind.DRAWS and state.breach.told_kw < ceiling:
            # It is told the same again: told what it draws anyway, it would seem to obey.
            ceiling, ceiling_by = max(state.breach.told_kw, 0.0), "ignores"
        floor, floor_by, give_kwh = 0.0, "consent", 0.0
        if may_discharge(session, evse, rules):
            give_kwh, most_kw = _give_kwh(evse, session, rules, at), _discharge_max_kw(evse, session)
            floor = -min(most_kw, give_kwh / SHORTEST_LEASE_H)
            floor_by = "rating" if floor == -most_kw else "soc_floor"
            if used_up(ledger, session, evse, rules):
                floor, floor_by = 0.0, "ledger"
    if state.override is not None and state.override.ceiling_kw < ceiling:
        ceiling, ceiling_by = state.override.ceiling_kw, state.override.name
    if state.override is not None and state.override.floor_kw > floor:
        floor, floor_by = state.override.floor_kw, state.override.name
    return UnitBounds(
        unit_id=evse.evse_id,
        circuit_id=evse.circuit_id,
        phases=evse.phases,
        ceiling_kw=ceiling,
        floor_kw=floor,
        least_kw=evse.charge_min_kw,
        ceiling_by=ceiling_by,
        floor_by=floor_by,
        unconfirmed_kw=_unconfirmed_kw(evse, state),
        unconfirmed_give_kw=_unconfirmed_give_kw(evse, state),
        fallback_kw=evse.fallback_kw,
        give_kwh=give_kwh,
        at_once=charges_at_once(state),
    )


def charges_at_once(state: EvseState) -> bool:
    """Return whether a person ordered the outlet to charge now."""
    return state.override is not None and state.override.kind is OverrideKind.CHARGE_NOW


def _discharge_max_kw(evse: Evse, session: ChargingSession) -> float:
    return min(evse.discharge_max_kw, session.vehicle.discharge_max_kw or np.inf)


def _give_kwh(evse: Evse, session: ChargingSession, rules: Rules, at: datetime) -> float:
    """Return what the car can give back and keep its floor, if it has given all it could since it told its charge [kWh, ≥ 0]."""
    above_kwh = stored_energy_kwh(session, evse) - soc_floor_frac(session, rules) * (session.vehicle.capacity_kwh or 0.0)
    since_h = max((at - session.soc_at) / timedelta(hours=1), 0.0) if session.soc_at else 0.0
    return max((above_kwh - FLOOR_MARGIN_KWH) * evse.efficiency - _discharge_max_kw(evse, session) * since_h, 0.0)


def _unconfirmed_kw(evse: Evse, state: EvseState) -> float:
    if state.acknowledged_kw is not None:
        return 0.0
    told_kw = state.breach.told_kw if state.breach else 0.0
    return max(unreachable_kw(evse, state), state.power_kw.value if state.power_kw else 0.0, told_kw)


def _unconfirmed_give_kw(evse: Evse, state: EvseState) -> float:
    """Return what an outlet may give back without a word that counts; what it gives beyond it counts elsewhere."""
    if state.acknowledged_kw is not None:
        return 0.0
    breach = state.breach
    withheld_kw = -breach.told_kw if breach and breach.kind is not BreachKind.GIVES else 0.0
    return max(unreachable_give_kw(evse, state), withheld_kw)


def _battery(battery: Battery, state: BatteryState) -> UnitBounds:
    soc = state.soc_frac.value if state.soc_frac else None
    may_charge = soc is not None and soc < battery.soc_max_frac
    may_give = soc is not None and soc > battery.soc_min_frac
    return UnitBounds(
        unit_id=battery.battery_id,
        circuit_id=battery.circuit_id,
        phases=(1, 2, 3),
        ceiling_kw=battery.charge_max_kw if may_charge else 0.0,
        floor_kw=-battery.discharge_max_kw if may_give else 0.0,
        ceiling_by="rating" if may_charge else "soc_ceiling",
        floor_by="rating" if may_give else "soc_floor",
    )


def _asset(asset: Asset, state: AssetState) -> UnitBounds:
    usable = state.stored_kwh is not None and not state.fault
    stored = state.stored_kwh.value if state.stored_kwh else 0.0
    least_kw, ceiling_by, floor_by = 0.0, "rating", "rating"
    match asset:
        case Electrolyser():
            ceiling, floor, least_kw = asset.charge_max_kw, 0.0, asset.charge_min_kw
        case FlexibleLoad():
            ceiling, floor = asset.flex_up_kw * (stored < asset.band_kwh), -asset.flex_down_kw * (stored > -asset.band_kwh)
            ceiling_by, floor_by = ("rating" if ceiling else "band"), ("rating" if floor else "band")
        case SwapStation():
            empty_kwh, full_kwh = (asset.n_packs * asset.pack_kwh * share for share in (asset.returned_frac, 1.0))
            ceiling, floor = asset.charge_max_kw * (stored < full_kwh), -asset.discharge_max_kw * (stored > empty_kwh)
            ceiling_by, floor_by = ("rating" if ceiling else "full"), ("rating" if floor else "empty")
    if not usable:
        ceiling, floor, ceiling_by, floor_by = 0.0, 0.0, *(2 * (f"fault:{state.fault}" if state.fault else "silent",))
    measured_kw = state.power_kw.value if state.power_kw else 0.0
    return UnitBounds(
        unit_id=asset.asset_id,
        circuit_id=asset.circuit_id,
        phases=(1, 2, 3),
        ceiling_kw=ceiling,
        floor_kw=floor,
        least_kw=least_kw,
        ceiling_by=ceiling_by,
        floor_by=floor_by,
        unconfirmed_kw=max(measured_kw, 0.0) if state.acknowledged_kw is None else 0.0,
    )


def _array(array: PvArray) -> UnitBounds:
    return UnitBounds(
        unit_id=array.pv_id,
        circuit_id=array.circuit_id,
        phases=(1, 2, 3),
        ceiling_kw=0.0,
        floor_kw=-array.peak_kw,
        unbound=True,
    )


def uncontrolled_bounds_kw(site: Site, observation: Observation, outlook: Outlook | None) -> tuple[Array, Array]:
    """Return the most and the least net load (load − PV) at each circuit itself until the next look, two (m,) [kW].

    A silent load meter counts as the highest load expected, a silent PV meter as no sun at the import side and full sun at
    the export side; a PV array produces no more than it was let and confirmed.
    """
    load_high, load_low = _load_bounds_kw(site, observation, outlook)
    pv_high, pv_low = _pv_bounds_kw(site, observation, outlook)
    index = {c.circuit_id: i for i, c in enumerate(site.circuits)}
    high, low = np.zeros(len(site.circuits)), np.zeros(len(site.circuits))
    for circuit, share in shares([(index[x.circuit_id], max(x.peak_kw, 1e-9)) for x in site.loads]):
        high[circuit] += share * load_high
        low[circuit] += share * load_low
    caps_kw = {s.asset_id: -s.acknowledged_kw for s in observation.assets if s.online and s.acknowledged_kw is not None}
    producing = [p for p in site.pv if p.peak_kw > 0]
    for array, (circuit, share) in zip(producing, shares([(index[p.circuit_id], p.peak_kw) for p in producing]), strict=True):
        cap_kw = caps_kw.get(array.pv_id, np.inf)
        high[circuit] -= min(share * pv_low, cap_kw)
        low[circuit] -= min(share * pv_high, cap_kw)
    return high, low


def fresh(reading: Reading | None, observation: Observation, rules: Rules) -> bool:
    """Return whether a meter can be believed: it spoke lately and nothing about it is suspect."""
    if reading is None or reading.quality is not Quality.GOOD:
        return False
    return reading.age_s(observation.at) <= rules.stale_after_s


def load_now_kw(site: Site, observation: Observation) -> float | None:
    """Return what the building draws less what the sun gives [kW]; None where a meter is silent or doubtful."""
    load, pv = observation.load_kw, observation.pv_kw
    if load is None or not fresh(load, observation, site.rules):
        return None
    if not site.pv:
        return load.value
    return load.value - pv.value if pv is not None and fresh(pv, observation, site.rules) else None


def _load_bounds_kw(site: Site, observation: Observation, outlook: Outlook | None) -> tuple[float, float]:
    peak = sum(x.peak_kw for x in site.loads)
    load = observation.load_kw
    if load is None or not fresh(load, observation, site.rules):
        return max(peak, float(outlook.load_kw[-1, 0]) if outlook else 0.0), 0.0
    if outlook is None:
        return max(load.value, peak), 0.0
    rise, fall = _spread(outlook.load_kw[:, 0])
    return load.value + rise, max(load.value - fall, 0.0)


def _pv_bounds_kw(site: Site, observation: Observation, outlook: Outlook | None) -> tuple[float, float]:
    peak, pv = sum(x.peak_kw for x in site.pv), observation.pv_kw
    if pv is None or outlook is None or not fresh(pv, observation, site.rules):
        return peak, 0.0
    rise, fall = _spread(outlook.pv_kw[:, 0])
    return min(pv.value + rise, max(peak, pv.value)), max(pv.value - fall, 0.0)


def _spread(quantiles: Array) -> tuple[float, float]:
    median = quantiles[MEDIAN]
    return RISE_SHARE * float(quantiles[-1] - median), RISE_SHARE * float(median - quantiles[0])
