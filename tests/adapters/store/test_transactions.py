import asyncio
from datetime import timedelta

from adapters.clock import VirtualClock
from adapters.store import Store
from tests.adapters.store.conftest import NOW
from v2g.station import OpenTransaction


async def begin(store: Store, *, station_id: str = "CP1", minute: int = 0, meter_start_kwh: float = 100.5) -> int:
    return await store.begin(
        station_id=station_id,
        connector_id=1,
        driver="d-7f",
        meter_start_kwh=meter_start_kwh,
        at=NOW + timedelta(minutes=minute),
    )


async def test_the_same_facts_are_the_same_transaction(store: Store) -> None:
    first = await begin(store)
    assert first > 0
    assert await begin(store) == first
    assert await begin(store, minute=1) != first
    assert await begin(store, meter_start_kwh=100.6) != first


async def test_repeats_side_by_side_make_one_transaction(store: Store) -> None:
    ids = await asyncio.gather(*(begin(store) for _ in range(20)))
    assert len(set(ids)) == 1
    assert len(await store.open("CP1")) == 1


async def test_a_repeated_begin_after_the_end_reopens_nothing(store: Store) -> None:
    first = await begin(store)
    await store.end(transaction_id=first, meter_stop_kwh=120.0, at=NOW + timedelta(hours=1), reason="Local")
    assert await begin(store) == first
    assert await store.open("CP1") == ()


async def test_the_first_end_stays_and_an_unknown_one_changes_nothing(store: Store) -> None:
    first, second = await begin(store), await begin(store, minute=5)
    for reason in ("EVDisconnected", "Reboot"):
        await store.end(transaction_id=first, meter_stop_kwh=120.0, at=NOW, reason=reason)
    await store.end(transaction_id=-1, meter_stop_kwh=120.0, at=NOW, reason="Local")
    assert [t.transaction_id for t in await store.open("CP1")] == [second]


async def test_a_reference_alone_makes_it_the_same_and_an_unknown_driver_is_filled_in(store: Store) -> None:
    async def named(reference: str, driver: str = "", minute: int = 0) -> int:
        at = NOW + timedelta(minutes=minute)
        return await store.begin(station_id="CP1", connector_id=1, driver=driver, meter_start_kwh=0.0, at=at, reference=reference)

    first, other = await named("tx-1"), await named("tx-2")
    assert first != other, "the same facts, two transactions"
    assert await named("tx-1", driver="d-7f", minute=1) == first
    assert await named("tx-1", driver="d-80", minute=2) == first
    known = {t.transaction_id: t for t in await store.open("CP1")}
    assert (known[first].driver, known[first].began_at, known[first].reference) == ("d-7f", NOW, "tx-1")
    assert known[other].driver == ""


async def test_open_transactions_belong_to_their_station_and_survive_a_restart(url: str, clock: VirtualClock) -> None:
    async with Store(url, clock) as store:
        transaction_id = await begin(store)
        await begin(store, station_id="CP2")
    async with Store(url, clock) as store:
        expected = OpenTransaction(
            transaction_id=transaction_id, station_id="CP1", connector_id=1, driver="d-7f", meter_start_kwh=100.5, began_at=NOW
        )
        assert await store.open("CP1") == (expected,)
        assert await begin(store) == transaction_id
