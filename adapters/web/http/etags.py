"""Tags of what people edit, so that nobody overwrites what they have not seen (RFC 9110, If-Match)."""

from hashlib import sha256
from typing import Annotated

from fastapi import Header, HTTPException, Response
from pydantic import BaseModel

IfMatch = Annotated[str | None, Header(max_length=300, description="ETag of what was seen; 412 if it has changed since.")]


def etag_of(value: BaseModel) -> str:
    """Return the tag of `value` as it is now."""
    return f'"{sha256(value.model_dump_json().encode()).hexdigest()[:24]}"'


def tagged(response: Response, value: BaseModel) -> None:
    """Put the tag of `value` on its answer."""
    response.headers["ETag"] = etag_of(value)


def check_unchanged(seen: str | None, current: BaseModel | None) -> None:
    """Raise `HTTPException` 412 if a change was meant for something else than what is there now, None where nothing is."""
    if seen is None or (current is not None and seen.strip() == "*"):
        return
    tags = {tag.strip() for tag in seen.split(",")}
    if current is None or etag_of(current) not in tags:
        raise HTTPException(412, "it has changed since you saw it: look again, then decide")
