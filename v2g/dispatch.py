"""Lower first, wait for the acknowledgement, then raise: so that no limit is broken between two messages, or by silence after."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from v2g.in_force import DEADBAND_KW, RENEW_TICKS, InForce, confirmed_kw, leases
from v2g.limits import Limits
from v2g.observation import Observation
from v2g.ports import Gateway
from v2g.setpoint import DispatchReport, Outcome, Setpoint


async def dispatch(
    gateway: Gateway, setpoints: Sequence[Setpoint], observation: Observation, limits: Limits, tick_s: float
) -> DispatchReport:
    """Send what changed. Raises that no longer fit because a lowering was not confirmed are withheld and reported."""
    due = _due(setpoints, observation, tick_s)
    if not due:
        return DispatchReport()
    in_force = InForce(limits, observation, max(s.valid_until for s in due))
    lowers, waves = _waves(due, in_force)
    outcomes: tuple[Outcome, ...] = ()
    withheld: tuple[Setpoint, ...] = ()
    for wave in (lowers, *waves):
        fitting = lowers if wave is lowers else in_force.admit(wave)
        withheld += _without(wave, fitting)
        told = await gateway.apply(fitting) if fitting else ()
        for outcome in told:
            in_force.note(outcome)
        outcomes += told
    return DispatchReport(outcomes=outcomes, withheld=withheld)


def _due(setpoints: Sequence[Setpoint], observation: Observation, tick_s: float) -> list[Setpoint]:
    """Return the setpoints that must be sent, with how often each was told in vain."""
    confirmed, until = confirmed_kw(observation), leases(observation)
    tries = {s.evse_id: s.breach.tries for s in observation.evses if s.breach}
    low = observation.at + timedelta(seconds=RENEW_TICKS * tick_s)
    due = [s for s in setpoints if is_due(s, confirmed.get(s.unit_id), until.get(s.unit_id), low)]
    return [replace(s, attempt=tries.get(s.unit_id, 0)) for s in due]


def _waves(due: Sequence[Setpoint], in_force: InForce) -> tuple[list[Setpoint], tuple[list[Setpoint], ...]]:
    """Return who is lowered, and those whose turn comes after: renewals, who turns around, and all other raises.

    What the lowered and those who turn no longer draw is free once they have confirmed. Who was not heard of, and does not fit
    beside what all may do now, is told to rest, whatever it does.
    """
    raises = [s for s in due if in_force.is_raise(s)]
    unheard = [s for s in raises if in_force.is_unheard(s)]
    rests = [replace(s, power_kw=0.0) for s in _without(unheard, in_force.admit(unheard))]
    raises = list(_without(raises, rests))
    turns = [s for s in raises if s.power_kw * in_force.now_kw(s.unit_id) < 0]
    kept = [s for s in due if not in_force.is_raise(s)]
    renewals = [s for s in kept if in_force.is_renewal(s)]
    lowers = [in_force.lowered(s) for s in _without(kept, renewals)]
    return [*lowers, *rests], (renewals, turns, list(_without(raises, turns)))


def is_due(setpoint: Setpoint, confirmed_kw: float | None, lease_until: datetime | None, low: datetime) -> bool:
    """Return whether `setpoint` must be sent: it differs from what is confirmed, or the lease ends before `low`."""
    if confirmed_kw is None or abs(setpoint.power_kw - confirmed_kw) > DEADBAND_KW:
        return True
    return lease_until is not None and lease_until < low


def _without(wave: Sequence[Setpoint], fitting: Sequence[Setpoint]) -> tuple[Setpoint, ...]:
    names = {s.unit_id for s in fitting}
    return tuple(s for s in wave if s.unit_id not in names)
