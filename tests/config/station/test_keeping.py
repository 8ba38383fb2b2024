import asyncio
from contextlib import suppress

from adapters.ending import end
from adapters.store.taking import Kept
from config.station.keeping import MOST_WAITING, Keeping
from v2g.errors import UnavailableError
from v2g.record import Memory


async def test_values_are_kept_in_order_and_a_failure_is_told_until_the_next_success() -> None:
    done = list[Kept]()
    zero, one, two = (Memory(tick=tick) for tick in range(3))

    async def keep(value: Kept) -> None:
        if value is one:
            raise UnavailableError("disk full")
        done.append(value)

    keeping = Keeping(keep)
    task = asyncio.create_task(keeping.run())
    for value in (zero, one):
        keeping.keep(value)
    await keeping.drain()
    assert (done, keeping.lost, keeping.trouble) == ([zero], 1, "disk full")
    keeping.keep(two)
    await keeping.drain()
    assert (done, keeping.lost, keeping.trouble) == ([zero, two], 1, "")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_hanging_database_costs_records_not_time() -> None:
    async def never(_value: Kept) -> None:
        await asyncio.Event().wait()

    keeping = Keeping(never)
    for _ in range(MOST_WAITING + 5):
        keeping.keep(Memory())
    assert keeping.lost == 5
    assert keeping.trouble == "the database is too slow"


async def test_what_still_waits_at_the_end_is_told() -> None:
    async def never(_value: Kept) -> None:
        await asyncio.Event().wait()

    keeping = Keeping(never)
    task = asyncio.create_task(keeping.run())
    for _ in range(3):
        keeping.keep(Memory())
    await keeping.drain(0.01)
    assert keeping.lost == 3  # the one under way among them
    await end([task])
