"""The process's memory: what thousands of handshakes borrow does not stay, and Python looks for garbage when it holds up nobody."""

import asyncio
import ctypes
import gc
import itertools

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
LARGE_BYTES = 131_072
GIVE_BACK_EVERY_S, SEARCH_EVERY_GIFTS = 20.0, 15
YOUNG, MIDDLE, OLD = 10_000, 10, 50
"""Containers made and kept until the youngest are searched for cycles, how often that until the middle-aged, and until all are."""


def keep_one_heap() -> None:
    """Have all threads take small blocks from one heap, and give large ones back when freed, where the C library is glibc.

    By itself glibc gives each thread a heap, and what one has freed others cannot take, though Python runs one at a time. And it
    lets the size from which blocks are large rise to the largest ever freed (mallopt(3)). Buffers of 256 KiB, which TLS takes for
    each connection and hardly fills, then come from the heap, and every page that one of them once touched stays resident.
    """
    _glibc("mallopt", M_MMAP_THRESHOLD, LARGE_BYTES)
    _glibc("mallopt", M_ARENA_MAX, 1)


def give_back_free_pages() -> None:
    """Return every free page to the system, where the C library is glibc (malloc_trim(3)).

    By itself glibc keeps what lies between blocks in use: of 250 TLS handshakes at once, 24 KB each. It takes 1 ms for so many.
    """
    _glibc("malloc_trim", 0)


def search_rarely() -> None:
    """Leave what is loaded by now out of all searches for cycles, and have all else searched rarely.

    With 2,000 chargers one search took 0.3 to 0.5 s, in which nothing else happens, and while they connected Python by itself made
    one every other second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


async def keep_small() -> None:
    """Give free pages back every `GIVE_BACK_EVERY_S`, for ever; now and then search for cycles first: connections leave some."""
    for gift in itertools.count(1):
        await asyncio.sleep(GIVE_BACK_EVERY_S)
        if gift % SEARCH_EVERY_GIFTS == 0:
            gc.collect()
        give_back_free_pages()


def _glibc(name: str, *arguments: int) -> None:
    """Call a function of glibc's; other C libraries have none of that name."""
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*arguments)
