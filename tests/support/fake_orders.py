"""Orders and the archive in memory: real classes behind the ports `Overrides` and `Archive`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from tests.support.fake_station import FakeStation
from v2g.archive import PastSignal, PastVisit, Place
from v2g.overrides import Override, PastOverride, check_override
from v2g.session import EndedVisit

T = TypeVar("T")


class FakeOverrides:
    """Fills `v2g.overrides.Overrides` for a fake station."""

    def __init__(self, station: FakeStation) -> None:
        self._station = station
        self.kept: list[PastOverride] = []

    def active(self) -> tuple[Override, ...]:
        now = self._station.now()
        return tuple(p.override for p in self.kept if p.ended_at is None and p.override.until > now)

    async def order(self, override: Override) -> None:
        check_override(override, self._station.site, self._station.now())
        await self.lift(override.evse_id, override.by)
        self.kept.append(PastOverride(override=override, ended_at=None, ended_by=""))

    async def lift(self, evse_id: str, by: str) -> bool:
        lifted = [o.override_id for o in self.active() if o.evse_id == evse_id]
        now = self._station.now()
        self.kept = [replace(p, ended_at=now, ended_by=by) if p.override.override_id in lifted else p for p in self.kept]
        return bool(lifted)

    async def past(self, *, before: Place | None, limit: int) -> tuple[PastOverride, ...]:
        places = {(p.override.issued_at, p.override.override_id): p for p in self.kept}
        return tuple(places[place] for place in paged(places, before, limit))


class FakeArchive:
    """Fills `v2g.archive.Archive` with `n` visits, three ending at each instant, and the signals of a fake station."""

    def __init__(self, station: FakeStation, n: int = 20) -> None:
        self._station = station
        self._visits = {(station.now() - timedelta(hours=i // 3), f"{i:03}"): _visit(station.now(), i) for i in range(n)}

    async def visits(self, *, before: Place | None, limit: int) -> Sequence[PastVisit]:
        return [PastVisit(visit=self._visits[place], place=place) for place in paged(self._visits, before, limit)]

    async def signals(self, *, before: Place | None, limit: int) -> Sequence[PastSignal]:
        places = {(s.issued_at, s.signal_id): s for s in self._station.posted.values()}
        found = [places[place] for place in paged(places, before, limit)]
        return [PastSignal(signal=s, published_by="ana", withdrawn_at=None, withdrawn_by="") for s in found]


def paged(places: Sequence[Place] | dict[Place, T], before: Place | None, limit: int) -> list[Place]:
    """Return the places of one page, the newest first."""
    return sorted((p for p in places if before is None or p < before), reverse=True)[:limit]


def _visit(now: datetime, i: int) -> EndedVisit:
    left_at = now - timedelta(hours=i // 3)
    return EndedVisit(driver=f"driver-{i}", plugged_in_at=left_at - timedelta(hours=5), left_at=left_at, energy_kwh=12.5)
