import asyncio
from contextlib import suppress

from adapters.ending import end


async def test_a_task_that_loses_its_first_cancellation_ends_by_the_next() -> None:
    lost = 0

    async def deaf() -> None:
        nonlocal lost
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        lost += 1
        await asyncio.Event().wait()

    async def broken() -> None:
        raise ValueError("an error of its own")

    tasks = [asyncio.create_task(deaf()), asyncio.create_task(broken())]
    await asyncio.sleep(0)
    await end(tasks)
    assert lost == 1
    assert tasks[0].cancelled()
    assert isinstance(tasks[1].exception(), ValueError)
    await end([])
