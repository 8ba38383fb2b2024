"""What every command of a 2.x station is answered with."""

from collections.abc import Callable

from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v2.point import Point

Handler = Callable[[Point, Payload], Payload]
"""Does at once what a request that fits its schema asks of the station; returns the answer, which goes out before what it tells."""

ACCEPTED: Payload = {"status": "Accepted"}
SCHEDULED: Payload = {"status": "Scheduled"}


def refused(reason: str) -> Payload:
    """Return a rejection for an OCPP reason code."""
    return {"status": "Rejected", "statusInfo": {"reasonCode": reason}}
