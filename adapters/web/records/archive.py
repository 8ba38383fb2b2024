"""What was: visits that ended, signals in force, withdrawn or over."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from adapters.web.access.needs import TheStation, needs
from adapters.web.http.paging import Cursor, Limit, Page, page_of, place_of
from adapters.web.http.problems import documented
from adapters.web.models import Model
from adapters.web.signals.models import SignalModel
from adapters.web.signals.view import signal_view
from v2g.access import Right
from v2g.archive import Archive
from v2g.session import EndedVisit

router = APIRouter(prefix="/api", tags=["archive"], dependencies=[needs(Right.READ)])
ANSWERS = documented(401, 403, 422, 429, 503)


class VisitModel(Model):
    """A car that has left; `driver` is a pseudonym or "", `stated` the departure announced, `energy_kwh` what it took net."""

    driver: str
    plugged_in_at: datetime
    left_at: datetime
    stated: datetime | None
    energy_kwh: float | None
    requested_kwh: float | None


class PastSignalModel(Model):
    """A signal, who published it, and when and by whom it was withdrawn, if it was."""

    signal: SignalModel
    published_by: str
    withdrawn_at: datetime | None
    withdrawn_by: str


def the_archive(request: Request) -> Archive:
    """Return what was."""
    archive: Archive = request.app.state.archive
    return archive


TheArchive = Annotated[Archive, Depends(the_archive)]


@router.get("/sessions/past", responses=ANSWERS)
async def visits(archive: TheArchive, cursor: Cursor = None, limit: Limit = 50) -> Page[VisitModel]:
    """Return the visits that have ended, the last first, page by page."""
    found = await archive.visits(before=place_of(cursor), limit=limit)
    return page_of([_visit_view(past.visit) for past in found], [past.place for past in found], limit)


@router.get("/signals/past", responses=ANSWERS)
async def signals(archive: TheArchive, station: TheStation, cursor: Cursor = None, limit: Limit = 50) -> Page[PastSignalModel]:
    """Return all signals ever published, those in force, withdrawn and over, the newest first, page by page."""
    found = await archive.signals(before=place_of(cursor), limit=limit)
    views = [
        PastSignalModel(
            signal=signal_view(past.signal, station.site.currency),
            published_by=past.published_by,
            withdrawn_at=past.withdrawn_at,
            withdrawn_by=past.withdrawn_by,
        )
        for past in found
    ]
    return page_of(views, [(past.signal.issued_at, past.signal.signal_id) for past in found], limit)


def _visit_view(visit: EndedVisit) -> VisitModel:
    return VisitModel(
        driver=visit.driver,
        plugged_in_at=visit.plugged_in_at,
        left_at=visit.left_at,
        stated=visit.stated,
        energy_kwh=visit.energy_kwh,
        requested_kwh=visit.requested_kwh,
    )
