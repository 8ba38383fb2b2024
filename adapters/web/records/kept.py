"""Where routes get what was kept from."""

from typing import Annotated

from fastapi import Depends, HTTPException, Request

from v2g.records import Records


def the_records(request: Request) -> Records:
    """Return what was kept. Raises `HTTPException` if this station keeps nothing."""
    records: Records | None = request.app.state.records
    if records is None:
        raise HTTPException(503, "this station keeps no records")
    return records


TheRecords = Annotated[Records, Depends(the_records)]
