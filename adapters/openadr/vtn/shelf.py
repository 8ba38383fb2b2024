"""The objects that clients have made: in memory to be read, in the database before anybody is answered."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from adapters.openadr.vtn.models import Document

OBJECTS_MAX = 5000
"""Of a kind. A year of daily events with a report each is 730."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An object: its `kind` (OpenADR's objectType), whose it is, who changed it last, and what it says."""

    object_id: str
    kind: str
    client_id: str
    by: str
    created_at: datetime
    changed_at: datetime
    body: Document

    @property
    def document(self) -> Document:
        """The object as clients see it."""
        known = {
            "id": self.object_id,
            "createdDateTime": f"{self.created_at:%Y-%m-%dT%H:%M:%SZ}",
            "modificationDateTime": f"{self.changed_at:%Y-%m-%dT%H:%M:%SZ}",
        }
        return {**self.body, **known, "objectType": self.kind, "clientID": self.client_id}


class Archive(Protocol):
    """Keeps each version of each object, and that one is gone."""

    async def load(self) -> tuple[Kept, ...]:
        """Return the last version of every object that is not gone. Raises `UnavailableError`."""
        ...

    async def keep(self, kept: Kept, *, gone: bool = False) -> None:
        """Add a version. Raises `UnavailableError` if it could not be kept."""
        ...


class FullError(Exception):
    """There are too many objects of a kind."""


class Shelf:
    """All objects by kind and id."""

    def __init__(self, archive: Archive, now: Callable[[], datetime]) -> None:
        self._archive, self._now = archive, now
        self._objects: dict[tuple[str, str], Kept] = {}

    async def load(self) -> None:
        """Take up what the archive has."""
        self._objects = {(kept.kind, kept.object_id): kept for kept in await self._archive.load()}

    def all(self, kind: str) -> Iterator[Kept]:
        """Yield the objects of `kind`, the oldest first."""
        yield from (kept for (of, _), kept in list(self._objects.items()) if of == kind)

    def find(self, kind: str, object_id: str) -> Kept | None:
        """Return an object, None if there is none."""
        return self._objects.get((kind, object_id))

    def fresh(self, kind: str, body: Document, *, client_id: str, by: str) -> Kept:
        """Return a new object that is not kept yet. Raises `FullError`."""
        if sum(of == kind for of, _ in self._objects) >= OBJECTS_MAX:
            raise FullError(f"there are {OBJECTS_MAX} objects of type {kind}: delete some")
        now = self._now()
        return Kept(
            object_id=secrets.token_hex(8), kind=kind, client_id=client_id, by=by, created_at=now, changed_at=now, body=body
        )

    def changed(self, kept: Kept, body: Document, *, by: str) -> Kept:
        """Return another version of an object, not kept yet."""
        return replace(kept, body=body, by=by, changed_at=self._now())

    async def put(self, kept: Kept) -> None:
        """Keep an object. Raises `UnavailableError`, and nothing has changed."""
        await self._archive.keep(kept)
        self._objects[kept.kind, kept.object_id] = kept

    async def remove(self, kept: Kept, *, by: str) -> None:
        """Take an object away. Raises `UnavailableError`, and nothing has changed."""
        await self._archive.keep(replace(kept, by=by, changed_at=self._now()), gone=True)
        self._objects.pop((kept.kind, kept.object_id), None)
