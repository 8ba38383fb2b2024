"""Memory that is given back: what thousands of handshakes borrow for a moment does not stay with the process."""

import ctypes

M_MMAP_THRESHOLD = -3
LARGE_BYTES = 131_072


def give_back_large_blocks() -> None:
    """Have each block of 128 KiB or more returned to the system as soon as it is freed, where the C library is glibc.

    By itself glibc lets that threshold rise to the largest block ever freed (mallopt(3)). Buffers of 256 KiB, which TLS takes for
    each connection and hardly fills, then come from the heap, and every page that one of them once touched stays resident.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
