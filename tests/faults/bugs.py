"""Mistakes in the safety path, each planted in memory: a campaign that does not notice them proves nothing.

A bug is where it sits and what it makes of what is there. None of them ends the daemon: each is a thing that somebody could have
written, and that only its consequences tell.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any
from unittest.mock import patch

import numpy as np

from adapters.farm.mischief import FaultKind
from tests.faults.story import Trouble
from v2g.session import Wishes
from v2g.setpoint import Applied

Original = Any
Bug = tuple[tuple[str, str, Callable[[Original], Any]], ...]


def _returns(value: Any) -> Callable[[Original], Any]:
    """Return what makes a function forget its arguments and return `value`."""
    return lambda _original: lambda *_arguments, **_options: value


def _then(change: Callable[[Any], Any]) -> Callable[[Original], Any]:
    """Return what makes a function's result `change`."""
    return lambda original: lambda *arguments, **options: change(original(*arguments, **options))


def _then_awaited(change: Callable[[Any], Any]) -> Callable[[Original], Any]:
    """Return what makes the result of a coroutine function `change`."""

    def make(original: Original) -> Any:
        async def changed(*arguments: Any, **options: Any) -> Any:
            return change(await original(*arguments, **options))

        return changed

    return make


def _scaled(factor: float) -> Callable[[Any], Any]:
    return lambda value: value * factor


def _pair(change: Callable[[Any, Any], tuple[Any, Any]]) -> Callable[[Original], Any]:
    return _then(lambda pair: change(*pair))


def _once(original: Original) -> Any:
    """Return the first answer for ever."""
    known: dict[int, Any] = {}

    def first(self: Any, *arguments: Any) -> Any:
        if id(self) not in known:
            known[id(self)] = original(self, *arguments)
        return known[id(self)] if known[id(self)].evses[0].online else known.pop(id(self))

    return first


def _says_applied(original: Original) -> Any:
    async def apply_one(self: Any, setpoint: Any) -> Any:
        outcome = await original(self, setpoint)
        return Applied(setpoint=setpoint, at=self._clock.now()) if not isinstance(outcome, Applied) else outcome

    return apply_one


def _promises_what_was_refused(original: Original) -> Any:
    from adapters.ocpp.outlet import Promise  # noqa: PLC0415  # where it is used

    async def apply_one(self: Any, setpoint: Any) -> Any:
        outcome = await original(self, setpoint)
        if not isinstance(outcome, Applied):
            evse = self._evses[setpoint.unit_id]
            station = self._stations[evse.station_id]
            promise = Promise(
                power_kw=setpoint.power_kw, until=setpoint.valid_until, over_by=setpoint.valid_until, for_transaction=False
            )
            station.put(station.outlets[evse.connector_id].promised(promise))
        return outcome

    return apply_one


def _answered_before_the_commit(original: Original) -> Any:
    ids = iter(range(900_000, 1_000_000))

    async def begin(self: Any, **facts: Any) -> int:
        try:
            return int(await original(self, **facts))
        except Exception:  # noqa: BLE001  # the bug
            return next(ids)

    return begin


def _nobody_cut(original: Original) -> Any:
    return lambda *arguments: tuple(s for s in original(*arguments) if s.power_kw < 0)


def _only_one_cut(original: Original) -> Any:
    return lambda *arguments: original(*arguments)[:1]


def _to_the_neighbour(original: Original) -> Any:
    """Send what is for one outlet of a version to the next of the same."""

    async def apply(self: Any, setpoints: Sequence[Any]) -> Any:
        names = list(self._evses)
        moved = [replace(s, unit_id=_next(names, s.unit_id)) for s in setpoints]
        outcomes = await original(self, moved)
        return tuple(replace(o, setpoint=s) for o, s in zip(outcomes, setpoints, strict=True))

    return apply


def _next(names: list[str], name: str) -> str:
    same = [n for n in names if n[0] == name[0]]
    return same[(same.index(name) + 1) % len(same)]


def _unlimited(size_kw: float, _weight: Any, _room: Any) -> tuple[float, None]:
    return size_kw, None


async def _never(_self: Any) -> None:
    import asyncio  # noqa: PLC0415  # only here

    await asyncio.Event().wait()


def _anybodys_wishes(_original: Original) -> Any:
    def wishes_of(self: Any, _session: Any) -> Wishes | None:
        return next((wishes for _, wishes in self._wishes.values()), None)

    return wishes_of


