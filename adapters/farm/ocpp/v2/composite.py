"""Composite schedules: what all profiles come to, from now on (OCPP 2.0.1, K08)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from adapters.farm.ocpp.fields import stamp
from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v2.needs import is_dc
from adapters.farm.ocpp.v2.profile import CHARGING_ONLY, SETPOINT, Order
from adapters.farm.ocpp.v2.profiles import Place, Profiles
from v2g.units import a_from_kw, w_from_kw


def composite(profiles: Profiles, places: Sequence[Place], *, evse_id: int, now: datetime, duration_s: int, unit: str) -> Payload:
    """Return the schedule of all `places` together for `duration_s` [s], in `unit`; where no profile speaks holds the fallback."""
    end = now + timedelta(seconds=duration_s)
    marks = {now} | {at for place in places for p in profiles.spoken_to(place) for at in p.changes(place.began_at, now, end)}
    periods: list[Payload] = []
    said: list[Order] = []
    for at in sorted(mark for mark in marks if now <= mark < end):
        order = _together([profiles.order(place, at) for place in places])
        if not said or order != said[-1]:
            said.append(order)
            periods.append({"startPeriod": int((at - now).total_seconds())} | _written(order, places, unit))
    return {
        "evseId": evse_id,
        "duration": duration_s,
        "scheduleStart": stamp(now),
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
    }


def _together(orders: Sequence[Order]) -> Order:
    return orders[0] if len(orders) == 1 else Order(power_kw=sum(order.power_kw for order in orders))


def _written(order: Order, places: Sequence[Place], unit: str) -> Payload:
    evse = places[0].evse
    value = w_from_kw(order.power_kw)
    if unit == "A":
        value = a_from_kw(order.power_kw, voltage_v=evse.voltage_v, phases=len(evse.phases))
    value = round(value, 1)
    if order.mode == CHARGING_ONLY:
        return {"limit": value} | ({} if is_dc(evse) else {"numberPhases": len(evse.phases)})
    return {"operationMode": order.mode} | ({"setpoint": value} if order.mode == SETPOINT else {})
