"""How the cars' answers are compiled: once a machine, without the interpreter's lock, with numpy's rules for division by zero.

Only entries are kept on disk and can be called from Python; what they call is compiled into them.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P, R = ParamSpec("P"), TypeVar("R")


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that compiled ones may call."""
    compiled: Callable[P, R] = numba.njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    return compiled


def entry(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that Python calls, kept on disk."""
    compiled: Callable[P, R] = numba.njit(nogil=True, error_model="numpy", cache=True, no_cfunc_wrapper=True)(function)
    return compiled