def _all_consent(original: Original) -> Any:
    def with_wishes(self: Any, state: Any) -> Any:
        told = original(self, state)
        if told.session is None:
            return told
        return replace(told, session=replace(told.session, wishes=replace(told.session.wishes, discharge_consent=True)))

    return with_wishes


def _later(hours_h: float) -> Callable[[Original], Any]:
    def make(original: Original) -> Any:
        return lambda wanted, urgency, limits, until, why: original(wanted, urgency, limits, until + timedelta(hours=hours_h), why)

    return make


def _outlasting(original: Original) -> Any:
    """Make every lease outlive what it was given for."""
    return lambda *arguments: tuple(replace(s, valid_until=s.valid_until + timedelta(hours=2)) for s in original(*arguments))


def _without_rows(original: Original) -> Any:
    def weight(site: Any, units: Any, below: Any) -> Any:
        rows = original(site, units, below)
        rows[np.arange(len(rows)) % 4 != 0] = 0.0
        return rows

    return weight


def _one_phase_only(original: Original) -> Any:
    def weight(site: Any, units: Any, below: Any) -> Any:
        return original(site, tuple(replace(u, phases=(1, 2, 3)) for u in units), below)

    return weight


def _rooms(change: Callable[[Any], Any], *names: str) -> Callable[[Original], Any]:
    return _then(lambda limits: replace(limits, **{name: change(getattr(limits, name)) for name in names}))


def _flipped(period: dict[str, Any]) -> dict[str, Any]:
    return {k: -v if k in {"setpoint", "dischargeLimit"} else (1e6 if k == "limit" else v) for k, v in period.items()}


def _ends_are_forgotten(_original: Original) -> Any:
    return lambda *_arguments, **_facts: None


def _begun_twice(original: Original) -> Any:
    def begin(connection: Any, facts: dict[str, Any]) -> int:
        original(connection, facts | {"began_at": facts["began_at"] - timedelta(milliseconds=1), "reference": facts["reference"]})
        from sqlalchemy import insert  # noqa: PLC0415  # only here

        from adapters.store.tables import transactions  # noqa: PLC0415

        again = facts | {"meter_start_kwh": facts["meter_start_kwh"] + 1e-9}
        return int(connection.execute(insert(transactions).values(again).returning(transactions.c.transaction_id)).scalar_one())

    return begin


def _half_the_meter(original: Original) -> Any:
    def end(connection: Any, transaction_id: int, *, meter_stop_kwh: float, **facts: Any) -> None:
        original(connection, transaction_id, meter_stop_kwh=meter_stop_kwh / 2, **facts)

    return end


def _swallowed(original: Original) -> Any:
    def commit(self: Any, group: Any) -> None:
        original(self, group)
        for order in group:
            if order.error is not None:
                order.error, order.result = None, 0

    return commit


def _boundless(original: Original) -> Any:
    def project(wanted: Any, urgency: Any, limits: Any, until: Any, why: Any) -> Any:
        free = replace(limits, import_room_kw=limits.import_room_kw + 1e3, export_room_kw=limits.export_room_kw + 1e3)
        return original(wanted, urgency, free, until, why)

    return project


def _full(room: Any) -> Any:
    return np.maximum(room, 30.0)


def _plans(**changes: Callable[[Any], Any]) -> Bug:
    """Return the same mistake in what plans are made of: limits are kept in two places, and one hides the other's mistakes."""
    change = _then(lambda circuits: replace(circuits, **{name: make(getattr(circuits, name)) for name, make in changes.items()}))
    return _bug("v2g.stating.problem", "circuits_of", change)


def _boundless_below_the_root(limit_kw: Any) -> Any:
    free = np.full_like(limit_kw, np.inf)
    free[0] = limit_kw[0]
    return free


def _bug(place: str, attribute: str, make: Callable[[Original], Any]) -> Bug:
    return ((place, attribute, make),)


def _taken_at_its_word(_original: Original) -> Any:
    return lambda observation, _conducts: observation


_MEASURED_BY_NOBODY = _bug("v2g.tick", "believed", _taken_at_its_word) + _bug("v2g.fastlook", "believed", _taken_at_its_word)
"""Meters find out who does not follow: what chargers are believed to have promised has consequences only without them."""

