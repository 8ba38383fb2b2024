"""The station as its site file describes it."""

from fastapi import APIRouter

from adapters.web.access.needs import TheStation, needs
from adapters.web.site.models import SiteModel
from adapters.web.site.view import site_view
from v2g.access import Right

router = APIRouter(prefix="/api", tags=["station"], dependencies=[needs(Right.READ)])


@router.get("/site")
async def site(station: TheStation) -> SiteModel:
    """Return the station as its site file describes it."""
    return site_view(station.site)
