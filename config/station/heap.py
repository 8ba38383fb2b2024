"""The process's memory: what thousands of handshakes borrow does not stay, and Python looks for garbage when it holds up nobody."""

import asyncio
import ctypes
import gc

M_MMAP_THRESHOLD = -3
LARGE_BYTES = 131_072
SEARCH_EVERY_S = 900.0
YOUNG, MIDDLE, OLD = 10_000, 10, 50
"""Containers made and kept until the youngest are searched for cycles, how often that until the middle-aged, and until all are."""


def give_back_large_blocks() -> None:
    """Have each block of 128 KiB or more returned to the system as soon as it is freed, where the C library is glibc.

    By itself glibc lets that threshold rise to the largest block ever freed (mallopt(3)). Buffers of 256 KiB, which TLS takes for
    each connection and hardly fills, then come from the heap, and every page that one of them once touched stays resident.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def search_rarely() -> None:
    """Leave what is loaded by now out of all searches for cycles, and have all else searched rarely.

    With 2,000 chargers one search took 0.3 to 0.5 s, in which nothing else happens, and while they connected Python by itself made
    one every other second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


async def search_now_and_then() -> None:
    """Search all for cycles every `SEARCH_EVERY_S`, for ever: connections that ended leave some."""
    while True:
        await asyncio.sleep(SEARCH_EVERY_S)
        gc.collect()
