"""Where the editions of OCPP 2.x differ, put together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from adapters.farm.ocpp.v2.grammar import Grammar
from adapters.farm.ocpp.v2.handling import Handler
from adapters.farm.ocpp.v2.point import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """An edition: its words, what a station answers in it, and at ``chore(point, now)`` what it does by itself while online."""

    grammar: Grammar
    handlers: Mapping[str, Handler]
    chore: Callable[[Point, datetime], None]
