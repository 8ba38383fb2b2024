"""Turns: work on thousands of units is done in stretches, between which the event loop sees to whatever is due."""

from collections.abc import Generator
from types import coroutine


@coroutine
def others_turn() -> Generator[None]:
    """Let others go on first, in any event loop, where this is awaited.

    Of 5,000 units a look takes 0.9 s, a tick's forecast and problem 1.6 s: in one go, all else would be so late.
    """
    yield
