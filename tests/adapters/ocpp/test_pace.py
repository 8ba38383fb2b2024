"""A crowd gives way to what is due: rounds of the event loop stay short, and nobody is overtaken."""

import asyncio

import pytest

from adapters.ocpp.pace import Pace

A_ROUND, N = 8, 50


async def come(pace: Pace, i: int, served: list[int]) -> None:
    await pace.give_way()
    served.append(i)


async def test_a_crowd_takes_many_rounds_in_the_order_in_which_it_came() -> None:
    pace, served, rounds = Pace(A_ROUND), list[int](), list[int]()
    crowd = [asyncio.create_task(come(pace, i, served)) for i in range(N)]
    while len(served) < N:
        await asyncio.sleep(0)
        rounds.append(len(served))
    assert served == list(range(N))
    assert max(after - before for before, after in zip([0, *rounds], rounds, strict=False)) <= A_ROUND
    await asyncio.gather(*crowd)


async def test_a_newcomer_waits_behind_those_who_wait() -> None:
    pace, served = Pace(1), list[int]()
    crowd = [asyncio.create_task(come(pace, i, served)) for i in range(3)]
    await asyncio.sleep(0)
    crowd.append(asyncio.create_task(come(pace, 3, served)))
    await asyncio.gather(*crowd)
    assert served == [0, 1, 2, 3]


async def test_answers_come_before_all_else() -> None:
    pace, served = Pace(1), list[str]()

    async def speak(what: str, *, to_answers: bool) -> None:
        await pace.give_way(to_answers=to_answers)
        served.append(what)

    crowd = [asyncio.create_task(speak(f"frame {i}", to_answers=True)) for i in range(3)]
    await asyncio.sleep(0)
    answers = [asyncio.create_task(speak(f"answer {i}", to_answers=False)) for i in range(2)]
    await asyncio.gather(*crowd, *answers)
    assert served == ["frame 0", "frame 1", "answer 0", "answer 1", "frame 2"], "frame 1 had its turn when they came"


async def test_who_leaves_the_queue_holds_up_nobody() -> None:
    pace, served = Pace(1), list[int]()
    crowd = [asyncio.create_task(come(pace, i, served)) for i in range(4)]
    await asyncio.sleep(0)
    crowd[1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await crowd[1]
    await asyncio.gather(crowd[0], *crowd[2:])
    assert served == [0, 2, 3]


async def test_whoever_comes_alone_waits_for_nobody() -> None:
    pace, served = Pace(1), list[int]()
    for i in range(3):
        async with asyncio.timeout(1.0):
            await come(pace, i, served)
        await asyncio.sleep(0)
    assert served == [0, 1, 2]
