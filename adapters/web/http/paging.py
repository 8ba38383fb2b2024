"""Long lists, page by page: a cursor says where the last page ended, so that nothing is missed or told twice while more comes."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Query

from adapters.web.models import Model
from v2g.archive import Place
from v2g.errors import InputError

T = TypeVar("T")
NOT_OURS, BEGIN = "this is no cursor of ours", "leave it out to begin anew"
Cursor = Annotated[str | None, Query(max_length=300, description="`next` of the page before; the first page where left out.")]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]


class Page(Model, Generic[T]):
    """Some of a list, the newest first; `next` is the cursor of the next page, null at the end."""

    items: list[T]
    next: str | None


def place_of(cursor: str | None) -> Place | None:
    """Return where the page before ended, None for the first. Raises `InputError` if the cursor is none of ours."""
    if cursor is None:
        return None
    try:
        at, _, key = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None or not key.isprintable():
            raise InputError(NOT_OURS, place="cursor", mend=BEGIN)
        return instant.astimezone(UTC), key
    except (binascii.Error, UnicodeError, ValueError, OverflowError) as error:
        raise InputError(NOT_OURS, place="cursor", mend=BEGIN) from error


def page_of(items: Sequence[T], places: Sequence[Place], limit: int) -> Page[T]:
    """Return a page of `items`, each with its place; a full one has a next."""
    full = len(items) == limit
    return Page(items=list(items), next=_cursor(places[-1]) if full else None)


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place[0].isoformat()} {place[1]}".encode()).decode()
