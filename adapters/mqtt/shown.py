"""What the daemon shows of the station to whoever may look: every outlet of any protocol, and the site. Nothing of drivers."""

from typing import Any

from v2g.observation import EvseState, Observation, Quality, Reading
from v2g.record import TickRecord

FLOWS_KW = 0.1  # a plugged car that draws less than this is not charging
OUTLET_STATES = ("offline", "fault", "free", "plugged", "charging", "discharging")


def shown_outlet(state: EvseState) -> dict[str, Any]:
    """Return an outlet: its state in a word, power and setpoint [kW, + into the car], state of charge 0..1."""
    soc_frac = state.session.soc_frac if state.session else None
    return {
        "state": _word(state),
        "power_kw": _good_kw(state.power_kw),
        "setpoint_kw": _rounded(state.acknowledged_kw),
        "soc_frac": _rounded(soc_frac),
        "fault": state.fault,
    }


def shown_site(observation: Observation, latest: TickRecord | None) -> dict[str, Any]:
    """Return the site's powers [kW], how many cars are there, and the limit and price of the plan in force; None = not known."""
    flows_kw = [_good_kw(s.power_kw) or 0.0 for s in observation.evses if s.online]
    stored_kw = [_good_kw(s.power_kw) or 0.0 for s in observation.batteries if s.online]
    return {
        "import_kw": _good_kw(observation.site_power_kw),
        "load_kw": _good_kw(observation.load_kw),
        "pv_kw": _good_kw(observation.pv_kw),
        "charge_kw": _rounded(sum(kw for kw in flows_kw if kw > 0.0)),
        "discharge_kw": _rounded(-sum(kw for kw in flows_kw if kw < 0.0)),
        "battery_kw": _rounded(sum(stored_kw)),
        "cars": sum(s.session is not None for s in observation.evses),
        "import_limit_kw": _rounded(float(latest.plan.import_limit_kw[0])) if latest else None,
        "price_per_kwh": round(float(latest.plan.import_price_per_kwh[0]), 5) if latest else None,
    }


def _word(state: EvseState) -> str:
    if not state.online:
        return "offline"
    if state.fault:
        return "fault"
    if state.session is None:
        return "free"
    power_kw = _good_kw(state.power_kw) or 0.0
    return "charging" if power_kw > FLOWS_KW else "discharging" if power_kw < -FLOWS_KW else "plugged"


def _good_kw(reading: Reading | None) -> float | None:
    return _rounded(reading.value) if reading is not None and reading.quality is Quality.GOOD else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2) + 0.0  # no −0.0
