"""Who is there and who is not, of many connections, by one task."""

import asyncio
from contextlib import ExitStack

from adapters.ocpp.keepalive import TURNS, Keepalive
from tests.adapters.ocpp.conftest import START, make_bench, make_site
from tests.adapters.ocpp.peers import peer
from v2g.site import Protocol

PERIOD_WALL_S = 0.2


class Ear:
    """A connection; it answers a ping where it `answers`, and speaks by itself where it `speaks`."""

    def __init__(self, *, answers: bool = False, speaks: bool = False) -> None:
        self.answers, self.speaks = answers, speaks
        self._heard, self.pings, self.given_up = True, 0, False

    @property
    def heard(self) -> bool:
        return self._heard or self.speaks

    @heard.setter
    def heard(self, value: bool) -> None:
        self._heard = value

    def prod(self) -> None:
        self.pings += 1
        self._heard = self.answers

    def give_up(self) -> None:
        self.given_up = True


async def test_who_speaks_is_let_be_who_is_silent_is_pinged_and_who_stays_silent_is_cut_off() -> None:
    talker, listener, dead, gone = Ear(speaks=True), Ear(answers=True), Ear(), Ear()
    keepalive = Keepalive(PERIOD_WALL_S)
    running = asyncio.create_task(keepalive.run())
    with ExitStack() as stack:
        for ear in (talker, listener, dead):
            stack.enter_context(keepalive.watching(ear))
        with keepalive.watching(gone):
            pass
        async with asyncio.timeout(30.0):
            while not (dead.given_up and listener.pings > 1):  # noqa: ASYNC110 - polled
                await asyncio.sleep(PERIOD_WALL_S / TURNS)
    assert (talker.pings, gone.pings) == (0, 0)
    assert not any(ear.given_up for ear in (talker, listener, gone))
    assert dead.pings >= 1
    running.cancel()
    await asyncio.wait([running])


async def test_a_charger_that_answers_pings_stays_and_one_that_hangs_goes() -> None:
    bench = make_bench(site=make_site(Protocol.OCPP21), ping_s=PERIOD_WALL_S, boot_grace_s=60.0)
    async with bench.central.serve() as listener, peer(Protocol.OCPP21, listener.url, "CP-B") as car:
        await asyncio.sleep(4 * PERIOD_WALL_S)
        assert bench.state("b").online
        car.raw.socket.transport.pause_reading()
        await car.raw.until(lambda: not bench.state("b").online)
    assert bench.state("b").evse_id == "b"
    assert bench.clock.now() == START
