"""Who speaks for a car: the phone that spoke first, until the car has gone.

An outlet's code names no car, and many may know it. So the first phone to speak claims the session by a secret of its own; and only
if it does so soon after plug-in, when who stands there is most likely the driver, may it consent to discharge.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

from v2g.session import ChargingSession, Claim
from v2g.site import Rules


def claim_for(session: ChargingSession, secret: str, rules: Rules, now: datetime) -> Claim | None:
    """Return by what claim the phone with `secret` speaks for a car: the one that it has, or a new one; None if another's holds."""
    held = session.wishes.claim
    if held is not None:
        return held if hmac.compare_digest(held.digest, _digest(held.salt, secret)) else None
    in_time = now - session.plugged_in_at < timedelta(seconds=rules.code_consent_s)
    return Claim(salt=session.session_id, digest=_digest(session.session_id, secret), may_consent=in_time)


def may_consent(session: ChargingSession, claim: Claim | None) -> bool:
    """Return whether a phone may leave the car consenting to discharge: it spoke in time, or staff or the car had consented."""
    return claim is not None and (claim.may_consent or session.wishes.discharge_consent)


def _digest(salt: str, secret: str) -> str:
    return hmac.new(secret.encode(), salt.encode(), hashlib.sha256).hexdigest()
