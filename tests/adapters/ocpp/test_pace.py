"""A crowd gives way to what is due: rounds of the event loop stay short, and nobody is overtaken."""

import asyncio
import time

from adapters.ocpp.pace import Pace

SLICE_S, WORK_S, N = 0.02, 0.001, 200


async def test_a_crowd_takes_many_rounds_in_the_order_in_which_it_came() -> None:
    pace, served, rounds = Pace(SLICE_S), list[int](), 0

    async def come(i: int) -> None:
        await pace.give_way()
        time.sleep(WORK_S)  # noqa: ASYNC251  # the work that holds the loop
        served.append(i)

    crowd = [asyncio.create_task(come(i)) for i in range(N)]
    while not all(task.done() for task in crowd):
        await asyncio.sleep(0)
        rounds += 1
    assert served == list(range(N))
    assert rounds >= N * WORK_S / SLICE_S - 1


async def test_whoever_comes_alone_waits_for_nobody() -> None:
    pace = Pace(SLICE_S)
    for _ in range(3):
        coming = pace.give_way()
        try:
            coming.send(None)  # type: ignore[attr-defined]  # by hand: it ends without a wait
        except StopIteration:
            pass
        else:
            raise AssertionError("it waited")
