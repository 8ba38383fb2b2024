import asyncio
from contextlib import suppress

from config.keeping import MOST_WAITING, Keeping
from v2g.errors import UnavailableError


async def test_writes_are_done_in_order_and_a_failure_is_told_until_the_next_success() -> None:
    keeping, done = Keeping(), list[int]()

    async def write(number: int) -> None:
        if number == 1:
            raise UnavailableError("disk full")
        done.append(number)

    task = asyncio.create_task(keeping.run())
    for number in (0, 1):
        keeping.keep(lambda number=number: write(number))
    await keeping.drain()
    assert (done, keeping.lost, keeping.trouble) == ([0], 1, "disk full")
    keeping.keep(lambda: write(2))
    await keeping.drain()
    assert (done, keeping.lost, keeping.trouble) == ([0, 2], 1, "")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_hanging_database_costs_records_not_time() -> None:
    keeping = Keeping()

    async def never() -> None:
        await asyncio.Event().wait()

    for _ in range(MOST_WAITING + 5):
        keeping.keep(never)
    assert keeping.lost == 5
    assert keeping.trouble == "the database is too slow"
