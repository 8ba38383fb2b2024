"""Cars that fell asleep while they were paused and draw nothing when they may again: a short pause wakes many of them.

A car is taken for asleep if for `ASLEEP_S` it may draw what its outlet can hold and draws nothing, after it was paused earlier in
its stay. Then it is paused once more, for `PAUSE_S`, at most `MOST` times a stay. One that says that it is nearly full is let be.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from v2g.observation import EvseState, Observation, Quality
from v2g.setpoint import Applied, Outcome, Setpoint
from v2g.site import Evse, Site

ASLEEP_S = 300.0
"""Cars that wake by themselves take up to two minutes."""
PAUSE_S = 15.0
MOST = 2
NEARLY_FULL_FRAC = 0.95
NOTHING_KW = 0.1
WAKES = "wakes"
"""Among what bounds a setpoint: it is 0 to wake the car."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """One car's sleep: whether it was `paused` in its stay, since when it is let draw, whether it is `asleep`, how often woken.

    `woken_at` is when the pause that is to wake it began, None while there is none.
    """

    session_id: str
    paused: bool = False
    let_since: datetime | None = None
    asleep: bool = False
    n_woken: int = 0
    woken_at: datetime | None = None


def watch_sleep(rests: Mapping[str, Rest], observation: Observation, site: Site) -> dict[str, Rest]:
    """Return how each car sleeps after what is observed now; those that have gone are forgotten."""
    evses = {e.evse_id: e for e in site.evses}
    return {
        s.evse_id: _watched(_rest(rests, s.evse_id, s.session.session_id), s, evses[s.evse_id], observation.at)
        for s in observation.evses
        if s.session is not None
    }


def waking(setpoints: Sequence[Setpoint], rests: Mapping[str, Rest]) -> tuple[Setpoint, ...]:
    """Return `setpoints` with a pause for those who are asleep."""
    asleep = {unit for unit, rest in rests.items() if rest.asleep}
    return tuple(
        replace(s, power_kw=0.0, bound_by=(*s.bound_by, WAKES)) if s.unit_id in asleep and s.power_kw > 0 else s for s in setpoints
    )


def woken(rests: Mapping[str, Rest], outcomes: Iterable[Outcome], now: datetime) -> dict[str, Rest]:
    """Return `rests` after cars were paused to wake them."""
    units = {o.setpoint.unit_id for o in outcomes if isinstance(o, Applied) and WAKES in o.setpoint.bound_by}
    begun = {u: replace(r, asleep=False, n_woken=r.n_woken + 1, woken_at=now) for u, r in rests.items() if u in units}
    return dict(rests) | begun


def n_to_let(rests: Mapping[str, Rest], now: datetime) -> int:
    """Return how many cars have been paused for long enough to wake, and are to be let draw again."""
    return sum(r.woken_at is not None and now - r.woken_at >= timedelta(seconds=PAUSE_S) for r in rests.values())


def _rest(rests: Mapping[str, Rest], evse_id: str, session_id: str) -> Rest:
    known = rests.get(evse_id)
    return known if known is not None and known.session_id == session_id else Rest(session_id=session_id)


def _watched(rest: Rest, state: EvseState, evse: Evse, now: datetime) -> Rest:
    let_kw, reading = state.acknowledged_kw, state.power_kw
    if not state.online or let_kw is None:
        return replace(rest, let_since=None, asleep=False)
    if let_kw < max(evse.charge_min_kw, NOTHING_KW):
        return replace(rest, paused=rest.paused or let_kw >= 0.0, let_since=None, asleep=False)
    rest = replace(rest, let_since=rest.let_since or now, woken_at=None)
    if reading is None or reading.quality is not Quality.GOOD or reading.value > NOTHING_KW:
        return replace(rest, asleep=False)
    waited = rest.let_since is not None and reading.at - rest.let_since >= timedelta(seconds=ASLEEP_S)
    full = state.session is not None and (state.session.soc_frac or 0.0) >= NEARLY_FULL_FRAC
    return replace(rest, asleep=waited and rest.paused and not full and rest.n_woken < MOST)
