"""Prices and limits that people and the grid publish."""

from typing import Annotated
from uuid import uuid4

import structlog
from fastapi import APIRouter, HTTPException, Response
from fastapi import Path as InPath

from adapters.web.access.needs import TheCaller, TheStation, needs
from adapters.web.http.problems import documented
from adapters.web.signals.forms import AnySignalForm, to_signal
from adapters.web.signals.models import SignalModel
from adapters.web.signals.view import signal_view
from v2g.access import Right

router = APIRouter(prefix="/api/signals", tags=["signals"])
log = structlog.get_logger(__name__)

SignalId = Annotated[str, InPath(min_length=1, max_length=64)]


@router.get("", dependencies=[needs(Right.READ)])
async def signals(station: TheStation) -> list[SignalModel]:
    """Return all signals that have not ended."""
    return [signal_view(signal, station.site.currency) for signal in station.signals()]


@router.post("", status_code=201, dependencies=[needs(Right.SIGNAL)], responses=documented(400, 401, 403, 413, 422, 503))
async def publish(form: AnySignalForm, station: TheStation, caller: TheCaller, response: Response) -> SignalModel:
    """Publish a price curve or a limit, as intervals or as equal steps; the station plans again at once.

    Limits never raise what the site file allows.
    """
    signal = to_signal(form, signal_id=uuid4().hex, site=station.site, now=station.now())
    await station.post_signal(signal, by=caller.name)
    log.info("signal_published", signal_id=signal.signal_id, kind=signal.kind, source=signal.source, n=len(signal.intervals))
    response.headers["Location"] = f"/api/signals/{signal.signal_id}"
    return signal_view(signal, station.site.currency)


@router.post("/heartbeat", status_code=204, dependencies=[needs(Right.SIGNAL)], responses=documented(401, 403))
async def beat(station: TheStation) -> None:
    """Tell that the source of limits lives; where the site file has a `failsafe`, its limits hold while nobody does."""
    station.hear()


@router.delete("/{signal_id}", status_code=204, dependencies=[needs(Right.SIGNAL)], responses=documented(401, 403, 404, 422, 503))
async def withdraw(signal_id: SignalId, station: TheStation, caller: TheCaller) -> None:
    """Take a signal back; the station plans again at once."""
    if not await station.withdraw_signal(signal_id, by=caller.name):
        raise HTTPException(404, "there is no such signal in force")
    log.info("signal_withdrawn", signal_id=signal_id)
