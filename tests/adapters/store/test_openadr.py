from datetime import timedelta
from functools import partial
from typing import Any

from adapters.clock import VirtualClock
from adapters.store import Store
from adapters.store.openadr import add_version, read_last
from tests.adapters.store.conftest import NOW


def version(object_id: str, **changes: Any) -> dict[str, Any]:
    fields = {"object_id": object_id, "kind": "EVENT", "client_id": "c", "by": "grid", "created_at": NOW, "changed_at": NOW}
    return {**fields, "body": {"programID": "p"}, **changes}


async def test_the_last_versions_survive_a_restart_in_the_order_of_the_first(url: str, clock: VirtualClock) -> None:
    later = version("a", changed_at=NOW + timedelta(hours=1), body={"programID": "q"})
    async with Store(url, clock) as store:
        for fields in (version("a"), version("b"), version("c"), later):
            await store.run(partial(add_version, fields=fields, gone=False))
        await store.run(partial(add_version, fields=version("b"), gone=True))
    async with Store(url, clock) as store:
        assert await store.run(read_last) == [later, version("c")]


async def test_kinds_do_not_mix(store: Store) -> None:
    await store.run(partial(add_version, fields=version("a"), gone=False))
    await store.run(partial(add_version, fields=version("a", kind="PROGRAM"), gone=True))
    assert await store.run(read_last) == [version("a")]
