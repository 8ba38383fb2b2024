"""Whether outlets keep the setpoints that they confirmed, by what is measured: "accepted" alone proves nothing.

A reading is held against every setpoint that was in force from `REACTION_S` before it until now. An outlet that draws more than all
of them, gives back more, or gives back nothing though all of them ask for it, is told again; each time in vain in another way, if
its protocol has one (`Setpoint.attempt`). It counts at what it is measured to do, or was told where that is more, for meters may
lie; after `TRIES` in vain at its rating, until it has obeyed for `OBEYS_AGAIN_S`. One that still gives back nothing is taken for
unable to, as long as its car stays.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from v2g.alarm import Alarm, AlarmCode
from v2g.observation import Breach, BreachKind, EvseState, Observation, Quality, Reading
from v2g.setpoint import Outcome, Unreachable

REACTION_S = 90.0
"""From a confirmed setpoint to a reading that shows it: cars take 5 s, and some meters tell the mean of their last minute."""
TRIES = 3
OBEYS_AGAIN_S = 300.0
TOLERANCE_KW, TOLERANCE_SHARE = 0.5, 0.1
"""What a reading may be off, the more of both: a limit in amperes means 10 % more power at the highest allowed voltage."""
SAME_KW = 0.01
KEPT_S = 600.0
"""How long past setpoints are remembered; older readings than that are not judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A setpoint [kW] that an outlet confirmed, in force since `at`."""

    at: datetime
    power_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How one outlet keeps its word.

    `words` are the setpoints confirmed of late, the oldest first. `breach` is what it does wrong, None while it is trusted; it was
    told again at `told_again_at` and has obeyed since `obeys_since`, each None where that is not so.
    """

    session_id: str = ""
    words: tuple[Word, ...] = ()
    breach: Breach | None = None
    told_again_at: datetime | None = None
    obeys_since: datetime | None = None


TRUSTED = Conduct()


def watch(conducts: Mapping[str, Conduct], observation: Observation) -> dict[str, Conduct]:
    """Return how each outlet keeps its word after what is observed now; who has given none and is trusted is left out."""
    watched = {s.evse_id: _watched(conducts.get(s.evse_id, TRUSTED), s, observation.at) for s in observation.evses}
    return {evse_id: conduct for evse_id, conduct in watched.items() if conduct.words or conduct.breach}


def told_again(conducts: Mapping[str, Conduct], outcomes: Iterable[Outcome], now: datetime) -> dict[str, Conduct]:
    """Return `conducts` after outlets in breach were told a setpoint anew, whatever they answered."""
    told = {o.setpoint.unit_id for o in outcomes if not isinstance(o, Unreachable)}
    again = {unit: replace(c, told_again_at=now) for unit, c in conducts.items() if unit in told and _waits(c)}
    return dict(conducts) | again


def n_to_tell(conducts: Mapping[str, Conduct]) -> int:
    """Return how many outlets in breach are still to be told again."""
    return sum(_waits(conduct) for conduct in conducts.values())


def believed(observation: Observation, conducts: Mapping[str, Conduct]) -> Observation:
    """Return `observation` without the words of those who do not keep them."""
    states = (_believed(s, conducts.get(s.evse_id, TRUSTED).breach, observation.at) for s in observation.evses)
    return replace(observation, evses=tuple(states))


def breach_alarms(observation: Observation) -> list[Alarm]:
    """Return what an operator should know of outlets that do not keep their word, in a `believed` observation."""
    return [
        Alarm(
            code=AlarmCode.DISTRUSTED if s.breach.tries >= TRIES else AlarmCode.IGNORES,
            unit_id=s.evse_id,
            detail=f"{s.breach.measured_kw:.1f} / {s.breach.told_kw:.1f} kW",
        )
        for s in observation.evses
        if s.breach
    ]


def given_kw(state: EvseState, discharge_max_kw: float) -> float:
    """Return what an outlet gives back beyond its word, or may [kW, ≥ 0]; 0 where it keeps it."""
    breach = state.breach
    if breach is None or breach.kind is not BreachKind.GIVES:
        return 0.0
    return max(-breach.measured_kw, discharge_max_kw if breach.tries >= TRIES else 0.0)


