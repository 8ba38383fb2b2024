"""How the cars' answers are compiled: once a machine, without the interpreter's lock, with numpy's rules for division by zero.

Only entries are kept on disk and can be called from Python; what they call is compiled into them. The compiler looks only at an
entry's own file to tell whether what it kept is of today: here all that an entry calls counts, and the constants in it, for an old
part in a new entry would be a silent wrong answer.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import numba
import numpy as np
import structlog
from numba.core.caching import FunctionCache

F = TypeVar("F", bound=Callable[..., Any])
_njit: Any = numba.njit
_NOT_KEPT: list[str] = []
log = structlog.get_logger()


class _KeptForParts(FunctionCache):
    """Compiled code on disk, found again only while all that it was made of is the same."""

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep compiled code; what cannot be written is compiled at the next start again."""
        save: Any = super().save_overload
        try:
            save(sig, data)
        except OSError as error:
            log.warning("compiled_code_not_kept", entry=self._py_func.__name__, error=str(error))

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        made_of = hashlib.sha256(b"".join(_made_of(self._py_func, set()))).hexdigest()
        key: Any = super()._index_key
        return key(sig, codegen), made_of


def part(function: F) -> F:
    """Return a function that compiled ones may call."""
    return cast("F", _njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function))


def entry(function: F) -> F:
    """Return a function that Python calls, kept on disk."""
    compiled = _njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)(function)
    keep: Any = _KeptForParts
    try:
        compiled._cache = keep(function)  # noqa: SLF001  # numba has no public way to say when kept code is stale
    except (RuntimeError, OSError):  # nowhere to write: it is compiled at each start, see `optimizer.fleet.warming`
        _NOT_KEPT.append(function.__name__)
    return cast("F", compiled)


def kept_on_disk() -> bool:
    """Return whether there is a place to keep compiled code."""
    return not _NOT_KEPT


def _made_of(function: Any, seen: set[str]) -> Iterator[bytes]:
    """Give the code and the constants of a function, and of all compiled ones that it calls."""
    seen.add(f"{function.__module__}.{function.__qualname__}")
    code = function.__code__
    yield code.co_code + repr((code.co_consts, code.co_names)).encode()
    for name in code.co_names:
        value = function.__globals__.get(name)
        called = getattr(value, "py_func", None)
        if called is not None and f"{called.__module__}.{called.__qualname__}" not in seen:
            yield from _made_of(called, seen)
        elif isinstance(value, int | float | np.ndarray):
            yield np.asarray(value).tobytes()
