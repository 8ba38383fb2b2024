"""What each vehicle has given back: the ledger behind warranty caps on reverse discharge.

Every visit's meter is counted once: a mark says how far. A vehicle is its driver's pseudonym where that is known, else the
session; what was counted for a session moves to its driver as soon as one is known.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import inf, isinf
from zoneinfo import ZoneInfo

from v2g.observation import EvseState, Observation
from v2g.session import ChargingSession
from v2g.site import Evse, Rules, Site

GAP_H = 0.25
"""Discharge found after a longer silence than this is taken to have lasted as long, or as long as it must have at full power."""
RESTING_KW = 0.05
KEEP = timedelta(days=2)
"""How long a visit that ended and gave back is remembered, lest its charger tells of it again."""
NOTHING_KWH = 0.01
"""A cap with less than this left is used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Discharge at the AC side: energy [kWh], time [h], equivalent full cycles. As a cap: the most of each."""

    energy_kwh: float = 0.0
    time_h: float = 0.0
    cycles: float = 0.0

    def plus(self, other: "Use") -> "Use":
        """Return the sum."""
        energy_kwh, time_h = self.energy_kwh + other.energy_kwh, self.time_h + other.time_h
        return Use(energy_kwh=energy_kwh, time_h=time_h, cycles=self.cycles + other.cycles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one vehicle gave back on the site's present local day, and ever."""

    today: Use = Use()
    life: Use = Use()

    def plus(self, other: "Account") -> "Account":
        """Return the sum."""
        return Account(today=self.today.plus(other.today), life=self.life.plus(other.life))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a visit is counted: its meter's highest reading [kWh], and the instant `at` until which its time is."""

    evse_id: str
    session_id: str
    plugged_in_at: datetime
    vehicle: str
    discharged_kwh: float
    at: datetime

    @property
    def anonymous(self) -> bool:
        """Whether no driver is known."""
        return self.vehicle == self.session_id


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ledger:
    """The accounts by vehicle, the local `day` they are of (ISO 8601), and the marks by session."""

    day: str = ""
    accounts: dict[str, Account] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)

    def account(self, session: ChargingSession) -> Account:
        """Return the account of the session's vehicle."""
        mark = self.marks.get(session.session_id)
        return self.accounts.get(mark.vehicle if mark else _vehicle(session), Account())


EMPTY = Ledger()


def count(ledger: Ledger, observation: Observation, site: Site) -> Ledger:
    """Return `ledger` with what `observation` adds: nothing is counted twice, whatever becomes of session ids.

    A visit goes on under another id if outlet and plug-in are the same. A meter that falls back counts again from its highest
    reading. Silent chargers are looked at when they speak again.
    """
    now = observation.at
    day = now.astimezone(ZoneInfo(site.time_zone)).date().isoformat()
    new_day = day != ledger.day
    accounts = {v: replace(a, today=Use()) for v, a in ledger.accounts.items()} if new_day else dict(ledger.accounts)
    marks, evses = dict(ledger.marks), {e.evse_id: e for e in site.evses}
    plugged = {(m.evse_id, m.plugged_in_at): m for m in marks.values()}
    for state in observation.evses:
        session = state.session
        if session is not None and state.online:
            same = marks.get(session.session_id), plugged.get((state.evse_id, session.plugged_in_at))
            before = list({m.session_id: m for m in same if m is not None and marks.get(m.session_id) is m}.values())
            _count_visit(accounts, marks, state, session, evses[state.evse_id], now, before=before)
    _forget(accounts, marks, observation)
    return Ledger(day=day, accounts=accounts, marks=marks)


