"""Cars come, charge and go: moves a fleet through its visits, with the ledger looking on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from adapters.farm.fleet import Fleet
from adapters.farm.ledger import Ledger
from adapters.farm.outcome import BatteryOutcome, Outcome
from adapters.farm.premises import Premises
from adapters.farm.surroundings import Surroundings
from adapters.farm.visit import Visit
from v2g.errors import SeriesError
from v2g.site import Site
from v2g.timegrid import Array


class Control(Protocol):
    """Who says what each unit may do."""

    def ceilings_kw(self, at_s: float) -> Array:
        """Return the ceilings (n_units + n_assets,) from `at_s` [s since 1970] on [kW].

        For cars and batteries ≥ 0 is the most to draw, < 0 the power to give back; for assets an order, NaN = none.
        """
        ...

    def next_change_s(self, at_s: float) -> float:
        """Return when the ceilings change by themselves after `at_s`, infinite if they do not."""
        ...


class _Event(NamedTuple):
    at_s: float
    is_arrival: bool
    unit: int
    visit: Visit


class Yard:
    """A station's cars in time.

    Steps are `step_s` seconds (a divisor of 900) and shorter where a car comes or goes or a lease ends, so that each of
    these happens at its exact instant. `on_change(unit, visit or None)` is told of every plug-in and unplug. Raises
    `SeriesError` if two cars stand at one outlet or a visit's outlet is not in the site.
    """

    def __init__(
        self,
        *,
        site: Site,
        visits: Sequence[Visit],
        start: datetime,
        surroundings: Surroundings,
        fleet: Fleet,
        control: Control,
        premises: Premises | None = None,
        step_s: float = 60.0,
        on_change: Callable[[int, Visit | None], None] = lambda _unit, _visit: None,
    ) -> None:
        self.fleet, self.surroundings, self.control = fleet, surroundings, control
        self.ledger, self.premises = Ledger(site, start), premises or Premises(site, start)
        self._began_kwh = fleet.batteries_kwh
        self.here: list[Visit | None] = [None] * len(site.evses)
        self.now, self._step_s, self._on_change = start, step_s, on_change
        self._events = _events(site, visits, start)
        self._done = 0

    @property
    def now_s(self) -> float:
        """The instant reached [s since 1970]."""
        return self.now.timestamp()

    @property
    def next_event(self) -> datetime | None:
        """The instant of the next plug-in or unplug, None if there is none."""
        return datetime.fromtimestamp(self._events[self._done].at_s, UTC) if self._done < len(self._events) else None

    def outcome(self) -> Outcome:
        """Return the truth so far."""
        batteries = tuple(
            BatteryOutcome(battery_id=name, began_kwh=began_kwh, ended_kwh=self.fleet.batteries_kwh[name])
            for name, began_kwh in self._began_kwh.items()
        )
        return replace(self.ledger.outcome(), assets=self.premises.outcomes(), batteries=batteries)

    def advance_to(self, instant: datetime) -> None:
        """Let time pass until `instant`; cars that come or go at that very instant have done so. The past changes nothing."""
        now_s, end_s = self.now_s, instant.timestamp()
        self._happen(now_s)
        while now_s < end_s:
            until_s = min(end_s, self._next_stop_s(now_s))
            self._pass(now_s, until_s - now_s)
            now_s = until_s
            self._happen(now_s)
        self.now = max(self.now, instant)

    def _next_stop_s(self, now_s: float) -> float:
        step_end_s = (now_s // self._step_s + 1.0) * self._step_s
        event_s = self._events[self._done].at_s if self._done < len(self._events) else step_end_s
        return min(step_end_s, event_s, self.control.next_change_s(now_s))

    def _pass(self, at_s: float, step_s: float) -> None:
        ceilings_kw, n, pv_kw = self.control.ceilings_kw(at_s), len(self.fleet.running_kw), self.surroundings.pv_kw.at(at_s)
        self.fleet.step(ceilings_kw[:n], step_s)
        self.premises.step(ceilings_kw[n:], at_s, step_s, pv_kw)
        self.ledger.add(
            at_s,
            step_s,
            power_kw=np.r_[self.fleet.power_kw, self.premises.power_kw],
            stored_kwh=self.fleet.stored_kwh,
            load_kw=self.surroundings.load_kw.at(at_s),
            pv_kw=pv_kw,
            import_limit_kw=self.surroundings.import_limit_at(at_s),
        )

    def _happen(self, now_s: float) -> None:
        while self._done < len(self._events) and self._events[self._done].at_s <= now_s:
            event = self._events[self._done]
            self._done += 1
            if event.is_arrival:
                self.fleet.plug(event.unit, event.visit)
                self.ledger.arrive(event.unit, event.visit)
            else:
                self.ledger.depart(event.unit, self.fleet.unplug(event.unit))
            self.here[event.unit] = event.visit if event.is_arrival else None
            self._on_change(event.unit, self.here[event.unit])


def _events(site: Site, visits: Iterable[Visit], start: datetime) -> list[_Event]:
    units = {e.evse_id: unit for unit, e in enumerate(site.evses)}
    events: list[_Event] = []
    ordered = sorted((v for v in visits if v.leaves_at > start), key=lambda v: (v.evse_id, v.arrives_at))
    for before, after in pairwise(ordered):
        if before.evse_id == after.evse_id and after.arrives_at < before.leaves_at:
            raise SeriesError("two cars stand at one outlet", place=after.visit_id, mend="let one leave before the other comes")
    for visit in ordered:
        if visit.evse_id not in units:
            raise SeriesError(f"the site has no outlet {visit.evse_id!r}", place=visit.visit_id, mend=f"one of {sorted(units)}")
        unit = units[visit.evse_id]
        events.append(_Event(max(visit.arrives_at, start).timestamp(), True, unit, visit))
        events.append(_Event(visit.leaves_at.timestamp(), False, unit, visit))
    return sorted(events, key=lambda e: (e.at_s, e.is_arrival, e.unit))