def _watched(conduct: Conduct, state: EvseState, now: datetime) -> Conduct:
    conduct = _with_car(conduct, state.session.session_id if state.session else "")
    if not state.online or state.acknowledged_kw is None:
        return replace(conduct, words=(), obeys_since=None) if conduct.words or conduct.obeys_since else conduct
    words = _heard(conduct.words, state.acknowledged_kw, now)
    conduct = conduct if words is conduct.words else replace(conduct, words=words)
    reading = state.power_kw
    if reading is None or reading.quality is not Quality.GOOD or state.session is None or not _is_due(conduct, reading):
        return conduct
    in_force = _in_force(conduct.words, reading.at - timedelta(seconds=REACTION_S))
    kind = _kind(in_force, reading.value)
    return _after_keeping(conduct, in_force, reading) if kind is None else _after_breach(conduct, kind, reading)


def _with_car(conduct: Conduct, session_id: str) -> Conduct:
    """Return `conduct` at the session: another car has its own time, and what was withheld is forgotten with the one that did."""
    breach = conduct.breach
    if session_id == conduct.session_id:
        return conduct
    mended = breach is not None and breach.kind is BreachKind.WITHHOLDS
    return Conduct(session_id=session_id, breach=None if mended else breach)


def _heard(words: tuple[Word, ...], power_kw: float, now: datetime) -> tuple[Word, ...]:
    if not words or abs(words[-1].power_kw - power_kw) > SAME_KW:
        words = (*words, Word(at=now, power_kw=power_kw))
    if len(words) == 1:
        return words
    oldest = now - timedelta(seconds=KEPT_S)
    return tuple(w for w, after in zip(words, (*words[1:], None), strict=True) if after is None or after.at > oldest)


def _is_due(conduct: Conduct, reading: Reading) -> bool:
    """Return whether what the reading shows can be judged: what was in force is known, and there was time to react."""
    told_at = max(filter(None, (conduct.words[0].at, conduct.told_again_at)))
    return reading.at - told_at >= timedelta(seconds=REACTION_S)


def _in_force(words: tuple[Word, ...], since: datetime) -> list[float]:
    """Return the setpoints that were in force at any time since `since`."""
    return [w.power_kw for w, after in zip(words, (*words[1:], None), strict=True) if after is None or after.at > since]


def _kind(in_force_kw: list[float], measured_kw: float) -> BreachKind | None:
    """Return what is wrong with the measured power, None if nothing."""
    high_kw, low_kw = max(in_force_kw), min(in_force_kw)
    if measured_kw > max(high_kw, 0.0) + _tolerance_kw(high_kw):
        return BreachKind.DRAWS
    if measured_kw < min(low_kw, 0.0) - _tolerance_kw(low_kw):
        return BreachKind.GIVES
    withholds = high_kw < -TOLERANCE_KW and measured_kw > max(high_kw / 2, -TOLERANCE_KW)
    return BreachKind.WITHHOLDS if withholds else None


def _tolerance_kw(power_kw: float) -> float:
    return max(TOLERANCE_KW, TOLERANCE_SHARE * abs(power_kw))


def _after_breach(conduct: Conduct, kind: BreachKind, reading: Reading) -> Conduct:
    before, told_kw = conduct.breach, conduct.words[-1].power_kw
    tries = before.tries + (conduct.told_again_at is not None) if before else 0
    breach = Breach(kind=kind, told_kw=told_kw, measured_kw=reading.value, tries=tries)
    return replace(conduct, breach=breach, told_again_at=None, obeys_since=None)


def _after_keeping(conduct: Conduct, in_force_kw: list[float], reading: Reading) -> Conduct:
    if conduct.breach is None or (conduct.breach.kind is BreachKind.WITHHOLDS and max(in_force_kw) >= 0.0):
        return conduct  # who is not asked to give proves nothing by not giving
    since = conduct.obeys_since or reading.at
    if reading.at - since >= timedelta(seconds=OBEYS_AGAIN_S):
        return replace(conduct, breach=None, told_again_at=None, obeys_since=None)
    return replace(conduct, obeys_since=since)


def _waits(conduct: Conduct) -> bool:
    """Return whether the outlet is to be told again: it is in breach, and not since it was last."""
    return conduct.breach is not None and conduct.told_again_at is None and conduct.obeys_since is None


def _believed(state: EvseState, breach: Breach | None, now: datetime) -> EvseState:
    """Return the outlet as it counts: by what it is measured to do, or by anything that it can."""
    if breach is None or state.acknowledged_kw is None:
        return state if state.breach is breach else replace(state, breach=breach)
    hopeless = breach.tries >= TRIES or not state.online
    if breach.kind is BreachKind.WITHHOLDS and hopeless and state.session:
        unable = replace(state.session, vehicle=replace(state.session.vehicle, discharge_max_kw=0.0))
        return replace(state, breach=breach, session=unable)
    told = replace(breach, told_kw=state.acknowledged_kw)
    return replace(state, breach=told, acknowledged_kw=None, lease_until=None if hopeless else now)
