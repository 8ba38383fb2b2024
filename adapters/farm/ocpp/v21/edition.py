"""OCPP 2.1 put together: 2.x with reverse discharge."""

from datetime import datetime

from adapters.farm.ocpp.v2 import charging, running, upkeep
from adapters.farm.ocpp.v2.edition import Edition
from adapters.farm.ocpp.v2.grammar import Grammar
from adapters.farm.ocpp.v2.point import Point
from adapters.farm.ocpp.v2.profile import CHARGING_ONLY, DEFAULT, IDLE, MAX, PRIORITY, SETPOINT, TX
from adapters.farm.ocpp.v2.samples import BASIC, CAPACITY, MEASURANDS
from adapters.farm.ocpp.v2.samples import SETPOINT as MEASURED_SETPOINT
from adapters.farm.ocpp.v21 import der, dynamic, transfer
from adapters.farm.ocpp.v21.needs import needs_21, transfers


def _chore(point: Point, now: datetime) -> None:
    """Ask for the updates that are due, and obey the grid code in force."""
    dynamic.pull(point, now)
    der.obey_cap(point, now)


V21 = Edition(
    grammar=Grammar(
        version="2.1",
        subprotocol="ocpp2.1",
        purposes=frozenset({MAX, DEFAULT, TX, PRIORITY}),
        measurands=(*MEASURANDS, MEASURED_SETPOINT, CAPACITY),
        metered=(*BASIC, CAPACITY),
        modes=(IDLE, CHARGING_ONLY, SETPOINT),
        transfers=transfers,
        needs=needs_21,
    ),
    handlers={
        **charging.HANDLERS,
        **running.HANDLERS,
        **upkeep.HANDLERS,
        **transfer.HANDLERS,
        **dynamic.HANDLERS,
        **der.HANDLERS,
    },
    chore=_chore,
)
