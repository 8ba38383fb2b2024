"""What signals would do before anybody publishes them."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi import Path as InPath

from adapters.web.access.needs import TheStation, needs
from adapters.web.http.patience import while_connected
from adapters.web.http.problems import documented
from adapters.web.previews.forms import PriceForm, SurfaceForm, to_price_question, to_surface_question
from adapters.web.previews.jobs import Job, Jobs
from adapters.web.previews.models import PreviewModel, PriceFoundModel, SurfaceJobModel
from adapters.web.previews.view import preview_view, price_view, surface_view
from adapters.web.signals.forms import AnySignalForm, to_signal
from v2g.access import Right
from v2g.previewing import Previews, Surface

router = APIRouter(prefix="/api/signals/preview", tags=["previews"], dependencies=[needs(Right.PREVIEW)])

JobId = Annotated[str, InPath(min_length=1, max_length=64)]


def the_previews(request: Request) -> Previews:
    """Return who answers."""
    previews: Previews = request.app.state.previews
    return previews


def the_jobs(request: Request) -> Jobs[Surface]:
    """Return the surfaces that are being worked out."""
    jobs: Jobs[Surface] = request.app.state.jobs
    return jobs


ThePreviews = Annotated[Previews, Depends(the_previews)]
TheJobs = Annotated[Jobs[Surface], Depends(the_jobs)]
ASKED = documented(400, 401, 403, 413, 422, 503)


@router.post("", responses=ASKED)
async def preview(form: AnySignalForm, station: TheStation, previews: ThePreviews, request: Request) -> PreviewModel:
    """Return what the station would do under a signal, as it would be published, beside what it does now.

    Nothing is published or kept. It takes some solves; whoever hangs up has them given up.
    """
    signal = to_signal(form, signal_id="preview", site=station.site, now=station.now())
    return preview_view(await while_connected(request, previews.preview((signal,))))


@router.post("/price", responses=ASKED)
async def find_price(form: PriceForm, station: TheStation, previews: ThePreviews, request: Request) -> PriceFoundModel:
    """Return the least price over a window that keeps the net import at a target, or that none does."""
    question = to_price_question(form, site=station.site, now=station.now())
    return price_view(question, await while_connected(request, previews.find_price(question)))


@router.post("/surface", status_code=202, responses=documented(400, 401, 403, 409, 413, 422))
async def begin_surface(
    form: SurfaceForm, station: TheStation, previews: ThePreviews, jobs: TheJobs, response: Response
) -> SurfaceJobModel:
    """Begin to work out what each price would do in each hour; ask for it at its Location. One at a time.

    It is given up when nobody has asked for it for half a minute.
    """
    question = to_surface_question(form, site=station.site, now=station.now())
    if jobs.running:
        raise HTTPException(409, f"another surface is being worked out: {router.prefix}/surface/{jobs.running.job_id}")
    job = jobs.begin(lambda told: previews.surface(question, told))
    response.headers["Location"] = f"{router.prefix}/surface/{job.job_id}"
    return _job_view(job)


@router.get("/surface/{job_id}", responses=documented(401, 403, 404, 422))
async def surface(job_id: JobId, jobs: TheJobs) -> SurfaceJobModel:
    """Return how far a response surface is, and the surface once it is done."""
    job = jobs.get(job_id)
    if job is None:
        raise HTTPException(404, "there is no such surface")
    return _job_view(job)


@router.delete("/surface/{job_id}", status_code=204, responses=documented(401, 403, 404, 422))
async def cancel_surface(job_id: JobId, jobs: TheJobs) -> None:
    """Give a response surface up."""
    if not jobs.cancel(job_id):
        raise HTTPException(404, "there is no such surface")


def _job_view(job: Job[Surface]) -> SurfaceJobModel:
    return SurfaceJobModel(
        job_id=job.job_id,
        state=job.state,
        done_frac=round(job.done_frac, 4),
        why=job.why,
        surface=surface_view(job.result) if job.result else None,
    )
