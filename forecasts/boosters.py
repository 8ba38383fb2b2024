"""LightGBM, loaded when trees are first grown or read: it brings pandas along, half a second that a daemon which starts has not."""

from importlib import import_module
from typing import Any


def learner() -> Any:
    """Return the library."""
    return import_module("lightgbm")


def failures(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """Return what the library raises, and `others`; ask for it where something was raised."""
    return (*others, learner().basic.LightGBMError)
