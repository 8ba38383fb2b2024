"""Something wrong in a file, and how to mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong in a file: where (path in the file), what, and the mend."""

    place: tuple[str | int, ...]
    message: str
    mend: str = ""
