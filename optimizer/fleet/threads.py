"""Work on all processors the process may use, by threads: compiled code runs without the interpreter's lock.

Threads of Python's own rather than the compiler's: these compile twice as long, and its work queue must not be entered twice.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache


def share_out(task: Callable[[int, int], None], n: int, size: int) -> None:
    """Do ``task(first, behind)`` for all parts of ``range(n)``, each of at most `size`: in this thread and the others alike."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if n <= size or threads == 1:
        task(0, n)
        return
    parts = iter([(first, min(first + size, n)) for first in range(0, n, size)])

    def work() -> None:
        for first, behind in parts:
            task(first, behind)

    others = [_pool(threads).submit(work) for _ in range(threads - 1)]
    work()
    for done in others:
        done.result()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return threads that wait from task to task: a sweep of 10,000 cars has some 40 tasks of a millisecond."""
    return ThreadPoolExecutor(threads - 1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has no threads but its first
