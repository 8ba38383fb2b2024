import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.clock import VirtualClock
from adapters.store import Store
from adapters.store.audit import read
from config.people.archive import StoredArchive
from config.people.orders import Orders
from config.station.gateway import SiteGateway
from tests.adapters.store.test_rows import price_curve
from tests.config.station.test_gateway import FakeChargers
from tests.support.builders import NOW, a_site, an_observation
from tests.v2g.test_overrides import an_override
from v2g.errors import OverrideError
from v2g.overrides import OverrideKind
from v2g.session import EndedVisit
from v2g.site import Protocol

SITE = a_site(2)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
async def store(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Store]:
    async with Store(f"sqlite:///{tmp_path / 'station.db'}", clock) as opened:
        yield opened


def a_gateway() -> SiteGateway:
    return SiteGateway(SITE, {Protocol.MQTT: FakeChargers(an_observation(SITE, E1=None).evses)}, None, None)


def in_force(gateway: SiteGateway, clock: VirtualClock) -> list[OverrideKind | None]:
    return [state.override.kind if state.override else None for state in gateway.glance(clock.now()).evses]


async def test_an_order_is_in_force_until_it_ends_is_lifted_or_replaced(store: Store, clock: VirtualClock) -> None:
    gateway, hurried = a_gateway(), list[bool]()
    orders = Orders(SITE, clock, gateway, store, lambda: hurried.append(True))
    await orders.order(an_override(OverrideKind.PAUSE))
    assert in_force(gateway, clock) == [OverrideKind.PAUSE, None]
    await orders.order(an_override(OverrideKind.LIMIT, override_id="o2"))
    assert in_force(gateway, clock) == [OverrideKind.LIMIT, None]
    assert await orders.lift("E0", by="bo")
    assert not await orders.lift("E0", by="bo")
    assert in_force(gateway, clock) == [None, None]
    await orders.order(an_override(OverrideKind.CHARGE_NOW, override_id="o3"))
    await clock.sleep(3600)
    assert in_force(gateway, clock) == [None, None]
    assert orders.active() == ()
    assert len(hurried) == 4
    past = await orders.past(before=None, limit=10)
    assert [(p.override.override_id, p.ended_by) for p in past] == [("o3", ""), ("o2", "bo"), ("o1", "ana")]


async def test_what_cannot_be_ordered_is_not_kept(store: Store, clock: VirtualClock) -> None:
    orders = Orders(SITE, clock, a_gateway(), store, lambda: None)
    with pytest.raises(OverrideError, match="no car is plugged in"):
        await orders.order(an_override(OverrideKind.CHARGE_NOW, evse_id="E1"))
    assert await orders.past(before=None, limit=10) == ()


async def test_orders_outlive_a_restart_and_are_in_the_audit_log(store: Store, clock: VirtualClock) -> None:
    await Orders(SITE, clock, a_gateway(), store, lambda: None).order(an_override(OverrideKind.PAUSE))
    gateway = a_gateway()
    again = Orders(SITE, clock, gateway, store, lambda: None)
    await again.restore()
    assert in_force(gateway, clock) == [OverrideKind.PAUSE, None]
    await again.lift("E0", by="bo")
    entries = [json.loads(row.entry) for row in await store.run(lambda c: list(read(c)))]
    assert [entry["kind"] for entry in entries] == ["override", "override"]
    assert [entry["facts"]["by"] for entry in entries] == ["ana", "bo"]


async def test_pages_of_the_archive_follow_one_another_without_gap_or_repeat(store: Store) -> None:
    archive = StoredArchive(store)
    for i in range(7):
        left_at = NOW - timedelta(hours=i // 3)
        await store.keep(EndedVisit(driver=f"d{i}", plugged_in_at=left_at - timedelta(hours=2), left_at=left_at))
    seen, before = list[str](), None
    while page := await archive.visits(before=before, limit=2):
        seen += [past.visit.driver for past in page]
        before = page[-1].place
    assert seen == ["d2", "d1", "d0", "d5", "d4", "d3", "d6"]


async def test_the_history_of_signals_says_who_published_and_withdrew(store: Store) -> None:
    await store.save_signal(price_curve("p1"), by="ana")
    await store.save_signal(price_curve("p2"), by="vtn")
    await store.withdraw_signal("p1", by="bo")
    past = await StoredArchive(store).signals(before=None, limit=10)
    told = [(p.signal.signal_id, p.published_by, p.withdrawn_at is not None, p.withdrawn_by) for p in past]
    assert told == [("p2", "vtn", False, ""), ("p1", "ana", True, "bo")]
    first = past[0].signal
    assert [p.signal.signal_id for p in await StoredArchive(store).signals(before=(first.issued_at, "p2"), limit=9)] == ["p1"]
