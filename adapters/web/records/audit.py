"""Who or what changed something."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from adapters.web.access.needs import needs
from adapters.web.http.problems import documented
from adapters.web.records.kept import TheRecords
from adapters.web.records.models import AuditChainModel, AuditEntryModel, AuditModel
from v2g.access import Right

router = APIRouter(prefix="/api/audit", tags=["audit"], dependencies=[needs(Right.AUDIT)])

Kind = Annotated[str, Query(max_length=20, pattern="^[a-z_]*$", description="What entries are about; all if empty.")]
Text = Annotated[str, Query(max_length=100, description="What stands in them, whatever its case.")]
Before = Annotated[int | None, Query(ge=1, le=2**53, description="Only entries before this number.")]
Most = Annotated[int, Query(ge=1, le=200, description="How many at most.")]


@router.get("", responses=documented(401, 403, 422, 503))
async def audit(records: TheRecords, kind: Kind = "", text: Text = "", before: Before = None, most: Most = 50) -> AuditModel:
    """Return entries of the audit log, the newest first."""
    page = await records.audit(kind=kind, text=text, before=before, most=most)
    entries = [AuditEntryModel(number=e.number, at=e.at, kind=e.kind, facts=e.facts, hash=e.hash) for e in page.entries]
    return AuditModel(entries=entries, older=page.older)


@router.get("/chain", responses=documented(401, 403, 503))
async def chain(records: TheRecords) -> AuditChainModel:
    """Follow the log's chain of hashes a stretch further than the last time, and return how far it holds."""
    told = await records.audit_chain()
    return AuditChainModel(n=told.n, head=told.head, broken=told.broken, whole=told.whole)


@router.get(
    "/log.jsonl",
    responses=documented(401, 403, 503) | {200: {"content": {"application/x-ndjson": {}}}},
    response_class=StreamingResponse,
)
async def export(records: TheRecords) -> StreamingResponse:
    """Return the whole log, oldest first: a line of JSON an entry, with its hash, so that the chain can be followed elsewhere."""
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    return StreamingResponse(records.audit_lines(), media_type="application/x-ndjson", headers=headers)
