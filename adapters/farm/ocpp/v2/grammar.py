"""What an edition of OCPP 2.x lets a station say and be told."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.farm.ocpp.link import Payload
from adapters.farm.outlet import Outlet
from adapters.farm.visit import Visit
from v2g.site import Evse


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """An edition's words.

    `measurands` are those that its meters know, `metered` those that they tell unless they are told otherwise; `modes` are the
    operation modes it can follow, empty where an edition knows none; `transfers(evse)` the modes of energy transfer of an outlet;
    ``needs(outlet, visit)`` the chargingNeeds of the car there.
    """

    version: str
    subprotocol: str
    purposes: frozenset[str]
    measurands: tuple[str, ...]
    metered: tuple[str, ...]
    modes: tuple[str, ...]
    transfers: Callable[[Evse], tuple[str, ...]]
    needs: Callable[[Outlet, Visit], Payload]
