"""The ways to say one limit to a charger: some refuse it, or accept and ignore it, until it is said otherwise."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from itertools import product
from typing import TypeVar

import structlog

from adapters.ocpp.connection import RefusedError
from adapters.ocpp.limits import RateUnit
from adapters.ocpp.outlet import Outlet
from adapters.ocpp.readback import ContradictionError

log = structlog.get_logger()

T = TypeVar("T")


class Scope(StrEnum):
    """What a limit is said of: the open transaction, whatever transaction comes, or the station as a whole."""

    TRANSACTION = "transaction"
    OUTLET = "outlet"
    STATION = "station"


@dataclass(frozen=True, slots=True)
class Way:
    """A unit to say a limit in, and what to say it of."""

    unit: RateUnit
    scope: Scope


@dataclass(slots=True)
class _Habit:
    """What an outlet took last: the unit, the scope where it is not the first that would do, what was laid, and told in vain."""

    unit: RateUnit
    scope: Scope | None = None
    laid: Scope | None = None
    attempt: int = 0


@dataclass(slots=True)
class Ways:
    """The ways to one charger's outlets; `unit` is the one that it said it takes, or took last."""

    unit: RateUnit = RateUnit.WATTS
    _stated: RateUnit = RateUnit.WATTS
    _habits: dict[int, _Habit] = field(default_factory=dict)

    def begin(self, unit: RateUnit) -> None:
        """Begin anew after a boot, in the unit that the charger takes."""
        self.unit = self._stated = unit
        self._habits.clear()

    def order(self, outlet: Outlet, attempt: int, *, alone: bool) -> list[Way]:
        """Return the ways to try: what worked last first; the one after it if that was told in vain once more (`attempt`).

        An outlet that is `alone` can be told by its station's limit.
        """
        habit = self._habit(outlet)
        scopes = _scopes(outlet, alone=alone)
        ways = _ways(tuple(scopes), self._stated)
        at = ways.index(Way(habit.unit, habit.scope if habit.scope in scopes else scopes[0]))
        at += attempt > habit.attempt
        habit.attempt = attempt
        return [*ways[at % len(ways) :], *ways[: at % len(ways)]]

    async def say(
        self, outlet: Outlet, ways: list[Way], lay: Callable[[Way], Awaitable[T]], clear: Callable[[Scope], Awaitable[object]]
    ) -> T:
        """Return what `lay` returned for the first of `ways` that is not refused; `clear` what it would be in the way of.

        Raises `RefusedError` if the charger refuses all, `ContradictionError` if it accepts one and says that it does otherwise.
        """
        refusals = []
        for way in ways:
            try:
                laid = await lay(way)
            except ContradictionError:
                raise
            except RefusedError as error:
                refusals.append(error)
                continue
            await self._settle(outlet, way, clear)
            return laid
        raise refusals[0]

    def _habit(self, outlet: Outlet) -> _Habit:
        return self._habits.setdefault(outlet.evse.connector_id, _Habit(self.unit))

    async def _settle(self, outlet: Outlet, way: Way, clear: Callable[[Scope], Awaitable[object]]) -> None:
        """Take note of what worked, and take back what was said of another scope if that still counts, now or when this is over."""
        habit, first = self._habit(outlet), _scopes(outlet, alone=False)[0]
        before, habit.laid = habit.laid, way.scope
        if (way.unit, way.scope) != (habit.unit, habit.scope or first):
            log.info("said_otherwise", evse=outlet.evse.evse_id, unit=str(way.unit), scope=str(way.scope))
        self.unit = habit.unit = way.unit
        habit.scope = None if way.scope is first else way.scope
        lasts = before is not Scope.TRANSACTION or outlet.transaction is not None
        if before is not None and before is not way.scope and lasts:
            try:
                await clear(before)
            except RefusedError as error:
                log.info("lease_not_cleared", evse=outlet.evse.evse_id, scope=str(before), reason=str(error))


@cache
def _ways(scopes: tuple[Scope, ...], first: RateUnit) -> list[Way]:
    """Return all ways of `scopes`, in each the unit that comes `first` before the other."""
    units = sorted(RateUnit, key=lambda unit: unit is not first)
    return [Way(unit, scope) for scope, unit in product(scopes, units)]


def _scopes(outlet: Outlet, *, alone: bool) -> list[Scope]:
    return [Scope.TRANSACTION] * (outlet.transaction is not None) + [Scope.OUTLET] + [Scope.STATION] * alone