BUGS: dict[str, Bug] = {
    "offline chargers are forgotten": _bug("v2g.limits", "unreachable_kw", _returns(0.0))
    + _bug("v2g.stating.circuits", "unreachable_kw", _returns(0.0)),
    "offline chargers count at their fallback": _bug(
        "v2g.limits", "unreachable_kw", lambda _: lambda evse, _state: evse.fallback_kw
    )
    + _bug("v2g.stating.circuits", "unreachable_kw", lambda _: lambda evse, _state: evse.fallback_kw),
    "what was never confirmed counts at nothing": _bug("v2g.bounds", "_unconfirmed_kw", _returns(0.0))
    + _bug("v2g.in_force", "_or_unconfirmed", lambda _: lambda confirmed, _unit: confirmed or 0.0),
    "what is not ours to set is forgotten": _bug("v2g.limits", "_silent_kw", _then(_scaled(0.0)))
    + _bug("v2g.stating.circuits", "unreachable_kw", _returns(0.0)),
    "the load is forgotten": _bug("v2g.limits", "uncontrolled_bounds_kw", _pair(lambda high, low: (high * 0.0, low))),
    "the load has the wrong sign": _bug("v2g.limits", "uncontrolled_bounds_kw", _pair(lambda high, low: (-high, -low))),
    "half the load is counted": _bug("v2g.limits", "uncontrolled_bounds_kw", _pair(lambda high, low: (high / 2, low))),
    "a silent meter is a zero": _bug("v2g.bounds", "fresh", _returns(True)),
    "the sun always shines": _bug("v2g.bounds", "_pv_bounds_kw", _returns((40.0, 40.0))),
    "signals are overlooked": _bug("v2g.limits", "value_at", _returns(None))
    + _bug("v2g.stating.circuits", "least_on", lambda _: lambda _signals, _kind, _grid, limit_kw: limit_kw),
    "import limits are a tenth too high": _bug(
        "v2g.limits", "capacities_kw", _pair(lambda imports, exports: (imports * 1.1, exports))
    )
    + _plans(import_limit_kw=_scaled(1.1)),
    "export limits are overlooked": _bug("v2g.limits", "capacities_kw", _pair(lambda imports, exports: (imports, exports + 1e3)))
    + _plans(export_limit_kw=lambda limit_kw: limit_kw + 1e3),
    "the guard is added, not kept": _bug("v2g.limits", "free_share", _then(lambda free: 2.0 - free + 0.05)),
    "kW for W in a phase's limit": _bug("v2g.limits", "phase_limit_kw", _then(_scaled(1000.0)))
    + _bug("v2g.stating.circuits", "phase_limit_kw", _then(_scaled(1000.0))),
    "phases are not looked at": _bug("v2g.limits", "_weight", _without_rows) + _plans(phase_limit_kw=_scaled(np.inf)),
    "one phase counts as three": _bug("v2g.limits", "_weight", _one_phase_only)
    + _bug("v2g.stating.cars", "_unit", _then(lambda unit: replace(unit, phases=(1, 2, 3)))),
    "feeders are no part of the tree": _bug("v2g.limits", "inside", _then(lambda below: np.eye(len(below)))),
    "only the root has limits": _bug("v2g.limits", "_weight", _then(lambda rows: np.vstack((rows[:4], 0.0 * rows[4:]))))
    + _plans(import_limit_kw=_boundless_below_the_root, phase_limit_kw=_boundless_below_the_root),
    "a negative room is a room": _bug("v2g.tick", "limits_under", _rooms(lambda room: np.abs(room) + 20.0, "import_room_kw")),
    "no consent is needed": _bug("v2g.bounds", "may_discharge", _returns(True))
    + _bug("v2g.stating.cars", "may_discharge", _returns(True)),
    "everybody is taken to consent": _bug("config.station.gateway.SiteGateway", "_with_wishes", _all_consent),
    "another driver's wishes are taken": _bug("config.station.gateway.SiteGateway", "_wishes_of", _anybodys_wishes),
    "there is no floor": _bug("v2g.bounds", "soc_floor_frac", _returns(0.0)),
    "the floor is half of it": _bug("v2g.bounds", "soc_floor_frac", _then(_scaled(0.5))),
    "a discharge outlives its floor": _bug("v2g.bounds", "_give_kwh", _then(lambda kwh: kwh + 10.0)),
    "a row's room is no bound": _bug("v2g.projection", "_grant", lambda _: _unlimited),
    "room is never used up": _bug(
        "v2g.projection", "_grant", lambda original: lambda size, w, _room: original(size, w, _full(_room))
    ),
    "raises are not weighed against what is in force": _bug(
        "v2g.in_force.InForce", "admit", lambda _: lambda _self, setpoints: list(setpoints)
    )
    + _bug("v2g.tick", "project", _boundless),
    "small changes of up to 8 kW are not sent": _bug("v2g.dispatch", "DEADBAND_KW", lambda _: 8.0),
    "lowering is never due": _bug(
        "v2g.dispatch",
        "is_due",
        lambda original: lambda s, confirmed, lease, low: s.power_kw > (confirmed or 0.0) and original(s, confirmed, lease, low),
    ),
    "the fast loop does not run": _bug("config.station.control.Control", "run_looks", lambda _: _never),
    "the fast loop cuts nobody": _bug("v2g.fastlook", "_cuts", _nobody_cut),
    "the fast loop cuts one": _bug("v2g.fastlook", "_cuts", _only_one_cut),
    "the first look is taken for ever": _bug("config.station.gateway.SiteGateway", "glance", _once),
    "refusals are taken for promises": _bug("adapters.ocpp.central.CentralSystem", "_apply_one", _promises_what_was_refused)
    + _MEASURED_BY_NOBODY,
    "every setpoint counts as applied": _bug("adapters.ocpp.central.CentralSystem", "_apply_one", _says_applied)
    + _MEASURED_BY_NOBODY,
    "setpoints go to the neighbour": _bug("adapters.ocpp.central.CentralSystem", "apply", _to_the_neighbour),
    "limits are sent a fifth too high": _bug("adapters.ocpp.limits", "_in_unit", _then(_scaled(1.2))),
    "W are sent for kW": _bug("adapters.ocpp.limits", "_in_unit", _then(_scaled(1000.0))),
    "discharge is sent as charging": _bug("adapters.ocpp.v21.leases", "values_of", _then(_flipped))
    + _bug("adapters.ocpp.v21.leases", "period_of", _then(_flipped)),
    "leases outlive the floor by hours": _bug("v2g.tick", "project", _outlasting),
    "leases last for ever and nobody looks": _bug("v2g.tick", "project", _later(9.0)),
    "published limits are lost in a restart": _bug("adapters.store.store.Store", "signals", _then_awaited(lambda _: ())),
    "beginnings are kept twice": _bug("adapters.store.transactions", "begin", _begun_twice),
    "ends are forgotten": _bug("adapters.store.transactions", "end", _ends_are_forgotten),
    "meters are halved at the end": _bug("adapters.store.transactions", "end", _half_the_meter),
    "chargers are answered before the commit": _bug("adapters.store.store.Store", "begin", _answered_before_the_commit),
    "a failed commit counts as one": _bug("adapters.store.writer.Writer", "_commit", _swallowed),
}
"""Every bug, by what it does. What two layers keep is broken in both: a mistake in one of them alone has no consequences."""

