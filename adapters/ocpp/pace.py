"""Timers come first: when thousands of chargers speak at once, the event loop still gets round to what is due in time."""

import asyncio
from collections import deque

A_ROUND = 64
"""5,000 frames that wait together hold the loop for a second and a half, so many for about 20 ms."""


class Pace:
    """Shares out the rounds of one event loop: `give_way` lets so many on in each, in the order in which they came.

    Answers come before all else: a crowd that speaks must not make them late.
    """

    def __init__(self, a_round: int = A_ROUND) -> None:
        self._a_round = self._left = a_round
        self._answers, self._others = deque[asyncio.Future[None]](), deque[asyncio.Future[None]]()

    async def give_way(self, *, to_answers: bool = True) -> None:
        """Return at once while the round has room and nobody waits, else in a later round."""
        loop = asyncio.get_running_loop()
        if self._left == self._a_round:
            loop.call_soon(self._begin_anew)
        if self._left > 0:
            self._left -= 1
            return
        place = loop.create_future()
        (self._others if to_answers else self._answers).append(place)
        await place

    def _begin_anew(self) -> None:
        self._left = self._a_round
        while self._left and (queue := self._answers or self._others):
            place = queue.popleft()
            if not place.done():
                place.set_result(None)
                self._left -= 1
        if self._left < self._a_round:
            asyncio.get_running_loop().call_soon(self._begin_anew)
