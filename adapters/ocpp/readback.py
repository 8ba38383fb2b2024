"""What a charger says it keeps to, against what it accepted: "accepted" alone proves nothing.

Of four clients given a limit of −4.6 kW one kept it, one made 0 of it, one refused, and one accepted and charged at 11 kW.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from adapters.ocpp.connection import RefusedError
from adapters.ocpp.frames import Payload
from adapters.ocpp.limits import Limit, composite_kw, latest_first
from v2g.site import Evse

TOLERANCE_KW = 0.1  # chargers round to whole amperes of one phase at worst, and to other voltages


class ContradictionError(RefusedError):
    """The charger said yes, and then that it does something else: what it was promised to do before is gone, too."""


def promised_kw(limit: Limit, told_kw: float | None) -> float:
    """Return the power [kW] to count on after a charger accepted `limit`.

    `told_kw` is what it says that it keeps to, None if it will not say. One that gives back less than it was asked to promises as
    much. Raises `ContradictionError` if it would draw or give more.
    """
    if told_kw is None or (limit.power_kw >= 0 and -TOLERANCE_KW <= told_kw <= limit.power_kw + TOLERANCE_KW):
        return limit.power_kw
    if limit.power_kw < 0 and limit.power_kw - TOLERANCE_KW <= told_kw <= 0:
        return max(told_kw, limit.power_kw)
    raise ContradictionError(f"the charger accepted {limit.power_kw:g} kW, and says that it keeps to {told_kw:g} kW")


def fallback_from(schedule: Payload, evse: Evse, now: datetime, seen_s: int) -> datetime | None:
    """Return when a composite `schedule` for `seen_s` [s] from `now` on comes to the outlet's fallback, None if it does not.

    A lease from before goes on: chargers keep it when they lose their connection, or the central system its memory, and some when
    they boot.
    """
    latest = latest_first(schedule["chargingSchedulePeriod"])[:1]
    told_kw = composite_kw(latest, schedule["chargingRateUnit"], evse)
    if told_kw is None or not -TOLERANCE_KW <= told_kw <= evse.fallback_kw + TOLERANCE_KW:
        return None
    return now + timedelta(seconds=min(max(latest[0]["startPeriod"], 0), seen_s))


def needs_proof(limit: Limit, *, proved: bool) -> bool:
    """Return whether to ask what is in force: for whatever gives back, and for the first limit after a boot."""
    return limit.power_kw < 0 or not proved


class Proofs:
    """Which outlets of a charger have shown that they keep to what they accept; `in_force(evse)` asks what they keep to [kW]."""

    def __init__(self, in_force: Callable[[Evse], Awaitable[float | None]]) -> None:
        self._in_force, self._proved = in_force, set[str]()

    def forget(self, evse: Evse | None = None) -> None:
        """Ask anew: of one outlet, or of all."""
        if evse is None:
            self._proved.clear()
        else:
            self._proved.discard(evse.evse_id)

    async def promised_kw(self, evse: Evse, limit: Limit) -> float:
        """Return the power [kW] that can be counted on. Raises `ContradictionError` where the charger contradicts itself."""
        if not needs_proof(limit, proved=evse.evse_id in self._proved):
            return limit.power_kw
        power_kw = promised_kw(limit, await self._in_force(evse))
        self._proved.add(evse.evse_id)
        return power_kw