_GONE = (FaultKind.DROP, FaultKind.SILENCE)
SHOWN_BY: dict[str, tuple[Trouble | FaultKind, ...]] = {
    "offline chargers are forgotten": _GONE,
    "offline chargers count at their fallback": _GONE,
    "what was never confirmed counts at nothing": (Trouble.KILLED, FaultKind.LATE, FaultKind.REFUSE),
    "what is not ours to set is forgotten": _GONE,
    "a silent meter is a zero": (Trouble.METER_SILENT, Trouble.METER_FROZEN),
    "signals are overlooked": (Trouble.LIMITED,),
    "the first look is taken for ever": (Trouble.KILLED,),
    "refusals are taken for promises": (FaultKind.REFUSE,),
    "every setpoint counts as applied": (FaultKind.REFUSE, FaultKind.SILENCE),
    "leases outlive the floor by hours": (FaultKind.DROP,),
    "leases last for ever and nobody looks": (FaultKind.DROP,),
    "published limits are lost in a restart": (Trouble.LIMITED, Trouble.KILLED),
    "chargers are answered before the commit": (Trouble.DATABASE_FULL, Trouble.DATABASE_LOCKED),
    "a failed commit counts as one": (Trouble.DATABASE_FULL, Trouble.DATABASE_LOCKED),
}
"""What goes wrong on the days of a bug that shows only then; on the days of the others anything does."""


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Run with the bug `name` in place."""
    with ExitStack() as stack:
        for place, attribute, make in BUGS[name]:
            owner = _owner(place)
            stack.enter_context(patch.object(owner, attribute, make(getattr(owner, attribute))))
        yield


def _owner(place: str) -> Any:
    """Return the module, or the class in it, that `place` names."""
    module, _, last = place.rpartition(".")
    return getattr(import_module(module), last) if last[0].isupper() else import_module(place)
