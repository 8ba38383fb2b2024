import asyncio

from adapters.ocpp.turnstile import Turnstile


async def test_so_many_at_once_and_all_in_the_end() -> None:
    turnstile, inside, most = Turnstile(3, 60.0), 0, 0

    async def pass_through() -> None:
        nonlocal inside, most
        async with turnstile.turn():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(pass_through() for _ in range(20)))
    assert (most, inside) == (3, 0)


async def test_who_has_waited_long_enough_goes_in_and_frees_no_place_that_was_not_his() -> None:
    turnstile, gone = Turnstile(1, 0.01), asyncio.Event()

    async def stay() -> None:
        async with turnstile.turn():
            await gone.wait()

    silent = asyncio.create_task(stay())
    await asyncio.sleep(0)
    async with turnstile.turn():
        assert not silent.done()
    assert turnstile._places.locked()
    gone.set()
    await silent
    assert not turnstile._places.locked()