def _count_visit(
    accounts: dict[str, Account],
    marks: dict[str, Mark],
    state: EvseState,
    session: ChargingSession,
    evse: Evse,
    now: datetime,
    *,
    before: list[Mark],
) -> None:
    """Count a visit on from its marks `before`, which its new one replaces."""
    vehicle = session.driver or next((m.vehicle for m in before if not m.anonymous), session.session_id)
    counted_kwh = max((m.discharged_kwh for m in before), default=0.0)
    since = max((m.at for m in before), default=session.plugged_in_at)
    for mark in before:
        del marks[mark.session_id]
        if mark.anonymous and mark.vehicle != vehicle and mark.vehicle in accounts:
            accounts[vehicle] = accounts.get(vehicle, Account()).plus(accounts.pop(mark.vehicle))
    given_kwh = max(session.discharged_kwh - counted_kwh, 0.0)
    if given_kwh > 0:
        use = _use(given_kwh, max((now - since) / timedelta(hours=1), 0.0), session, evse)
        accounts[vehicle] = accounts.get(vehicle, Account()).plus(Account(today=use, life=use))
    resting = state.power_kw is not None and state.power_kw.value > -RESTING_KW
    marks[session.session_id] = Mark(
        evse_id=evse.evse_id,
        session_id=session.session_id,
        plugged_in_at=session.plugged_in_at,
        vehicle=vehicle,
        discharged_kwh=counted_kwh + given_kwh,
        at=max(now, since) if resting or given_kwh > 0 else since,
    )


def _use(given_kwh: float, elapsed_h: float, session: ChargingSession, evse: Evse) -> Use:
    """Return what `given_kwh` in at most `elapsed_h` is worth in time and cycles."""
    at_least_h = given_kwh / evse.discharge_max_kw if evse.discharge_max_kw > 0 else GAP_H
    capacity = session.vehicle.capacity_kwh
    time_h = min(elapsed_h, max(GAP_H, at_least_h))
    return Use(energy_kwh=given_kwh, time_h=time_h, cycles=given_kwh / capacity if capacity else 0.0)


def _forget(accounts: dict[str, Account], marks: dict[str, Mark], observation: Observation) -> None:
    """Drop visits that ended long ago, or gave nothing back, and the accounts of those of them that nobody can be known by."""
    present = {s.session.session_id for s in observation.evses if s.session}
    ended = [m for m in marks.values() if m.session_id not in present]
    over = [m for m in ended if not m.discharged_kwh or m.at < observation.at - KEEP]
    for mark in over:
        del marks[mark.session_id]
        if mark.anonymous:
            accounts.pop(mark.vehicle, None)


def _vehicle(session: ChargingSession) -> str:
    return session.driver or session.session_id


def day_cap(rules: Rules) -> Use:
    """Return what a vehicle may give back on one local day."""
    return Use(energy_kwh=rules.v2g_day_kwh, time_h=rules.v2g_day_h, cycles=rules.v2g_day_cycles)


def life_cap(rules: Rules) -> Use:
    """Return what a vehicle may give back ever."""
    return Use(energy_kwh=rules.v2g_life_kwh, time_h=rules.v2g_life_h, cycles=rules.v2g_life_cycles)


def left_kwh(cap: Use, used: Use, *, discharge_max_kw: float, capacity_kwh: float | None) -> float:
    """Return the energy that may still be given back [kWh at the AC side]: min(kWh, hours·discharge_max, cycles·capacity) left."""
    return min(
        _left(cap.energy_kwh, used.energy_kwh, 1.0),
        _left(cap.time_h, used.time_h, discharge_max_kw),
        _left(cap.cycles, used.cycles, capacity_kwh or 0.0),
    )


def used_up(ledger: Ledger, session: ChargingSession, evse: Evse, rules: Rules) -> bool:
    """Return whether the session's vehicle may give back no more today, or ever."""
    account, capacity = ledger.account(session), session.vehicle.capacity_kwh
    pairs = ((day_cap(rules), account.today), (life_cap(rules), account.life))
    left = min(left_kwh(cap, used, discharge_max_kw=evse.discharge_max_kw, capacity_kwh=capacity) for cap, used in pairs)
    return left < NOTHING_KWH


def _left(cap: float, used: float, size: float) -> float:
    return inf if isinf(cap) else max(cap - used, 0.0) * size
