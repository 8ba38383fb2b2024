"""Work on all processors the process may use, by threads: compiled code runs without the interpreter's lock.

Threads of Python's own rather than the compiler's: these compile twice as long, and its work queue must not be entered twice.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def share_out(task: Callable[[int, int], None], n: int, size: int) -> None:
    """Do ``task(first, behind)`` for all parts of ``range(n)``, each of at most `size`."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if n <= size or threads == 1:
        task(0, n)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(task, first, min(first + size, n)) for first in range(0, n, size)]:
            done.result()
