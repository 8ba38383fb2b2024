"""Composite schedules of a 1.6 charge point: what its profiles come to, from now on (OCPP 1.6, section 5.7)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from adapters.farm.ocpp.fields import stamp
from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v16.connector import Connector
from adapters.farm.ocpp.v16.profiles import Profiles
from v2g.units import a_from_kw, w_from_kw


def composite(
    profiles: Profiles, connectors: Sequence[Connector], *, connector_id: int, now: datetime, duration_s: int, unit: str
) -> Payload:
    """Return the answer that tells what `connectors` may do together for `duration_s` [s], in `unit`."""
    end = now + timedelta(seconds=duration_s)
    begun = [c.transaction.began_at if c.transaction else None for c in connectors]
    marks = {now} | {at for began_at in begun for p in profiles.all for at in p.changes(began_at, now, end)}
    evse = connectors[0].evse
    periods: list[Payload] = []
    for at in sorted(mark for mark in marks if now <= mark < end):
        power_kw = sum(c.allowed_kw(profiles, at) for c in connectors)
        amps = a_from_kw(power_kw, voltage_v=evse.voltage_v, phases=len(evse.phases))
        limit = round(amps if unit == "A" else w_from_kw(power_kw), 1)
        if not periods or periods[-1]["limit"] != limit:
            periods.append({"startPeriod": int((at - now).total_seconds()), "limit": limit, "numberPhases": len(evse.phases)})
    schedule = {"duration": duration_s, "startSchedule": stamp(now), "chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    return {"status": "Accepted", "connectorId": connector_id, "scheduleStart": stamp(now), "chargingSchedule": schedule}
