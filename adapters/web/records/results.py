"""What the station has brought, for operators and regulators: as JSON, CSV and Parquet."""

import csv
import io
from datetime import date, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from adapters.web.access.needs import TheStation, needs
from adapters.web.http.problems import documented
from adapters.web.records.kept import TheRecords
from adapters.web.records.models import ResultsModel
from adapters.web.records.view import flat, results_view
from v2g.access import Right
from v2g.results import Period

router = APIRouter(prefix="/api/results", tags=["results"], dependencies=[needs(Right.READ)])
SPAN_MAX, EARLIEST = timedelta(days=800), date(2000, 1, 1)
USUAL = {Period.DAY: timedelta(days=29), Period.MONTH: timedelta(days=364), Period.YEAR: timedelta(days=365)}
ASKED = documented(401, 403, 422, 503)


async def the_results(
    station: TheStation,
    records: TheRecords,
    by: Annotated[Period, Query(description="What is summed over.")] = Period.DAY,
    first: Annotated[date | None, Query(description="The first day, in the site's calendar.")] = None,
    last: Annotated[date | None, Query(description="The last day; today if not given.")] = None,
) -> ResultsModel:
    """Return the results asked for; of the last month, year or two where no first day is given."""
    today = station.now().astimezone(ZoneInfo(station.site.time_zone)).date()
    until = min(last or today, today)
    if until < EARLIEST:
        raise HTTPException(422, f"last is to be {EARLIEST} or later")
    since = first or by.start_of(until - USUAL[by])
    if since > until or until - since > SPAN_MAX:
        raise HTTPException(422, f"first is to lie before last and today, {SPAN_MAX.days} days at most")
    told = await records.results(since, until, by)
    return results_view(told, by=by, first=since, last=until, currency=station.site.currency)


TheResults = Annotated[ResultsModel, Depends(the_results)]


@router.get("", responses=ASKED)
async def results(told: TheResults) -> ResultsModel:
    """Return cost against uncontrolled, valley hours, V2G energy, peak, carbon, wear and promises kept, by period."""
    return told


@router.get("/table.csv", responses=ASKED | {200: {"content": {"text/csv": {}}}}, response_class=Response)
async def as_csv(told: TheResults) -> Response:
    """Return the same as a table in CSV, in UTF-8."""
    rows = [flat(row) for row in told.rows]
    text = io.StringIO(newline="")
    if rows:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return Response(text.getvalue(), media_type="text/csv", headers=_named(told, "csv"))


@router.get(
    "/table.parquet",
    responses=documented(401, 403, 422, 501, 503) | {200: {"content": {"application/vnd.apache.parquet": {}}}},
    response_class=Response,
)
async def as_parquet(told: TheResults) -> Response:
    """Return the same as a table in Parquet; 501 where the library for it is not installed."""
    try:
        from pyarrow import BufferOutputStream, Table  # noqa: PLC0415 - an extra
        from pyarrow.parquet import write_table  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise HTTPException(501, "writing Parquet needs a library: pip install 'v2g-scheduler[export]'") from error
    sink = BufferOutputStream()
    write_table(Table.from_pylist([flat(row) for row in told.rows]), sink)
    return Response(sink.getvalue().to_pybytes(), media_type="application/vnd.apache.parquet", headers=_named(told, "parquet"))


def _named(told: ResultsModel, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="results-{told.by}-{told.first}-{told.last}.{ending}"'}
