"""OCPP 2.0.1: no word for discharge, but for what a vendor means by a negative limit."""

from datetime import datetime

from adapters.farm.ocpp.v2 import charging, running, upkeep
from adapters.farm.ocpp.v2.edition import Edition
from adapters.farm.ocpp.v2.grammar import Grammar
from adapters.farm.ocpp.v2.needs import charging_needs, one_way
from adapters.farm.ocpp.v2.point import Point
from adapters.farm.ocpp.v2.profile import DEFAULT, MAX, TX
from adapters.farm.ocpp.v2.samples import BASIC, MEASURANDS


def _no_chore(point: Point, now: datetime) -> None:
    """Do nothing by itself."""
    del point, now


V201 = Edition(
    grammar=Grammar(
        version="2.0.1",
        subprotocol="ocpp2.0.1",
        purposes=frozenset({MAX, DEFAULT, TX}),
        measurands=MEASURANDS,
        metered=BASIC,
        modes=(),
        transfers=lambda evse: (one_way(evse),),
        needs=charging_needs,
    ),
    handlers=charging.HANDLERS | running.HANDLERS | upkeep.HANDLERS,
    chore=_no_chore,
)
